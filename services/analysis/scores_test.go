package analysis_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis"
)

const metric = "bpb/ja"

var close9 = cmp.Options{cmpopts.EquateApprox(0, 1e-9), cmpopts.EquateNaNs()}

// table is completed runs' values, by arm and replicate; NaN is a run that isn't there.
type table [][]float64

func (t table) arms() []ablation.Arm {
	arms := make([]ablation.Arm, len(t))
	for i := range arms {
		arms[i] = ablation.Arm{Name: fmt.Sprint("a", i), Index: i}
	}
	return arms
}

func (t table) results() []ablation.Result {
	var results []ablation.Result
	for i, row := range t {
		for r, v := range row {
			if !math.IsNaN(v) {
				results = append(results, result(fmt.Sprint("a", i), int64(r+1), ablation.RunCompleted, v))
			}
		}
	}
	return results
}

func (t table) scores() analysis.Scores { return analysis.Of(t.arms(), t.results(), metric) }

func result(arm string, replicate int64, state ablation.RunState, v float64) ablation.Result {
	return ablation.Result{
		Run:    ablation.Run{Arm: arm, Replicate: replicate, State: state},
		Values: map[string]ablation.Real{metric: ablation.Real(v)},
	}
}

// tables draws two to five arms, one to four replicates, some runs missing.
func tables(t *rapid.T, label string) table {
	arms, seeds := rapid.IntRange(2, 5).Draw(t, "arms"), rapid.IntRange(1, 4).Draw(t, "seeds")
	out := make(table, arms)
	for i := range out {
		for range seeds {
			v := rapid.Float64Range(.5, 4).Draw(t, label)
			if rapid.IntRange(0, 5).Draw(t, "missing") == 0 {
				v = math.NaN()
			}
			out[i] = append(out[i], v)
		}
	}
	return out
}

func TestOf(t *testing.T) {
	t.Parallel()
	s := table{{2.00, 2.02, 2.04}, {2.10, 2.16}, {2.5}, {}}.scores()
	// Within arms: 0.02² with 2 degrees of freedom and 0.06²/2 with 1: s² = 0.0026/3; t(0.95, 3) = 2.353363435.
	pooled := math.Sqrt(.0026 / 3)
	const t3 = 2.3533634348018264
	want := []analysis.Summary{
		{N: 3, Mean: 2.02, SD: .02, Half: t3 * pooled / math.Sqrt(3), Values: []analysis.Value{{1, 2}, {2, 2.02}, {3, 2.04}}},
		{N: 2, Mean: 2.13, SD: .06 / math.Sqrt2, Half: t3 * pooled / math.Sqrt2, Values: []analysis.Value{{1, 2.1}, {2, 2.16}}},
		{N: 1, Mean: 2.5, SD: math.NaN(), Half: t3 * pooled, Values: []analysis.Value{{1, 2.5}}},
		{Mean: math.NaN(), SD: math.NaN(), Half: math.NaN()},
	}
	if diff := cmp.Diff(want, s.Arms, close9); diff != "" {
		t.Errorf("arms (-want +got):\n%s", diff)
	}
	if s.Freedom != 3 || math.Abs(s.Pooled-pooled) > 1e-12 {
		t.Errorf("got pooled %v with %d degrees of freedom", s.Pooled, s.Freedom)
	}
}

func TestOf_leavesOut(t *testing.T) {
	t.Parallel()
	results := []ablation.Result{
		result("a0", 4, ablation.RunRunning, 3),
		result("a0", 2, ablation.RunDiverged, math.NaN()),
		result("a0", 3, ablation.RunCompleted, math.Inf(1)),
		result("a0", 1, ablation.RunCompleted, 2),
		{Run: ablation.Run{Arm: "a0", Replicate: 5, State: ablation.RunCompleted}},
		result("gone", 1, ablation.RunCompleted, 1),
	}
	got := analysis.Of(table{{}}.arms(), results, metric).Arms[0]
	want := analysis.Summary{
		N: 1, Mean: 2, SD: math.NaN(), Half: math.NaN(), Values: []analysis.Value{{1, 2}},
		Left: []analysis.Left{
			{2, ablation.RunDiverged, math.NaN()},
			{3, ablation.RunCompleted, math.Inf(1)},
			{4, ablation.RunRunning, 3},
			{5, ablation.RunCompleted, math.NaN()},
		},
	}
	if diff := cmp.Diff(want, got, close9); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
}

