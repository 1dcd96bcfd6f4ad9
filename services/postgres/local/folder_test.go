package local_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/services/postgres/local"
)

// A data folder may have any name that a file system lets it have.
func TestServer_folderNames(t *testing.T) {
	for name, inside := range map[string]bool{`配合 "+100%`: true, ` a, "b" it's [x]*?{} = & #;?$HOME\`: false} {
		t.Run(name, func(t *testing.T) {
			data := filepath.Join(short(t), name)
			first := start(t, data)
			ask(t, first, `CREATE TABLE t AS SELECT 1 AS n`)
			if strings.HasPrefix(first.Socket, data) != inside {
				t.Errorf("its socket is in %s", first.Socket)
			}
			second := start(t, data) // finds the one that runs
			if got := ask(t, second, `SELECT n::text FROM t`); got != "1" {
				t.Errorf("got %q, want 1", got)
			}
			stop(t, second)
			stop(t, first)
			if got := ask(t, start(t, data), `SELECT n::text FROM t`); got != "1" {
				t.Errorf("started again: got %q, want 1", got)
			}
		})
	}
}

// A server that runs and answers nobody is waited for no longer than somebody would believe that it starts.
func TestServer_answersNobody(t *testing.T) {
	local.BePatient(t, time.Second)
	data := folder(t)
	first := start(t, data)
	pid := postmaster(t, first)
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	defer syscall.Kill(pid, syscall.SIGCONT)
	s, err := local.Start(t.Context(), local.Options{Data: data, Fast: true})
	if err == nil {
		stop(t, s)
		t.Fatal("a stopped server answers")
	}
	if want := fmt.Sprintf("process %d serves the database and doesn't answer", pid); !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

// Whoever waits for another program is told so.
func TestServer_saysThatItWaits(t *testing.T) {
	local.BePatient(t, time.Millisecond)
	data := folder(t)
	held, err := os.Create(filepath.Join(data, "postgres.lock"))
	if err := errors.Join(err, syscall.Flock(int(held.Fd()), syscall.LOCK_EX)); err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	ctx, cancel := context.WithCancel(t.Context())
	said, writer := io.Pipe()
	done := make(chan error)
	go func() {
		_, err := local.Start(ctx, local.Options{Data: data, Fast: true, Log: slog.New(slog.NewTextHandler(writer, nil))})
		done <- err
	}()
	line, err := bufio.NewReader(said).ReadString('\n')
	if err != nil || !strings.Contains(line, "another program is starting or stopping it") {
		t.Errorf("it said %q, %v", line, err)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// A child has ended when it has, and not while its command line can't be read.
func TestGoesOn(t *testing.T) {
	cmd := exec.Command("sleep", "600")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if !local.GoesOn(cmd.Process.Pid) {
		t.Error("a child that runs has ended")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for local.GoesOn(cmd.Process.Pid) { // until the signal arrives, or the test's own deadline
		runtime.Gosched()
	}
	if local.GoesOn(os.Getpid()) {
		t.Error("a process is its own child")
	}
}

// short is a folder whose path leaves room for a socket's.
func short(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "haigo-")
	if err := errors.Join(err, os.Chmod(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// A folder for passing files whose own path is too long for a socket is of no use for it.
func TestServer_longTemporaryFolder(t *testing.T) {
	dir := filepath.Join(folder(t), strings.Repeat("long", 20))
	t.Setenv("TMPDIR", filepath.Join(dir, "tmp"))
	s, err := local.Start(t.Context(), local.Options{Data: dir, Fast: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, s) })
	ask(t, s, `SELECT 1`)
}
