package analysis_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/haigo-lab/haigo/services/analysis"
)

func TestKendall(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	for _, tc := range []struct {
		a, b []float64
		want float64
	}{
		{[]float64{1, 2, 3}, []float64{10, 20, 30}, 1},
		{[]float64{1, 2, 3}, []float64{3, 2, 1}, -1},
		{[]float64{1, 2, 3, 4}, []float64{1, 2, 4, 3}, 2. / 3},
		{[]float64{1, 2, 2}, []float64{1, 2, 3}, 2 / math.Sqrt(6)},
		{[]float64{1, nan, 2}, []float64{1, 5, 2}, 1},
		{[]float64{1, 1}, []float64{1, 2}, nan},
		{nil, nil, nan},
	} {
		got := analysis.Kendall(tc.a, tc.b)
		if math.Abs(got-tc.want) > 1e-12 || math.IsNaN(got) != math.IsNaN(tc.want) {
			t.Errorf("Kendall(%v, %v) = %v, want %v", tc.a, tc.b, got, tc.want)
		}
	}
}

func TestKendall_Law(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 12).Draw(t, "n")
		a := rapid.SliceOfN(rapid.Float64Range(-9, 9), n, n).Draw(t, "a")
		b := rapid.SliceOfN(rapid.Float64Range(-9, 9), n, n).Draw(t, "b")
		tau := analysis.Kendall(a, b)
		if math.IsNaN(tau) {
			return
		}
		if tau < -1-1e-9 || tau > 1+1e-9 || math.Abs(tau-analysis.Kendall(b, a)) > 1e-12 {
			t.Fatalf("tau %v", tau)
		}
		slices.Reverse(a)
		slices.Reverse(b)
		if math.Abs(tau-analysis.Kendall(a, b)) > 1e-12 {
			t.Fatal("the order of places counts")
		}
	})
}

func TestStability(t *testing.T) {
	t.Parallel()
	track := func(values ...float64) analysis.Track {
		return analysis.Track{Tokens: []float64{10, 20, 30, 40}, Values: values}
	}
	all := []analysis.Track{track(5, 4, 3, 2.0), track(4, 4.5, 3.5, 2.5), track(3, 3, 4, 3.5)}
	got := analysis.Stability(all)
	if len(got) != 4 || got[0].Tau != -1 || math.Abs(got[1].Tau+1./3) > 1e-12 || got[3].Tau != 1 {
		t.Errorf("%v", got)
	}
	if from := analysis.Settled(got, .9); from != 30 {
		t.Errorf("settled from %v, want 30", from)
	}
	if got := analysis.Stability(all[:2]); got != nil {
		t.Errorf("two arms: %v", got)
	}
	if from := analysis.Settled(nil, .9); !math.IsNaN(from) {
		t.Errorf("settled from %v without a ranking", from)
	}
}
