package postgres_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/haigo-lab/haigo/services/ablation"
)

// TestThroughputs: utilisation is stored beside the speed where it can be known, once, and speeds are told by stretch, as far as
// it counts.
func TestThroughputs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.apply(application("s", 1, 2, 1000))
	s := w.training()
	started := time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	send := func(b ablation.Batch, speed float64, from, to int64) {
		for step := from; step <= to; step++ {
			b.Points = append(b.Points, ablation.Point{Metric: ablation.MetricTokensPerS, Step: step, Value: ablation.Real(speed)})
			b.Times = append(b.Times, ablation.StepTime{Step: step, At: started.Add(time.Duration(step) * 2 * time.Second)})
		}
		s.send(b)
	}
	first := s.begin(nil)
	first.Plan = &ablation.RunPlan{FLOPsPerToken: 6}
	first.Segment.StartedAt, first.Segment.Devices, first.Segment.PeakFLOPs = started, 4, 150
	send(first, 50, 1, 200)
	send(s.next(ablation.Point{Metric: ablation.MetricMFU, Step: 201, Value: .9}), 50, 201, 201) // the trainer's own word
	second := s.begin(ptr(int64(150)))
	second.Segment.StartedAt = started
	send(second, 10, 151, 200)
	id := s.claim.Run.ID
	segments, err := w.Segments(t.Context(), id)
	w.must(err)
	if g := segments; g[0].Devices != 4 || g[0].PeakFLOPs != 150 || g[1].Devices != 1 || g[1].PeakFLOPs != 0 {
		t.Errorf("segments %+v", g)
	}
	points, err := w.Points(t.Context(), id, ablation.MetricMFU, 0, 1000, 1000)
	w.must(err)
	if n := len(points); n != 150 || points[0].Value != .5 {
		t.Errorf("%d points of utilisation, from %+v; want 150 of 0.5", n, points[0])
	}
	got, err := w.Throughputs(t.Context(), []string{id, "nobody"})
	w.must(err)
	const perStep = 8 // tokens
	want := []ablation.Throughput{
		{RunID: id, Attempt: 1, Segment: 0, TokensPerS: 50, Overall: perStep / 2, Shared: 1},
		{RunID: id, Attempt: 1, Segment: 1, TokensPerS: 10, Overall: perStep / 2, Shared: 1},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-9, 0)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
