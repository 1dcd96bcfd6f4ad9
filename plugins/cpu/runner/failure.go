package runner

import (
	"errors"
	"syscall"
)

// damagedError is a checkpoint that doesn't agree with its manifest. Another attempt can start from another one.
type damagedError struct{ err error }

func (d *damagedError) Error() string { return d.err.Error() }
func (d *damagedError) Unwrap() error { return d.err }

// explain is the reason that a person reads.
func explain(err error) string {
	if errors.Is(err, syscall.ENOSPC) {
		return "the disk is full; free some space and start the run again: " + err.Error()
	}
	return err.Error()
}

// retriable says whether the same run may go better another time.
func retriable(err error) bool {
	var damaged *damagedError
	return errors.Is(err, syscall.ENOSPC) || errors.As(err, &damaged)
}
