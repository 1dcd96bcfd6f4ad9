package postgres_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/postgres"
)

// grove starts a sweep of one replicate whose arms, from the second on, start from the first at the steps given.
func (w *world) grove(name string, steps int64, starts ...int64) postgres.Application {
	w.Helper()
	a := application(name, 1+len(starts), 1, steps)
	for i, step := range starts {
		a.Runs[i+1].Start = &ablation.Start{Run: a.Runs[0].ID, Step: step}
	}
	w.apply(a)
	return a
}

// starts are what a sweep's runs start from.
func (w *world) starts(sweep string) []string {
	w.Helper()
	runs, err := w.Runs(w.Context(), sweep)
	w.must(err)
	var out []string
	for _, r := range runs {
		text := r.Name
		if r.Start != nil {
			text += fmt.Sprintf(" from %s at %d", r.Start.Run, r.Start.Step)
		}
		out = append(out, text)
	}
	return out
}

// save is a batch with a checkpoint.
func (s *stream) save(step int64) {
	b := s.next()
	b.Checkpoints = []ablation.SavedCheckpoint{{Attempt: s.attempt, Step: step, Path: fmt.Sprint("step-", step), Bytes: 1, ManifestSHA256: "x"}}
	s.send(b)
}

func TestStore_Claim_waitsForTheTrunk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.grove("s", 10, 5, 7)
	trunk := w.training()
	w.none(w.request())
	trunk.send(trunk.begin(nil, losses(0, 0, 1, 2, 3, 4, 5)...))
	w.none(w.request())
	trunk.save(5)
	if c := w.claim(); c.Run.Name != "arm1-s1" || c.Run.Start == nil || c.Run.Start.Step != 5 {
		t.Fatalf("got %+v, want the branch at 5", c.Run)
	}
	w.none(w.request())
	trunk.send(trunk.next(losses(6, 6, 7)...))
	trunk.save(7)
	if c := w.claim(); c.Run.Name != "arm2-s1" {
		t.Fatalf("got %s, want the branch at 7", c.Run.Name)
	}
	steps, err := w.Branches(t.Context(), "s-arm0-1")
	if diff := cmp.Diff([]int64{5, 7}, steps); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

// TestStore_Ingest_takesOverThePast: a branch has every point of its trunk up to its first step, once, however the trunk
// came by them and wherever they lie.
func TestStore_Ingest_takesOverThePast(t *testing.T) {
	t.Parallel()
	for _, sealed := range []bool{false, true} {
		w := newWorld(t)
		w.grove("s", 200, 100)
		trunk := w.training()
		value := func(step int64) float64 { return float64(step) / 2 }
		many := func(from, to int64) (points []ablation.Point) {
			for step := from; step <= to; step++ {
				points = append(points, losses(step, value(step))...)
			}
			return append(points, ablation.Point{Metric: "bpb/ja", Step: to, Value: ablation.Real(math.NaN())})
		}
		trunk.send(trunk.begin(nil, many(0, 90)...))
		trunk.send(trunk.begin(ptr(int64(70)), many(71, 130)...)) // what lies past 70 is written again
		trunk.save(100)
		trunk.send(trunk.next(many(131, 200)...))
		trunk.end("completed", ablation.RunCompleted)
		if sealed {
			_, err := w.SealOnce(t.Context())
			w.must(err)
		}
		branch := w.training()
		first := branch.begin(ptr(int64(100)), many(101, 150)...)
		branch.send(first)
		branch.send(first) // sent again: stored once
		want := many(0, 150)
		want = want[:151] // the losses
		got, err := w.Points(t.Context(), branch.claim.Run.ID, ablation.MetricLoss, 0, 1000, 1000)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("sealed %v: %v\n%s", sealed, err, diff)
		}
		n, err := w.CountingPoints(t.Context(), "s")
		// The trunk's losses and its scores at 130 and 200; the branch's losses and its score at 150.
		if want := int64(201 + 2 + 151 + 1); err != nil || n != want {
			t.Errorf("sealed %v: %d points count, want %d; %v", sealed, n, want, err)
		}
		curves, err := w.Curves(t.Context(), []string{branch.claim.Run.ID}, ablation.MetricLoss, 0, 1000, 4)
		w.must(err)
		var points, sum float64
		for _, b := range curves[0].Buckets {
			points, sum = points+float64(b.N), sum+float64(b.Sum)
		}
		if points != 151 || sum != 150*151/4. {
			t.Errorf("sealed %v: the curve has %g points that sum to %g", sealed, points, sum)
		}
		branch.send(branch.begin(ptr(int64(100)), many(101, 120)...)) // killed, and on from the trunk's checkpoint again
		if got, err = w.Points(t.Context(), branch.claim.Run.ID, ablation.MetricLoss, 0, 1000, 1000); err != nil || len(got) != 121 {
			t.Errorf("sealed %v: after another start there are %d points, want 121; %v", sealed, len(got), err)
		}
		branch.send(branch.begin(nil, many(0, 10)...)) // the checkpoint can't be read: from the beginning
		branch.send(branch.begin(ptr(int64(100)), many(101, 103)...))
		got, err = w.Points(t.Context(), branch.claim.Run.ID, ablation.MetricLoss, 0, 1000, 1000)
		if diff := cmp.Diff(want[:104], got); err != nil || diff != "" {
			t.Errorf("sealed %v: after a start without the trunk: %v\n%s", sealed, err, diff)
		}
		segments, err := w.Segments(t.Context(), branch.claim.Run.ID)
		w.must(err)
		var of []string
		for _, g := range segments {
			of = append(of, g.OfRun)
		}
		if diff := cmp.Diff([]string{"s-arm0-1", "", "", "", "s-arm0-1", ""}, of); diff != "" {
			t.Errorf("sealed %v: segments of: %s", sealed, diff)
		}
	}
}

