package engine

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// An attempt on another machine counts as alive while its heartbeat is fresh, and as lost with its machine when that is old: by
// then it can't have written to the shared folder for long.
const (
	fresh = 60 * time.Second
	lost  = 15 * time.Minute
)

// Verdict says what became of the attempt in folder dir:
//
//	lock held                                    running
//	lock free, no process.json                   not started; waiting where it is in a pack that runs
//	lock free, exit.json                         ended
//	lock free, process.json of this machine      ended, or running while a process has the attempt's nonce
//	process.json of another machine, no exit.json    running while its heartbeat is fresh, unobserved until that is
//	                                                 a quarter of an hour old, then ended
//
// A machine is this one when it has our name or our boot id: the lock is the kernel's, and a reboot frees it.
func Verdict(dir string) (Status, error) {
	// process.json before the lock: an exec that starts in between is then seen by its lock.
	p, err := spec.ReadFile[spec.Process](filepath.Join(dir, spec.ProcessFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Status{}, fmt.Errorf("judge attempt: %w", err)
	}
	alive, err := held(dir)
	if err != nil {
		return Status{}, fmt.Errorf("judge attempt: %w", err)
	}
	pack, err := spec.PackOf(dir)
	if err != nil {
		return Status{}, fmt.Errorf("judge attempt: %w", err)
	}
	status := Status{Seen: heartbeat(cmp.Or(pack, dir))}
	switch {
	case alive:
		status.State = Running
	case p == nil:
		status.State, err = unseated(pack)
	case !exited(dir) && here(p) && lives(p):
		status.State = Running
	case exited(dir) || here(p) || since(status.Seen, p.Started) > lost:
		status.State = Ended
	case time.Since(status.Seen) < fresh:
		status.State = Running
	default:
		status.State = Unobserved
	}
	return status, err
}

// since is how long an attempt has given no sign of life: none since its start where it never beat.
func since(seen, started time.Time) time.Duration {
	if started.After(seen) {
		seen = started
	}
	return time.Since(seen)
}

func exited(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, spec.ExitFile))
	return err == nil
}

func heartbeat(dir string) time.Time {
	info, err := os.Stat(filepath.Join(dir, spec.HeartbeatFile))
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// lives says whether a process of an attempt goes on that holds no lock: what torchrun starts closes files that it inherits,
// and outlives an exec and a torchrun that were killed.
func lives(p *spec.Process) bool {
	pids, err := carrying(nonceMark(p.Nonce))
	return err == nil && len(pids) > 0
}

// here says whether a process was one of this machine.
func here(p *spec.Process) bool {
	self, err := Self()
	return err == nil && (p.Host == self.Host || p.BootID == self.BootID)
}
