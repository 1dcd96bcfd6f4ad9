package ablation

import (
	"slices"
)

// Epochs of a source above which a plan warns; what refuses it is the recipe's max_epochs.
const WarnEpochs = 4

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
	Rows   map[string]int64   `json:"rows"`
	Tokens map[string]int64   `json:"tokens"`
	Epochs map[string]float64 `json:"epochs"` // rows ÷ the rows that there are
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
	p.epochs(s)
	p.warn(s)
	return p
}

func (s Sweep) planArm(arm Arm, sources []Source, have map[string]int64) PlanArm {
	out := PlanArm{Arm: arm, Rows: map[string]int64{}, Tokens: map[string]int64{}, Epochs: map[string]float64{}}
	for k, rows := range PlannedRows(arm.Weights, s.Recipe.Steps(), s.Recipe.BatchRows) {
		name := sources[k].Name
		out.Rows[name], out.Tokens[name] = rows, rows*int64(s.Recipe.RowTokens)
		if have[name] > 0 {
			out.Epochs[name] = float64(rows) / float64(have[name])
		}
	}
	return out
}

// epochs warns of sources that an arm reads more than four times and refuses more than the recipe allows.
func (p *Plan) epochs(s Sweep) {
	for _, arm := range p.Arms {
		for _, source := range p.Sources {
			n := arm.Epochs[source.Name]
			if n > s.Recipe.MaxEpochs {
				p.Problems = append(p.Problems, s.place("schedules."+arm.Name, say(
					"arm %s would read %s %.1f times, more than max_epochs %g; use fewer tokens, more text or a smaller share, or raise recipe.max_epochs",
					"アーム %s は %s を %.1f 回読みます（max_epochs は %g）。トークンを減らすか、テキストを増やすか、割合を下げるか、recipe.max_epochs を上げてください",
					arm.Name, source.Name, n, s.Recipe.MaxEpochs)))
				continue
			}
			if n > WarnEpochs {
				p.Warnings = append(p.Warnings, say("arm %s reads %s %.1f times; above 4 repeats are worth less",
					"アーム %s は %s を %.1f 回読みます。4 回を超える繰り返しは効き目が下がります", arm.Name, source.Name, n))
			}
		}
	}
}

// warn says what a reader of the results would miss.
func (p *Plan) warn(s Sweep) {
	if len(s.Seeds) == 1 {
		p.Warnings = append(p.Warnings, Label{EN: "one seed only: no spread can be shown", JA: "シードが 1 つだけなので、ばらつきを示せません"})
	}
	changes := slices.ContainsFunc(s.Schedules, Schedule.Changes)
	if changes && s.Design.Control != ControlMatched {
		p.Warnings = append(p.Warnings, Label{
			EN: "a schedule changes over time without a matched control: order and totals can't be told apart (design.control: matched)",
			JA: "途中で変わるスケジュールに総量をそろえた対照がありません。順序の効果と総量の効果を区別できません（design.control: matched）",
		})
	}
	for _, source := range p.Sources {
		if source.HeldoutDocuments == 0 {
			p.Warnings = append(p.Warnings, say("source %s has no held-out text: it is not scored", "データソース %s には検証用のテキストがなく、採点されません", source.Name))
		}
	}
	p.warnTasks()
}

func (p *Plan) warnTasks() {
	var of []string
	for _, t := range p.Tasks {
		if !slices.Contains(of, t.Lang) {
			of = append(of, t.Lang)
		}
	}
	if len(of) == 1 {
		p.Warnings = append(p.Warnings, say("there are tasks for %s only", "タスクは %s のものだけです", of[0]))
	}
}

// Place puts each problem where its field stands in the sweep's document.
func (s Sweep) Place(problems []Problem) []Problem {
	out := make([]Problem, len(problems))
	for i, p := range problems {
		out[i] = s.place(p.Field, p.Message)
	}
	return out
}
