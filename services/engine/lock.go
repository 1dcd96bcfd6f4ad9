package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// ErrBusy is the error of a second exec on an attempt that is alive.
var ErrBusy = errors.New("another exec holds the attempt's lock")

// The lock belongs to exec and runner alone, exclusively. Everybody else takes it shared, for a moment, to learn whether
// it is free; an exec that starts in such a moment waits it out instead of taking it for another exec.

// takeLock holds the attempt's lock until the file and every copy of it that a runner inherited are closed.
func takeLock(ctx context.Context, dir string) (*os.File, error) {
	file, err := openLock(dir)
	if err != nil {
		return nil, err
	}
	for {
		if err = flock(file, syscall.LOCK_EX); err == nil {
			return file, nil
		}
		if !errors.Is(err, ErrBusy) || flock(file, syscall.LOCK_SH) != nil {
			break
		}
		_ = flock(file, syscall.LOCK_UN) // only others who look held it
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), file.Close())
		case <-time.After(5 * time.Millisecond):
		}
	}
	return nil, errors.Join(err, file.Close())
}

// lockFree keeps an exec from starting until release; ErrBusy where one, or its runner, lives.
func lockFree(dir string) (release func() error, err error) {
	file, err := openLock(dir)
	if err != nil {
		return nil, err
	}
	if err := flock(file, syscall.LOCK_SH); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file.Close, nil
}

// held says whether an exec or its runner lives.
func held(dir string) (bool, error) {
	if _, err := os.Stat(filepath.Join(dir, spec.LockFile)); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	release, err := lockFree(dir)
	if errors.Is(err, ErrBusy) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return false, release()
}

func openLock(dir string) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(dir, spec.LockFile), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open the attempt's lock: %w", err)
	}
	return file, nil
}

func flock(file *os.File, how int) error {
	for {
		err := syscall.Flock(int(file.Fd()), how|syscall.LOCK_NB)
		switch {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EWOULDBLOCK):
			return ErrBusy
		case err != nil:
			return fmt.Errorf("lock %s: %w", file.Name(), err)
		default:
			return nil
		}
	}
}
