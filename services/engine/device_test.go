package engine_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/engine"
)

// onDevice is an attempt of a script that needs one of two devices.
func onDevice(t *testing.T, l *engine.Local, name, script string) string {
	t.Helper()
	devices, err := l.Devices(2)
	if err != nil {
		t.Fatal(err)
	}
	for i := range devices { // apart from those of other tests on this machine
		devices[i].Name = fmt.Sprintf("%s-%d-%s", t.Name(), os.Getpid(), devices[i].Name)
	}
	dir := filepath.Join(t.TempDir(), name)
	if err := engine.Prepare(dir, []byte("{}"), plan(script), rand.Text(), devices...); err != nil {
		t.Fatal(err)
	}
	return dir
}

func sharing(locks string) *engine.Local {
	l := wrapper()
	l.Locks = locks
	return l
}

// TestDevices_oneRunAtATime: three workers that know nothing of each other, two of one data folder and one of another, bring
// nine attempts to two devices; a runner that found another one on its device would say so.
func TestDevices_oneRunAtATime(t *testing.T) {
	t.Parallel()
	folders, marks := []string{t.TempDir()}, t.TempDir()
	if runtime.GOOS == "linux" {
		folders = append(folders, t.TempDir())
	}
	script := fmt.Sprintf(`cd %q; mkdir "on$CUDA_VISIBLE_DEVICES" || echo "$CUDA_VISIBLE_DEVICES" >> twice; echo "$CUDA_VISIBLE_DEVICES" >> given; sleep 0.1; rmdir "on$CUDA_VISIBLE_DEVICES"`, marks)
	var workers sync.WaitGroup
	for w := range 3 {
		l := sharing(folders[w%len(folders)])
		var dirs []string
		for i := range 3 {
			dirs = append(dirs, onDevice(t, l, fmt.Sprintf("attempt-%d%d", w, i), script))
		}
		workers.Go(func() {
			for _, dir := range dirs {
				until(t, "a device free", func() bool {
					_, err := l.Submit(context.Background(), dir, "key")
					if err != nil && !errors.Is(err, engine.ErrFull) {
						t.Error(err)
					}
					return !errors.Is(err, engine.ErrFull)
				})
			}
			for _, dir := range dirs {
				until(t, "ended", func() bool { status, err := engine.Verdict(dir); return err != nil || status.State == engine.Ended })
			}
		})
	}
	workers.Wait()
	given := strings.Fields(text(t, marks, "given"))
	if exists(marks, "twice") || len(given) != 9 {
		t.Errorf("devices were given %v, of these twice at once: %v", given, exists(marks, "twice"))
	}
	t.Logf("figure: %d attempts of 3 workers in %d data folders on 2 devices, one at a time", len(given), len(folders))
}

// TestDevices_outliveWorkerAndExec: a runner keeps its device when its worker is another and its exec was killed, and no longer.
func TestDevices_outliveWorkerAndExec(t *testing.T) {
	t.Parallel()
	locks := t.TempDir()
	l := sharing(locks)
	first := onDevice(t, l, "attempt-1", `echo $CUDA_VISIBLE_DEVICES > device; `+polite)
	second := onDevice(t, l, "attempt-2", polite)
	third := onDevice(t, sharing(locks), "attempt-3", `echo $CUDA_VISIBLE_DEVICES > device`)
	submit(t, first)
	submit(t, second)
	ready(t, first)
	ready(t, second)
	process, err := spec.ReadFile[spec.Process](filepath.Join(first, spec.ProcessFile))
	if err := errors.Join(err, syscall.Kill(process.PID, syscall.SIGKILL)); err != nil {
		t.Fatal(err)
	}
	next := sharing(locks) // a service that was started anew
	if _, err := next.Submit(t.Context(), third, "key"); !errors.Is(err, engine.ErrFull) {
		t.Fatalf("with both devices in use: %v, want ErrFull", err)
	}
	if state(t, third) != engine.NotStarted {
		t.Error("an attempt without a device was started")
	}
	if err := os.WriteFile(filepath.Join(first, spec.StopFile), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	until(t, "the device free", func() bool { _, err := next.Submit(t.Context(), third, "key"); return err == nil })
	ended(t, third)
	if a, b := text(t, first, "device"), text(t, third, "device"); a != b {
		t.Errorf("the freed device is %s, the one given then %s", a, b)
	}
	if err := wrapper().Stop(t.Context(), submit(t, second), time.Minute); err != nil {
		t.Fatal(err)
	}
}
