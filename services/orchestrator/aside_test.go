package orchestrator

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// A run's folder may be ahead of a database that was restored: what lies there makes room, and whatever still trains there is
// asked to leave first.
func TestClearFrom(t *testing.T) {
	t.Parallel()
	run := t.TempDir()
	known := []string{spec.AttemptDir(run, 1), spec.CheckpointDir(run, 100, 1)}
	ahead := []string{spec.AttemptDir(run, 2), spec.AttemptDir(run, 3), spec.CheckpointDir(run, 200, 2)}
	for _, dir := range append(known, ahead...) {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	trains := ahead[1]
	err := errors.Join(
		spec.WriteFile(filepath.Join(trains, spec.ProcessFile), spec.Process{Host: "other", BootID: "other", Nonce: t.Name()}),
		os.WriteFile(filepath.Join(trains, spec.HeartbeatFile), nil, 0o644),
	)
	if err != nil {
		t.Fatal(err)
	}
	if err := clearFrom(run, 2); !errors.Is(err, errTrainsOn) {
		t.Errorf("beside one that trains: %v", err)
	}
	if _, err := os.Stat(filepath.Join(trains, spec.StopFile)); err != nil {
		t.Error(err)
	}
	there(t, true, ahead...)
	if err := spec.WriteFile(filepath.Join(trains, spec.ExitFile), spec.Exit{}); err != nil {
		t.Fatal(err)
	}
	if err := clearFrom(run, 2); err != nil {
		t.Fatal(err)
	}
	there(t, true, known...)
	there(t, false, ahead...)
	kept, err := filepath.Glob(filepath.Join(run, "before-*", "*"))
	if err != nil || len(kept) != 3 { // two attempts, and checkpoints
		t.Errorf("kept aside: %v, %v", kept, err)
	}
}

func there(t *testing.T, want bool, dirs ...string) {
	t.Helper()
	for _, dir := range dirs {
		if _, err := os.Stat(dir); (err == nil) != want {
			t.Errorf("%s: %v, want it there: %v", filepath.Base(dir), err, want)
		}
	}
}
