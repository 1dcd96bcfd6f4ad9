package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// startWithin bounds the wait for the wrapper to take the lock.
const startWithin = 30 * time.Second

// Local runs attempts on this machine, detached: they outlive it, and its Ctrl-C. The zero value lacks Exec, and Locks where attempts need devices. It may
// be used concurrently.
type Local struct {
	Exec  []string // the wrapper's command, to which --dir and the folder are added: {"/…/haigo", "exec"}
	Locks string   // folder of the locks of devices, absolute

	mu       sync.Mutex
	children map[int]*child // wrappers that this process started and hasn't reaped, by pid
}

// child is a wrapper that this process started. The engine's lock guards it.
type child struct {
	dir    string // of its attempt
	pid    int
	ended  bool
	status syscall.WaitStatus // once ended
}

var _ Engine = (*Local)(nil)

// local is the handle's content.
type local struct {
	Dir       string `json:"dir"`
	Pack      string `json:"pack,omitempty"` // folder of the pack that it is in; the process is the pack's then
	PID       int    `json:"pid"`
	StartTime int64  `json:"start_time"`
	BootID    string `json:"boot_id"`
	Nonce     string `json:"nonce"`
}

// Name implements Engine.
func (*Local) Name() string { return "local" }

// Submit implements Engine. It returns once the wrapper holds the lock, [ErrFull] where no device is free, or [ErrAway] where the
// wrapper takes so long that it is waited for another time.
func (l *Local) Submit(ctx context.Context, dir, _ string) (Handle, error) {
	l.reap()
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("submit attempt: %w", err)
	}
	status, err := Verdict(dir)
	if err != nil {
		return nil, fmt.Errorf("submit attempt: %w", err)
	}
	ours := l.wrapperOf(dir)
	if ours == nil && status.State == NotStarted {
		if err = anyFree(dir); err == nil {
			ours, err = l.start(dir)
		}
		if err != nil {
			return nil, fmt.Errorf("submit attempt: %w", err)
		}
	}
	p, err := l.await(ctx, dir, ours)
	if err != nil {
		return nil, fmt.Errorf("submit attempt: %w", err)
	}
	data, err := json.Marshal(local{Dir: dir, PID: p.PID, StartTime: p.StartTime, BootID: p.BootID, Nonce: p.Nonce})
	return Handle(data), err
}

// start runs the wrapper in a session of its own. What it has to say goes to stderr.log.
func (l *Local) start(dir string) (*child, error) {
	log, err := openLog(filepath.Join(dir, spec.StderrFile))
	if err != nil {
		return nil, err
	}
	defer log.file.Close()
	c := exec.Command(l.Exec[0], append(l.Exec[1:len(l.Exec):len(l.Exec)], "--dir", dir)...)
	c.Dir, c.Env = dir, wrapperEnv()
	c.Stdout, c.Stderr = log.file, log.file
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := c.Start(); err != nil {
		return nil, err
	}
	return l.adopt(dir, c.Process.Pid), c.Process.Release() // reaped by number, without a goroutine that would have to wait for it
}