// TestStore_EndAttempt_transplants: when a trunk ends too early, the branch that agreed with it longest takes its place
// for those that wait; one that started in time keeps its start.
func TestStore_EndAttempt_transplants(t *testing.T) {
	t.Parallel()
	whole := []string{"arm0-s1", "arm1-s1 from s-arm0-1 at 3", "arm2-s1 from s-arm3-1 at 5", "arm3-s1", "arm4-s1 from s-arm3-1 at 7"}
	t.Run("failed", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.grove("s", 10, 3, 5, 8, 7)
		trunk := w.training()
		trunk.send(trunk.begin(nil, losses(0, 0, 1, 2, 3, 4)...))
		trunk.save(3)
		trunk.end("failed", ablation.RunFailed)
		if diff := cmp.Diff(whole, w.starts("s")); diff != "" {
			t.Error(diff)
		}
		for _, want := range []string{"arm1-s1", "arm3-s1"} {
			if c := w.claim(); c.Run.Name != want {
				t.Errorf("claimed %s, want %s", c.Run.Name, want)
			}
		}
		w.none(w.request())
	})
	t.Run("queued again", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.grove("s", 10, 3)
		trunk := w.training()
		trunk.send(trunk.begin(nil, losses(0, 0, 1)...))
		trunk.end("lost", ablation.RunQueued)
		if diff := cmp.Diff([]string{"arm0-s1", "arm1-s1 from s-arm0-1 at 3"}, w.starts("s")); diff != "" {
			t.Error(diff)
		}
		if c := w.claim(); c.Run.Name != "arm0-s1" {
			t.Errorf("claimed %s, want the trunk", c.Run.Name)
		}
		w.none(w.request())
	})
	t.Run("stopped before it began", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.grove("s", 10, 3, 5)
		w.must(w.StopRun(t.Context(), "s-arm0-1", ablation.StopPerson))
		if diff := cmp.Diff([]string{"arm0-s1", "arm1-s1 from s-arm2-1 at 3", "arm2-s1"}, w.starts("s")); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a branch of a branch", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		a := application("s", 4, 1, 10)
		for i, start := range []ablation.Start{{Run: a.Runs[0].ID, Step: 3}, {Run: a.Runs[1].ID, Step: 6}, {Run: a.Runs[1].ID, Step: 7}} {
			a.Runs[i+1].Start = &start
		}
		w.apply(a)
		w.must(w.StopRun(t.Context(), a.Runs[1].ID, ablation.StopPerson))
		want := []string{"arm0-s1", "arm1-s1 from s-arm0-1 at 3", "arm2-s1 from s-arm3-1 at 6", "arm3-s1 from s-arm0-1 at 3"}
		if diff := cmp.Diff(want, w.starts("s")); diff != "" {
			t.Error(diff)
		}
	})
}
