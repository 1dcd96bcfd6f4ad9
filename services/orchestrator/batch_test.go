package orchestrator

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// script makes the lines of bodies, ten bytes each, from seq 1 on.
func script(bodies ...spec.Body) []spec.Line {
	lines := make([]spec.Line, len(bodies))
	for i, b := range bodies {
		seq := int64(i + 1)
		lines[i] = spec.Line{
			Event: spec.NewEvent(spec.Header{Seq: seq, Attempt: 2}, b),
			After: spec.Cursor{Offset: 10 * seq, Seq: seq},
		}
	}
	return lines
}

func TestBatches(t *testing.T) {
	t.Parallel()
	started := spec.Started{Trainer: spec.Program{Name: "cpu", Version: "1"}}
	metrics := func(step int64) spec.Metrics {
		return spec.Metrics{Step: step, Values: map[string]spec.Real{"lr": 0.5, "loss": 3}}
	}
	usage := spec.Usage{Step: 1, Rows: map[string]int64{"ja": 4, "en": 2}}

	t.Run("nothing new makes no batch", func(t *testing.T) {
		t.Parallel()
		if got := batches(2, ablation.Cursor{}, nil, 10); got != nil {
			t.Errorf("batches of nothing: %v", got)
		}
	})
	t.Run("points are in the order of events, then names", func(t *testing.T) {
		t.Parallel()
		got := batches(2, ablation.Cursor{}, script(metrics(1), usage), 10)
		want := []ablation.Batch{{
			Attempt: 2, To: ablation.Cursor{Offset: 20, Seq: 2},
			Points: []ablation.Point{
				{Metric: "loss", Step: 1, Value: 3},
				{Metric: "lr", Step: 1, Value: 0.5},
				{Metric: "rows/en", Step: 1, Value: 2},
				{Metric: "rows/ja", Step: 1, Value: 4},
			},
			Times: []ablation.StepTime{{Step: 1}},
		}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("batches (-want +got):\n%s", diff)
		}
	})
	t.Run("a segment opens a batch of its own, and no cursor is left out", func(t *testing.T) {
		t.Parallel()
		got := batches(2, ablation.Cursor{}, script(started, metrics(1), started, metrics(1), metrics(2), spec.Finished{}), 2)
		var cursor ablation.Cursor
		var segments []bool
		for _, b := range got {
			if b.From != cursor {
				t.Errorf("batch begins at %v, want %v", b.From, cursor)
			}
			cursor = b.To
			segments = append(segments, b.Segment != nil)
		}
		if want := (ablation.Cursor{Offset: 60, Seq: 6}); cursor != want {
			t.Errorf("batches end at %v, want %v", cursor, want)
		}
		if diff := cmp.Diff([]bool{true, true, false, false}, segments); diff != "" {
			t.Errorf("which batches open a segment (-want +got):\n%s", diff)
		}
	})
}
