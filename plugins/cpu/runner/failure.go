package runner

import (
	"errors"
	"io/fs"
	"path/filepath"
	"syscall"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// damagedError is a checkpoint that doesn't agree with its manifest. Another attempt can start from another one.
type damagedError struct{ err error }

func (d *damagedError) Error() string { return d.err.Error() }
func (d *damagedError) Unwrap() error { return d.err }

// explained is the error whose words a person reads.
func explained(err error) error {
	if !errors.Is(err, syscall.ENOSPC) {
		return err
	}
	var path *fs.PathError
	if !errors.As(err, &path) {
		path = &fs.PathError{Path: spec.EventsFile} // what is written to most
	}
	return spec.Say("the disk of the run folders is full (%s could not be written); free some space and retry the run",
		"ランのフォルダーのディスクがいっぱいです（%s を書けません）。空きを作って、ランをもう一度実行してください", filepath.Base(path.Path))
}

// retriable says whether the same run may go better another time.
func retriable(err error) bool {
	var damaged *damagedError
	return errors.Is(err, syscall.ENOSPC) || errors.As(err, &damaged)
}
