package postgres_test

import (
	"math"
	"testing"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Every value that a float64 can be comes back to the bit, also at steps that a double can't hold.
func TestFault_ValuesAndSteps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sweep("s", 1, 1<<60)
	s := w.training()
	values := []float64{
		math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), 0, math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64,
		math.MaxFloat64, -math.MaxFloat64, 1e-320, math.Nextafter(1, 2),
	}
	const first = 1<<53 + 1
	s.send(s.begin(nil, losses(first, values...)...))
	got, err := w.Points(t.Context(), s.claim.Run.ID, ablation.MetricLoss, first, math.MaxInt64, 100)
	if err != nil || len(got) != len(values) {
		t.Fatalf("%d points, %v", len(got), err)
	}
	for i, p := range got {
		same := math.Float64bits(float64(p.Value)) == math.Float64bits(values[i]) || math.IsNaN(values[i]) && math.IsNaN(float64(p.Value))
		if p.Step != first+int64(i) || !same {
			t.Errorf("step %d holds %v, want step %d and %v", p.Step, p.Value, first+int64(i), values[i])
		}
	}
	t.Logf("figure: %d of %d values to the bit, from step 2^53+1", len(got), len(values))
}
