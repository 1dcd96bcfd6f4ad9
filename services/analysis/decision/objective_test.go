package decision_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/analysis/decision"
)

func TestParseObjective(t *testing.T) {
	t.Parallel()
	metrics := []string{"bpb/ja", "bpb/en", "task/next-sentence/bpb", "acc (en)", "bpb/ja-web", "2x"}
	term := func(name string, w float64) decision.Term { return decision.Term{Metric: name, Weight: w} }
	for text, want := range map[string]decision.Objective{
		"min:0.5*bpb/ja+0.5*bpb/en":             {Terms: []decision.Term{term("bpb/ja", .5), term("bpb/en", .5)}},
		" min: bpb/ja - 2 * bpb/en ":            {Terms: []decision.Term{term("bpb/ja", 1), term("bpb/en", -2)}},
		"max:`acc (en)`":                        {Max: true, Terms: []decision.Term{term("acc (en)", 1)}},
		"max:1e-1*`acc (en)` + .25 2x":          {Max: true, Terms: []decision.Term{term("acc (en)", .1), term("2x", .25)}},
		"min:bpb/ja-web+task/next-sentence/bpb": {Terms: []decision.Term{term("bpb/ja-web", 1), term("task/next-sentence/bpb", 1)}},
		"min:-bpb/ja+3*bpb/ja":                  {Terms: []decision.Term{term("bpb/ja", 2)}},
	} {
		got, err := decision.ParseObjective(text, metrics)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
		if again, err := decision.ParseObjective(got.String(), metrics); err != nil || !cmp.Equal(again, got) {
			t.Errorf("%s reads back as %v, %v", got, again, err)
		}
	}
	for text, want := range map[string]string{
		"bpb/ja":               "must begin with min: or max:",
		"min:":                 "ends where a metric is expected",
		"min:bpb/fr":           "expects a metric at bpb/fr; metrics are",
		"min:bpb/ja bpb/en":    "expects + or - before bpb/en",
		"min:0.5*":             "ends where a metric is expected",
		"min:bpb/ja*2":         "write the number first, as in 0.5*bpb/ja",
		"min:`acc (fr)`":       "expects a metric at `acc (fr)`",
		"min:`acc (en)":        "expects a metric at `acc (en)",
		"min:0.5*bpb/jan":      "expects a metric at bpb/jan",
		"max:1e999999*bpb/ja+": "expects a metric at",
	} {
		if _, err := decision.ParseObjective(text, metrics); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}
