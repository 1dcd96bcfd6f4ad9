package ablation

import "math"

// Recipe is what a run is besides its schedule.
type Recipe struct {
	Kind       string     `json:"kind,omitempty"`
	Trainer    string     `json:"trainer,omitempty"` // empty: the first that works here
	Shape      Shape      `json:"shape"`
	Tokenizer  string     `json:"tokenizer"` // bytes, one of the trainer's, or a file's absolute path
	Tokens     int64      `json:"tokens"`    // per run; rounds up to a whole step
	RowTokens  int        `json:"row_tokens"`
	BatchRows  int        `json:"batch_rows"`
	Precision  string     `json:"precision"`
	Optimizer  Optimizer  `json:"optimizer"`
	Eval       Amount     `json:"eval"` // between evaluations
	Left       Left       `json:"-"`
	EvalOpen   bool       `json:"-"`                  // the document leaves Eval open
	TaskEval   Amount     `json:"task_eval,omitzero"` // between evaluations that have tasks; none: as often as a tenth of the time allows
	Scored     Scored     `json:"scored,omitzero"`    // by an evaluation, as found at the start
	SetBytes   int64      `json:"set_bytes"`          // of each source's held-out set, at most; 0: as the run that is started from
	Items      int64      `json:"items,omitzero"`     // of each task that are scored, at most; 0: all
	ItemsOpen  bool       `json:"-"`                  // the document leaves Items open
	Checkpoint Checkpoint `json:"checkpoint"`
	Divergence Divergence `json:"on_divergence"`
	MaxEpochs  float64    `json:"max_epochs"` // above this a run is refused
	// Method and AnswerAfter are of a recipe that tunes: how, and the line, with its line ends, that stands in a text between a
	// prompt and its answer.
	Method      Method `json:"method,omitzero"`
	AnswerAfter string `json:"answer_after,omitempty"`
	// Start is what the runs start from, nil: fresh weights.
	Start *StartRef `json:"start,omitempty"`
	// ShareTrunks trains a part that several runs have in common once; see [Sweep.Share]. It changes no result.
	ShareTrunks bool `json:"share_trunks"`
}

// Shape is a preset's name, or an explicit shape.
type Shape struct {
	Preset string `json:"preset,omitempty"`
	Layers int    `json:"layers,omitempty"`
	Width  int    `json:"width,omitempty"`
	Heads  int    `json:"heads,omitempty"`
	FFN    int    `json:"ffn,omitempty"`
}

// Optimizer is AdamW with warm-up and decay. PeakLR 0 takes the preset's tried rate; Beta2 0, of a sweep that was started before
// recipes had it, is [DefaultBeta2].
type Optimizer struct {
	PeakLR      float64 `json:"peak_lr"`
	Warmup      Amount  `json:"warmup"`
	Decay       string  `json:"decay"`    // cosine, linear, wsd or constant
	FinalLR     float64 `json:"final_lr"` // fraction of PeakLR
	WeightDecay float64 `json:"weight_decay"`
	Clip        float64 `json:"clip"`
	Beta2       float64 `json:"beta2,omitempty"`
	ZLoss       float64 `json:"z_loss,omitempty"`
}

// DefaultBeta2 is Adam's where neither the recipe nor its shape says another.
const DefaultBeta2 = 0.95

// Left is what a document leaves open, for the shape to say.
type Left struct{ BatchRows, Beta2, ZLoss bool }

// leastSteps are those that a run should have before its steps are made as long as its size takes them.
const leastSteps = 500

// Fit takes what the recipe leaves open from its model's size: tokens a step, halved up to twice where a run would have too few
// steps, and never so that a step has no row; beta2 for steps of so many tokens, with the same half-life in tokens where they are
// shorter; and the z-loss. Values of 0 say nothing.
func (r *Recipe) Fit(stepTokens int64, beta2, zLoss float64) {
	if r.Left.BatchRows && stepTokens > 0 {
		n := stepTokens
		for range 2 {
			if r.Tokens < leastSteps*n {
				n /= 2
			}
		}
		r.BatchRows = int(max(1, n/int64(r.RowTokens)))
	}
	if r.Left.Beta2 && beta2 > 0 {
		part := min(1, float64(r.TokensPerStep())/float64(max(1, stepTokens)))
		r.Optimizer.Beta2 = math.Round(math.Pow(beta2, part)*1e4) / 1e4
	}
	if r.Left.ZLoss {
		r.Optimizer.ZLoss = zLoss
	}
}

// GoOn takes what the recipe leaves open from that of a run whose state is taken.
func (r *Recipe) GoOn(was Recipe) {
	if r.Left.BatchRows {
		r.BatchRows = was.BatchRows
	}
	if r.Left.Beta2 {
		r.Optimizer.Beta2 = was.Optimizer.Beta2
	}
	if r.Left.ZLoss {
		r.Optimizer.ZLoss = was.Optimizer.ZLoss
	}
}

// Checkpoint says how often checkpoints are written and how many stay.
type Checkpoint struct {
	Every Amount `json:"every"`
	Keep  int    `json:"keep"`
}

// Steps is the number of optimiser steps: tokens ÷ (rows × row length), rounded up.
func (r Recipe) Steps() int64 {
	per := r.TokensPerStep()
	return (r.Tokens + per - 1) / per
}

// TokensPerStep is the number of target tokens of one step.
func (r Recipe) TokensPerStep() int64 { return int64(r.BatchRows) * int64(r.RowTokens) }

// CheckpointEvery is the number of steps between checkpoints, at least 1.
func (r Recipe) CheckpointEvery() int64 { return max(1, r.Checkpoint.Every.Steps(r)) }

// Keeps reports whether a run's checkpoint at a step is there still at its end: of those that its recipe asks for, the
// newest stay.
func (r Recipe) Keeps(step int64) bool {
	steps, every := r.Steps(), r.CheckpointEvery()
	later := (steps-1)/every - step/every + 1 // and the last
	return step == steps || step < steps && step%every == 0 && later < int64(r.Checkpoint.Keep)
}

// WarmupSteps is the number of steps over which the learning rate rises to its peak; 0 is none, all of them the most.
func (r Recipe) WarmupSteps() int64 { return min(r.Steps(), r.Optimizer.Warmup.Steps(r)) }

// DecaySteps is the number of steps, the last ones, over which the learning rate falls: all that follow the warm-up, and
// with wsd a fifth of the run at most.
func (r Recipe) DecaySteps() int64 {
	rest := r.Steps() - r.WarmupSteps()
	if r.Optimizer.Decay == "wsd" {
		return min(rest, (r.Steps()+4)/5)
	}
	return rest
}
