package main

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis"
	"github.com/haigo-lab/haigo/services/chart"
)

const ordered = `
name: ordered
sources: [ja, en]
recipe: {shape: 0.2m, tokens: 64k, row_tokens: 64, batch_rows: 4}
schedules:
  even: {stages: [{until: 1.0, mixture: {ja: 0.4, en: 0.6}}]}
  first: {stages: [{until: 0.5, mixture: {ja: 0.2, en: 0.8}}, {until: 1.0, mixture: {ja: 0.8, en: 0.2}}]}
design: {control: matched}
seeds: 3
seed: 1
`

// TestDifferences: a schedule is set against its control in pairs of one seed, then all arms against the baseline; seeds that one
// of them lacks count in neither.
func TestDifferences(t *testing.T) {
	t.Parallel()
	sweep, err := ablation.ParseSweep([]byte(ordered))
	if err != nil {
		t.Fatal(err)
	}
	sources := []ablation.Source{{Name: "ja", Lang: "ja"}, {Name: "en", Lang: "en"}}
	made, err := sweep.Expand(sources)
	if err != nil {
		t.Fatal(err)
	}
	d := chart.Data{Sweep: sweep, Arms: made.Arms, Sources: sources}
	level := map[string]float64{"even": 2, "first": 1.9, "first-matched": 2.2}
	for _, r := range made.Runs {
		r.State = ablation.RunCompleted
		if r.Name == "first-s3" {
			r.State = ablation.RunFailed
		}
		luck := .2 * float64(r.Replicate) // of a seed, alike for all arms
		d.Results = append(d.Results, ablation.Result{Run: r, Values: map[string]ablation.Real{"bpb/ja": ablation.Real(level[r.Arm] + luck), "bpb/en": ablation.Real(3 + luck)}})
	}
	found, goal, each := differences(d)
	if len(found) != 9 || goal == "" {
		t.Fatalf("%d differences by %q: %+v", len(found), goal, found)
	}
	ja := found[0]
	if ja.Arm != "first" || ja.Against != "first-matched" || !ja.Control || ja.Metric != "bpb/ja" || ja.Pairs != 2 || math.Abs(float64(ja.Mean)+.3) > 1e-9 || ja.Verdict != analysis.Lower {
		t.Errorf("begins with %+v", ja)
	}
	if both := found[2]; both.Metric != objective || math.Abs(float64(both.Mean)+.15) > 1e-9 {
		t.Errorf("of both languages together: %+v", both)
	}
	if v := float64(each["even-s2"]); math.Abs(v-2.9) > 1e-9 {
		t.Errorf("the objective of even-s2 is %v, want 2.9", v)
	}
	var b bytes.Buffer
	printDifferences(&b, outcome{Differences: found, goal: goal, order: []string{"ja", "en"}, Noise: map[string]ablation.Real{"ja": .2, "en": ablation.Real(math.NaN())}})
	for _, want := range []string{"ARM            MINUS", "first-matched (control)  -0.300 (-0.300 … -0.300)", "+0.200 (+0.200 … +0.200)", "Objective: min:0.5*bpb/ja+0.5*bpb/en", "by ja 0.200 (standard"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, &b)
		}
	}
}

func TestPrintEarly(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	e := &earlyOutcome{At: []float64{.1, .3}, Stopped: []int{8, 7}, Completed: 8, Tokens: 11_300_000, AllTokens: 23_000_000}
	printEarly(&b, outcome{EarlyStop: e, counts: ablation.RunCounts{Completed: 8, Stopped: 15}})
	if want := "\nEarly stopping: 8 of 23 runs trained to their end, 8 ended at 10%, 7 ended at 30%. 11.3M of 23.0M tokens were trained.\n"; b.String() != want || e.runs() != 15 {
		t.Errorf("%q, %d", b.String(), e.runs())
	}
}
