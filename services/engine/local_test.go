package engine_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/engine"
)

func TestLocal_runsPartsInOrder(t *testing.T) {
	t.Parallel()
	dir := attempt(t, `echo one >> order; echo out; echo err >&2`, `echo two >> order; echo "$HAIGO_NONCE" > nonce; cat`)
	submit(t, dir)
	exit := ended(t, dir)
	launch, err := spec.ReadFile[spec.Launch](filepath.Join(dir, spec.LaunchFile))
	if err != nil {
		t.Fatal(err)
	}
	if exit.Code != 0 || exit.Part != "1" || exit.Signal != "" || exit.Error != "" || exit.Ended.Before(exit.Started) {
		t.Errorf("exit.json: %+v", exit)
	}
	for name, want := range map[string]string{
		"order": "one\ntwo", "nonce": launch.Nonce, spec.StdoutFile: "out", spec.StderrFile: "err",
	} {
		if got := text(t, dir, name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestLocal_exits(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		name, script string
		want         spec.Exit
	}{
		{"a status", "exit 3", spec.Exit{Code: 3}},
		{"a signal", "kill -SEGV $$", spec.Exit{Code: -1, Signal: "SIGSEGV"}},
		{"a child left behind", "sleep 100 & exit 4", spec.Exit{Code: 4}},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			dir := attempt(t, v.script, "touch second")
			submit(t, dir)
			exit := ended(t, dir)
			if exit.Code != v.want.Code || exit.Signal != v.want.Signal || exit.Part != "0" || exists(dir, "second") {
				t.Errorf("got %+v, want %+v and no second part", exit, v.want)
			}
		})
	}
	t.Run("a program that isn't there", func(t *testing.T) {
		t.Parallel()
		p := plan("")
		p.Parts[0].Argv = []string{"/nowhere/train"}
		dir := filepath.Join(t.TempDir(), "attempt-0001")
		if err := engine.Prepare(dir, nil, p, rand.Text()); err != nil {
			t.Fatal(err)
		}
		submit(t, dir)
		if exit := ended(t, dir); exit.Code != -1 || !strings.Contains(exit.Error, "/nowhere/train: no such file") {
			t.Errorf("exit.json: %+v", exit)
		}
	})
}

func TestLocal_runnerOutlivesTheWorker(t *testing.T) {
	t.Parallel()
	dir := attempt(t, polite)
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	worker := exec.Command(binary, "worker", dir)
	worker.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	alive, errIn := worker.StdinPipe()
	out, errOut := worker.StdoutPipe()
	if err := errors.Join(errIn, errOut, worker.Start()); err != nil {
		t.Fatal(err)
	}
	defer alive.Close()
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || !strings.HasSuffix(line, " <nil>\n") {
		t.Fatalf("%s, %v", line, err)
	}
	ready(t, dir)
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGHUP, syscall.SIGKILL} { // Ctrl-C, a closed terminal, the end
		if err := syscall.Kill(-worker.Process.Pid, s); err != nil && s == syscall.SIGINT {
			t.Fatal(err)
		}
	}
	_ = worker.Wait() // says that it was killed
	if got := state(t, dir); got != engine.Running {
		t.Fatalf("after the worker's death the attempt is %s", got)
	}
	h := submit(t, dir) // the next worker finds it
	if err := wrapper().Stop(t.Context(), h, time.Minute); err != nil {
		t.Fatal(err)
	}
	if exit := ended(t, dir); exit.Code != 0 || !exists(dir, "left") {
		t.Errorf("exit.json: %+v", exit)
	}
}

// TestLocal_slowWrapper: a wrapper that takes its time, as where programs are on a share that hangs, is waited for again; no other is
// started beside it.
func TestLocal_slowWrapper(t *testing.T) {
	t.Parallel()
	dir := attempt(t, "exit 0")
	l := wrapper()
	l.Exec = []string{"/bin/sh", "-c", `echo >> wrappers; while kill -0 $0 && [ ! -e go ]; do sleep 0.02; done; exec "$1" exec "$2" "$3"`, strconv.Itoa(os.Getpid()), l.Exec[0]}
	ctx, giveUp := context.WithCancel(t.Context())
	first := make(chan error)
	go func() {
		_, err := l.Submit(ctx, dir, "key")
		first <- err
	}()
	until(t, "begun", func() bool { return exists(dir, "wrappers") })
	giveUp()
	if err := <-first; !errors.Is(err, engine.ErrAway) {
		t.Errorf("given up: %v, want ErrAway", err)
	}
	if _, err := l.Submit(ctx, dir, "key"); !errors.Is(err, engine.ErrAway) { // its wrapper, were it another, is there by now
		t.Errorf("given up again: %v, want ErrAway", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "go"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Submit(t.Context(), dir, "key"); err != nil {
		t.Error(err)
	}
	ended(t, dir)
	if begun, err := os.ReadFile(filepath.Join(dir, "wrappers")); len(begun) != 1 || err != nil {
		t.Errorf("%d wrappers began, %v; want 1", len(begun), err)
	}
}

func TestLocal_runnerOutlivesExec(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		name, script string
		end          func(l *engine.Local, h engine.Handle) error
	}{
		{"and leaves when asked", polite, func(l *engine.Local, h engine.Handle) error { return l.Stop(t.Context(), h, time.Minute) }},
		{"and is killed", deaf, func(l *engine.Local, h engine.Handle) error { return l.Kill(t.Context(), h) }},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			dir := attempt(t, v.script)
			h := submit(t, dir)
			ready(t, dir)
			if err := syscall.Kill(process(t, dir).PID, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			until(t, "without exec", func() bool { return gone(process(t, dir)) })
			if got := state(t, dir); got != engine.Running {
				t.Fatalf("while the runner lives the attempt is %s", got)
			}
			if err := v.end(wrapper(), h); err != nil {
				t.Fatal(err)
			}
			until(t, "ended", func() bool { return state(t, dir) == engine.Ended })
			if exists(dir, spec.ExitFile) {
				t.Error("exit.json was written by nobody")
			}
		})
	}
}

