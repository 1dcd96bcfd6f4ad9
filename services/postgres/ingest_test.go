package postgres_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/ablation"
)

func TestIngest(t *testing.T) {
	t.Parallel()
	t.Run("a batch counts once however often it is sent", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.sweep("s", 1, 1000)
		s := w.training()
		first, second := s.begin(nil, losses(1, 3, 2)...), s.next(losses(3, 1, 0.5)...)
		for _, b := range []ablation.Batch{first, first, second, first, second} {
			s.send(b)
		}
		w.counts("s", 4)
	})
	t.Run("a batch that doesn't follow is refused whole", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.sweep("s", 1, 1000)
		s := w.training()
		s.send(s.begin(nil, losses(1, 3)...))
		missing, late := s.next(losses(2, 2)...), s.next(losses(3, 1)...)
		late.Logs = []ablation.LogLine{{Attempt: 1, Seq: 9, Time: time.Now(), Level: "info", Text: ablation.Label{EN: "late"}}}
		if err := w.Ingest(t.Context(), s.claim, late); !errors.Is(err, ablation.ErrConflict) {
			t.Errorf("%v, want ErrConflict", err)
		}
		if logs, err := w.Logs(t.Context(), s.claim.Run.ID, 10); err != nil || len(logs) != 0 {
			t.Errorf("%v, %v: nothing of it may be stored", logs, err)
		}
		w.counts("s", 1)
		s.send(missing)
		s.send(late)
		w.counts("s", 3)
	})
	t.Run("progress is that of the newest step", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.sweep("s", 1, 1000)
		s := w.training()
		s.send(s.begin(nil, losses(1, 3, math.NaN())...))
		got, _ := w.state(s.claim.Run.ID)
		if p := got.Progress; p.Step != 2 || p.Tokens != 16 || p.Loss == nil || !math.IsNaN(float64(*p.Loss)) {
			t.Errorf("progress %+v", p)
		}
		s.send(s.begin(ptr(int64(1))))
		if got, _ := w.state(s.claim.Run.ID); got.Progress.Step != 1 {
			t.Errorf("step %d after a resume at 1", got.Progress.Step)
		}
	})
	t.Run("plan, logs and segments come back as they were", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.sweep("s", 1, 1000)
		s := w.training()
		b := s.begin(nil)
		b.Plan = &ablation.RunPlan{Rows: map[string]int64{"ja": 7, "en": 3}, PlanSHA256: "p", BlockSHA256: []string{"b"}, Parameters: 1e9}
		noon := time.Date(2026, 4, 1, 12, 0, 0, 123000, time.UTC)
		b.Logs = []ablation.LogLine{{Attempt: 1, Seq: 1, Time: noon, Level: "warn", Text: ablation.Label{EN: "a large gradient", JA: "勾配が大きい\x00"}}}
		s.send(b)
		plan, err := w.RunPlan(t.Context(), s.claim.Run.ID)
		w.must(err)
		if diff := cmp.Diff(*b.Plan, plan); diff != "" {
			t.Error(diff)
		}
		logs, err := w.Logs(t.Context(), s.claim.Run.ID, 10)
		if err != nil || len(logs) != 1 || !logs[0].Time.Equal(noon) || logs[0].Level != "warn" ||
			logs[0].Text != (ablation.Label{EN: "a large gradient", JA: "勾配が大きい\uFFFD"}) {
			t.Errorf("logs %+v, %v", logs, err)
		}
		segments, err := w.Segments(t.Context(), s.claim.Run.ID)
		if err != nil || len(segments) != 1 || segments[0].ResumedFrom != nil || segments[0].ISA != "avx2" {
			t.Errorf("segments %+v, %v", segments, err)
		}
	})
	t.Run("what a resumed segment repeats of before isn't counted again", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.sweep("s", 1, 1000)
		s := w.training()
		s.send(s.begin(nil, losses(0, 5, 4, 3, 2)...))
		s.send(s.begin(ptr(int64(2)), losses(1, 40, 30, 20, 10)...))
		points, err := w.Points(t.Context(), s.claim.Run.ID, ablation.MetricLoss, 0, 1000, 100)
		w.must(err)
		if diff := cmp.Diff(append(losses(0, 5, 4, 3), losses(3, 20, 10)...), points); diff != "" {
			t.Error(diff)
		}
		w.counts("s", 5)
	})
	t.Run("points before a started event are refused", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.sweep("s", 1, 1000)
		s := w.training()
		if err := w.Ingest(t.Context(), s.claim, s.next(losses(1, 3)...)); err == nil {
			t.Error("stored points of no segment")
		}
	})
	t.Run("an ended attempt takes no more", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.sweep("s", 1, 1000)
		s := w.training()
		s.send(s.begin(nil))
		old := s.next(losses(1, 3)...)
		s.end("lost", ablation.RunQueued)
		again := w.training()
		if err := w.Ingest(t.Context(), again.claim, old); !errors.Is(err, ablation.ErrConflict) {
			t.Errorf("%v, want ErrConflict", err)
		}
	})
}

func TestResults(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sweep("s", 2, 1000)
	s := w.training()
	score := func(step int64, v float64) ablation.Point {
		return ablation.Point{Metric: ablation.BPB("ja"), Step: step, Value: ablation.Real(v)}
	}
	s.send(s.begin(nil, score(0, 8), score(100, 2), score(200, 1.5)))
	s.send(s.begin(ptr(int64(100)), score(150, 1.8)))
	got, err := w.Results(t.Context(), "s")
	w.must(err)
	if len(got) != 2 {
		t.Fatalf("%d results, want one a run", len(got))
	}
	if r := got[0]; r.Step != 150 || r.Values[ablation.BPB("ja")] != 1.8 {
		t.Errorf("step %d, %v: want the newest that counts, 1.8 at 150", r.Step, r.Values)
	}
	if r := got[1]; r.Step != -1 || len(r.Values) != 0 {
		t.Errorf("a run without scores: %d, %v", r.Step, r.Values)
	}
}

// counts fails the test unless so many points of a sweep count.
func (w *world) counts(sweep string, want int64) {
	w.Helper()
	if n, err := w.CountingPoints(w.Context(), sweep); err != nil || n != want {
		w.Errorf("%d points count, %v, want %d", n, err, want)
	}
}

// A run's seconds go on where it resumes: what a lost tail and the pause took is left out.
func TestIngest_Seconds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sweep("s", 1, 1000)
	s := w.training()
	begun := time.Now().Truncate(time.Second)
	send := func(resumed *int64, start time.Time, steps ...ablation.StepTime) {
		var b ablation.Batch
		if start.IsZero() {
			b = s.next()
		} else {
			b = s.begin(resumed)
			b.Segment.StartedAt = start
		}
		b.Times = steps
		for _, at := range steps {
			b.Points = append(b.Points, losses(at.Step, 1)...)
		}
		s.send(b)
	}
	after := func(step int64, seconds int) ablation.StepTime {
		return ablation.StepTime{Step: step, At: begun.Add(time.Duration(seconds) * time.Second)}
	}
	send(nil, begun, after(1, 3), after(2, 5))
	send(nil, time.Time{}, after(3, 9), after(4, 20))
	send(ptr(int64(2)), begun.Add(100*time.Second), after(3, 101), after(4, 99))
	points, err := w.Points(t.Context(), s.claim.Run.ID, ablation.MetricSeconds, 0, 100, 100)
	w.must(err)
	var got []float64
	for _, p := range points {
		got = append(got, float64(p.Value))
	}
	if diff := cmp.Diff([]float64{3, 5, 6, 5}, got); diff != "" {
		t.Error(diff)
	}
}
