package analysis_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/haigo-lab/haigo/services/analysis"
)

func TestFront(t *testing.T) {
	t.Parallel()
	ja := table{{2.00, 2.01, 2.00}, {2.10, 2.11, 2.10}, {2.15, 2.16, 2.16}, {2.11, 2.11, 2.10}, {math.NaN()}}
	en := table{{2.30, 2.31, 2.30}, {2.20, 2.21, 2.20}, {2.40, 2.41, 2.40}, {2.21, 2.22, 2.20}, {1, 1, 1}}
	want := []analysis.Standing{analysis.OnFront, analysis.OnFront, analysis.Beaten, analysis.Open, analysis.Unseen}
	if diff := cmp.Diff(want, analysis.Front(ja.scores(), en.scores(), all)); diff != "" {
		t.Errorf("standings (-want +got):\n%s", diff)
	}
}

func TestFront_laws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := tables(t, "ja")
		other := make(table, len(in))
		for i, row := range in {
			for range row {
				other[i] = append(other[i], rapid.Float64Range(.5, 4).Draw(t, "en"))
			}
		}
		x, y := in.scores(), other.scores()
		for i, s := range analysis.Front(x, y, all) {
			if beaten := dominated(x, y, i); (s == analysis.OnFront) == beaten && s != analysis.Unseen {
				t.Fatalf("arm %d is %q, and dominated: %v", i, s, beaten)
			}
		}
	})
}

func dominated(x, y analysis.Scores, i int) bool {
	a, b := x.Arms[i].Mean, y.Arms[i].Mean
	for j := range x.Arms {
		c, d := x.Arms[j].Mean, y.Arms[j].Mean
		if c < a && d <= b || c <= a && d < b {
			return true
		}
	}
	return false
}

// all compares every arm with every other one.
func all(int, int) bool { return true }
