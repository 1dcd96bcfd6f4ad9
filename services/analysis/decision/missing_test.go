package decision_test

import (
	"math"
	"testing"

	"github.com/haigo-lab/haigo/services/analysis/decision"
	"github.com/haigo-lab/haigo/services/analysis/surrogate"
)

// TestMake_missing: a value that one seed of a mixture lacks doesn't take the mixture out of what was seen.
func TestMake_missing(t *testing.T) {
	t.Parallel()
	in := world(t, wide, .002).Table
	best := func() decision.Baseline {
		f, err := surrogate.New(surrogate.Setup{Table: in, Pairs: in.Pairs()})
		if err != nil {
			t.Fatal(err)
		}
		d := decision.Make(f, decision.Options{Seed: 1})
		for i, a := range d.Arms {
			if math.IsNaN(a.Seen) {
				t.Errorf("arm %d: nothing is seen of %v", i, a.Run.Shares)
			}
		}
		return d.Baselines[len(d.Baselines)-1]
	}
	full := best()
	for i, r := range in.Runs {
		if r.Shares[0][0] == full.Run.Shares[0][0] {
			in.Runs[i].Values = []float64{r.Values[0], math.NaN()} // of its first seed
			break
		}
	}
	if got := best(); got.Name != decision.BaselineBestSeen || got.Run.Shares[0][0] != full.Run.Shares[0][0] {
		t.Errorf("with one value less the best seen has ja %.2f, not %.2f", got.Run.Shares[0][0], full.Run.Shares[0][0])
	}
}
