package chart_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/chart"
)

// A run's curve bears what its ledger says of the metric, and from where on the run does otherwise.
func TestRunCurve_Ledger(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	run := f.Runs[0]
	run.Interventions = []ablation.Intervention{{FromStep: 300, LRScale: .5}, {FromStep: 300, LRScale: .5}, {SkipFrom: 399, SkipTo: 450}}
	f.Spikes = []ablation.Spike{
		{Kind: ablation.SpikeLoss, Step: 100}, {Kind: ablation.SpikeGrad, Step: 150}, {Kind: ablation.SpikeNonfinite, Step: 310}, {Kind: ablation.SpikeLoss, Step: 5000},
	}
	for metric, want := range map[string][]string{
		ablation.MetricLoss:     {"ledger [100 1]", "ledger [310 3]", "change lr ×0.5, 2 times [300]", "change 400–450 skipped [399]"},
		ablation.MetricGradNorm: {"ledger [150 2]", "ledger [310 3]", "change lr ×0.5, 2 times [300]", "change 400–450 skipped [399]"},
		ablation.MetricLR:       {"change lr ×0.5, 2 times [300]", "change 400–450 skipped [399]"},
	} {
		figure, err := chart.RunCurve(f.Data, run, []string{metric}, nil, chart.Frame{To: 1000})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, marks(t, figure)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", metric, diff)
		}
	}
}

// What was done about divergence where the run doesn't go back has a mark of its own.
func TestRunCurve_actions(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Spikes = []ablation.Spike{
		{Kind: ablation.SpikeNonfinite, Step: 100, Until: 101, Action: ablation.ActionReported},
		{Kind: ablation.SpikeNonfinite, Step: 200, Until: 201, Action: ablation.ActionReported},
		{Kind: ablation.SpikeTrainer, Step: 310, Until: 321, Action: ablation.ActionStopped},
	}
	figure, err := chart.RunCurve(f.Data, f.Runs[0], []string{ablation.MetricLR}, nil, chart.Frame{To: 1000})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"change diverged, reported [100]", "change diverged, stopped [320]"}, marks(t, figure)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// marks are the series of a figure that are no curves, each with its points.
func marks(t *testing.T, f chart.Figure) (out []string) {
	t.Helper()
	var option struct{ Series []struct{ Data [][]any } }
	if err := json.Unmarshal(f.Option, &option); err != nil {
		t.Fatal(err)
	}
	for i, s := range f.Series {
		name := string(s.Role)
		if s.Role == chart.RoleChange {
			name += " " + s.Label.EN
		} else if s.Role != chart.RoleLedger {
			continue
		}
		for _, p := range option.Series[i].Data {
			out = append(out, name+" "+fmt.Sprint(p))
		}
	}
	return out
}
