package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// running is a part being run by exec.
type running struct {
	dir            string
	part           spec.Part
	nonce          string
	own            inherited
	stdout, stderr *logFile

	command *exec.Cmd
	asked   time.Time // when the runner was asked to leave; zero for not
	beat    time.Time
}

// run starts the part and waits for its end: its status, the signal that ended it, and why it didn't start.
func (r *running) run(ctx context.Context) (code int, signal, failure string) {
	if err := r.start(); err != nil {
		return -1, "", err.Error()
	}
	ended := make(chan struct{})
	go func() {
		_ = r.command.Wait() // the process's state says it all
		close(ended)
	}()
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	stop := ctx.Done()
	for {
		select {
		case <-ended:
			r.sweep(look.C)
			return r.status()
		case <-stop:
			stop = nil
			r.stop()
		case <-look.C:
			r.lookOnce()
		}
	}
}

// start gives the runner /dev/null, the log files, the locks and a process group of its own.
func (r *running) start() error {
	c := exec.Command(r.part.Argv[0], r.part.Argv[1:]...)
	c.Dir = spec.Resolve(r.dir, r.part.Dir)
	c.Env = append(os.Environ(), nonceMark(r.nonce)) // of exec, which the engine gave: no secret of the service is in it
	c.ExtraFiles = r.own.locks
	if r.own.device != "" {
		c.Env = append(c.Env, visibleDevices+"="+r.own.device, deviceEnv+"="+r.own.device)
	}
	for name, value := range r.part.Env {
		c.Env = append(c.Env, name+"="+value)
	}
	c.Stdout, c.Stderr = r.stdout.file, r.stderr.file
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := c.Start(); err != nil {
		return fmt.Errorf("start part %s: %w", r.part.Name, err)
	}
	r.command = c
	r.touch()
	return nil
}

// lookOnce keeps the logs short, shows that the runner lives, and passes on a wish to stop. A disk that refuses the
// first two is no reason to disturb the training.
func (r *running) lookOnce() {
	_ = r.stdout.relieve()
	_ = r.stderr.relieve()
	if time.Since(r.beat) >= beatEvery {
		r.touch()
	}
	grace, asked := stopAsked(r.dir)
	if !asked {
		return
	}
	r.leave()
	if grace >= 0 && time.Since(r.asked) >= grace {
		_ = syscall.Kill(-r.command.Process.Pid, syscall.SIGKILL) // our child's group; an error means that it has ended
	}
}

// stop is what SIGTERM to exec means: as if somebody had made the stop file.
func (r *running) stop() {
	if _, asked := stopAsked(r.dir); !asked {
		_ = askStop(r.dir, "") // where the disk is full, the runner is asked all the same
	}
	r.leave()
}

// leave asks the runner once.
func (r *running) leave() {
	if r.asked.IsZero() {
		r.asked = time.Now()
		_ = r.command.Process.Signal(syscall.SIGTERM) // an error means that it has ended
	}
}

func (r *running) touch() {
	r.beat = time.Now()
	path := filepath.Join(r.dir, spec.HeartbeatFile)
	if unix.Utimes(path, nil) != nil { // by the clock of the file system's server, where it has one
		_ = os.WriteFile(path, nil, 0o644)
	}
}

// sweep ends what the runner left behind, and waits for that: it would train on beside the next attempt. While a member of the
// runner's group lives the group's number can't be given out again; what has left the group, as torchrun's processes do, and
// perhaps closed the locks that it inherited, is known by the nonce.
func (r *running) sweep(look <-chan time.Time) {
	_ = syscall.Kill(-r.command.Process.Pid, syscall.SIGKILL)
	for left := killCarrying(r.nonce); left > 0; left = killCarrying(r.nonce) {
		<-look
		if time.Since(r.beat) >= beatEvery {
			r.touch()
		}
	}
	_ = r.stdout.shorten()
	_ = r.stderr.shorten()
}

// killCarrying ends the processes of an attempt by its nonce, and says how many there were. Where the system shows no
// environments there are none to be seen.
func killCarrying(nonce string) int {
	pids, err := carrying(nonceMark(nonce))
	if err != nil {
		return 0
	}
	for _, pid := range pids {
		_ = syscall.Kill(pid, syscall.SIGKILL) // an error means that it has ended, or is another user's
	}
	return len(pids)
}

func nonceMark(nonce string) string { return nonceEnv + "=" + nonce }

func (r *running) status() (code int, signal, failure string) {
	state := r.command.ProcessState
	if ws, ok := state.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return -1, unix.SignalName(ws.Signal()), ""
	}
	return state.ExitCode(), "", ""
}

// stopAsked reads the stop file: whether there is one, and the grace that it gives; negative for no end.
func stopAsked(dir string) (grace time.Duration, asked bool) {
	data, err := os.ReadFile(filepath.Join(dir, spec.StopFile))
	if err != nil {
		return -1, !errors.Is(err, fs.ErrNotExist)
	}
	grace, err = time.ParseDuration(strings.TrimSpace(string(data)))
	if err != nil {
		return -1, true // made by a person, with touch
	}
	return grace, true
}

// askStop makes the stop file. Its content, for exec alone, is the grace as a Go duration; without one, exec never ends
// the runner.
func askStop(dir, grace string) error {
	if err := spec.WriteBytes(filepath.Join(dir, spec.StopFile), []byte(grace)); err != nil {
		return fmt.Errorf("ask the runner to leave: %w", err)
	}
	return nil
}
