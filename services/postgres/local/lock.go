package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// How a lock is held: by one alone, or by any number together.
const (
	exclusive = syscall.LOCK_EX
	shared    = syscall.LOCK_SH
)

var errHeld = errors.New("somebody else holds the lock")

// lock waits for the lock on a file; closing the file gives it back, and so does the end of the program.
func lock(ctx context.Context, path string, how int) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		if err = flock(file, how); !errors.Is(err, errHeld) {
			break
		}
		if err = pause(ctx); err != nil {
			err = fmt.Errorf("wait for %s: %w", path, err)
			break
		}
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

func flock(file *os.File, how int) error {
	for {
		err := syscall.Flock(int(file.Fd()), how|syscall.LOCK_NB)
		switch {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EWOULDBLOCK):
			return errHeld
		case err != nil:
			return fmt.Errorf("lock %s: %w", file.Name(), err)
		default:
			return nil
		}
	}
}

// pause is a moment between two looks at what another process does.
func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(20 * time.Millisecond):
		return nil
	}
}
