package engine_test

import (
	"crypto/rand"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/engine"
)

// torchrun starts another process as torchrun does: in a session of its own, without the files that it inherited.
const torchrun = `echo $CUDA_VISIBLE_DEVICES > device; setsid sh -c 'touch ready; while kill -0 $TESTS; do sleep 0.02; done' 3>&- 4>&- 5>&- > worker & echo $$ > agent; wait`

// leaving is an attempt whose runner starts such a process, and a channel that is closed when that has ended.
func leaving(t *testing.T) (dir string, h engine.Handle, ended <-chan struct{}) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("not run: this system doesn't show which processes are an attempt's")
	}
	dir = onDevice(t, sharing(t.TempDir()), "attempt-0001", torchrun)
	fifo := filepath.Join(dir, "worker")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	h = submit(t, dir)
	file, err := os.Open(fifo)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(io.Discard, file) // until nobody can write any more
	}()
	ready(t, dir)
	return dir, h, done
}

// TestLocal_leavesNothingBehind: with the runner its processes end that have left its group and hold none of its locks.
func TestLocal_leavesNothingBehind(t *testing.T) {
	t.Parallel()
	dir, _, worker := leaving(t)
	if err := exec.Command("kill", "-KILL", text(t, dir, "agent")).Run(); err != nil {
		t.Fatal(err)
	}
	if exit := ended(t, dir); exit.Signal != "SIGKILL" {
		t.Errorf("exit.json: %+v", exit)
	}
	select {
	case <-worker: // whose end the system tells a moment later
	case <-time.After(stuck):
		t.Error("the attempt has ended, and a process of it lives")
	}
}

// TestLocal_leftBehind: where exec and runner are killed both, what is left of the attempt keeps it running and keeps its
// device, until it is killed.
func TestLocal_leftBehind(t *testing.T) {
	t.Parallel()
	dir, h, worker := leaving(t)
	launch, err := spec.ReadFile[spec.Launch](filepath.Join(dir, spec.LaunchFile))
	if err != nil {
		t.Fatal(err)
	}
	next := filepath.Join(t.TempDir(), "attempt-0002")
	used := text(t, dir, "device")
	for _, d := range launch.Devices {
		if d.Name != used {
			continue
		}
		if err := engine.Prepare(next, []byte("{}"), plan("exit 0"), rand.Text(), d); err != nil {
			t.Fatal(err)
		}
	}
	for _, pid := range []int{process(t, dir).PID, number(t, dir, "agent")} {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "without exec", func() bool { return gone(process(t, dir)) })
	if got := state(t, dir); got != engine.Running {
		t.Errorf("while a process of it lives the attempt is %s", got)
	}
	if _, err := wrapper().Submit(t.Context(), next, "key"); !errors.Is(err, engine.ErrFull) {
		t.Errorf("its device: %v, want ErrFull", err)
	}
	if err := wrapper().Kill(t.Context(), h); err != nil {
		t.Fatal(err)
	}
	<-worker
	until(t, "ended", func() bool { return state(t, dir) == engine.Ended })
	until(t, "its device free", func() bool {
		_, err := wrapper().Submit(t.Context(), next, "key")
		return !errors.Is(err, engine.ErrFull)
	})
	submit(t, next)
	ended(t, next)
}
