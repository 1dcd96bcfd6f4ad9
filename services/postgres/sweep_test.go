package postgres_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/ablation"
)

func TestApplySweep(t *testing.T) {
	t.Parallel()
	t.Run("comes back as it was applied", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		a := application("s", 2, 2, 10)
		w.apply(a)
		got, err := w.Sweep(t.Context(), "s")
		w.must(err)
		if *got.Seed != *a.Sweep.Seed || got.Document != a.Sweep.Document || got.Question != a.Sweep.Question || got.Counts.Queued != 4 {
			t.Errorf("sweep %+v", got)
		}
		runs, err := w.Runs(t.Context(), "s")
		w.must(err)
		for i, r := range runs {
			if want := a.Runs[i]; r.ID != want.ID || r.DataSeed != want.DataSeed || r.Steps != 10 || r.State != ablation.RunQueued {
				t.Errorf("run %+v, want %+v", r, want)
			}
		}
		arms, err := w.Arms(t.Context(), "s")
		if diff := cmp.Diff(a.Arms, arms); diff != "" || err != nil {
			t.Error(diff, err)
		}
	})
	t.Run("many growing one sweep at once make each run once", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		var created atomic.Int64
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				done, err := w.ApplySweep(context.Background(), application("s", 1+i%4, 1+i/4, 10))
				if err != nil {
					t.Error(err)
				}
				if done.Created {
					created.Add(1)
				}
			})
		}
		all.Wait()
		if n := created.Load(); n != 1 {
			t.Errorf("created %d times", n)
		}
		runs, err := w.Runs(t.Context(), "s")
		if err != nil || len(runs) != 8 {
			t.Errorf("%d runs, %v, want 4 arms × 2 replicates", len(runs), err)
		}
		arms, err := w.Arms(t.Context(), "s")
		if err != nil || len(arms) != 4 {
			t.Errorf("%d arms, %v, want 4", len(arms), err)
		}
		for i, arm := range arms {
			if arm.Index != i {
				t.Errorf("arm %s has place %d, want %d", arm.Name, arm.Index, i)
			}
		}
	})
	t.Run("growth after the end goes on, the same again doesn't", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.sweep("s", 1, 1)
		s := w.training()
		s.send(s.begin(nil, losses(1, 3)...))
		s.end("completed", ablation.RunCompleted)
		w.sweep("s", 1, 1)
		if got, err := w.Sweep(t.Context(), "s"); err != nil || got.State != ablation.SweepCompleted {
			t.Errorf("%s, %v, want completed", got.State, err)
		}
		w.sweep("s", 2, 1)
		if got, err := w.Sweep(t.Context(), "s"); err != nil || got.State != ablation.SweepRunning {
			t.Errorf("%s, %v, want running", got.State, err)
		}
		w.claim()
	})
	t.Run("another seed is another sweep", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		a := application("s", 1, 1, 10)
		w.apply(a)
		a.Sweep.Seed = ptr(uint64(8))
		if _, err := w.ApplySweep(t.Context(), a); !errors.Is(err, ablation.ErrConflict) {
			t.Errorf("%v, want ErrConflict", err)
		}
	})
	t.Run("growth after a stop goes on, with the new runs alone", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.sweep("s", 1, 10)
		w.must(w.StopSweep(t.Context(), "s"))
		w.sweep("s", 2, 10)
		if c := w.claim(); c.Run.ID != "s-arm0-2" {
			t.Errorf("claimed %s", c.Run.ID)
		}
		w.none(w.request())
	})
	t.Run("a source that isn't there stores nothing", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		a := application("s", 1, 1, 10)
		a.Sources = []ablation.Source{{Name: "ja", Version: "12345678"}}
		if _, err := w.ApplySweep(t.Context(), a); !errors.Is(err, ablation.ErrNotFound) {
			t.Errorf("%v, want ErrNotFound", err)
		}
		if _, err := w.Sweep(t.Context(), "s"); !errors.Is(err, ablation.ErrNotFound) {
			t.Errorf("%v, want ErrNotFound", err)
		}
	})
}

