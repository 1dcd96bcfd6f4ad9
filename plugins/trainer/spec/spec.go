package spec

import (
	"cmp"
	"slices"
)

// Version is the only spec_version that this package reads and writes.
const Version = 1

// WeightTotal is what the integer weights of one step sum to (sampler v1).
const WeightTotal = 1 << 30

// Spec is spec.json: everything a runner may know of its run. The worker writes it before the start and never changes it.
type Spec struct {
	SpecVersion   int            `json:"spec_version"`
	RunID         string         `json:"run_id"`
	Attempt       int            `json:"attempt"` // from 1
	Kind          string         `json:"kind"`    // KindPretrain or KindTune
	Mode          string         `json:"mode"`    // ModeExact or ModeMultinomial
	MixSeed       Seed           `json:"mix_seed"`
	DataSeed      Seed           `json:"data_seed"`
	InitSeed      Seed           `json:"init_seed"`
	Steps         int64          `json:"steps"`
	BatchRows     int            `json:"batch_rows"`
	RowTokens     int            `json:"row_tokens"`
	Sources       []Source       `json:"sources"`
	Weights       []Weights      `json:"weights"`
	Tokenizer     Tokenizer      `json:"tokenizer"`
	Model         Model          `json:"model"`
	Init          *Init          `json:"init"`
	Tune          *Tune          `json:"tune,omitempty"` // of kind tune alone
	Optimizer     Optimizer      `json:"optimizer"`
	Precision     string         `json:"precision"` // PrecisionFP32 or PrecisionBF16
	Log           Log            `json:"log" spec:"optional"`
	Eval          Eval           `json:"eval"`
	Checkpoint    Checkpoint     `json:"checkpoint"`
	Interventions []Intervention `json:"interventions" spec:"optional"`
	OnNonfinite   string         `json:"on_nonfinite"` // NonfiniteStop or NonfiniteContinue
	Resources     Resources      `json:"resources" spec:"optional"`
	Extra         map[string]any `json:"extra" spec:"optional"` // free keys for a stack
}

// Values of Kind, Mode, Precision, OnNonfinite, Decay and Tokenizer.Kind.
const (
	KindPretrain      = "pretrain"
	KindTune          = "tune"
	ModeExact         = "exact"
	ModeMultinomial   = "multinomial"
	PrecisionFP32     = "fp32"
	PrecisionBF16     = "bf16"
	NonfiniteStop     = "stop"
	NonfiniteContinue = "continue"
	DecayCosine       = "cosine"
	DecayLinear       = "linear"
	DecayWSD          = "wsd"
	DecayConstant     = "constant"
	TokenizerBytes    = "bytes"
	TokenizerFile     = "file"
)

// Tokens is the token budget of the run.
func (s *Spec) Tokens() int64 { return s.Steps * s.TokensPerStep() }

// TokensPerStep is the number of target tokens of one optimiser step.
func (s *Spec) TokensPerStep() int64 { return int64(s.BatchRows) * int64(s.RowTokens) }

// Source is one source version that the run reads, by its manifest.
type Source struct {
	Name           string `json:"name"`
	Lang           string `json:"lang"`
	Manifest       string `json:"manifest"` // path of manifest.json
	ManifestSHA256 string `json:"manifest_sha256"`
	Rows           int64  `json:"rows,omitempty"` // where given, the runner's own count must equal it
}

// Weights is one entry of the run-length coded table: W holds from FromStep until the next entry's.
// W is in the order of Spec.Sources and sums to WeightTotal.
type Weights struct {
	FromStep int64   `json:"from_step"`
	W        []int64 `json:"w"`
}

