package decision_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/haigo-lab/haigo/services/analysis/decision"
	"github.com/haigo-lab/haigo/services/analysis/surrogate"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// TestMake_unpriced: where there are no prices, null stands for them, with words that say why; so it is with one that can't be told.
func TestMake_unpriced(t *testing.T) {
	t.Parallel()
	document := func(metrics []string, values func(share float64) []float64, objective string) (d decision.Decision, text string) {
		t.Helper()
		in := table.Table{Sources: []string{"text", "code"}, Phases: 1, Metrics: metrics}
		for i, share := range wide {
			in.Runs = append(in.Runs, table.Run{ID: fmt.Sprint(i), Shares: [][]float64{{share, 1 - share}}, Values: values(share)})
		}
		f, err := surrogate.New(surrogate.Setup{Table: in})
		if err != nil {
			t.Fatal(err)
		}
		goal, err := decision.ParseObjective(objective, metrics)
		if err != nil {
			t.Fatal(err)
		}
		d = decision.Make(f, decision.Options{Seed: 1, Objective: goal})
		out, err := json.Marshal(decision.Answer{Decision: d, Fit: f}.Document().Recommendation)
		if err != nil {
			t.Fatal(err)
		}
		return d, string(out)
	}
	falling := func(share float64) float64 { return math.Pow(share+.02, -.3) }
	alone := func(share float64) []float64 { return []float64{falling(share)} }
	many := func(share float64) []float64 {
		return []float64{falling(share), falling(1 - share), falling(share / 2), falling(share / 3), falling(1 - share/2)}
	}
	flat := func(float64) []float64 { return []float64{2, 3} }
	for _, c := range []struct {
		metrics   []string
		values    func(float64) []float64
		objective string
		why       string
	}{
		{[]string{"loss"}, alone, "min:loss", "only loss is decided by"},
		{[]string{"a", "b", "c", "d", "e"}, many, "min:a+b+c+d+e", "prices are told of 4 metrics at most"},
		{[]string{"a", "b"}, flat, "min:a+b", "the objective is the same in every mixture"},
	} {
		d, text := document(c.metrics, c.values, c.objective)
		if why := d.NoPrices; len(d.Prices) > 0 || !strings.Contains(why.EN, c.why) || why.JA == "" {
			t.Errorf("%s: prices %v, because %q", c.objective, d.Prices, why)
		}
		if !strings.Contains(text, `"prices":null`) || !strings.Contains(text, `"no_prices":"`) {
			t.Errorf("%s in JSON: %s", c.objective, text)
		}
	}
	d, text := document([]string{"bpb/ja", "bpb/en"}, func(share float64) []float64 { return []float64{falling(share), falling(1 - share)} }, "min:bpb/ja")
	if d.NoPrices.EN != "" || !strings.Contains(text, `{"of":"bpb/ja","in":"bpb/en","gain":null,"cost":null,"why":"no mixture within reach is better in bpb/ja`) || strings.Contains(text, "no_prices") {
		t.Errorf("where nothing is better in Japanese: %s", text)
	}
}