func TestStopSweep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sweep("s", 3, 1000)
	s := w.training()
	w.must(w.StopSweep(t.Context(), "s"))
	w.must(w.StopSweep(t.Context(), "s"))
	w.none(w.request())
	if state, err := w.Renew(t.Context(), s.claim, true); err != nil || state != ablation.RunStopping {
		t.Errorf("%s, %v, want stopping", state, err)
	}
	s.end("stopped", ablation.RunStopped)
	got, err := w.Sweep(t.Context(), "s")
	w.must(err)
	if diff := cmp.Diff(ablation.RunCounts{Stopped: 3}, got.Counts); diff != "" || got.State != ablation.SweepStopped {
		t.Errorf("%s %s", got.State, diff)
	}
}

// Runs end while their sweep is stopped, in any order: nobody waits for the other for ever, nobody is told of a deadlock.
func TestStopSweep_WhileRunsEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sweep("s", 12, 1000)
	var all sync.WaitGroup
	for range 8 {
		s := w.training()
		all.Go(func() {
			if err := w.EndAttempt(context.Background(), s.claim, 1, "stopped", ablation.Label{}, ablation.RunStopped); err != nil {
				t.Error(err)
			}
		})
	}
	all.Go(func() {
		if err := w.StopSweep(context.Background(), "s"); err != nil {
			t.Error(err)
		}
	})
	all.Wait()
	got, err := w.Sweep(t.Context(), "s")
	w.must(err)
	if diff := cmp.Diff(ablation.RunCounts{Stopped: 12}, got.Counts); diff != "" || got.State != ablation.SweepStopped {
		t.Errorf("%s %s", got.State, diff)
	}
}

func TestSweeps_Pages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range []string{"a", "b", "c"} {
		w.sweep(name, 1, 10)
	}
	var got []string
	for before := int64(0); ; {
		page, err := w.Sweeps(t.Context(), 2, before)
		w.must(err)
		if len(page) == 0 {
			break
		}
		for _, s := range page {
			got, before = append(got, s.Name), s.ID
		}
	}
	if diff := cmp.Diff([]string{"c", "b", "a"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestNotFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	for name, try := range map[string]func() error{
		"sweep":  func() error { _, err := w.Sweep(ctx, "x"); return err },
		"run":    func() error { _, err := w.Run(ctx, "x"); return err },
		"plan":   func() error { _, err := w.RunPlan(ctx, "x"); return err },
		"source": func() error { _, err := w.Source(ctx, "x", ""); return err },
		"task":   func() error { _, err := w.Task(ctx, "x", ""); return err },
		"pause":  func() error { return w.PauseSweep(ctx, "x") },
		"stop":   func() error { return w.StopRun(ctx, "x", ablation.StopPerson) },
		"retry":  func() error { return w.RetryRun(ctx, "x") },
		"revoke": func() error { return w.RevokeShare(ctx, 1) },
	} {
		if err := try(); !errors.Is(err, ablation.ErrNotFound) {
			t.Errorf("%s: %v, want ErrNotFound", name, err)
		}
	}
}

// A sweep reads the text that it started with, whatever comes later.
func TestApplySweep_FixesVersions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	source := ablation.Source{Name: "ja", Version: "11111111", ManifestSHA256: "1", Lang: "ja", Role: ablation.RoleTrain}
	task := ablation.Task{Name: "quiz", Version: "11111111", Lang: "ja", Kind: "cloze", Items: 5, Chance: 0.25, SHA256: "1"}
	a := application("s", 1, 1, 10)
	a.Sources, a.Tasks = []ablation.Source{source}, []ablation.Task{task}
	w.must(w.PutSource(ctx, source))
	w.must(w.PutTask(ctx, task))
	w.apply(a)
	source.Version, source.ManifestSHA256 = "22222222", "2"
	task.Version, task.SHA256 = "22222222", "2"
	w.must(w.PutSource(ctx, source))
	w.must(w.PutTask(ctx, task))
	w.apply(a)
	sources, err := w.SweepSources(ctx, "s")
	if err != nil || len(sources) != 1 || sources[0].Version != "11111111" {
		t.Errorf("%+v, %v", sources, err)
	}
	tasks, err := w.SweepTasks(ctx, "s")
	if err != nil || len(tasks) != 1 || tasks[0].Version != "11111111" {
		t.Errorf("%+v, %v", tasks, err)
	}
}
