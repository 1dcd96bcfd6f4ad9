package ablation

import (
	"slices"
	"sort"
)

// Scored is how many tokens one evaluation takes.
type Scored struct {
	Sets  int64 `json:"sets"`  // of held-out text
	Tasks int64 `json:"tasks"` // of all tasks' items
}

// Exam is what all of an evaluation would be.
type Exam struct {
	Sets  int64     // tokens of held-out text
	Tasks [][]int64 // by task, the tokens of its items in the order in which a part of them is taken
}

// scored is what an evaluation takes of which each task has so many items at most; 0: all.
func (e Exam) scored(items int64) Scored {
	scored := Scored{Sets: e.Sets}
	for _, task := range e.Tasks {
		for i, tokens := range task {
			if items > 0 && int64(i) == items {
				break
			}
			scored.Tasks += tokens
		}
	}
	return scored
}

// longest is the number of items of the largest task.
func (e Exam) longest() (n int) {
	for _, task := range e.Tasks {
		n = max(n, len(task))
	}
	return n
}

// DefaultSetBytes bounds a source's held-out set unless a recipe says otherwise. Runs that are too short to score so much
// get less, down to leastSetBytes.
const (
	DefaultSetBytes = 256 << 10
	leastSetBytes   = 1 << 10
	fairSetBytes    = 8 << 10 // rather than less, a run is scored seldomer
)

// leastItems of a task are scored in the shortest runs, too: a run of a second can tell nothing of tasks anyway.
const leastItems = 1

// MuchEvaluation is the share of a run's time that evaluation keeps within where a recipe leaves it open how often is
// scored.
const MuchEvaluation = 0.1

// ScoringCost is what scoring a token takes next to training on one: a third of the arithmetic, in rows that are seldom
// full.
const ScoringCost = 0.4

// scorable is how many tokens may be scored in a tenth of the time.
func (r Recipe) scorable() int64 {
	return int64(MuchEvaluation / (1 - MuchEvaluation) / ScoringCost * float64(r.Tokens))
}

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
	scored := ScoringCost * float64(times*r.Scored.Sets+tasks*r.Scored.Tasks)
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

// defaultEval is every twentieth of a run, and seldomer where even small sets would take too long.
func (r Recipe) defaultEval(sources int) Amount {
	if r.TokensPerStep() <= 0 {
		return Amount{Fraction: evalFractions[0]}
	}
	for _, fraction := range evalFractions {
		r.Eval = Amount{Fraction: fraction}
		if r.evaluations()*int64(sources)*fairSetBytes <= r.Tokens/4 {
			break
		}
	}
	return r.Eval
}

// Settle records what an evaluation takes. Where the recipe leaves open how often is scored, runs whose tasks take much of
// a tenth of their time are scored seldomer, down to four times; where even the last evaluation would take too much, only
// a part of the items is scored, the same in all runs and at every step.
func (s *Sweep) Settle(e Exam) {
	s.Recipe.Scored = e.scored(s.Recipe.Items)
	if !s.Recipe.EvalOpen {
		return // who says how often is scored has all items, too
	}
	s.seldom()
	r := s.shortest()
	if left := r.scorable() - r.evaluations()*e.Sets; r.ItemsOpen && r.TaskEval.zero() && r.Scored.Tasks > left {
		s.Recipe.Items = e.items(left)
		s.Recipe.Scored = e.scored(s.Recipe.Items)
	}
}

// items is how many of each task take at most so many tokens, and never less than leastItems; 0: all.
func (e Exam) items(tokens int64) int64 {
	n := sort.Search(e.longest(), func(n int) bool { return e.scored(int64(n+1)).Tasks > tokens })
	if n = max(n, leastItems); n >= e.longest() {
		return 0
	}
	return int64(n)
}

// seldom settles how often is scored.
func (s *Sweep) seldom() {
	r := s.shortest()
	for _, fraction := range evalFractions[:4] {
		if fraction < s.Recipe.Eval.Fraction {
			continue
		}
		r.Eval = Amount{Fraction: fraction}
		if r.evaluations()*r.Scored.Sets+r.Scored.Tasks <= r.scorable() {
			break
		}
	}
	s.Recipe.Eval.Fraction = max(s.Recipe.Eval.Fraction, r.Eval.Fraction)
}

// Asked are a sweep's tasks with the number of items that its runs are asked.
func (r Recipe) Asked(tasks []Task) []Task {
	asked := slices.Clone(tasks)
	for i := range asked {
		if r.Items > 0 {
			asked[i].Items = min(asked[i].Items, r.Items)
		}
	}
	return asked
}

// shortest is the recipe of the sweep's shortest runs.
func (s *Sweep) shortest() Recipe {
	r := s.Recipe
	if p := s.Design.Product; p != nil && len(p.Tokens) > 0 {
		r.Tokens = slices.Min(p.Tokens)
	}
	return r
}
