package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/postgres"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
)

// rawWorld is a world and a connection beside the store, to do what only time or other people would.
func rawWorld(t *testing.T) (*world, func(sql string, args ...any)) {
	t.Helper()
	url := pgtest.URL(t)
	store, err := postgres.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	w := &world{TB: t, Store: store, holder: ablation.Holder{Host: "host", BootID: "boot", PID: 1, StartTime: 1}}
	return w, func(sql string, args ...any) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
}

// as is a request of another process, on the same host or another.
func (w *world) as(host string, pid int) postgres.ClaimRequest {
	q := w.request()
	q.Holder.Host, q.Holder.PID = host, pid
	return q
}

func gone(ablation.Holder) bool { return true }

func TestClaim(t *testing.T) {
	t.Parallel()
	t.Run("two workers never share a run", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.sweep("many", 24, 10)
		var mutex sync.Mutex
		var got []string
		var all sync.WaitGroup
		for worker := range 8 {
			all.Go(func() {
				for {
					c, err := w.Claim(context.Background(), w.as("host", worker))
					if err != nil {
						t.Error(err)
					}
					if c == nil {
						return
					}
					mutex.Lock()
					got = append(got, c.Run.ID)
					mutex.Unlock()
				}
			})
		}
		all.Wait()
		if n := len(got); n != 24 {
			t.Errorf("%d claims of 24 runs", n)
		}
		slices.Sort(got)
		if n := len(slices.Compact(got)); n != 24 {
			t.Errorf("%d different runs, want 24", n)
		}
	})
	t.Run("the oldest sweep first, a replicate of every arm before the next", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.apply(application("old", 2, 2, 10))
		w.apply(application("new", 1, 1, 10))
		var got []string
		for range 5 {
			got = append(got, w.claim().Run.ID)
		}
		want := []string{"old-arm0-1", "old-arm1-1", "old-arm0-2", "old-arm1-2", "new-arm0-1"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		w.none(w.request())
	})
	t.Run("a paused sweep gives none", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.sweep("s", 2, 10)
		w.claim()
		w.must(w.PauseSweep(t.Context(), "s"))
		w.none(w.request())
		w.must(w.ResumeSweep(t.Context(), "s"))
		w.claim()
	})
	t.Run("a machine takes no more than it bears", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.sweep("s", 4, 10)
		q := w.request()
		q.MaxRuns = 1
		first := w.claimWith(q)
		w.none(q)
		other := w.as("other", 1)
		other.MaxRuns = 1
		w.claimWith(other)
		w.open(first)
		w.none(q)
		w.must(w.EndAttempt(t.Context(), first, 1, "failed", ablation.Label{EN: "out of memory"}, ablation.RunFailed))
		w.claimWith(q)
	})
	t.Run("an attempt that nobody proved ended counts, whoever holds it", func(t *testing.T) {
		t.Parallel()
		w, sql := rawWorld(t)
		w.sweep("s", 2, 10)
		w.open(w.claim())
		sql(`UPDATE runs SET lease_until = now() - interval '5 minutes', seen_at = now() - interval '5 minutes' WHERE lease_until IS NOT NULL`)
		w.claimWith(w.as("other", 1)) // out of sight for long: another host may look after it
		q := w.as("host", 2)
		q.MaxRuns = 1
		w.none(q)
	})
	t.Run("a sweep's bound holds across hosts", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		a := application("s", 1, 12, 10)
		a.Sweep.Budget.RunsAtOnce = 3
		w.apply(a)
		var mutex sync.Mutex
		var all sync.WaitGroup
		claims := 0
		for _, host := range []string{"a", "b", "c", "d", "e", "f"} {
			all.Go(func() {
				for range 2 {
					c, err := w.Claim(context.Background(), w.as(host, 1))
					if err != nil {
						t.Error(err)
					}
					mutex.Lock()
					if c != nil {
						claims++
					}
					mutex.Unlock()
				}
			})
		}
		all.Wait()
		if claims != 3 {
			t.Errorf("%d runs at once, want 3", claims)
		}
	})
}

