package ablation_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/haigo-lab/haigo/services/ablation"
)

// scoring is a recipe of so many tokens as a file without a word on evaluation, or with eval, has it.
func scoring(t interface{ Fatal(...any) }, tokens int64, eval string) ablation.Recipe {
	s, err := ablation.ParseSweep(fmt.Appendf(nil, "name: a\nsources: [ja, en, code]\nrecipe: {tokens: %d%s}\n"+
		"schedules: {s: {stages: [{until: 1, mixture: {ja: 0.5, en: 0.3, code: 0.2}}]}}\n", tokens, eval))
	if err != nil {
		t.Fatal(err)
	}
	return s.Recipe
}

// scored is how often a run is scored, and how often with tasks.
func scored(r ablation.Recipe) (times, tasks int64) {
	every, tasksEvery := r.EvalEvery(), r.TasksEvery()
	for step := int64(1); step <= r.Steps(); step++ {
		if step < r.Steps() && step%every != 0 {
			continue
		}
		times++
		if step == r.Steps() || tasksEvery == 0 || step%tasksEvery == 0 {
			tasks++
		}
	}
	return times, tasks
}

// A trainer scores a token at a third of the cost of training on one. However long the run and however much is scored,
// held-out text keeps within a tenth of the time, and tasks within what is left of it, but for the last evaluation.
func TestRecipe_scoresWithinATenth(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tokens := rapid.Int64Range(100_000, 200_000_000).Draw(t, "tokens")
		r := scoring(t, tokens, "")
		s := ablation.Sweep{Recipe: r}
		s.Settle(ablation.Scored{Sets: 3 * r.SetBytes, Tasks: rapid.Int64Range(0, 3_000_000).Draw(t, "tasks")})
		r = s.Recipe
		times, tasks := scored(r)
		trained, scoredSets := float64(tokens), float64(times*r.Scored.Sets)/3
		if share := scoredSets / (scoredSets + trained); share > ablation.MuchEvaluation {
			t.Fatalf("held-out text takes %.3f of the time: %d times %d tokens", share, times, r.Scored.Sets)
		}
		all := scoredSets + float64(tasks*r.Scored.Tasks)/3
		share := all / (all + trained)
		if tasks > 1 && r.Scored.Tasks > 0 && share > ablation.MuchEvaluation {
			t.Fatalf("evaluation takes %.3f of the time: %d times, %d with tasks", share, times, tasks)
		}
		last := float64(4*r.Scored.Sets+r.Scored.Tasks) / 3 // four times held-out text, and all tasks at the end
		if share > ablation.MuchEvaluation && last < 0.1*(last+trained) {
			t.Fatalf("evaluation takes %.3f of the time: %d times, %d with tasks", share, times, tasks)
		}
		if got := r.EvaluationShare(); got-share > 1e-9 || share-got > 1e-9 {
			t.Fatalf("EvaluationShare is %v, counted %v", got, share)
		}
	})
}

func TestRecipe_TasksEvery(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		tokens, sets, tasks int64
		eval                string
		every, tasksEvery   int64
	}{
		"no tasks":             {8_192_000, 100_000, 0, "", 50, 0},
		"tasks each time":      {8_192_000, 0, 100_000, "", 50, 0},
		"some evaluations":     {8_192_000, 100_000, 200_000, "", 50, 350},
		"the last alone":       {8_192_000, 0, 2_000_000, "", 50, 1000},
		"as the recipe says":   {8_192_000, 0, 2_000_000, ", eval: {every: 10%, tasks_every: 20%}", 100, 200},
		"at an evaluation":     {8_192_000, 0, 2_000_000, ", eval: {every: 10%, tasks_every: 15%}", 100, 200},
		"a run of a few steps": {100_000, 24_000, 0, "", 13, 0},
	} {
		r := scoring(t, c.tokens, c.eval)
		r.Scored = ablation.Scored{Sets: c.sets, Tasks: c.tasks}
		if every, tasks := r.EvalEvery(), r.TasksEvery(); every != c.every || tasks != c.tasksEvery {
			t.Errorf("%s: every %d steps, tasks every %d, want %d and %d", name, every, tasks, c.every, c.tasksEvery)
		}
	}
}
