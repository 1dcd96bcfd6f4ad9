package postgres_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/haigo-lab/haigo/services/ablation"
)

func itemScores(step int64, nats ...float64) ablation.ItemScores {
	v := ablation.ItemScores{Task: "t", Step: step}
	for i, n := range nats {
		v.Items = append(v.Items, ablation.ItemScore{
			ID: string(rune('a' + i)), Nats: n, Bytes: 3, Accuracy: float64(i % 2), Margin: -0.5, Exact: math.NaN(), F1: math.NaN(),
		})
	}
	return v
}

func TestItemScores(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sweep("s", 2, 4)
	for _, nats := range [][]float64{{1.5, 2}, {3, 4}} {
		s := w.training()
		b := s.begin(nil, losses(1, 3, 2, 1, 0.5)...)
		b.Items = []ablation.ItemScores{itemScores(4, 9, 9)}
		s.send(b)
		// A second attempt comes to the same step.
		again := s.begin(ptr(int64(2)), losses(3, 1, 0.4)...)
		again.Items = []ablation.ItemScores{itemScores(4, nats...)}
		s.send(again)
		s.end("completed", ablation.RunCompleted)
	}
	got, err := w.ItemScores(t.Context(), "s")
	w.must(err)
	first, second := itemScores(4, 1.5, 2), itemScores(4, 3, 4)
	first.RunID, second.RunID = "s-arm0-1", "s-arm0-2"
	if diff := cmp.Diff([]ablation.ItemScores{first, second}, got, cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestReferences(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)
	one := ablation.Reference{Model: "m", Task: "hellaswag", Metric: "acc", Value: 0.3, StandardError: ptr(ablation.Real(0.01)), Items: 100, File: "r.json", RanAt: &at}
	two := ablation.Reference{Model: "m", Task: "arc_easy", Metric: "acc", Value: 0.4, Shots: 3, File: "r.json"}
	w.must(w.PutReferences(t.Context(), []ablation.Reference{one, two}))
	one.Value = 0.31
	w.must(w.PutReferences(t.Context(), []ablation.Reference{one}))
	got, err := w.References(t.Context())
	w.must(err)
	if diff := cmp.Diff([]ablation.Reference{two, one}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
