package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// examineWithin bounds the wait for the wrapper to say what it can.
const examineWithin = 30 * time.Second

// Examine says what would keep attempts whose folders lie below runs from running here: processes that can't be told
// apart, a folder that can't be written to or in which locks hold nothing, a wrapper that doesn't start. nil: nothing.
func (l *Local) Examine(ctx context.Context, runs string) error {
	if _, err := Self(); err != nil {
		return err
	}
	for _, folder := range []string{runs, l.Locks} {
		if err := tryLocks(folder); err != nil {
			return fmt.Errorf("%w; choose a data folder on a disk that can be written to and has locks", err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, examineWithin)
	defer cancel()
	c := exec.CommandContext(ctx, l.Exec[0], append(slices.Clone(l.Exec[1:]), "--help")...)
	c.Env = wrapperEnv()
	if out, err := c.CombinedOutput(); err != nil {
		said, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		return fmt.Errorf("%s doesn't start: %w %s", strings.Join(l.Exec, " "), err, said)
	}
	return nil
}

// tryLocks tries whether a lock in a folder keeps others out.
func tryLocks(folder string) (err error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	probe, err := os.CreateTemp(folder, ".doctor-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, probe.Close(), os.Remove(probe.Name())) }()
	other, err := os.OpenFile(probe.Name(), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer other.Close()
	if err := flock(probe, syscall.LOCK_EX); err != nil {
		return err
	}
	if err := flock(other, syscall.LOCK_EX); !errors.Is(err, ErrBusy) {
		return fmt.Errorf("a lock in %s keeps nobody out", folder)
	}
	return nil
}
