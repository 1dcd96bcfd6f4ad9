package orchestrator

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// begins says in the spec of a run that has nothing of its own to go on from what it starts from. Where a trunk left
// nothing, or something damaged, the run trains that part itself, from where its sweep begins.
func (d *drive) begins(ctx context.Context, s *spec.Spec, sweep ablation.Sweep) error {
	at, origin := d.run.Start, sweep.StartOf(d.run.Replicate)
	if at == nil {
		return nil
	}
	folder, err := d.startFolder(ctx, *at)
	if trunk := origin == nil || *at != *origin; errors.Is(err, errNoStart) && trunk {
		d.Log.Warn("Trains a shared part of a run again: its trunk has no whole checkpoint there", "run_id", d.run.ID, "trunk", at.Run, "step", at.Step)
		if err := d.Store.Restart(ctx, d.claim, origin); err != nil {
			return err
		}
		if d.run.Start = origin; origin == nil {
			return nil
		}
		at = origin
		folder, err = d.startFolder(ctx, *at)
	}
	if errors.Is(err, errNoStart) {
		return gone(sweep, d.run.Replicate)
	}
	if err != nil {
		return err
	}
	if at.GoesOn() {
		s.Checkpoint.ResumeFrom = &spec.Resume{Step: at.Step, Path: folder.path, RunID: at.Run}
		return nil
	}
	s.Init, s.Eval.SkipStart = &spec.Init{Path: folder.path, ManifestSHA256: folder.digest}, false
	return nil
}

// tunes names the checkpoint that a run tunes, of one that goes on from its own or a shared part: what its method leaves still is
// there.
func (d *drive) tunes(ctx context.Context, s *spec.Spec, sweep ablation.Sweep) error {
	at := sweep.StartOf(d.run.Replicate)
	if at == nil {
		return nil // said by the rules of a spec
	}
	folder, err := d.startFolder(ctx, *at)
	if errors.Is(err, errNoStart) {
		return gone(sweep, d.run.Replicate)
	}
	s.Init = &spec.Init{Path: folder.path, ManifestSHA256: folder.digest}
	return err
}

// gone says that what a replicate's runs start from is no more.
func gone(sweep ablation.Sweep, replicate int64) error {
	p := sweep.Parent(replicate)
	return ablation.Conflict("can't start from %s at step %d: its checkpoint is gone or damaged; put it back, or train that run to there again, and retry this one",
		"%s のステップ %d から始められません。チェックポイントがないか、壊れています。元に戻すか、そのランをそこまで学習し直してから、このランをもう一度実行してください", p.Name, p.Step)
}

// errNoStart is that there is no whole checkpoint to start from.
var errNoStart = errors.New("there is no whole checkpoint to start from")

// folder is where a whole checkpoint lies.
type folder struct{ path, digest string }

// startFolder is the checkpoint that a run starts from: the copy that its sweep keeps, or what the other run wrote.
func (d *drive) startFolder(ctx context.Context, at ablation.Start) (folder, error) {
	if at.SHA256 != "" {
		path := spec.KeptDir(d.Data, at.SHA256)
		if _, digest, err := spec.ReadCheckpoint(path); err != nil || digest != at.SHA256 {
			return folder{}, errors.Join(errNoStart, err)
		}
		return folder{path, at.SHA256}, nil
	}
	c, err := d.Store.CheckpointAt(ctx, at.Run, at.Step)
	if err != nil {
		return folder{}, err
	}
	if c == nil {
		return folder{}, errNoStart
	}
	path, ok := d.whole(at.Run, *c)
	if !ok {
		return folder{}, errNoStart
	}
	return folder{path, c.ManifestSHA256}, nil
}

// checkpointFolder is where a run's checkpoint was written.
func checkpointFolder(data, run string, c ablation.SavedCheckpoint) string {
	return filepath.Clean(spec.Resolve(spec.AttemptDir(spec.RunDir(data, run), c.Attempt), c.Path))
}
