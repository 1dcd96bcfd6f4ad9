package runner_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/haigo-lab/haigo/plugins/cpu/runner"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// A full disk is a real one: a small file system in memory, which only root can mount.
func TestRun_SaysThatTheDiskIsFull(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	dir := l.start(t, "full", 1, func(s *spec.Spec) { s.Checkpoint.EverySteps, s.Checkpoint.Keep = 1, 0 })
	checkpoints := spec.CheckpointsDir(filepath.Dir(dir))
	if err := os.MkdirAll(checkpoints, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", checkpoints, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("not run: a full disk under a run, which needs root and mount (%v)", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(checkpoints, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	if err := runner.Run(context.Background(), l.options(dir)); !errors.Is(err, runner.ErrFailed) {
		t.Fatalf("got %v, want %v", err, runner.ErrFailed)
	}
	all := events(t, dir)
	end := lastEvent(all).Finished
	if !strings.HasPrefix(end.Reason, "the disk of the run folders is full (") || !end.Retriable || !strings.HasPrefix(end.ReasonJA, "ランのフォルダーのディスクがいっぱいです（") {
		t.Errorf("got %+v, want a full disk", end)
	}
	if lastCheckpoint(all) == nil {
		t.Fatal("no checkpoint was written before the disk was full")
	}
	if _, _, err := spec.ReadCheckpoint(lastCheckpoint(all).Path); err != nil {
		t.Errorf("the newest checkpoint is not whole: %v", err)
	}
}