func TestLocal_runnerKilled(t *testing.T) {
	t.Parallel()
	dir := attempt(t, `echo $$ > pid; touch ready; while kill -0 $TESTS; do sleep 0.02; done`)
	submit(t, dir)
	ready(t, dir)
	if err := exec.Command("sh", "-c", "kill -KILL "+text(t, dir, "pid")).Run(); err != nil {
		t.Fatal(err)
	}
	if exit := ended(t, dir); exit.Signal != "SIGKILL" {
		t.Errorf("exit.json: %+v", exit)
	}
}

func TestLocal_stops(t *testing.T) {
	t.Parallel()
	t.Run("kills after the grace", func(t *testing.T) {
		t.Parallel()
		dir := attempt(t, deaf, "touch second")
		h := submit(t, dir)
		ready(t, dir)
		if err := wrapper().Stop(t.Context(), h, 100*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		if exit := ended(t, dir); exit.Signal != "SIGKILL" || exists(dir, "second") {
			t.Errorf("exit.json: %+v", exit)
		}
	})
	t.Run("kills at once", func(t *testing.T) {
		t.Parallel()
		dir := attempt(t, deaf)
		h := submit(t, dir)
		ready(t, dir)
		err := wrapper().Stop(t.Context(), h, time.Hour)
		if err := errors.Join(err, wrapper().Kill(t.Context(), h)); err != nil {
			t.Fatal(err)
		}
		if exit := ended(t, dir); exit.Signal != "SIGKILL" {
			t.Errorf("exit.json: %+v", exit)
		}
	})
	t.Run("by hand", func(t *testing.T) {
		t.Parallel()
		dir := attempt(t, tamed)
		submit(t, dir)
		ready(t, dir)
		if err := os.WriteFile(filepath.Join(dir, spec.StopFile), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if exit := ended(t, dir); exit.Code != 0 || !exists(dir, "left") {
			t.Errorf("exit.json: %+v", exit)
		}
	})
	t.Run("when exec gets SIGTERM", func(t *testing.T) {
		t.Parallel()
		dir := attempt(t, tamed)
		submit(t, dir)
		ready(t, dir)
		if err := syscall.Kill(process(t, dir).PID, syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if exit := ended(t, dir); exit.Code != 0 || !exists(dir, "left") {
			t.Errorf("exit.json: %+v", exit)
		}
	})
	t.Run("before anything ran", func(t *testing.T) {
		t.Parallel()
		dir := attempt(t, "touch ran")
		if err := os.WriteFile(filepath.Join(dir, spec.StopFile), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		submit(t, dir)
		if exit := ended(t, dir); exit.Code != 0 || exists(dir, "ran") {
			t.Errorf("exit.json: %+v", exit)
		}
	})
}

func TestLocal_neverTwice(t *testing.T) {
	t.Parallel()
	dir := attempt(t, "echo ran >> ran; "+polite)
	handles := make([]engine.Handle, 5)
	var workers sync.WaitGroup
	for i := range handles {
		workers.Go(func() {
			var err error
			if handles[i], err = wrapper().Submit(t.Context(), dir, "key"); err != nil {
				t.Error(err)
			}
		})
	}
	workers.Wait()
	ready(t, dir)
	for _, h := range handles {
		if string(h) != string(handles[0]) {
			t.Errorf("one attempt has handles %s and %s", handles[0], h)
		}
	}
	if err := wrapper().Stop(t.Context(), handles[0], time.Minute); err != nil {
		t.Fatal(err)
	}
	ended(t, dir)
	submit(t, dir)
	attemptIn(t, dir, "echo other >> ran")
	submit(t, dir)
	if got := text(t, dir, "ran"); got != "ran" || state(t, dir) != engine.Ended {
		t.Errorf("the runner's mark is %q, state %s", got, state(t, dir))
	}
}

func TestLocal_killTouchesNoOther(t *testing.T) {
	t.Parallel()
	dir := attempt(t, "exit 0")
	h := submit(t, dir)
	ended(t, dir)
	victim := exec.Command("sleep", "100")
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- victim.Wait() }()
	var fields map[string]any
	if err := json.Unmarshal(h, &fields); err != nil {
		t.Fatal(err)
	}
	fields["pid"] = victim.Process.Pid // as if the dead wrapper's pid had been given out again
	recycled, err := json.Marshal(fields)
	if err := errors.Join(err, wrapper().Kill(t.Context(), recycled)); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		t.Fatalf("the other process ended: %v", err)
	default:
	}
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-ended
}

func TestLocal_wrapperThatCannotStart(t *testing.T) {
	t.Parallel()
	for want, argv := range map[string][]string{
		"/nowhere/haigo: no such file": {"/nowhere/haigo", "exec"},
		"broken by design":             {"/bin/sh", "-c", "echo broken by design >&2; exit 1"},
		"it said nothing":              {"/bin/sh", "-c", "exit 1"},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			dir := attempt(t, "exit 0")
			_, err := (&engine.Local{Exec: argv}).Submit(t.Context(), dir, "key")
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want …%s", err, want)
			}
			if got := state(t, dir); got != engine.NotStarted {
				t.Errorf("the attempt is %s", got)
			}
		})
	}
}

