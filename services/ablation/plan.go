package ablation

import (
	"cmp"
	"time"
)

// Plan is what a sweep would do and take. Nothing of it is stored.
type Plan struct {
	Sweep         string     `json:"sweep"`
	Trainer       string     `json:"trainer"`
	Sources       []Source   `json:"sources"`
	Tokenized     *Tokenized `json:"tokenized,omitempty"` // nil: bytes
	Tasks         []Task     `json:"tasks"`
	Arms          []PlanArm  `json:"arms"`
	Runs          []Run      `json:"runs"`
	Steps         int64      `json:"steps"`           // of the longest run
	Tokens        int64      `json:"tokens"`          // of the longest run, rounded up to whole steps
	TotalTokens   int64      `json:"total_tokens"`    // that are trained on: of all runs, shared parts once, reused ones not at all
	SavedTokens   int64      `json:"saved_tokens"`    // that shared parts take off
	Trunks        []Trunk    `json:"trunks"`          // the parts that are shared, what saves most first
	ReusedTokens  int64      `json:"reused_tokens"`   // that the runs take over from those whose state they start from
	Parents       []Parent   `json:"parents"`         // what the runs start from
	Parameters    int64      `json:"parameters"`      // of the largest run
	FLOPsPerToken float64    `json:"flops_per_token"` // of training the largest run
	FLOPs         float64    `json:"flops"`           // of all training
	MemoryBytes   int64      `json:"memory_bytes"`    // of the largest run
	RunsAtOnce    int        `json:"runs_at_once"`    // of this sweep, side by side on this machine
	Device        string     `json:"-"`               // that the runs train on, as its trainer says of this machine; empty where it finds none
	Seconds       float64    `json:"seconds"`         // of the whole sweep on this machine; 0 where it can't be told
	Warnings      []Label    `json:"warnings"`
	Problems      []Problem  `json:"problems"` // any of them keeps the sweep from starting
	Existing      SweepState `json:"existing,omitempty"`
	// Growth is what starting it adds to the sweep that bears its name; nil where there is none. The other figures are of all runs.
	Growth *PlanGrowth `json:"growth,omitempty"`
	// Adaptive is what a sweep that plans itself may come to, nil for another.
	Adaptive *PlanAdaptive `json:"adaptive,omitempty"`
	// Firings are when a recurrence would start it next; a sweep without one has none, and starts at once.
	Firings []time.Time `json:"firings,omitempty"`
	// Supersedes is the recurrence of its name that starting it would replace, or end where it starts once; empty for none.
	Supersedes string `json:"supersedes,omitempty"`
}

// PlanArm is what every run of an arm is and reads, by source.
type PlanArm struct {
	Arm
	Steps       int64   `json:"steps"`
	RunTokens   int64   `json:"run_tokens"` // rounded up to whole steps
	Parameters  int64   `json:"parameters"`
	Trainable   int64   `json:"trainable_parameters,omitempty"` // 0: all
	FLOPs       float64 `json:"flops"`                          // of a run
	MemoryBytes int64   `json:"memory_bytes"`
	// Trained are the tokens that all its runs together train on, and TokensPerS is how fast the trainer says that those
	// side by side on this machine do; 0 where it can't be told.
	Trained    int64   `json:"-"`
	Added      int64   `json:"-"` // of Trained, by runs that aren't there yet
	Left       int64   `json:"-"` // of Trained, by runs that are there and haven't ended
	TokensPerS float64 `json:"-"`
	// EvalEvery and TasksEvery are the steps between evaluations and between those that have tasks, 0: all have. Evaluation
	// takes about EvalShare of a run's time.
	EvalEvery  int64   `json:"eval_every"`
	TasksEvery int64   `json:"tasks_every"`
	EvalShare  float64 `json:"eval_share"`

	Stages []PlanStage        `json:"stages,omitempty"` // none for a matched control
	Rows   map[string]int64   `json:"rows"`             // as the sampler deals them out
	Tokens map[string]int64   `json:"tokens"`
	Epochs map[string]float64 `json:"epochs"` // rows ÷ the rows that there are
	// EpochsBefore is how often the weights that a run starts from have read the sources before, likewise.
	EpochsBefore map[string]float64 `json:"epochs_before,omitempty"`
}

// PlanStage is where a stage ends: as the document says, and rounded up to the step at which the next one begins.
type PlanStage struct {
	Asked  int64 `json:"asked"` // tokens
	Tokens int64 `json:"tokens"`
	Step   int64 `json:"step"`
}

