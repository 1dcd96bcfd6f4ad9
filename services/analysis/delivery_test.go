package analysis_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/haigo-lab/haigo/plugins/trainer/sampler"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis"
)

var sources = []string{"web-ja", "web-en", "misc"}

// read walks a plan as a run does, and tells its rows at every step that is a multiple of every.
func read(p analysis.Plan, every int64) []ablation.Curve {
	curves := make([]ablation.Curve, len(sources))
	rows, residual, counts := make([]int64, len(sources)), make([]int64, len(sources)), make([]int64, len(sources))
	for k, s := range sources {
		curves[k] = ablation.Curve{RunID: "r1", Metric: ablation.Rows(s)}
	}
	for step := int64(1); step <= p.Steps; step++ {
		sampler.Apportion(int64(p.BatchRows), weights(p.Table, step-1), residual, counts)
		for k := range rows {
			rows[k] += counts[k]
			if v := ablation.Real(rows[k]); step%every == 0 || step == p.Steps {
				curves[k].Buckets = append(curves[k].Buckets, ablation.Bucket{FromStep: step, ToStep: step, N: 1, Min: v, MinStep: step, Max: v, MaxStep: step, Last: v, LastStep: step, Sum: v})
			}
		}
	}
	return curves
}

func weights(table []ablation.Weights, step int64) []int64 {
	w := table[0].W
	for _, t := range table {
		if t.FromStep <= step {
			w = t.W
		}
	}
	return w
}

func TestPlan_Gap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := analysis.Plan{Steps: rapid.Int64Range(20, 60).Draw(t, "steps"), BatchRows: rapid.IntRange(4, 32).Draw(t, "rows")}
		half := p.Steps / 2
		for _, from := range []int64{0, half} {
			a, b := rapid.Float64Range(.1, .5).Draw(t, "a"), rapid.Float64Range(.1, .4).Draw(t, "b")
			p.Table = append(p.Table, ablation.Weights{FromStep: from, W: ablation.Quantise([]float64{a, b, 1 - a - b})})
		}
		tally := analysis.Read("r1", sources, read(p, rapid.Int64Range(1, 7).Draw(t, "every")))
		if gap := p.Gap(tally); gap > float64(p.Allowed()) {
			t.Fatalf("the sampler keeps %d rows, the gap is %v", p.Allowed(), gap)
		}
		tally.Rows[0][0] += 5
		if gap := p.Gap(tally); gap < 3 {
			t.Fatalf("five rows too many were not seen: %v", gap)
		}
	})
}

func TestPlan_Windows(t *testing.T) {
	t.Parallel()
	p := analysis.Plan{Steps: 100, BatchRows: 100, Table: []ablation.Weights{
		{FromStep: 0, W: ablation.Quantise([]float64{.2, .7, .1})},
		{FromStep: 50, W: ablation.Quantise([]float64{.6, .4, 0})},
	}}
	if p.Allowed() != 3 {
		t.Errorf("a source is switched off once: got %d rows allowed, want 3", p.Allowed())
	}
	whole := analysis.Read("r1", sources, read(p, 1))
	part := analysis.Tally{Steps: whole.Steps[:60], Rows: whole.Rows[:60]}
	got := p.Windows([]analysis.Tally{whole, part, {}}, 4)
	want := []analysis.Window{
		{From: 0, To: 25, Runs: 2, Shares: []float64{.2, .7, .1}},
		{From: 25, To: 50, Runs: 2, Shares: []float64{.2, .7, .1}},
		{From: 50, To: 75, Runs: 1, Shares: []float64{.6, .4, 0}},
		{From: 75, To: 100, Runs: 1, Shares: []float64{.6, .4, 0}},
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < .001 })); diff != "" {
		t.Errorf("windows (-want +got):\n%s", diff)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	bucket := func(from, to int64, lo, hi ablation.Real, superseded bool) ablation.Bucket {
		return ablation.Bucket{FromStep: from, ToStep: to, N: 2, Min: lo, MinStep: from, Max: hi, MaxStep: to, Last: hi, LastStep: to, Superseded: superseded}
	}
	curves := []ablation.Curve{
		{RunID: "r1", Metric: "rows/web-ja", Buckets: []ablation.Bucket{bucket(1, 64, 4, 300, false), bucket(65, 80, 305, 400, true)}},
		{RunID: "r1", Metric: "rows/web-en", Buckets: []ablation.Bucket{bucket(1, 64, 3, 200, false)}},
		{RunID: "r1", Metric: "rows/misc", Buckets: []ablation.Bucket{bucket(2, 64, 1, 12, false)}},
		{RunID: "r2", Metric: "rows/misc", Buckets: []ablation.Bucket{bucket(1, 64, 9, 9, false)}},
		{RunID: "r1", Metric: "loss", Buckets: []ablation.Bucket{bucket(1, 64, 9, 9, false)}},
	}
	want := analysis.Tally{Steps: []int64{64}, Rows: [][]int64{{300, 200, 12}}}
	if diff := cmp.Diff(want, analysis.Read("r1", sources, curves)); diff != "" {
		t.Errorf("tally (-want +got):\n%s", diff)
	}
}
