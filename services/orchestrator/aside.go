package orchestrator

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/engine"
)

// errTrainsOn is that an attempt which the database doesn't know still trains; it was asked to leave.
var errTrainsOn = errors.New("an attempt that the database doesn't know still trains, and was asked to leave")

// clearFrom makes room for a run's attempts from number on, where some are left of a run that was deleted, or of a database older than
// its data folder: what they wrote goes into a folder of its own. While one of them may still train nothing is touched.
func clearFrom(run string, number int) error {
	attempts, err := numbered(run, "attempt-", number)
	if err != nil {
		return err
	}
	for _, dir := range attempts {
		status, err := engine.Verdict(dir)
		if err != nil {
			return err
		}
		if status.State != engine.NotStarted && status.State != engine.Ended {
			return errors.Join(fmt.Errorf("%s: %w", filepath.Base(dir), errTrainsOn), engine.AskStop(dir, grace))
		}
	}
	checkpoints, err := numbered(spec.CheckpointsDir(run), "-a", number)
	if err != nil {
		return err
	}
	return setAside(run, append(attempts, checkpoints...))
}

// numbered are the folders in dir whose names end in mark and a number that is at least from.
func numbered(dir, mark string, from int) (found []string, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries {
		i := strings.LastIndex(e.Name(), mark)
		if i < 0 {
			continue
		}
		if n, bad := strconv.Atoi(e.Name()[i+len(mark):]); bad == nil && n >= from {
			found = append(found, filepath.Join(dir, e.Name()))
		}
	}
	return found, err
}

// setAside moves folders of a run's into one that nothing else has, at the same places.
func setAside(run string, dirs []string) error {
	aside := filepath.Join(run, "before-"+strings.ToLower(rand.Text()[:8]))
	for _, dir := range dirs {
		place, err := filepath.Rel(run, dir)
		if err != nil {
			return err
		}
		to := filepath.Join(aside, place)
		if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.Rename(dir, to)); err != nil {
			return err
		}
	}
	return nil
}
