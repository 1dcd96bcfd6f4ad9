package table_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

func TestSweep(t *testing.T) {
	t.Parallel()
	half := ablation.Quantise([]float64{.5, .5})
	japanese, english := ablation.Quantise([]float64{1, 0}), ablation.Quantise([]float64{0, 1})
	s := ablation.Sweep{Sources: []ablation.SourceRef{{Name: "ja"}, {Name: "en"}}, Recipe: ablation.Recipe{Tokens: 1000, RowTokens: 10, BatchRows: 1}}
	arms := []ablation.Arm{
		{Name: "even", Weights: []ablation.Weights{{W: half}}},
		{Name: "turn", Weights: []ablation.Weights{{W: english}, {FromStep: 75, W: japanese}}},
	}
	result := func(arm, id string, state ablation.RunState, v float64) ablation.Result {
		return ablation.Result{
			Run:    ablation.Run{ID: id, Name: arm + "-s" + id, Arm: arm, Steps: 100, State: state, Progress: ablation.Progress{Tokens: 1000}},
			Values: map[string]ablation.Real{"bpb/ja": ablation.Real(v), "loss": 1},
		}
	}
	results := []ablation.Result{
		result("even", "1", ablation.RunCompleted, 1.5), result("turn", "1", ablation.RunCompleted, math.NaN()), result("turn", "2", ablation.RunFailed, 9),
	}
	got, shares := table.Sweep(s, arms, results, map[string]ablation.RunPlan{"1": {Parameters: 500}})
	if diff := cmp.Diff([]float64{.75, .25}, shares); diff != "" {
		t.Errorf("shares of phases (-want +got):\n%s", diff)
	}
	const mixtures = "id,phase0_ja,phase0_en,phase1_ja,phase1_en,params,tokens\neven-s1,0.5,0.5,0.5,0.5,500,1000\nturn-s1,0,1,1,0,500,1000\n"
	if diff := cmp.Diff(mixtures, string(got.Mixtures())); diff != "" {
		t.Errorf("mixtures (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff("id,bpb/ja\neven-s1,1.5\nturn-s1,\n", string(got.Scores())); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	again, _, err := table.Read(table.File{Name: "a", Data: got.Mixtures()}, table.File{Name: "b", Data: got.Scores()}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, again, cmp.Comparer(func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) })); diff != "" {
		t.Errorf("written and read again (-want +got):\n%s", diff)
	}
}

// A ramp changes all the time: phases are even, and a phase has the mean over it.
func TestSweep_ramp(t *testing.T) {
	t.Parallel()
	var weights []ablation.Weights
	for step := range int64(100) {
		weights = append(weights, ablation.Weights{FromStep: step, W: ablation.Quantise([]float64{float64(step) / 100, 1 - float64(step)/100})})
	}
	s := ablation.Sweep{Sources: []ablation.SourceRef{{Name: "ja"}, {Name: "en"}}, Recipe: ablation.Recipe{Tokens: 1000, RowTokens: 10, BatchRows: 1}}
	results := []ablation.Result{{Run: ablation.Run{ID: "1", Name: "ramp-s1", Arm: "ramp", Steps: 100, State: ablation.RunCompleted}, Values: map[string]ablation.Real{"bpb/ja": 1}}}
	got, shares := table.Sweep(s, []ablation.Arm{{Name: "ramp", Weights: weights}}, results, nil)
	if len(shares) != 8 || shares[0] != .125 {
		t.Fatalf("shares of phases: %v", shares)
	}
	for p, phase := range got.Runs[0].Shares {
		if want := (float64(p)+.5)/8 - .005; math.Abs(phase[0]-want) > .003 || math.Abs(phase[0]+phase[1]-1) > 1e-9 {
			t.Errorf("phase %d: %v, want about %v", p, phase, want)
		}
	}
}
