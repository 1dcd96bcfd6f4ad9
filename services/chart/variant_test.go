package chart_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/chart"
)

const ladder = `
name: ladder
sources: [ja, en]
recipe: {tokens: 1M, row_tokens: 64, batch_rows: 10}
schedules:
  more: {label: {ja: 多い, en: More}, stages: [{until: 1.0, mixture: {ja: 0.6, en: 0.4}}]}
  less: {label: {ja: 少ない, en: Less}, stages: [{until: 1.0, mixture: {ja: 0.4, en: 0.6}}]}
design:
  baseline: less
  product: {tokens: [640k, 1.28M], shapes: [1m]}
seeds: 2
seed: 1
`

// climbed is the ladder with every run completed: longer runs are better on both languages by far.
func climbed(t *testing.T) chart.Data {
	t.Helper()
	sweep, err := ablation.ParseSweep([]byte(ladder))
	if err != nil {
		t.Fatal(err)
	}
	d := chart.Data{Sweep: sweep, Sources: []ablation.Source{{Name: "ja", Lang: "ja"}, {Name: "en", Lang: "en"}}}
	made, err := sweep.Expand(d.Sources)
	if err != nil {
		t.Fatal(err)
	}
	d.Arms, d.Runs = made.Arms, made.Runs
	for i := range d.Runs {
		r := &d.Runs[i]
		r.State, r.Progress.Step = ablation.RunCompleted, r.Steps
		ja, en := 3., 3.
		if r.Arm[:4] == "more" {
			ja, en = 2.9, 3.1
		}
		longer, noise := float64(r.Steps)/1000, .001*float64(r.Replicate)
		d.Results = append(d.Results, ablation.Result{Run: *r, Step: r.Steps, Values: map[string]ablation.Real{
			"bpb/ja": ablation.Real(ja - longer + noise), "bpb/en": ablation.Real(en - longer - noise),
		}})
	}
	return d
}

// TestTradeoff_of_two_lengths: each length has a front of its own; no arm is beaten for being short.
func TestTradeoff_of_two_lengths(t *testing.T) {
	t.Parallel()
	f, err := chart.Tradeoff(climbed(t))
	if err != nil {
		t.Fatal(err)
	}
	fronts := 0
	for _, s := range f.Series {
		if s.Role == chart.RoleFront {
			fronts++
		}
	}
	if fronts != 2 {
		t.Errorf("got %d fronts, want one a length", fronts)
	}
	for _, row := range f.Table.Rows {
		if row[1] == "mean" && row[len(row)-1] != "front" {
			t.Errorf("%s stands %s", row[0], row[len(row)-1])
		}
	}
	if want := (ablation.Label{JA: "検証セット、64万〜128万トークン時点", EN: "held-out text, at 640k to 1.28M tokens"}); f.Subtitle != want {
		t.Errorf("got %+v", f.Subtitle)
	}
}

// TestStatements_of_two_lengths: differences are taken to the baseline of the same length.
func TestStatements_of_two_lengths(t *testing.T) {
	t.Parallel()
	d := climbed(t)
	var got [][2]string
	for _, s := range chart.Statements(d) {
		if s.A >= 0 {
			got = append(got, [2]string{d.Arms[s.A].Name, d.Arms[s.B].Name})
		}
	}
	want := [][2]string{{"more-1m-t640k", "less-1m-t640k"}, {"more-1m-t1.28m", "less-1m-t1.28m"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestFigures_of_two_lengths: curves reach the end of the longest run, a mixture the end of its own.
func TestFigures_of_two_lengths(t *testing.T) {
	t.Parallel()
	d := climbed(t)
	curve, err := chart.Curve(d, "bpb/ja", nil, chart.Frame{})
	if err != nil {
		t.Fatal(err)
	}
	if x := read(t, curve).XAxis[0]; x.Max < 1_280_000 {
		t.Errorf("curves end at %v tokens", x.Max)
	}
	mixture, err := chart.Mixture(d, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range mixture.Table.Rows {
		if to := row[3]; to != int64(640_000) {
			t.Errorf("the short arm's mixture is planned to %v tokens", to)
		}
	}
}