// Estimate is what a trainer says of an arm's run.
type Estimate struct {
	Trainer       string
	Parameters    int64
	Trainable     int64 // of Parameters and what tuning puts beside them; 0: all
	FLOPsPerToken float64
	MemoryBytes   int64
	TokensPerS    float64          // of all runs side by side on this machine; 0 where it can't be told
	Rows          map[string]int64 // that there are, by source
}

// Plan says what the expanded sweep would do: rows, tokens and epochs per source, cost, what to look at and what is
// wrong. sources are in the sweep's order, estimates in that of the arms.
func (s Sweep) Plan(sources []Source, tasks []Task, e Expansion, estimates []Estimate) Plan {
	p := Plan{
		Sweep: s.Name, Sources: sources, Tokenized: s.Tokenized, Tasks: tasks, Runs: e.Runs, Warnings: append([]Label{}, e.Notes...), Problems: []Problem{},
		Trunks: []Trunk{}, Parents: append([]Parent{}, s.Parents...),
	}
	untold := false
	for i, arm := range e.Arms {
		a, runs := s.planArm(arm, sources, estimates[i]), int64(len(s.replicatesOf(arm.Name)))
		a.Trained, a.TokensPerS = a.RunTokens*runs, estimates[i].TokensPerS
		p.Trainer, p.Arms = estimates[i].Trainer, append(p.Arms, a)
		p.add(a, estimates[i], runs)
		untold = untold || estimates[i].TokensPerS <= 0
	}
	p.share(s, estimates)
	p.begin(s)
	if untold {
		p.Seconds = 0
	}
	p.adapt(s)
	p.refuse(s)
	p.warn(s)
	return p
}

// add counts an arm's runs in.
func (p *Plan) add(a PlanArm, e Estimate, runs int64) {
	p.Steps, p.Tokens = max(p.Steps, a.Steps), max(p.Tokens, a.RunTokens)
	p.Parameters, p.MemoryBytes = max(p.Parameters, a.Parameters), max(p.MemoryBytes, a.MemoryBytes)
	p.FLOPsPerToken = max(p.FLOPsPerToken, e.FLOPsPerToken)
	p.TotalTokens += a.RunTokens * runs
	p.FLOPs += a.FLOPs * float64(runs)
	if e.TokensPerS > 0 {
		p.Seconds += float64(a.RunTokens*runs) / e.TokensPerS
	}
}

func (s Sweep) planArm(arm Arm, sources []Source, e Estimate) PlanArm {
	r := s.Recipe.For(arm)
	out := PlanArm{
		Arm: arm, Steps: r.Steps(), RunTokens: r.Steps() * r.TokensPerStep(), Parameters: e.Parameters, Trainable: e.Trainable, MemoryBytes: e.MemoryBytes,
		EvalEvery: r.EvalEvery(), TasksEvery: r.TasksEvery(), EvalShare: r.EvaluationShare(),
		Rows: map[string]int64{}, Tokens: map[string]int64{}, Epochs: map[string]float64{},
	}
	out.FLOPs = float64(out.RunTokens) * e.FLOPsPerToken
	before := s.Before(s.Seeds[0])
	for k, rows := range PlannedRows(arm.Weights, r.Steps(), r.BatchRows) {
		name := sources[k].Name
		out.Rows[name], out.Tokens[name] = rows, rows*int64(r.RowTokens)
		n := cmp.Or(e.Rows[name], sources[k].Rows(r.RowTokens))
		if n == 0 {
			continue
		}
		out.Epochs[name] = float64(rows) / float64(n)
		if before[name] > 0 {
			out.before(name, float64(before[name])/float64(n*int64(r.RowTokens)))
		}
	}
	if arm.Schedule == nil {
		return out
	}
	for _, stage := range arm.Schedule.Stages {
		step := stage.Until.Steps(r)
		out.Stages = append(out.Stages, PlanStage{Asked: stage.Until.Of(r.Tokens), Tokens: step * r.TokensPerStep(), Step: step})
	}
	return out
}

func (a *PlanArm) before(source string, epochs float64) {
	if a.EpochsBefore == nil {
		a.EpochsBefore = map[string]float64{}
	}
	a.EpochsBefore[source] = epochs
}

// Place puts each problem where its field stands in the sweep's document.
func (s Sweep) Place(problems []Problem) []Problem {
	out := make([]Problem, len(problems))
	for i, p := range problems {
		out[i] = s.place(p.Field, p.Message)
		out[i].Command = p.Command
	}
	return out
}
