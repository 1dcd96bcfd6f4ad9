package ablation_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/ablation"
)

func TestSpans(t *testing.T) {
	t.Parallel()
	for want, seeds := range map[string][]int64{"": nil, "3": {3}, "3, 4": {4, 3}, "1–3, 7, 9, 10": {1, 2, 3, 7, 9, 10}} {
		if got := ablation.Spans(seeds); got != want {
			t.Errorf("%v: %s, want %s", seeds, got, want)
		}
	}
}

// TestPlan_grow: what a plan adds are the runs that the sweep lacks, and they alone are counted, those shared parts once.
func TestPlan_grow(t *testing.T) {
	t.Parallel()
	arms := []ablation.PlanArm{
		{Arm: ablation.Arm{Name: "a"}, Steps: 10, RunTokens: 1000, FLOPs: 50, TokensPerS: 100},
		{Arm: ablation.Arm{Name: "b"}, Steps: 20, RunTokens: 2000, FLOPs: 100, TokensPerS: 100},
	}
	run := func(id, arm string, replicate, steps int64) ablation.Run {
		return ablation.Run{ID: id, Arm: arm, Replicate: replicate, Steps: steps, State: ablation.RunQueued}
	}
	done, half := run("a1", "a", 1, 10), run("a2", "a", 2, 10)
	done.State, half.State, half.Progress.Step = ablation.RunCompleted, ablation.RunRunning, 4
	branch := run("b2", "b", 2, 20)
	branch.Start = &ablation.Start{Run: "b1", Step: 5, Take: ablation.TakeState}
	p := ablation.Plan{Arms: arms, Runs: []ablation.Run{run("a1", "a", 1, 10), run("a2", "a", 2, 10), run("a3", "a", 3, 10), run("b1", "b", 1, 20), branch}}
	p.Grow([]ablation.Run{done, half})
	want := &ablation.PlanGrowth{
		Runs: 2, Added: []ablation.ArmSeeds{{Arm: "a", Seeds: []int64{3}}, {Arm: "b", Seeds: []int64{1, 2}}},
		Tokens: 1000 + 2000 + 1500, FLOPs: 50 + 100 + 75, Seconds: 45, Before: 6,
	}
	if diff := cmp.Diff(want, p.Growth); diff != "" {
		t.Error(diff)
	}
	if p.Runs[0].State != ablation.RunCompleted || p.Runs[1].State != ablation.RunRunning || p.Growth.New() != 3 {
		t.Errorf("%+v", p.Runs)
	}
	p.Grow(p.Runs)
	if p.Growth.Added == nil || len(p.Growth.Added) > 0 {
		t.Errorf("the same again adds %v, want an empty list", p.Growth.Added)
	}
}