// TestLocal_stuckWrapper: a wrapper that stands still with its runner ends nothing, and is ended.
func TestLocal_stuckWrapper(t *testing.T) {
	t.Parallel()
	dir := attempt(t, deaf)
	h := submit(t, dir)
	ready(t, dir)
	exec := process(t, dir).PID
	if err := syscall.Kill(exec, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := wrapper().Kill(t.Context(), h); err != nil {
		t.Fatal(err)
	}
	if state(t, dir) != engine.Running {
		t.Fatal("a wrapper whose heart beat just now was ended")
	}
	past := time.Now().Add(-time.Minute)
	if err := os.Chtimes(filepath.Join(dir, spec.HeartbeatFile), past, past); err != nil {
		t.Fatal(err)
	}
	if err := wrapper().Kill(t.Context(), h); err != nil {
		t.Fatal(err)
	}
	until(t, "ended", func() bool { return state(t, dir) == engine.Ended })
}

// TestLocal_loudRunner writes a gigabyte; nobody reads, nothing blocks, and the disk keeps the first and last of it.
func TestLocal_loudRunner(t *testing.T) {
	t.Parallel()
	dir := attempt(t, `echo first; yes 0123456789abcdef | head -c 1000000000; echo; sleep 0.2; echo last`)
	submit(t, dir)
	if exit := ended(t, dir); exit.Code != 0 {
		t.Errorf("exit.json: %+v", exit)
	}
	info, err := os.Stat(filepath.Join(dir, spec.StdoutFile))
	if err != nil || info.Size() > 32<<20 {
		t.Fatalf("stdout.log has %d bytes, %v", info.Size(), err)
	}
	log := text(t, dir, spec.StdoutFile)
	if !strings.HasPrefix(log, "first\n") || !strings.HasSuffix(log, "\nlast") || !strings.Contains(log, " bytes dropped here …\n") {
		t.Errorf("stdout.log begins %.40q and ends %.40q", log, log[len(log)-40:])
	}
}

func TestLocal_fullDisk(t *testing.T) {
	mount := t.TempDir()
	if os.Geteuid() != 0 || exec.Command("mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", mount).Run() != nil {
		t.Skip("not run: a full disk needs root and mount")
	}
	t.Cleanup(func() {
		if err := exec.Command("umount", "--lazy", mount).Run(); err != nil {
			t.Error(err)
		}
	})
	dir := attemptIn(t, filepath.Join(mount, "attempt-0001"), "exit 0")
	fill := exec.Command("sh", "-c", "cat /dev/zero > "+filepath.Join(mount, "fill"))
	if err := fill.Run(); err == nil {
		t.Fatal("the disk isn't full")
	}
	_, err := wrapper().Submit(t.Context(), dir, "key")
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v, want ENOSPC", err)
	}
	if err := os.Remove(filepath.Join(mount, "fill")); err != nil {
		t.Fatal(err)
	}
	submit(t, dir)
	if exit := ended(t, dir); exit.Code != 0 {
		t.Errorf("once there is room: %+v", exit)
	}
}

func process(t testing.TB, dir string) *spec.Process {
	t.Helper()
	p, err := spec.ReadFile[spec.Process](filepath.Join(dir, spec.ProcessFile))
	if err != nil {
		t.Fatal(err)
	}
	return p
}
