package decision_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/haigo-lab/haigo/services/analysis/decision"
	"github.com/haigo-lab/haigo/services/analysis/surrogate"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// TestMake_anchors: among runs of two sizes the best mixture seen is the one that is best for its size, not a larger run of a worse
// one. A mixture that was run at both is as likely the best in either.
func TestMake_anchors(t *testing.T) {
	t.Parallel()
	in := table.Table{Sources: []string{"ja", "en"}, Phases: 1, Metrics: []string{"bpb/ja", "bpb/en"}}
	run := func(ja, parameters float64) {
		size := math.Pow(parameters/1e6, -.05)
		n := float64(len(in.Runs))
		values := []float64{size*math.Pow(ja+.1, -.3) + .002*math.Sin(7*n), size*math.Pow(1.1-ja, -.3) + .002*math.Cos(5*n)}
		in.Runs = append(in.Runs, table.Run{ID: fmt.Sprintf("%.2f-%.0g", ja, parameters), Shares: [][]float64{{ja, 1 - ja}}, Parameters: parameters, Values: values})
	}
	for i := range 13 {
		run(.05+.075*float64(i), 1e6)
	}
	for _, ja := range []float64{.05, .2, .8, .95} {
		run(ja, 1e7)
	}
	f, err := surrogate.New(surrogate.Setup{Table: in, Pairs: in.Pairs()})
	if err != nil {
		t.Fatal(err)
	}
	d := decision.Make(f, decision.Options{Seed: 1})
	for _, b := range d.Baselines {
		if b.Name == decision.BaselineBestSeen && (math.Abs(b.Run.Shares[0][0]-.5) > .1 || b.Better) {
			t.Errorf("the best that was run is at ja %.2f, and better is known: %v (%+v)", b.Run.Shares[0][0], b.Better, b.Improvement)
		}
	}
	likely := map[string]float64{}
	for _, a := range d.Arms {
		mixture := fmt.Sprintf("%.3f", a.Run.Shares[0][0])
		if before, twice := likely[mixture]; twice && before != a.PBest {
			t.Errorf("ja %s is best with a chance of %.3f and of %.3f", mixture, before, a.PBest)
		}
		likely[mixture] = a.PBest
	}
}
