package orchestrator_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/postgres"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
)

// replaced is a trainer whose program isn't the listed one until it is mended, once before and once after it was described.
type replaced struct {
	talker
	mended *atomic.Int32
}

func (r replaced) unless(mended int32) error {
	if r.mended.Load() >= mended {
		return nil
	}
	return fmt.Errorf("trainer cpu: %w: it was replaced", trainer.ErrUnready)
}

func (r replaced) Describe(ctx context.Context, name string) (trainer.Description, error) {
	if err := r.unless(1); err != nil {
		return trainer.Description{}, err
	}
	return r.talker.Describe(ctx, name)
}

func (r replaced) Check(ctx context.Context, name string, s *spec.Spec) (trainer.Report, error) {
	if err := r.unless(2); err != nil {
		return trainer.Report{}, err
	}
	return r.talker.Check(ctx, name, s)
}

// A trainer that can't be started fails no run: each says what it waits for, and goes on once that is mended.
func TestDrive_trainerReplaced(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	store := open(t, url)
	addText(t, store)
	if _, _, err := sweeper(store).Apply(t.Context(), sweepFile("talk", ""), ""); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	worked := make(chan error)
	mended := new(atomic.Int32)
	go func() { worked <- workOn(ctx, store, t.TempDir(), replaced{talker{cpu}, mended}) }()
	if run := waiting(t, store, ablation.RunQueued); run.Progress.Attempt != 0 || !strings.Contains(run.Message.JA, "直れば自動で始まります") {
		t.Errorf("queued: %d attempts, %+v", run.Progress.Attempt, run.Message)
	}
	mended.Store(1)
	sql(t, url, `UPDATE sweeps SET held_until = now()`)
	if run := waiting(t, store, ablation.RunRunning); run.Progress.Attempt != 1 {
		t.Errorf("begun: %d attempts", run.Progress.Attempt)
	}
	held, err := store.Held(t.Context())
	if err != nil || len(held) != 1 || held[0].Sweep != "talk" || held[0].Runs != 1 || held[0].Why.EN == "" {
		t.Errorf("held up: %+v, %v", held, err)
	}
	mended.Store(2)
	if run := ended(t, store, "talk"); run.State != ablation.RunCompleted || run.Progress.Attempt != 1 || run.Message != (ablation.Label{}) {
		t.Errorf("the run is %s after %d attempts: %s", run.State, run.Progress.Attempt, run.Message.EN)
	}
	t.Log("figure: 0 attempts while it can't be started, 1 once it can")
	stop()
	if err := <-worked; err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// waiting is the only run of talk once it says in this state what it waits for.
func waiting(t *testing.T, store *postgres.Store, state ablation.RunState) ablation.Run {
	t.Helper()
	for {
		runs, err := store.Runs(t.Context(), "talk")
		if err != nil {
			t.Fatal(err)
		}
		if runs[0].State == state && runs[0].Message.EN != "" {
			return runs[0]
		}
		time.Sleep(20 * time.Millisecond)
	}
}
