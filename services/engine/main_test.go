package engine_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/engine"
	"github.com/haigo-lab/haigo/services/engine/enginetest"
)

// TestMain is the tests' `haigo exec` and a worker too: this binary is started again with a role.
func TestMain(m *testing.M) {
	if len(os.Args) < 2 {
		goleak.VerifyTestMain(m)
	}
	switch os.Args[1] {
	case "exec": // exec --dir D
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		if err := engine.Exec(ctx, os.Args[3]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(engine.ExitStatus(err))
		}
	case "pack": // in the pack's folder
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		if err := enginetest.RunPack(ctx, ".", trainUntilAsked); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	case "worker": // worker D: submits and stays as long as the tests
		h, err := wrapper().Submit(context.Background(), os.Args[2], "key")
		fmt.Println(string(h), err)
		_, _ = io.Copy(io.Discard, os.Stdin)
	default:
		goleak.VerifyTestMain(m)
	}
}

func wrapper() *engine.Local {
	binary, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return &engine.Local{Exec: []string{binary, "exec"}}
}

// Runners, as shell scripts. They outlive whatever ends but the tests themselves.
const (
	polite = `trap '' TERM; touch ready; while kill -0 $TESTS && [ ! -e stop ]; do sleep 0.02; done; touch left`
	tamed  = `trap 'touch left; exit 0' TERM; touch ready; while kill -0 $TESTS; do sleep 0.02; done`
	deaf   = `trap '' TERM; touch ready; while kill -0 $TESTS; do sleep 0.02; done`
)

// attempt is a prepared folder whose parts are shell scripts.
func attempt(t testing.TB, scripts ...string) string {
	t.Helper()
	return attemptIn(t, filepath.Join(t.TempDir(), "attempt-0001"), scripts...)
}

func attemptIn(t testing.TB, dir string, scripts ...string) string {
	t.Helper()
	if err := engine.Prepare(dir, []byte("{}"), plan(scripts...), rand.Text()); err != nil {
		t.Fatal(err)
	}
	return dir
}

func plan(scripts ...string) trainer.Plan {
	var p trainer.Plan
	env := map[string]string{"PATH": os.Getenv("PATH"), "TESTS": strconv.Itoa(os.Getpid())}
	for i, s := range scripts {
		p.Parts = append(p.Parts, spec.Part{Name: strconv.Itoa(i), Argv: []string{"/bin/sh", "-c", s}, Env: env, Dir: "."})
	}
	return p
}

func submit(t testing.TB, dir string) engine.Handle {
	t.Helper()
	h, err := wrapper().Submit(t.Context(), dir, "key")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // nothing outlives a failed test
		if err := wrapper().Kill(context.Background(), h); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
		until(t, "ended", func() bool { return state(t, dir) != engine.Running })
	})
	return h
}

func state(t testing.TB, dir string) engine.State {
	t.Helper()
	status, err := engine.Verdict(dir)
	if err != nil {
		t.Fatal(err)
	}
	return status.State
}

// ended waits for the attempt's end and returns exit.json.
func ended(t testing.TB, dir string) *spec.Exit {
	t.Helper()
	until(t, "ended", func() bool { return state(t, dir) == engine.Ended })
	exit, err := spec.ReadFile[spec.Exit](filepath.Join(dir, spec.ExitFile))
	if err != nil {
		t.Fatal(err)
	}
	return exit
}

func exists(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, name))
	return err == nil
}

// ready waits until a runner of the test's says so.
func ready(t testing.TB, dir string) {
	t.Helper()
	until(t, "ready", func() bool { return exists(dir, "ready") })
}

// stuck is how long a process takes that is called stuck, on a machine however slow.
const stuck = 4 * time.Minute

// until looks again and again, until what it waits for is stuck.
func until(t testing.TB, what string, so func() bool) {
	t.Helper()
	deadline, look := time.After(stuck), time.NewTicker(5*time.Millisecond)
	defer look.Stop()
	for !so() {
		select {
		case <-deadline:
			t.Fatalf("never %s", what)
		case <-look.C:
		}
	}
}

func text(t testing.TB, dir, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(data))
}

func number(t testing.TB, dir, name string) int {
	t.Helper()
	n, err := strconv.Atoi(text(t, dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
