package orchestrator

import (
	"math"
	"testing"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// A divergence that was over when its batch was read is one all the same: how fast events are read changes nothing.
func TestObserve_readLate(t *testing.T) {
	t.Parallel()
	const last, from, until = 700, 300, 560
	var points []ablation.Point
	for step := int64(1); step <= last; step++ {
		loss := ablation.Real(2.8) + ablation.Real(step%7)/100
		if step >= from && step < until {
			loss = 5
		}
		points = append(points, ablation.Point{Metric: ablation.MetricLoss, Step: step, Value: loss})
	}
	for _, cut := range []int{last, until - 20} {
		for policy, action := range map[string]ablation.SpikeAction{ablation.DivergenceStop: "", ablation.DivergenceReport: ablation.ActionReported} {
			d := &drive{run: ablation.Run{Steps: last}, health: health{watch: &ablation.Watch{}, spec: &spec.Spec{}, policy: ablation.Divergence{Policy: policy}}}
			ledger := map[int64]ablation.Spike{}
			for _, part := range [][]ablation.Point{points[:cut], points[cut:]} {
				b := ablation.Batch{Points: part}
				d.observe(&b, nil)
				for _, s := range b.Spikes {
					if before := ledger[s.Step]; s.Kind == ablation.SpikeAway && s.Action == "" { // as the store keeps it
						s.Action = before.Action
					}
					if s.Kind == ablation.SpikeAway {
						ledger[s.Step] = s
					}
				}
			}
			if s := ledger[from]; len(ledger) != 1 || s.Until != until || !s.Closed || s.Action != action {
				t.Errorf("%s, read up to %d: ledger %+v", policy, cut, ledger)
			}
			if stops := d.health.diverged != nil; stops != (policy == ablation.DivergenceStop) {
				t.Errorf("%s, read up to %d: it is to be dealt with: %v", policy, cut, stops)
			}
		}
	}
}

// A gradient's norm that isn't finite diverges where the step logs no loss, too.
func TestObserve_gradientAlone(t *testing.T) {
	t.Parallel()
	d := &drive{run: ablation.Run{Steps: 9}, health: health{watch: &ablation.Watch{}, spec: &spec.Spec{}}}
	b := ablation.Batch{Points: []ablation.Point{
		{Metric: ablation.MetricGradNorm, Step: 1, Value: 1},
		{Metric: ablation.MetricGradNorm, Step: 2, Value: ablation.Real(math.NaN())},
	}}
	d.observe(&b, nil)
	if len(b.Spikes) != 1 || b.Spikes[0].Kind != ablation.SpikeNonfinite || b.Spikes[0].Step != 2 || d.health.diverged == nil {
		t.Errorf("ledger %+v", b.Spikes)
	}
}