// Tokenizer is bytes (ids 0–255, separator 256) or a file: ids are its own, the separator is one above the largest of them, and
// the model's vocabulary ends with that. A document, and a task's context and answer, are encoded each by itself.
type Tokenizer struct {
	Kind   string `json:"kind"`
	Path   string `json:"path,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
}

// Model is the shape of a decoder-only transformer (RMSNorm, RoPE, SwiGLU).
type Model struct {
	Layers   int  `json:"layers"`
	Width    int  `json:"width"`
	Heads    int  `json:"heads"`
	KVHeads  int  `json:"kv_heads"`
	FFN      int  `json:"ffn"`
	Vocab    int  `json:"vocab"`
	Tied     bool `json:"tied"`
	RopeBase Real `json:"rope_base"`
	NormEps  Real `json:"norm_eps"`
	QKNorm   bool `json:"qk_norm"`
}

// Init names a checkpoint whose weights alone the run starts from: the end of another run, a model to tune. Optimiser, step
// count and place in the data begin anew, and the weights as they are taken are scored at step 0. A trainer refuses a
// checkpoint of another shape. It counts while the attempt resumes from nothing.
type Init struct {
	Path           string `json:"path"`
	ManifestSHA256 string `json:"manifest_sha256"`
}

// Optimizer is AdamW with warm-up and decay; lengths are in steps.
type Optimizer struct {
	PeakLR          Real   `json:"peak_lr"`
	FinalLRFraction Real   `json:"final_lr_fraction"` // of PeakLR, at the last step
	WarmupSteps     int64  `json:"warmup_steps"`
	Decay           string `json:"decay"`
	DecaySteps      int64  `json:"decay_steps"` // length of the decay; wsd holds the peak until it begins
	Beta1           Real   `json:"beta1"`
	Beta2           Real   `json:"beta2"`
	Eps             Real   `json:"eps"`
	WeightDecay     Real   `json:"weight_decay"`
	Clip            Real   `json:"clip"` // global gradient norm; 0 clips nothing
	ZLoss           Real   `json:"z_loss"`
}

// Log says how often metrics and usage are written; 0 means every step, which is what the service asks for. The trainers cpu and gpu
// and the examples of plugins/command obey. Of one that logs more seldom, jumps are told from the last 32 lines.
type Log struct {
	EverySteps int64 `json:"every_steps" spec:"optional"`
}

// Every is the number of steps between lines, at least 1.
func (l Log) Every() int64 { return max(1, l.EverySteps) }

// Eval says what is scored and how often: at step 0, which SkipStart lets a runner pass over, at multiples of EverySteps (0
// means none) and at the last step. Tasks are left out of those evaluations, but for the last, whose step is no multiple of
// TasksEverySteps; 0 leaves none out, anything else leaves them out at step 0 too.
type Eval struct {
	EverySteps      int64  `json:"every_steps"`
	TasksEverySteps int64  `json:"tasks_every_steps,omitempty"`
	SkipStart       bool   `json:"skip_start,omitempty"`
	Sets            []Set  `json:"sets" spec:"optional"`
	Tasks           []Task `json:"tasks" spec:"optional"`
}

// DueAt reports whether a run of so many steps is scored at a step.
func (e Eval) DueAt(step, steps int64) bool {
	switch step {
	case 0:
		return !e.SkipStart
	case steps:
		return true
	}
	return e.EverySteps > 0 && step%e.EverySteps == 0
}

// TasksDueAt reports whether tasks are part of the evaluation at a step.
func (e Eval) TasksDueAt(step, steps int64) bool {
	if !e.DueAt(step, steps) || e.TasksEverySteps == 0 || step == steps {
		return e.DueAt(step, steps)
	}
	return step > 0 && step%e.TasksEverySteps == 0
}

// Set is held-out text: either a file of JSON lines, or the union of other sets, summed and not scored again.
type Set struct {
	Name    string   `json:"name"`
	Path    string   `json:"path,omitempty"`
	SHA256  string   `json:"sha256,omitempty"`
	UnionOf []string `json:"union_of,omitempty"`
}

// Task is an evaluation task: a file of JSON lines of [Item].
type Task struct {
	Name   string `json:"name"`
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
}

// Checkpoint says how often checkpoints are written (the last step always has one; EverySteps 0 means no other), how many
// of the newest stay (0 keeps all), and which one to start from. The steps of KeepAt have one too, which always stays and
// isn't counted among those to keep: other runs branch there.
type Checkpoint struct {
	EverySteps int64   `json:"every_steps"`
	Keep       int     `json:"keep"`
	KeepAt     []int64 `json:"keep_at,omitempty"` // increasing
	ResumeFrom *Resume `json:"resume_from"`
}

// DueAt reports whether the step of a run of so many steps has a checkpoint.
func (c Checkpoint) DueAt(step, steps int64) bool {
	return step == steps || c.EverySteps > 0 && step > 0 && step%c.EverySteps == 0 || slices.Contains(c.KeepAt, step)
}

// Resume names the one checkpoint that the attempt may continue from. RunID names the run that wrote it where that is
// another, from which this run branches: it goes on as that run would have, under its own spec.
type Resume struct {
	Step  int64  `json:"step"`
	Path  string `json:"path"`
	RunID string `json:"run_id,omitempty"`
}

// Of is the run that wrote the checkpoint, which run continues from.
func (r Resume) Of(run string) string { return cmp.Or(r.RunID, run) }

// Intervention scales the learning rate from a step on, or skips the updates of steps [Skip[0], Skip[1]).
// Skipped steps read their rows; plan and digests stay the same.
type Intervention struct {
	FromStep *int64    `json:"from_step,omitempty"`
	LRScale  Real      `json:"lr_scale,omitempty"`
	Skip     *[2]int64 `json:"skip,omitempty"`
}

// Resources bound what the runner may take; zero is no bound.
type Resources struct {
	Threads     int   `json:"threads" spec:"optional"`
	Devices     []int `json:"devices" spec:"optional"`
	MemoryBytes int64 `json:"memory_bytes" spec:"optional"`
	WalltimeS   int64 `json:"walltime_s" spec:"optional"`
}
