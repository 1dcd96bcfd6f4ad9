package runner

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"
)

// damagedError is a checkpoint that doesn't agree with its manifest. Another attempt can start from another one.
type damagedError struct{ err error }

func (d *damagedError) Error() string { return d.err.Error() }
func (d *damagedError) Unwrap() error { return d.err }

// explain is the reason that a person reads.
func explain(err error) string {
	if !errors.Is(err, syscall.ENOSPC) {
		return err.Error()
	}
	file := "a file"
	var path *fs.PathError
	if errors.As(err, &path) {
		file = filepath.Base(path.Path)
	}
	return fmt.Sprintf("the disk of the run folders is full (%s could not be written); free some space and retry the run", file)
}

// retriable says whether the same run may go better another time.
func retriable(err error) bool {
	var damaged *damagedError
	return errors.Is(err, syscall.ENOSPC) || errors.As(err, &damaged)
}
