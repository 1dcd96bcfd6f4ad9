package ablation

// Recipe is what a run is besides its schedule.
type Recipe struct {
	Trainer    string     `json:"trainer,omitempty"` // empty: the first that works here
	Shape      Shape      `json:"shape"`
	Tokenizer  string     `json:"tokenizer"` // bytes, one of the trainer's, or a file's absolute path
	Tokens     int64      `json:"tokens"`    // per run; rounds up to a whole step
	RowTokens  int        `json:"row_tokens"`
	BatchRows  int        `json:"batch_rows"`
	Precision  string     `json:"precision"`
	Optimizer  Optimizer  `json:"optimizer"`
	Eval       Amount     `json:"eval"`               // between evaluations
	EvalOpen   bool       `json:"-"`                  // the document leaves Eval open
	TaskEval   Amount     `json:"task_eval,omitzero"` // between evaluations that have tasks; none: as often as a tenth of the time allows
	Scored     Scored     `json:"scored,omitzero"`    // by an evaluation, as found at the start
	SetBytes   int64      `json:"set_bytes"`          // of each source's held-out set, at most; 0: as the run that is started from
	Items      int64      `json:"items,omitzero"`     // of each task that are scored, at most; 0: all
	ItemsOpen  bool       `json:"-"`                  // the document leaves Items open
	Checkpoint Checkpoint `json:"checkpoint"`
	Divergence Divergence `json:"on_divergence"`
	MaxEpochs  float64    `json:"max_epochs"` // above this a run is refused
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

// Optimizer is AdamW with warm-up and decay. PeakLR 0 takes the preset's tried rate.
type Optimizer struct {
	PeakLR      float64 `json:"peak_lr"`
	Warmup      Amount  `json:"warmup"`
	Decay       string  `json:"decay"`    // cosine, linear, wsd or constant
	FinalLR     float64 `json:"final_lr"` // fraction of PeakLR
	WeightDecay float64 `json:"weight_decay"`
	Clip        float64 `json:"clip"`
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
