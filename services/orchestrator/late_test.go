package orchestrator_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/engine"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
)

// lying is an engine that says that it can't start what it starts a moment later.
type lying struct{ *engine.Local }

func (l lying) Submit(ctx context.Context, dir, key string) (engine.Handle, error) {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	_, _ = l.Local.Submit(ctx, dir, key)
	return nil, errors.New("no room for processes")
}

// What starts in the folder of an attempt that has failed to start leaves before it trains.
func TestDrive_startedTooLate(t *testing.T) {
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
	slow := []string{"/bin/sh", "-c", `while kill -0 $0 && [ ! -e ../../../go ]; do sleep 0.02; done; exec "$1" exec "$2" "$3"`, strconv.Itoa(os.Getpid()), program}
	ctx, stop := context.WithCancel(t.Context())
	worked := make(chan error)
	go func() { worked <- workWith(ctx, store, data, talker{cpu}, lying{&engine.Local{Exec: slow}}) }()
	run := ended(t, store, "talk")
	if run.State != ablation.RunFailed || !strings.Contains(run.Message.EN, "no room for processes") {
		t.Errorf("the run is %s: %s", run.State, run.Message.EN)
	}
	stop()
	if err := <-worked; err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(data, "go"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	dir := spec.AttemptDir(spec.RunDir(data, run.ID), 1)
	for there := false; !there; time.Sleep(20 * time.Millisecond) {
		_, err := os.Stat(filepath.Join(dir, spec.ExitFile))
		there = err == nil
	}
	if _, err := os.Stat(filepath.Join(dir, spec.EventsFile)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it trained all the same: %v", err)
	}
}
