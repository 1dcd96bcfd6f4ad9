package ablation

// Scored is how many tokens one evaluation takes.
type Scored struct {
	Sets  int64 `json:"sets"`  // of held-out text
	Tasks int64 `json:"tasks"` // of all tasks' items
}

// DefaultSetBytes bounds a source's held-out set unless a recipe says otherwise. Runs that are too short to score so much
// get less, down to leastSetBytes.
const (
	DefaultSetBytes = 256 << 10
	leastSetBytes   = 8 << 10
)

// MuchEvaluation is the share of a run's time that evaluation keeps within where a recipe leaves it open how often is
// scored. Scoring a token takes a third of training on one: what is scored may be a third of what is trained on.
const MuchEvaluation = 0.1

func (r Recipe) scorable() int64 { return r.Tokens / 3 }

// EvalEvery is the number of steps between evaluations, at least 1.
func (r Recipe) EvalEvery() int64 { return max(1, r.Eval.Steps(r)) }

// evaluations is how often held-out text is scored: at each interval and at the end, and at the start where the weights
// are another run's. Fresh weights know nothing that is worth the wait.
func (r Recipe) evaluations() int64 {
	n := 1 + max(0, r.Steps()-1)/r.EvalEvery()
	if r.Start != nil {
		n++
	}
	return n
}

// TasksEvery is the number of steps between evaluations that have tasks, 0 where all have; all of a run's steps or more is
// the last evaluation alone, which has them whatever it takes. Where the recipe leaves it open, tasks get of a tenth of
// the time what held-out text leaves.
func (r Recipe) TasksEvery() int64 {
	every := r.EvalEvery()
	if !r.TaskEval.zero() {
		return (r.TaskEval.Steps(r) + every - 1) / every * every
	}
	if r.Scored.Tasks == 0 {
		return 0
	}
	times := r.evaluations()
	affordable := max(1, (r.scorable()-times*r.Scored.Sets)/r.Scored.Tasks)
	if affordable >= times {
		return 0
	}
	return ((r.Steps()-1)/(affordable*every) + 1) * every
}

// EvaluationShare is the part of a run's time that evaluation takes.
func (r Recipe) EvaluationShare() float64 {
	times := r.evaluations()
	tasks := times
	if every := r.TasksEvery(); every > 0 {
		tasks = 1 + max(0, r.Steps()-1)/every
	}
	scored := float64(times*r.Scored.Sets+tasks*r.Scored.Tasks) / 3
	return scored / (scored + float64(r.Tokens))
}

// defaultSetBytes leaves a quarter of what may be scored to tasks.
func (r Recipe) defaultSetBytes(sources int) int64 {
	if r.TokensPerStep() <= 0 {
		return DefaultSetBytes
	}
	times := 2 + max(0, r.Steps()-1)/r.EvalEvery() // before the first step and after the last
	affordable := r.Tokens / 4 / (times * int64(max(1, sources)))
	return min(DefaultSetBytes, max(leastSetBytes, affordable))
}

// defaultEval is every twentieth of a run, and seldomer where even the smallest sets would take too long.
func (r Recipe) defaultEval(sources int) Amount {
	if r.TokensPerStep() <= 0 {
		return Amount{Fraction: 0.05}
	}
	for _, fraction := range []float64{0.05, 0.1, 0.2, 0.25, 0.5} {
		r.Eval = Amount{Fraction: fraction}
		if r.evaluations()*int64(sources)*leastSetBytes <= r.Tokens/4 {
			return r.Eval
		}
	}
	return Amount{Fraction: 1}
}
