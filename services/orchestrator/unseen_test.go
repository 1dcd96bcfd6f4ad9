package orchestrator_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/engine"
	"github.com/haigo-lab/haigo/services/postgres"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
)

// repeating is a trainer whose runner begins one segment twice.
type repeating struct{ inProcess }

func (repeating) Plan(context.Context, string, []trainer.Assignment) (trainer.Plan, error) {
	program, err := os.Executable()
	return trainer.Plan{Parts: []spec.Part{{Name: "repeat", Argv: []string{program, "repeating"}, Dir: "."}}}, err
}

func repeat(dir string) error {
	w, err := spec.OpenEvents(dir, 1)
	if err != nil {
		return err
	}
	started := spec.Started{Trainer: spec.Program{Name: "repeating", Version: "1"}, Device: "none", SpecSHA256: strings.Repeat("0", 64)}
	return errors.Join(w.Append(started), w.Append(started), w.Append(spec.Finished{Outcome: spec.OutcomeCompleted, Step: 8}), w.Close())
}

// A run with an event that breaks a rule, the contract's or the store's, fails with the reason: waiting would help nothing.
func TestDrive_eventsRefused(t *testing.T) {
	t.Parallel()
	for _, v := range []struct{ by, prepare, en, ja string }{
		{"the contract", "", "events.jsonl:2: started: segment 0 began already; the next to begin is 1", "events.jsonl:2: started：セグメント 0 はもう始まっています"},
		{"the store", `ALTER TABLE segments ADD CONSTRAINT never CHECK (device <> 'none')`, "events.jsonl: events 1 to 1 can't be stored", "events.jsonl：イベント 1 ～ 1 を保存できません"},
	} {
		t.Run(v.by, func(t *testing.T) {
			t.Parallel()
			url := pgtest.URL(t)
			store := open(t, url)
			addText(t, store)
			if _, _, err := sweeper(store).Apply(t.Context(), sweepFile("talk", ""), ""); err != nil {
				t.Fatal(err)
			}
			sql(t, url, v.prepare)
			ctx, stop := context.WithCancel(t.Context())
			worked := make(chan error)
			go func() { worked <- workOn(ctx, store, t.TempDir(), repeating{cpu}) }()
			run := ended(t, store, "talk")
			if m := run.Message; run.State != ablation.RunFailed || !strings.Contains(m.EN, v.en) || !strings.Contains(m.JA, v.ja) {
				t.Errorf("the run is %s: %s / %s", run.State, m.EN, m.JA)
			}
			t.Log("figure: failed with the reason:", run.Message.EN)
			stop()
			if err := <-worked; err != nil && !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	}
}

// occupied is an engine whose devices all have a run.
type occupied struct{ *engine.Local }

func (occupied) Submit(context.Context, string, string) (engine.Handle, error) {
	return nil, engine.ErrFull
}

// A run of which nothing was started, as it waits for a device, is stopped at once.
func TestDrive_stoppedAsItWaits(t *testing.T) {
	t.Parallel()
	store := open(t, pgtest.URL(t))
	addText(t, store)
	if _, _, err := sweeper(store).Apply(t.Context(), sweepFile("talk", ""), ""); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	worked := make(chan error)
	go func() { worked <- workWith(ctx, store, t.TempDir(), talker{cpu}, occupied{&engine.Local{}}) }()
	for stopped := false; !stopped; time.Sleep(20 * time.Millisecond) {
		runs, err := store.Runs(t.Context(), "talk")
		if err != nil {
			t.Fatal(err)
		}
		if runs[0].Progress.Attempt == 0 {
			continue
		}
		if err := store.StopRun(t.Context(), runs[0].ID, ablation.StopPerson); err != nil {
			t.Fatal(err)
		}
		stopped = true
	}
	if run := ended(t, store, "talk"); run.State != ablation.RunStopped {
		t.Errorf("the run is %s", run.State)
	}
	stop()
	if err := <-worked; err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// patient is a trainer whose runner ends when it is bidden to.
type patient struct {
	inProcess
	runner string
}

func (p patient) Plan(context.Context, string, []trainer.Assignment) (trainer.Plan, error) {
	program, err := os.Executable()
	return trainer.Plan{Parts: []spec.Part{{Name: "patient", Argv: []string{program, p.runner}, Dir: "."}}}, err
}

// bid is the file in the data folder for which it waits.
const bid = "bid"

func bidden(dir string) error {
	s, err := spec.ReadFile[spec.Spec](filepath.Join(dir, spec.SpecFile))
	if err != nil {
		return err
	}
	w, err := spec.OpenEvents(dir, 1)
	if err != nil {
		return err
	}
	started := spec.Started{Trainer: spec.Program{Name: "patient", Version: "1"}, Device: "none", SpecSHA256: strings.Repeat("0", 64)}
	first := spec.Metrics{Step: 1, Tokens: 64, Values: map[string]spec.Real{ablation.MetricLoss: 3}}
	if err := errors.Join(w.Append(started), w.Append(first), w.Sync()); err != nil {
		return err
	}
	bide(dir)
	return errors.Join(w.Append(spec.Finished{Outcome: spec.OutcomeCompleted, Step: s.Steps}), w.Close())
}

// bide returns when the runner in a folder is bidden to end.
func bide(dir string) {
	for {
		if _, err := os.Stat(filepath.Join(dir, "..", "..", "..", bid)); err == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// A run whose folder is out of sight for a while, as when its file system is mounted again, or whose events can't be read, as when a
// file server fails for a moment, is left alone, and goes on.
func TestDrive_folderAway(t *testing.T) {
	t.Parallel()
	for name, hide := range map[string]func(folder string) (back func() error, err error){
		"the folder": func(folder string) (func() error, error) {
			return func() error { return errors.Join(os.RemoveAll(folder), os.Rename(folder+"-away", folder)) }, os.Rename(folder, folder+"-away")
		},
		"its events": func(folder string) (func() error, error) { // in one step, as nobody takes them away
			events := filepath.Join(spec.AttemptDir(folder, 1), spec.EventsFile)
			back := func() error { return os.Rename(events+"-away", events) }
			return back, errors.Join(os.Link(events, events+"-away"), os.Symlink("loop", events+"-loop"), os.Symlink("loop", filepath.Join(filepath.Dir(events), "loop")),
				os.Rename(events+"-loop", events))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, data := open(t, pgtest.URL(t)), t.TempDir()
			addText(t, store)
			if _, _, err := sweeper(store).Apply(t.Context(), sweepFile("talk", ""), ""); err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			worked := make(chan error)
			go func() { worked <- workOn(ctx, store, data, patient{cpu, "patient"}) }()
			back, err := hide(spec.RunDir(data, stepped(t, store)))
			if err != nil {
				t.Fatal(err)
			}
			if run := waiting(t, store, ablation.RunRunning); strings.Contains(run.Message.EN, data) {
				t.Errorf("it tells the folder: %s", run.Message.EN)
			}
			if err := errors.Join(back(), os.WriteFile(filepath.Join(data, bid), nil, 0o600)); err != nil {
				t.Fatal(err)
			}
			if run := ended(t, store, "talk"); run.State != ablation.RunCompleted || run.Progress.Attempt != 1 {
				t.Errorf("the run is %s after %d attempts: %s", run.State, run.Progress.Attempt, run.Message.EN)
			}
			t.Log("figure: 1 attempt, told on its page while it is out of sight")
			stop()
			if err := <-worked; err != nil && !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	}
}

// stepped is the id of the only run of talk once its first step is stored.
func stepped(t *testing.T, store *postgres.Store) string {
	t.Helper()
	for {
		runs, err := store.Runs(t.Context(), "talk")
		if err != nil {
			t.Fatal(err)
		}
		if runs[0].Progress.Step == 1 {
			return runs[0].ID
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// leave is a runner that saves a checkpoint and leaves, as before a time limit, and in its second attempt completes.
func leave(dir string) error {
	s, err := spec.ReadFile[spec.Spec](filepath.Join(dir, spec.SpecFile))
	if err != nil {
		return err
	}
	w, err := spec.OpenEvents(dir, s.Attempt)
	if err != nil {
		return err
	}
	started := spec.Started{Trainer: spec.Program{Name: "patient", Version: "1"}, Device: "none", SpecSHA256: strings.Repeat("0", 64)}
	if from := s.Checkpoint.ResumeFrom; from != nil {
		started.ResumedFrom = &from.Step
		return errors.Join(w.Append(started), w.Append(spec.Finished{Outcome: spec.OutcomeCompleted, Step: s.Steps}), w.Close())
	}
	first := spec.Metrics{Step: 1, Tokens: 64, Values: map[string]spec.Real{ablation.MetricLoss: 3}}
	if err := errors.Join(w.Append(started), w.Append(first), w.Sync()); err != nil {
		return err
	}
	saved, err := spec.SaveCheckpoint(filepath.Join(dir, ".."), s.RunID, 1, s.Attempt, func(string) error { return nil })
	bide(dir)
	return errors.Join(err, w.Append(saved), w.Append(spec.Finished{Outcome: spec.OutcomeStopped, Step: 1}), w.Close())
}

// A run that is to go on from a checkpoint whose folder isn't there, as when nothing is mounted, waits for it, and begins nothing anew.
func TestDrive_checkpointsAway(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	store, data := open(t, url), t.TempDir()
	addText(t, store)
	if _, _, err := sweeper(store).Apply(t.Context(), sweepFile("talk", ""), ""); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	worked := make(chan error)
	go func() { worked <- workOn(ctx, store, data, patient{cpu, "leaving"}) }()
	id := stepped(t, store)
	if err := errors.Join(store.PauseSweep(t.Context(), "talk"), os.WriteFile(filepath.Join(data, bid), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	for queued := false; !queued; time.Sleep(20 * time.Millisecond) {
		run, err := store.Run(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		queued = run.State == ablation.RunQueued
	}
	here := spec.RunDir(data, id)
	if err := errors.Join(os.Rename(here, here+"-away"), store.ResumeSweep(t.Context(), "talk")); err != nil {
		t.Fatal(err)
	}
	run := waiting(t, store, ablation.RunQueued)
	if m := run.Message; run.Progress.Attempt != 1 || !strings.Contains(m.EN, "is the data folder's file system mounted?") || !strings.Contains(m.JA, "マウントされているか") {
		t.Errorf("%d attempts, %+v", run.Progress.Attempt, m)
	}
	if _, err := os.Stat(here); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something was made in its place: %v", err)
	}
	if err := os.Rename(here+"-away", here); err != nil {
		t.Fatal(err)
	}
	sql(t, url, `UPDATE sweeps SET held_until = now()`)
	if run := ended(t, store, "talk"); run.State != ablation.RunCompleted || run.Progress.Attempt != 2 {
		t.Errorf("the run is %s after %d attempts: %s", run.State, run.Progress.Attempt, run.Message.EN)
	}
	segments, err := store.Segments(t.Context(), id)
	if err != nil || len(segments) != 2 || segments[1].ResumedFrom == nil || *segments[1].ResumedFrom != 1 {
		t.Errorf("segments %+v, %v; want the second from step 1 on", segments, err)
	}
	stop()
	if err := <-worked; err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// elsewhere is an engine of another name, which may leave what it takes in a queue.
type elsewhere struct {
	*engine.Local
	queues bool
}

func (elsewhere) Name() string { return "elsewhere" }

func (e elsewhere) Submit(ctx context.Context, dir, key string) (engine.Handle, error) {
	if e.queues {
		return engine.ParseHandle([]byte(`{}`))
	}
	return e.Local.Submit(ctx, dir, key)
}

func (e elsewhere) Poll(ctx context.Context, handles []engine.Handle) ([]engine.Status, error) {
	if e.queues {
		return []engine.Status{{State: engine.Waiting}}, nil
	}
	return e.Local.Poll(ctx, handles)
}

// A run on an engine that engines.yaml no longer describes isn't failed: it says so, goes on by what its folder tells, and can be stopped.
func TestDrive_engineUndescribed(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		name   string
		queues bool
		ends   ablation.RunState
	}{{"it trains", false, ablation.RunCompleted}, {"it is in a queue", true, ablation.RunStopped}} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			store, data := open(t, pgtest.URL(t)), t.TempDir()
			addText(t, store)
			if _, _, err := sweeper(store).Apply(t.Context(), sweepFile("talk", ""), ""); err != nil {
				t.Fatal(err)
			}
			program, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			local := &engine.Local{Exec: []string{program, "exec"}}
			first, leave := context.WithCancel(t.Context())
			worked := make(chan error)
			go func() { worked <- workWith(first, store, data, patient{cpu, "patient"}, elsewhere{local, v.queues}) }()
			run := submitted(t, store)
			leave()
			if err := <-worked; err != nil && !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			go func() { worked <- workWith(ctx, store, data, patient{cpu, "patient"}, local) }()
			if m := waiting(t, store, ablation.RunRunning).Message; !strings.Contains(m.EN, "engines.yaml") || !strings.Contains(m.JA, "engines.yaml") {
				t.Errorf("it says %+v", m)
			}
			if v.queues {
				err = store.StopRun(t.Context(), run, ablation.StopPerson)
			} else {
				err = os.WriteFile(filepath.Join(data, bid), nil, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			if run := ended(t, store, "talk"); run.State != v.ends || run.Progress.Attempt != 1 {
				t.Errorf("the run is %s after %d attempts: %s", run.State, run.Progress.Attempt, run.Message.EN)
			}
			stop()
			if err := <-worked; err != nil && !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	}
}

// submitted is the id of the only run of talk once its engine has it.
func submitted(t *testing.T, store *postgres.Store) string {
	t.Helper()
	for {
		runs, err := store.Runs(t.Context(), "talk")
		if err != nil {
			t.Fatal(err)
		}
		attempts, err := store.Attempts(t.Context(), runs[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		if len(attempts) == 1 && len(attempts[0].Handle) > 0 {
			return runs[0].ID
		}
		time.Sleep(20 * time.Millisecond)
	}
}
