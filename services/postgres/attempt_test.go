package postgres_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/postgres"
)

func TestOpenAttempt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sweep("s", 1, 1000)
	c := w.claim()
	open := func(number int) error {
		_, err := w.OpenAttempt(t.Context(), c, ablation.Attempt{Number: number, Host: "host", Engine: "local", SpecSHA256: "x"})
		return err
	}
	if err := open(2); !errors.Is(err, ablation.ErrConflict) {
		t.Errorf("number 2 before 1: %v", err)
	}
	w.must(open(1))
	w.must(w.SetHandle(t.Context(), c, 1, []byte(`{"pid": 7}`)))
	for _, number := range []int{1, 2} {
		if err := open(number); !errors.Is(err, ablation.ErrConflict) {
			t.Errorf("number %d while 1 isn't proved ended: %v", number, err)
		}
	}
	_, attempts := w.state(c.Run.ID)
	if len(attempts) != 1 || string(attempts[0].Handle) != `{"pid": 7}` {
		t.Errorf("attempts %+v", attempts)
	}
}

func TestEndAttempt(t *testing.T) {
	t.Parallel()
	t.Run("queued again, the next attempt follows", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.sweep("s", 1, 1000)
		s := w.training()
		s.end("lost", ablation.RunQueued)
		c := w.claim()
		if c.Attempt != nil || c.Run.Progress.Attempt != 1 {
			t.Errorf("attempt %v, %d so far", c.Attempt, c.Run.Progress.Attempt)
		}
		if a := w.open(c); a.Number != 2 {
			t.Errorf("number %d, want 2", a.Number)
		}
	})
	t.Run("a stop that came as the attempt ended isn't lost", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.sweep("s", 1, 1000)
		s := w.training()
		w.must(w.StopRun(t.Context(), s.claim.Run.ID, ablation.StopBudget))
		s.end("lost", ablation.RunQueued)
		if run, _ := w.state(s.claim.Run.ID); run.State != ablation.RunStopped || run.Reason != ablation.StopBudget {
			t.Errorf("%s, %s; want it stopped by the budget", run.State, run.Reason)
		}
	})
	t.Run("the last run's end completes the sweep; a repeat is lost", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.sweep("s", 2, 3)
		a, b := w.training(), w.training()
		for _, s := range []*stream{a, b} {
			s.send(s.begin(nil, losses(1, 3, 2, 1)...))
		}
		a.end("completed", ablation.RunCompleted)
		if sweep, err := w.Sweep(t.Context(), "s"); err != nil || sweep.State != ablation.SweepRunning {
			t.Errorf("%s, %v", sweep.State, err)
		}
		b.end("completed", ablation.RunCompleted)
		sweep, err := w.Sweep(t.Context(), "s")
		if err != nil || sweep.State != ablation.SweepCompleted {
			t.Errorf("%s, %v", sweep.State, err)
		}
		if diff := cmp.Diff(ablation.RunCounts{Completed: 2}, sweep.Counts); diff != "" {
			t.Error(diff)
		}
		if err := w.EndAttempt(t.Context(), b.claim, 1, "completed", ablation.Label{}, ablation.RunCompleted); !errors.Is(err, postgres.ErrLost) {
			t.Errorf("%v, want ErrLost", err)
		}
	})
	t.Run("the last two at one moment complete the sweep", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		for _, name := range []string{"a", "b", "c", "d", "e"} {
			w.sweep(name, 2, 10)
			var both sync.WaitGroup
			for range 2 {
				s := w.training()
				both.Go(func() {
					if err := w.EndAttempt(context.Background(), s.claim, 1, "failed", ablation.Label{}, ablation.RunFailed); err != nil {
						t.Error(err)
					}
				})
			}
			both.Wait()
			if sweep, err := w.Sweep(t.Context(), name); err != nil || sweep.State != ablation.SweepCompleted {
				t.Errorf("sweep %s is %s, %v", name, sweep.State, err)
			}
		}
	})
	t.Run("a reason that isn't text is kept as far as it is", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.sweep("s", 1, 10)
		s := w.training()
		w.must(w.EndAttempt(t.Context(), s.claim, 1, "failed", ablation.Label{JA: "壊れた\x00\xff出力"}, ablation.RunFailed))
		if run, _ := w.state(s.claim.Run.ID); !strings.HasPrefix(run.Message.JA, "壊れた") || !strings.HasSuffix(run.Message.JA, "出力") {
			t.Errorf("message %q", run.Message)
		}
	})
	t.Run("a run that completed has come to its last step, which not every trainer logs", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.sweep("s", 1, 3)
		s := w.training()
		s.send(s.begin(nil, losses(1, 3, 2)...))
		w.must(w.EndAttempt(t.Context(), s.claim, 1, "completed", ablation.Label{}, ablation.RunCompleted))
		if run, _ := w.state(s.claim.Run.ID); run.State != ablation.RunCompleted || run.Progress.Step != 3 {
			t.Errorf("%s at step %d, want completed at 3", run.State, run.Progress.Step)
		}
	})
}

func TestRetryRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sweep("s", 1, 1000)
	s := w.training()
	if err := w.RetryRun(t.Context(), s.claim.Run.ID); !errors.Is(err, ablation.ErrConflict) {
		t.Errorf("a running run: %v", err)
	}
	w.must(w.EndAttempt(t.Context(), s.claim, 1, "failed", ablation.Label{EN: "out of memory"}, ablation.RunFailed))
	if run, _ := w.state(s.claim.Run.ID); run.Message.EN != "out of memory" {
		t.Errorf("message %q", run.Message)
	}
	w.must(w.RetryRun(t.Context(), s.claim.Run.ID))
	if sweep, err := w.Sweep(t.Context(), "s"); err != nil || sweep.State != ablation.SweepRunning {
		t.Errorf("%s, %v", sweep.State, err)
	}
	if again := w.training(); again.attempt != 2 || again.claim.Run.Message != (ablation.Label{}) {
		t.Errorf("attempt %d, message %q", again.attempt, again.claim.Run.Message)
	}
}

// A checkpoint is good to resume from while its step counts: what a resume superseded never is again.
func TestCheckpoint(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sweep("s", 1, 1000)
	s := w.training()
	s.send(s.begin(nil))
	saved := func(step int64) ablation.SavedCheckpoint {
		return ablation.SavedCheckpoint{Attempt: s.attempt, Step: step, Path: "step", Bytes: 1, ManifestSHA256: "x"}
	}
	first := s.next()
	first.Checkpoints = []ablation.SavedCheckpoint{saved(100), saved(200), saved(300)}
	s.send(first)
	newest := func(before *int64, want int64) {
		t.Helper()
		got, err := w.Checkpoint(t.Context(), s.claim.Run.ID, before)
		w.must(err)
		if want == 0 && got == nil {
			return
		}
		if got == nil || got.Step != want {
			t.Errorf("got %+v, want step %d", got, want)
		}
	}
	newest(nil, 300)
	newest(ptr(int64(300)), 200)
	newest(ptr(int64(100)), 0)
	s.send(s.begin(ptr(int64(200))))
	newest(nil, 200)
	second := s.next()
	second.Checkpoints = []ablation.SavedCheckpoint{saved(250)}
	s.send(second)
	newest(nil, 250)
	s.send(s.begin(nil))
	newest(nil, 0)
}
