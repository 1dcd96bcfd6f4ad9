package analysis_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/haigo-lab/haigo/services/analysis"
)

func TestMiddleOf(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		values []float64
		want   analysis.Middle
	}{
		{nil, analysis.Middle{}},
		{[]float64{7}, analysis.Middle{N: 1, Median: 7, Low: 7, High: 7}},
		{[]float64{3, 1}, analysis.Middle{N: 2, Median: 2, Low: 1, High: 3, Sure: .5}},
		{[]float64{5, 1, 2, 4, 3}, analysis.Middle{N: 5, Median: 3, Low: 1, High: 5, Sure: .9375}},
		{[]float64{8, 7, 6, 5, 4, 3, 2, 1}, analysis.Middle{N: 8, Median: 4.5, Low: 2, High: 7, Sure: 1 - 18./256}},
	} {
		if diff := cmp.Diff(v.want, analysis.MiddleOf(v.values), cmpopts.EquateApprox(0, 1e-12)); diff != "" {
			t.Errorf("%v (-want +got):\n%s", v.values, diff)
		}
	}
}

// TestMiddle_coverage: the interval holds the median of what the values are drawn from as often as it says, and more often than
// its level, however skewed they are.
func TestMiddle_coverage(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	const rounds = 4000
	for _, n := range []int{5, 12, 40} {
		held, sure := 0., 0.
		for range rounds {
			values := make([]float64, n)
			for i := range values {
				values[i] = r.ExpFloat64()
			}
			m := analysis.MiddleOf(values)
			if sure = m.Sure; m.Low <= math.Ln2 && math.Ln2 <= m.High {
				held++
			}
		}
		if held /= rounds; math.Abs(held-sure) > .02 || sure < analysis.Level {
			t.Errorf("of %d values: held %.3f of the time, said %.3f", n, held, sure)
		}
	}
}
