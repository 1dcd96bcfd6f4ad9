package ablation

import "cmp"

// Plan is what a sweep would do and take. Nothing of it is stored.
type Plan struct {
	Sweep         string     `json:"sweep"`
	Trainer       string     `json:"trainer"`
	Sources       []Source   `json:"sources"`
	Tasks         []Task     `json:"tasks"`
	Arms          []PlanArm  `json:"arms"`
	Runs          []Run      `json:"runs"`
	Steps         int64      `json:"steps"`  // of a run
	Tokens        int64      `json:"tokens"` // of a run, rounded up to whole steps
	Parameters    int64      `json:"parameters"`
	FLOPsPerToken float64    `json:"flops_per_token"` // of training
	FLOPs         float64    `json:"flops"`           // of all runs
	MemoryBytes   int64      `json:"memory_bytes"`    // of a run
	Seconds       float64    `json:"seconds"`         // of the whole sweep on this machine; 0 where it can't be told
	Warnings      []Label    `json:"warnings"`
	Problems      []Problem  `json:"problems"` // any of them keeps the sweep from starting
	Existing      SweepState `json:"existing,omitempty"`
}

// PlanArm is what every run of an arm reads, by source.
type PlanArm struct {
	Arm
	Stages []PlanStage        `json:"stages,omitempty"` // none for a matched control
	Rows   map[string]int64   `json:"rows"`             // as the sampler deals them out
	Tokens map[string]int64   `json:"tokens"`
	Epochs map[string]float64 `json:"epochs"` // rows ÷ the rows that there are
}

// PlanStage is where a stage ends: as the document says, and rounded up to the step at which the next one begins.
type PlanStage struct {
	Asked  int64 `json:"asked"` // tokens
	Tokens int64 `json:"tokens"`
	Step   int64 `json:"step"`
}

// Estimate is what a trainer says of a run.
type Estimate struct {
	Trainer       string
	Parameters    int64
	FLOPsPerToken float64
	MemoryBytes   int64
	TokensPerS    float64          // of all runs side by side on this machine; 0 where it can't be told
	Rows          map[string]int64 // that there are, by source
}

// Plan says what the expanded sweep would do: rows, tokens and epochs per source, cost, what to look at and what is
// wrong. sources are in the sweep's order.
func (s Sweep) Plan(sources []Source, tasks []Task, arms []Arm, runs []Run, e Estimate) Plan {
	p := Plan{
		Sweep: s.Name, Trainer: e.Trainer, Sources: sources, Tasks: tasks, Runs: runs, Steps: s.Recipe.Steps(),
		Tokens: s.Recipe.Steps() * s.Recipe.TokensPerStep(), Parameters: e.Parameters, FLOPsPerToken: e.FLOPsPerToken,
		MemoryBytes: e.MemoryBytes, Warnings: []Label{}, Problems: []Problem{},
	}
	p.FLOPs = float64(p.Tokens) * e.FLOPsPerToken * float64(len(runs))
	if e.TokensPerS > 0 {
		p.Seconds = float64(p.Tokens) * float64(len(runs)) / e.TokensPerS
	}
	for _, arm := range arms {
		p.Arms = append(p.Arms, s.planArm(arm, sources, e.Rows))
	}
	p.refuse(s)
	p.warn(s)
	return p
}

func (s Sweep) planArm(arm Arm, sources []Source, have map[string]int64) PlanArm {
	out := PlanArm{Arm: arm, Rows: map[string]int64{}, Tokens: map[string]int64{}, Epochs: map[string]float64{}}
	for k, rows := range PlannedRows(arm.Weights, s.Recipe.Steps(), s.Recipe.BatchRows) {
		name := sources[k].Name
		out.Rows[name], out.Tokens[name] = rows, rows*int64(s.Recipe.RowTokens)
		if n := cmp.Or(have[name], sources[k].Rows(s.Recipe.RowTokens)); n > 0 {
			out.Epochs[name] = float64(rows) / float64(n)
		}
	}
	if arm.Schedule == nil {
		return out
	}
	for _, stage := range arm.Schedule.Stages {
		step := stage.Until.Steps(s.Recipe)
		out.Stages = append(out.Stages, PlanStage{Asked: stage.Until.Of(s.Recipe.Tokens), Tokens: step * s.Recipe.TokensPerStep(), Step: step})
	}
	return out
}

// Place puts each problem where its field stands in the sweep's document.
func (s Sweep) Place(problems []Problem) []Problem {
	out := make([]Problem, len(problems))
	for i, p := range problems {
		out[i] = s.place(p.Field, p.Message)
	}
	return out
}