// wrapperEnv is the wrapper's environment, and that of the parts beside their own: no secret of the service.
func wrapperEnv() []string {
	var env []string
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "LANG", "LD_LIBRARY_PATH", visibleDevices} {
		if value, set := os.LookupEnv(name); set {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// await waits for process.json: from our wrapper, from another that was quicker (then ours leaves first), or from an
// attempt that ran before.
func (l *Local) await(ctx context.Context, dir string, wrapper *child) (*spec.Process, error) {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	look := time.NewTicker(2 * time.Millisecond)
	defer look.Stop()
	for {
		ours, others := l.lives(wrapper), false
		if !ours {
			others, _ = held(dir)
		}
		p, err := spec.ReadFile[spec.Process](filepath.Join(dir, spec.ProcessFile))
		if err == nil && (!ours || p.PID == wrapper.pid) {
			return p, nil
		}
		if !ours && !others {
			return nil, l.stillborn(dir, wrapper)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: its wrapper doesn't start, as on a machine that is short of memory", ErrAway)
		case <-look.C:
		}
	}
}

// stillborn is why a wrapper ended before it held the lock; on a full disk there was no room for a word of its own.
func (l *Local) stillborn(dir string, wrapper *child) error {
	if wrapper != nil && wrapper.status.ExitStatus() == ExitStatus(syscall.ENOSPC) {
		return fmt.Errorf("the wrapper %s ended at once: %w", l.Exec[0], syscall.ENOSPC)
	}
	return fmt.Errorf("the wrapper %s ended at once: %s", l.Exec[0], lastLine(dir))
}

// lastLine is what the wrapper said last.
func lastLine(dir string) string {
	data, err := os.ReadFile(filepath.Join(dir, spec.StderrFile))
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	if err != nil || lines[len(lines)-1] == "" {
		return "it said nothing"
	}
	return lines[len(lines)-1]
}

// Poll implements Engine.
func (l *Local) Poll(_ context.Context, handles []Handle) ([]Status, error) {
	l.reap()
	statuses := make([]Status, len(handles))
	for i, h := range handles {
		v, err := parse(h)
		if err != nil {
			return nil, err
		}
		if statuses[i], err = Verdict(v.Dir); err != nil {
			return nil, err
		}
	}
	return statuses, nil
}

// Stop implements Engine: the stop file is for the runner and for exec alike. One of a pack's member is for the runner alone;
// a member that the pack hasn't taken yet is ended here.
func (l *Local) Stop(ctx context.Context, h Handle, grace time.Duration) error {
	v, err := parse(h)
	if err != nil {
		return err
	}
	if v.Pack != "" {
		if taken, err := Withdraw(ctx, v.Dir); err != nil || !taken {
			return err
		}
	}
	return askStop(v.Dir, grace.String())
}

// stuck is how old the heartbeat of a wrapper is that does nothing any more, as on a file system that hangs.
const stuck = 6 * beatEvery

// Kill implements Engine. The wrapper, which can't mistake its child, does it; where the wrapper is gone or stuck, the runner
// is known by the nonce in its environment, and a stuck wrapper ends after it. A member of a pack that doesn't leave when it is
// asked to ends with all of the pack.
func (l *Local) Kill(ctx context.Context, h Handle) error {
	v, err := parse(h)
	if err != nil {
		return err
	}
	if err := l.Stop(ctx, h, 0); err != nil {
		return err
	}
	if v.Pack != "" {
		if status, err := Verdict(v.Dir); err != nil || status.State != Running {
			return err
		}
		if err := askStop(v.Pack, "0s"); err != nil {
			return err
		}
		v.Dir = v.Pack
	}
	boot, err := bootID()
	if err != nil || boot != v.BootID {
		return err
	}
	status, err := Verdict(v.Dir)
	if err != nil || status.State != Running {
		return err
	}
	wrapped := alive(v.PID, v.StartTime)
	if wrapped && time.Since(status.Seen) < stuck {
		return nil
	}
	pids, err := carrying(nonceMark(v.Nonce))
	for _, pid := range pids {
		err = errors.Join(err, unlessGone(syscall.Kill(pid, syscall.SIGKILL)))
	}
	if wrapped {
		err = errors.Join(err, unlessGone(syscall.Kill(v.PID, syscall.SIGKILL)))
	}
	if err != nil {
		return fmt.Errorf("kill runner: %w", err)
	}
	return nil
}

func unlessGone(err error) error {
	if errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}

func parse(h Handle) (v local, err error) {
	if err := json.Unmarshal(h, &v); err != nil || v.Dir == "" || v.Nonce == "" {
		return local{}, fmt.Errorf("%s isn't a handle of the local engine: %w", h, errors.Join(err, fs.ErrInvalid))
	}
	return v, nil
}

func (l *Local) adopt(dir string, pid int) *child {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.children == nil {
		l.children = map[int]*child{}
	}
	l.children[pid] = &child{dir: dir, pid: pid}
	return l.children[pid]
}

// wrapperOf is a wrapper of ours that still runs for an attempt, though it may not have come as far as the lock; nil for none.
func (l *Local) wrapperOf(dir string) *child {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.children {
		if c.dir == dir {
			return c
		}
	}
	return nil
}

// lives says whether a wrapper of ours still runs; nil doesn't.
func (l *Local) lives(wrapper *child) bool {
	l.reap()
	l.mu.Lock()
	defer l.mu.Unlock()
	return wrapper != nil && !wrapper.ended
}

// reap takes ended wrappers off the system's list of processes; they are our children while we live.
func (l *Local) reap() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for pid, c := range l.children {
		got, err := syscall.Wait4(pid, &c.status, syscall.WNOHANG, nil)
		if got == pid || errors.Is(err, syscall.ECHILD) {
			c.ended = true
			delete(l.children, pid)
		}
	}
}
