package ablation_test

import (
	"fmt"
	"slices"
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

// asked is how many tokens are scored where tasks have so many items at most, 0: all; and the items of the largest.
func asked(e ablation.Exam, items int64) (tokens int64, most int) {
	for _, task := range e.Tasks {
		if items > 0 {
			task = task[:min(int64(len(task)), items)]
		}
		most = max(most, len(task))
		for _, n := range task {
			tokens += n
		}
	}
	return tokens, most
}

// However long the run and however much is scored, held-out text keeps within a tenth of the time, and tasks within what
// is left of it; of the largest tasks a part is scored, but never less than one item of each.
func TestRecipe_scoresWithinATenth(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tokens := rapid.Int64Range(100_000, 200_000_000).Draw(t, "tokens")
		r := scoring(t, tokens, "")
		e := ablation.Exam{Sets: 3 * r.SetBytes, Tasks: rapid.SliceOfN(rapid.SliceOfN(rapid.Int64Range(20, 20_000), 1, 100), 0, 4).Draw(t, "tasks")}
		s := ablation.Sweep{Recipe: r}
		s.Settle(e)
		r = s.Recipe
		if got, _ := asked(e, r.Items); got != r.Scored.Tasks {
			t.Fatalf("%d items of each task are %d tokens, recorded %d", r.Items, got, r.Scored.Tasks)
		}
		times, tasks := scored(r)
		sets := ablation.ScoringCost * float64(times*r.Scored.Sets)
		if share := sets / (sets + float64(tokens)); share > ablation.MuchEvaluation {
			t.Fatalf("held-out text takes %.3f of the time: %d times %d tokens", share, times, r.Scored.Sets)
		}
		all := sets + ablation.ScoringCost*float64(tasks*r.Scored.Tasks)
		share := all / (all + float64(tokens))
		_, most := asked(e, r.Items)
		if fewest := most <= 1 && tasks == 1; share > ablation.MuchEvaluation+1e-6 && !fewest {
			t.Fatalf("evaluation takes %.3f of the time: %d times, %d with %d items of each task", share, times, tasks, r.Items)
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
		"some evaluations":     {8_192_000, 80_000, 200_000, "", 50, 350},
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

// A recipe that says how often is scored, as the demo's does, has all items asked however long that takes.
func TestSettle_asksAllItems(t *testing.T) {
	t.Parallel()
	for eval, want := range map[string]bool{"": false, ", eval: {every: 25%}": true, ", eval: {every: 25%, set_bytes: 65536}": true, ", eval: {items: all}": true} {
		s := ablation.Sweep{Recipe: scoring(t, 600_000, eval)}
		s.Settle(ablation.Exam{Sets: 3 * s.Recipe.SetBytes, Tasks: [][]int64{slices.Repeat([]int64{200}, 1000)}})
		if all := s.Recipe.Items == 0; all != want {
			t.Errorf("%q: %d of 1,000 items are asked", eval, s.Recipe.Items)
		}
	}
}
