package analysis_test

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/haigo-lab/haigo/services/analysis"
)

func TestAccuracies(t *testing.T) {
	t.Parallel()
	const items, chance = 100, .25
	s := table{{.40, .42}, {.30}, {.10}, {}, {1}, {0}}.scores()
	want := []analysis.Verdict{analysis.Higher, analysis.Undecided, analysis.Lower, analysis.Unknown, analysis.Higher, analysis.Lower}
	for i, a := range analysis.Accuracies(s, chance, items) {
		if a.Verdict != want[i] {
			t.Errorf("arm %d: got %v, want %v", i, a.Verdict, want[i])
		}
		right := math.Round(a.Mean * items)
		if a.N == 0 || right == 0 || right == items {
			continue
		}
		// Clopper and Pearson: at the ends, what was seen or more (or less) has a chance of one in twenty.
		if p := 1 - (distuv.Binomial{N: items, P: a.Low}).CDF(right-1); math.Abs(p-.05) > 1e-6 {
			t.Errorf("arm %d: at the low end %v the tail is %v", i, a.Low, p)
		}
		if p := (distuv.Binomial{N: items, P: a.Top}).CDF(right); math.Abs(p-.05) > 1e-6 {
			t.Errorf("arm %d: at the top end %v the tail is %v", i, a.Top, p)
		}
	}
}
