package ablation

import "slices"

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
	times := 2 + max(0, r.Steps()-1)/r.EvalEvery() // at the start too, of weights that know something
	affordable := r.Tokens / 4 / (times * int64(max(1, sources)))
	return min(DefaultSetBytes, max(leastSetBytes, affordable))
}

// evalFractions are the intervals that a recipe may get where it names none: the first that keeps within the time.
var evalFractions = []float64{0.05, 0.1, 0.2, 0.25, 0.5, 1}

// defaultEval is every twentieth of a run, and seldomer where even the smallest sets would take too long.
func (r Recipe) defaultEval(sources int) Amount {
	if r.TokensPerStep() <= 0 {
		return Amount{Fraction: evalFractions[0]}
	}
	for _, fraction := range evalFractions {
		r.Eval = Amount{Fraction: fraction}
		if r.evaluations()*int64(sources)*leastSetBytes <= r.Tokens/4 {
			break
		}
	}
	return r.Eval
}

// Settle records what an evaluation takes. Where the recipe leaves open how often is scored, runs whose tasks take much of
// a tenth of their time are scored seldomer, down to four times.
func (s *Sweep) Settle(scored Scored) {
	s.Recipe.Scored = scored
	if !s.Recipe.EvalOpen {
		return
	}
	r := s.shortest()
	for _, fraction := range evalFractions[:4] {
		if fraction < s.Recipe.Eval.Fraction {
			continue
		}
		r.Eval = Amount{Fraction: fraction}
		if r.evaluations()*scored.Sets+scored.Tasks <= r.scorable() {
			break
		}
	}
	s.Recipe.Eval.Fraction = max(s.Recipe.Eval.Fraction, r.Eval.Fraction)
}

// shortest is the recipe of the sweep's shortest runs.
func (s *Sweep) shortest() Recipe {
	r := s.Recipe
	if p := s.Design.Product; p != nil && len(p.Tokens) > 0 {
		r.Tokens = slices.Min(p.Tokens)
	}
	return r
}
