package decision_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/analysis/decision"
	"github.com/haigo-lab/haigo/services/analysis/surrogate"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// TestMake_direction: which way a metric is good says the objective; names that say the same, or nothing, change nothing of what is
// recommended and of prices, and what is proposed for a front is where both metrics are high.
func TestMake_direction(t *testing.T) {
	t.Parallel()
	look := func(objective, front [2]string, said bool) (decision.Decision, []table.Run) {
		in := table.Table{Sources: []string{"ja", "en", "code"}, Phases: 1, Metrics: objective[:]}
		for i := range 12 {
			ja, en := .08+.07*float64(i), .5-.04*float64(i)
			values := []float64{1 - math.Pow(ja+.1, -.2)/2 + .002*math.Sin(float64(7*i)), 1 - math.Pow(en+.1, -.2)/2 + .002*math.Cos(float64(5*i))}
			in.Runs = append(in.Runs, table.Run{ID: fmt.Sprint(i), Shares: [][]float64{{ja, en, 1 - ja - en}}, Values: values})
		}
		goal := decision.Objective{Max: true, Terms: []decision.Term{{Metric: objective[0], Weight: .5}, {Metric: objective[1], Weight: .5}}}
		setup := surrogate.Setup{Table: in, Pairs: []table.Pair{{Source: "ja", Metric: objective[0]}, {Source: "en", Metric: objective[1]}}}
		if said {
			setup.Rising = goal.Rising()
		}
		f, err := surrogate.New(setup)
		if err != nil {
			t.Fatal(err)
		}
		o := decision.Options{Objective: goal, Front: front, Seed: 1}
		return decision.Make(f, o), decision.Propose(f, o, 3)
	}
	want, _ := look([2]string{"acc/jcqa", "acc/arc"}, [2]string{"acc/jcqa", "acc/arc"}, false)
	got, batch := look([2]string{"jcqa", "arc"}, [2]string{"jcqa", "arc"}, true)
	if diff := cmp.Diff(want.Run, got.Run); diff != "" {
		t.Errorf("recommended by accuracies (-so called +otherwise):\n%s", diff)
	}
	for _, run := range batch {
		if code := run.Shares[0][2]; code > .4 { // where both are worst
			t.Errorf("proposed for the front: %.2f", run.Shares)
		}
	}
	for i, p := range got.Prices {
		if so := want.Prices[i].Cost.Mean; math.Abs(so-p.Cost.Mean) > 1e-9 || p.Cost.Low < 0 {
			t.Errorf("the price of %s is %+v, so called %.4f", p.Of, p.Cost, so)
		}
	}
	if len(got.Prices) == 0 {
		t.Error("nothing has a price")
	}
}
