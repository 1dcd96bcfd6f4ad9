package orchestrator_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/engine"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
)

// repeating is a trainer whose runner begins one segment twice, which no store can take.
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

// A run whose events can't be stored fails with the reason: repeating them would help nothing.
func TestDrive_eventsRefused(t *testing.T) {
	t.Parallel()
	store := open(t, pgtest.URL(t))
	addText(t, store)
	if _, _, err := sweeper(store).Apply(t.Context(), sweepFile("talk", ""), ""); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	worked := make(chan error)
	go func() { worked <- workOn(ctx, store, t.TempDir(), repeating{cpu}) }()
	if run := ended(t, store, "talk"); run.State != ablation.RunFailed || !strings.Contains(run.Message.EN, "can't be stored") {
		t.Errorf("the run is %s: %s", run.State, run.Message.EN)
	}
	stop()
	if err := <-worked; err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
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