func TestClaim_Adopts(t *testing.T) {
	t.Parallel()
	t.Run("at once where the holder is gone, attempt and cursor", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.sweep("s", 1, 1000)
		s := w.training()
		s.send(s.begin(nil, losses(1, 3, 2, 1)...))
		q := w.as("host", 2)
		w.none(q)
		q.HolderGone = gone
		c := w.claimWith(q)
		if c.Epoch != s.claim.Epoch+1 {
			t.Errorf("epoch %d, want %d", c.Epoch, s.claim.Epoch+1)
		}
		if c.Attempt == nil || c.Attempt.Number != 1 || c.Attempt.Cursor != s.at {
			t.Fatalf("attempt %+v, want number 1 at %+v", c.Attempt, s.at)
		}
		s.claim = c
		s.send(s.next(losses(4, 0.5)...))
	})
	t.Run("not on another host, whose processes can't be seen", func(t *testing.T) {
		t.Parallel()
		w, sql := rawWorld(t)
		w.sweep("s", 1, 1000)
		w.training()
		q := w.as("other", 1)
		q.HolderGone = gone
		w.none(q)
		sql(`UPDATE runs SET lease_until = now() - interval '5 seconds', seen_at = now() - interval '35 seconds'`)
		w.none(q)
		sql(`UPDATE runs SET lease_until = now() - interval '25 seconds', seen_at = now() - interval '55 seconds'`)
		w.claimWith(q)
	})
	t.Run("a run that another host released, out of sight for long", func(t *testing.T) {
		t.Parallel()
		w, sql := rawWorld(t)
		w.sweep("s", 1, 1000)
		w.must(w.Release(t.Context(), w.training().claim))
		w.none(w.as("other", 1))
		sql(`UPDATE runs SET seen_at = now() - interval '2 minutes'`)
		w.claimWith(w.as("other", 1))
	})
	t.Run("when the lease ran out", func(t *testing.T) {
		t.Parallel()
		w, sql := rawWorld(t)
		w.sweep("s", 1, 1000)
		w.training()
		q := w.as("host", 2)
		w.none(q)
		sql(`UPDATE runs SET lease_until = now() - interval '1 second'`)
		if run, err := w.Run(t.Context(), "s-arm0-1"); err != nil || !run.Progress.Unobserved || run.State != ablation.RunRunning {
			t.Errorf("%+v, %v: want it running, unobserved", run, err)
		}
		w.claimWith(q)
	})
	t.Run("one worker alone", func(t *testing.T) {
		t.Parallel()
		w, sql := rawWorld(t)
		w.sweep("s", 3, 1000)
		for range 3 {
			w.training()
		}
		sql(`UPDATE runs SET lease_until = now() - interval '1 second'`)
		var mutex sync.Mutex
		var all sync.WaitGroup
		got := map[string]int{}
		for worker := range 6 {
			all.Go(func() {
				for range 3 {
					c, err := w.Claim(context.Background(), w.as("host", 10+worker))
					if err != nil {
						t.Error(err)
					}
					mutex.Lock()
					if c != nil {
						got[c.Run.ID]++
					}
					mutex.Unlock()
				}
			})
		}
		all.Wait()
		if diff := cmp.Diff(map[string]int{"s-arm0-1": 1, "s-arm0-2": 1, "s-arm0-3": 1}, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a stopping run that nobody holds, so that it ends", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.sweep("s", 1, 1000)
		s := w.training()
		w.must(w.StopRun(t.Context(), s.claim.Run.ID, ablation.StopPerson))
		w.must(w.Release(t.Context(), s.claim))
		c := w.claimWith(w.as("host", 2))
		if c.Run.State != ablation.RunStopping || c.Attempt == nil {
			t.Errorf("state %s, attempt %v", c.Run.State, c.Attempt)
		}
		w.must(w.EndAttempt(t.Context(), c, 1, "stopped", ablation.Label{}, ablation.RunStopped))
		run, err := w.Run(t.Context(), c.Run.ID)
		if err != nil || run.State != ablation.RunStopped || run.Reason != ablation.StopPerson {
			t.Errorf("%+v, %v", run, err)
		}
	})
	t.Run("a released run with its attempt; one without is queued again", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.sweep("s", 2, 1000)
		s := w.training()
		idle := w.claim()
		w.must(w.Release(t.Context(), s.claim))
		w.must(w.Release(t.Context(), idle))
		if run, err := w.Run(t.Context(), idle.Run.ID); err != nil || run.State != ablation.RunQueued {
			t.Errorf("%s, %v, want queued", run.State, err)
		}
		if err := w.Ingest(t.Context(), s.claim, s.begin(nil)); !errors.Is(err, postgres.ErrLost) {
			t.Errorf("a released claim still writes: %v", err)
		}
		if c := w.claim(); c.Run.ID != s.claim.Run.ID || c.Attempt == nil {
			t.Errorf("claimed %s with attempt %v, want %s with its own", c.Run.ID, c.Attempt, s.claim.Run.ID)
		}
	})
}

// A claim that was lost writes nothing, whatever it tries.
func TestClaim_LostWritesNothing(t *testing.T) {
	t.Parallel()
	t.Run("while another holds the run", func(t *testing.T) {
		t.Parallel()
		w, s, _ := lost(t)
		w.writesNothing(s)
	})
	t.Run("when another has ended it", func(t *testing.T) {
		t.Parallel()
		w, s, other := lost(t)
		w.must(w.EndAttempt(t.Context(), other, 1, "diverged", ablation.Label{EN: "NaN"}, ablation.RunDiverged))
		w.writesNothing(s)
	})
}