func TestOf_laws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := tables(t, "value")
		s := in.scores()
		for i, a := range s.Arms {
			for _, v := range a.Values {
				if least, most := extremes(a.Values); a.Mean < least || a.Mean > most {
					t.Fatalf("arm %d: mean %v lies outside [%v, %v] with %v", i, a.Mean, least, most, v)
				}
			}
			if a.N > 0 && s.Freedom > 0 && !(a.Half >= 0) {
				t.Fatalf("arm %d has no interval though noise is known: %v", i, a)
			}
		}
		results := in.results()
		shuffled := rapid.Permutation(results).Draw(t, "order")
		if diff := cmp.Diff(s, analysis.Of(in.arms(), shuffled, metric), cmp.AllowUnexported(analysis.Scores{}), cmpopts.EquateNaNs(), cmpopts.IgnoreUnexported(analysis.Scores{})); diff != "" {
			t.Fatalf("the order of results matters:\n%s", diff)
		}
	})
}

func extremes(values []analysis.Value) (least, most float64) {
	least, most = math.Inf(1), math.Inf(-1)
	for _, v := range values {
		least, most = min(least, v.Value), max(most, v.Value)
	}
	return least, most
}

// The promise of an interval is how often it holds the truth: nine times in ten, with few seeds and with runs missing.
func TestIntervals_cover(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		arms    int
		seeds   int
		missing bool
	}{
		{"two arms, two seeds", 2, 2, false},
		{"two arms, three seeds", 2, 3, false},
		{"six arms, three seeds", 6, 3, false},
		{"six arms, three seeds, three runs missing", 6, 3, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			const trials = 4000
			random, means, differences := rand.New(rand.NewPCG(1, 2)), 0, 0
			for range trials {
				s := noisy(random, tc.arms, tc.seeds, tc.missing).scores()
				if a := s.Arms[0]; math.Abs(a.Mean-truth(0)) <= a.Half {
					means++
				}
				if d := s.Difference(0, 1); math.Abs(d.Mean-(truth(0)-truth(1))) <= d.Half {
					differences++
				}
			}
			// Three standard errors of a count of trials: 1.4 points. Means of arms share a seed's luck, which pooling
			// counts as noise of each: their intervals are right for two arms and close for more.
			for what, hits := range map[string]int{"differences": differences, "means": means} {
				if share := float64(hits) / trials; math.Abs(share-analysis.Level) > .03 || what == "differences" && math.Abs(share-analysis.Level) > .015 {
					t.Errorf("intervals of %s hold the truth in %.1f%%", what, 100*share)
				}
			}
		})
	}
}

func truth(arm int) float64 { return 2 + .07*float64(arm) }

// noisy is arm + replicate + noise, in a size as real runs have it.
func noisy(random *rand.Rand, arms, seeds int, missing bool) table {
	luck := make([]float64, seeds)
	for r := range luck {
		luck[r] = .01 * random.NormFloat64()
	}
	out := make(table, arms)
	for i := range out {
		for r := range seeds {
			v := truth(i) + luck[r] + .015*random.NormFloat64()
			if missing && (i == 2 && r == 0 || i == 3 && r > 0) {
				v = math.NaN()
			}
			out[i] = append(out[i], v)
		}
	}
	return out
}

// Halves pools the noise of all groups, as scores do.
func TestHalves(t *testing.T) {
	t.Parallel()
	groups := [][]float64{{2, 2.02, 2.04}, {2.1, 2.16}, {2.5}, nil}
	const t3 = 2.353363 // of 3 degrees of freedom, 95%
	pooled := math.Sqrt((2*.02*.02 + .06*.06/2) / 3)
	want := []float64{t3 * pooled / math.Sqrt(3), t3 * pooled / math.Sqrt2, t3 * pooled, math.NaN()}
	if diff := cmp.Diff(want, analysis.Halves(groups), cmpopts.EquateNaNs(), cmpopts.EquateApprox(1e-6, 0)); diff != "" {
		t.Error(diff)
	}
	if got := analysis.Halves([][]float64{{1}, {2}}); !math.IsNaN(got[0]) {
		t.Errorf("without repeats %v, want none known", got)
	}
}
