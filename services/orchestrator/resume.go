package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// Resumes is the step of the checkpoint that a run's next attempt goes on from, were it to begin now, or a person to have the run
// try again; 0 where there is none left, so that it begins as it began.
func (s *Sweeper) Resumes(ctx context.Context, run ablation.Run) (int64, error) {
	var before *int64
	if run.State == ablation.RunDiverged {
		first, err := s.Store.DivergedAt(ctx, run.ID)
		if err != nil {
			return 0, err
		}
		before = first
	}
	for {
		c, err := s.Store.Checkpoint(ctx, run.ID, before)
		if c == nil || err != nil {
			return 0, err
		}
		if _, digest, err := spec.FindCheckpoint(checkpointFolder(s.Data, run.ID, *c)); err == nil && digest == c.ManifestSHA256 {
			return c.Step, nil
		}
		before = &c.Step
	}
}

// thin removes what a run that completed kept of checkpoints only because it might have diverged: beyond the newest that its recipe
// keeps, those of its last attempt, but for those where others branch.
func (d *drive) thin(ctx context.Context) error {
	sweep, err := d.Store.Sweep(ctx, d.run.Sweep)
	if err != nil || sweep.Recipe.Checkpoint.Keep == 0 || sweep.Recipe.Divergence.Reports() {
		return err
	}
	branches, err := d.Store.Branches(ctx, d.run.ID)
	if err != nil {
		return err
	}
	saved, err := d.Store.Checkpoints(ctx, d.run.ID)
	if err != nil {
		return err
	}
	own := slices.DeleteFunc(saved, func(c ablation.SavedCheckpoint) bool {
		return c.Attempt != d.attempt.Number || slices.Contains(branches, c.Step)
	})
	for _, c := range own[:max(0, len(own)-sweep.Recipe.Checkpoint.Keep)] {
		if err := removeCheckpoint(checkpointFolder(d.Data, d.run.ID, c)); err != nil {
			d.Log.Warn("Can't remove a checkpoint that is no longer needed", "run_id", d.run.ID, "step", c.Step, "err", err)
		}
	}
	return nil
}

// removeCheckpoint makes a checkpoint disappear at once.
func removeCheckpoint(dir string) error {
	aside := filepath.Join(filepath.Dir(dir), ".removed-"+filepath.Base(dir))
	if err := os.Rename(dir, aside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove checkpoint: %w", err)
	}
	return os.RemoveAll(aside)
}