// lost is a run that a second worker has taken from the first, whose stream is s.
func lost(t *testing.T) (w *world, s *stream, other ablation.Claim) {
	t.Helper()
	w = newWorld(t)
	w.sweep("s", 1, 1000)
	s = w.training()
	s.send(s.begin(nil, losses(1, 3)...))
	q := w.as("host", 2)
	q.HolderGone = gone
	return w, s, w.claimWith(q)
}

// writesNothing tries everything that a worker writes under a claim that was lost.
func (w *world) writesNothing(s *stream) {
	w.Helper()
	ctx := w.Context()
	run, attempts := w.state(s.claim.Run.ID)
	late := s.next(losses(2, 2)...)
	for name, try := range map[string]func() error{
		"ingest":  func() error { return w.Ingest(ctx, s.claim, late) },
		"release": func() error { return w.Release(ctx, s.claim) },
		"handle":  func() error { return w.SetHandle(ctx, s.claim, 1, []byte(`{"pid":1}`)) },
		"end": func() error {
			return w.EndAttempt(ctx, s.claim, 1, "failed", ablation.Label{}, ablation.RunFailed)
		},
		"roll back": func() error { return w.RollBack(ctx, s.claim, 1, ablation.Rollback{}) },
		"renew": func() error {
			_, err := w.Renew(ctx, s.claim, true)
			return err
		},
		"open": func() error {
			_, err := w.OpenAttempt(ctx, s.claim, ablation.Attempt{Number: 2, Host: "host", Engine: "local"})
			return err
		},
	} {
		if err := try(); !errors.Is(err, postgres.ErrLost) {
			w.Errorf("%s: %v, want ErrLost", name, err)
		}
	}
	runAfter, attemptsAfter := w.state(s.claim.Run.ID)
	if diff := cmp.Diff(run, runAfter) + cmp.Diff(attempts, attemptsAfter); diff != "" {
		w.Error(diff)
	}
	if n, err := w.CountingPoints(ctx, "s"); err != nil || n != 1 {
		w.Errorf("%d points, %v, want 1", n, err)
	}
}

func TestRenew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sweep("s", 1, 1000)
	q := w.request()
	q.Lease = time.Nanosecond // runs out at once, but holds while nobody else claims
	c := w.claimWith(q)
	if state, err := w.Renew(t.Context(), c, true); err != nil || state != ablation.RunRunning {
		t.Errorf("%s, %v", state, err)
	}
	w.must(w.StopRun(t.Context(), c.Run.ID, ablation.StopBudget))
	if state, err := w.Renew(t.Context(), c, true); err != nil || state != ablation.RunStopping {
		t.Errorf("%s, %v: a holder learns from its renewal that it is to stop", state, err)
	}
}

// state is what the store says of a run and its attempts.
func (w *world) state(id string) (ablation.Run, []ablation.Attempt) {
	w.Helper()
	run, err := w.Run(context.Background(), id)
	w.must(err)
	attempts, err := w.Attempts(context.Background(), id)
	w.must(err)
	return run, attempts
}

// TestFacts: whether the lease is held, the process lives and points come are three things.
func TestFacts(t *testing.T) {
	t.Parallel()
	w, sql := rawWorld(t)
	w.sweep("s", 1, 1000)
	s := w.training()
	facts := func() string {
		run, err := w.Run(t.Context(), s.claim.Run.ID)
		w.must(err)
		p := run.Progress
		return fmt.Sprintf("process %s, metrics %s, lease %s", p.Process, p.Metrics, p.Lease)
	}
	want := func(when, want string) {
		t.Helper()
		if got := facts(); got != want {
			t.Errorf("%s: %s, want %s", when, got, want)
		}
	}
	want("opened", "process none, metrics none, lease yes")
	renew := func(alive bool) {
		_, err := w.Renew(t.Context(), s.claim, alive)
		w.must(err)
	}
	renew(true)
	s.send(s.begin(nil, losses(1, 3)...))
	want("training", "process yes, metrics yes, lease yes")
	sql(`UPDATE runs SET process_at = now() - interval '2 minutes'`)
	renew(false)
	want("a process that nobody sees", "process no, metrics yes, lease yes")
	sql(`UPDATE runs SET metric_at = now() - interval '2 minutes'`)
	renew(true)
	want("silent", "process yes, metrics no, lease yes")
	sql(`UPDATE runs SET lease_until = now() - interval '1 second'`)
	want("held by nobody", "process yes, metrics no, lease no")
}
