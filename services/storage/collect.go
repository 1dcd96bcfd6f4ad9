package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// Kind is why something may go.
type Kind string

// Kinds of what may go. The first three are of runs whose sweep keeps them no longer.
const (
	Points      = Kind(ablation.KeptPoints)
	Checkpoints = Kind(ablation.KeptCheckpoints)
	Logs        = Kind(ablation.KeptLogs)
	Orphan      = Kind("orphan")     // the folder of a run that was deleted
	Pack        = Kind("pack")       // the folder of a process that several runs shared, none of which has its logs any more
	Copy        = Kind("copy")       // of a checkpoint that no run starts from any more
	Rows        = Kind("rows")       // made ready for training, while nothing trains or waits
	Unfinished  = Kind("unfinished") // left behind by a program that was killed
	Unknown     = Kind("unknown")    // of a run that the database neither has nor deleted, which may be in a backup or another database
	Earlier     = Kind("earlier")    // of an ended run, and unknown to the database: it was restored, or an earlier sweep had the run's name
)

// settled is how old what nothing refers to must be: somebody may be about to.
const settled = 24 * time.Hour

// Item is one thing that may go.
type Item struct {
	Kind  Kind   `json:"kind"`
	Sweep string `json:"sweep,omitempty"`
	RunID string `json:"run_id,omitempty"`
	Run   string `json:"run,omitempty"`  // its name
	Path  string `json:"path,omitempty"` // in the data folder
	Count int64  `json:"count,omitempty"`
	Bytes int64  `json:"bytes"` // about, of points: their number tells
}

// Collect is everything that may go, and changes nothing.
func (k *Keeper) Collect(ctx context.Context) ([]Item, error) {
	items, err := k.due(ctx)
	if err != nil {
		return nil, err
	}
	for _, find := range []func(context.Context) ([]Item, error){k.leftCheckpoints, k.leftLogs, k.unreferred} {
		found, err := find(ctx)
		if err != nil {
			return nil, err
		}
		items = append(items, found...)
	}
	return items, nil
}

// due is bulk whose time is over.
func (k *Keeper) due(ctx context.Context) ([]Item, error) {
	due, err := k.Store.Due(ctx)
	if err != nil || len(due) == 0 {
		return nil, err
	}
	sweeps, err := k.Store.SweepUses(ctx)
	if err != nil {
		return nil, err
	}
	_, bytes, err := k.Store.Sizes(ctx)
	if err != nil {
		return nil, err
	}
	each := perPoint(sweeps, bytes)
	items := make([]Item, len(due))
	for i, d := range due {
		items[i] = Item{Kind: Kind(d.Kind), Sweep: d.Sweep, RunID: d.RunID, Run: d.Run, Count: d.Points + d.Lines}
		switch use := k.run(d.RunID); d.Kind {
		case ablation.KeptPoints:
			items[i].Bytes = int64(each * float64(d.Points))
		case ablation.KeptCheckpoints:
			items[i].Bytes, items[i].Path = use.checkpoints, k.local(spec.CheckpointsDir(spec.RunDir(k.Data, d.RunID)))
		default:
			items[i].Bytes = use.logs
		}
	}
	return items, nil
}

// leftCheckpoints are those whose rows are gone.
func (k *Keeper) leftCheckpoints(ctx context.Context) ([]Item, error) {
	runs, err := k.Store.DroppedRuns(ctx, ablation.KeptCheckpoints)
	var items []Item
	for _, id := range runs {
		dir := spec.CheckpointsDir(spec.RunDir(k.Data, id))
		if _, err := os.Stat(dir); err == nil {
			items = append(items, Item{Kind: Unfinished, RunID: id, Path: k.local(dir), Bytes: bytesBelow(dir)})
		}
	}
	return items, err
}

// leftLogs are the files of which a run's row says that they went, after a removal that was killed.
func (k *Keeper) leftLogs(ctx context.Context) ([]Item, error) {
	runs, err := k.Store.DroppedRuns(ctx, ablation.KeptLogs)
	var items []Item
	for _, id := range runs {
		walk(spec.RunDir(k.Data, id), func(path string, bytes int64) {
			if isLog(path) {
				items = append(items, Item{Kind: Unfinished, RunID: id, Path: k.local(path), Bytes: bytes})
			}
		})
	}
	return items, err
}

// unreferred is what lies in the data folder without anything that refers to it.
func (k *Keeper) unreferred(ctx context.Context) ([]Item, error) {
	runs, active, err := k.Store.RunIDs(ctx)
	if err != nil {
		return nil, err
	}
	dropped, err := k.Store.DroppedRuns(ctx, ablation.KeptCheckpoints)
	if err != nil {
		return nil, err
	}
	copies, err := k.Store.KeptCheckpoints(ctx)
	if err != nil {
		return nil, err
	}
	checkpointed, err := k.Store.Checkpointed(ctx)
	if err != nil {
		return nil, err
	}
	deleted, err := k.Store.DeletedRuns(ctx)
	if err != nil {
		return nil, err
	}
	old := time.Now().Add(-settled)
	left := func(path string) bool { // by a deletion that broke off
		at, known := deleted[filepath.Base(path)]
		return known && touched(path).Before(at.Add(settled))
	}
	absent := func(path string) bool { return !slices.Contains(runs, filepath.Base(path)) }
	items := k.below("runs/*", Unknown, old, func(path string) bool { return absent(path) && !left(path) })
	copied := Copy
	if len(items) > 0 {
		copied = Unknown // whose runs may start from them
	}
	items = append(items, k.below("runs/*", Orphan, old, func(path string) bool { return absent(path) && left(path) })...)
	items = append(items, k.below("checkpoints/[^.]*", copied, old, func(path string) bool { return !slices.Contains(copies, filepath.Base(path)) })...)
	for _, pattern := range []string{"runs/*/before-*", "runs/*/attempt-*.before-*"} {
		items = append(items, k.below(pattern, Earlier, old, func(path string) bool { return slices.Contains(runs, filepath.Base(filepath.Dir(path))) })...)
	}
	items = append(items, k.below("runs/*/checkpoints/[^.]*", Earlier, old, func(path string) bool {
		run := filepath.Base(filepath.Dir(filepath.Dir(path)))
		ended := slices.Contains(runs, run) && !slices.Contains(active, run)
		return ended && !slices.Contains(dropped, run) && !checkpointed(run, filepath.Base(path))
	})...)
	for _, pattern := range []string{"checkpoints/.*", "sources/.*", "sources/*/.*", "tasks/*/.*", "runs/*/.removed-*", "runs/*/checkpoints/.removed-*"} {
		items = append(items, k.below(pattern, Unfinished, old, nil)...)
	}
	joined := k.joined()
	items = append(items, k.below("packs/*", Pack, old, func(path string) bool { return !joined[filepath.Base(path)] })...)
	if len(active) == 0 {
		items = append(items, k.below("rows/*", Rows, old, nil)...)
	}
	return items, nil
}

// joined are the packs whose logs are a run's.
func (k *Keeper) joined() map[string]bool {
	names := map[string]bool{}
	for _, link := range matching(k.Data, "runs/*/attempt-*/"+spec.StderrFile) {
		if target, err := os.Readlink(link); err == nil {
			names[filepath.Base(filepath.Dir(target))] = true
		}
	}
	return names
}

// below are the folders of a pattern that nobody touched of late and of which ok holds.
func (k *Keeper) below(pattern string, kind Kind, old time.Time, ok func(path string) bool) (items []Item) {
	for _, path := range matching(k.Data, pattern) {
		if touched(path).Before(old) && (ok == nil || ok(path)) {
			items = append(items, Item{Kind: kind, Path: k.local(path), Bytes: bytesBelow(path)})
		}
	}
	return items
}

// matching are the paths of a pattern below a folder, whatever that is called.
func matching(dir, pattern string) (paths []string) {
	found, _ := fs.Glob(os.DirFS(dir), pattern) // fails for a bad pattern only
	for _, path := range found {
		paths = append(paths, filepath.Join(dir, path))
	}
	return paths
}

// touched is when anything below a path changed last.
func touched(path string) (last time.Time) {
	_ = filepath.WalkDir(path, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil // it vanishes
		}
		if info, err := entry.Info(); err == nil && info.ModTime().After(last) {
			last = info.ModTime()
		}
		return nil
	})
	return last
}

// local is a path within the data folder.
func (k *Keeper) local(path string) string {
	name, err := filepath.Rel(k.Data, path)
	if err != nil {
		return path
	}
	return filepath.ToSlash(name)
}

// Known are the items but those that another database, or a backup, may know more of.
func Known(items []Item) []Item {
	return slices.DeleteFunc(slices.Clone(items), func(i Item) bool { return i.Kind == Unknown })
}

// Remove removes what Collect found, and returns what really went: what is no longer due stays.
func (k *Keeper) Remove(ctx context.Context, items []Item) (removed []Item, err error) {
	for _, item := range items {
		done, err := k.remove(ctx, item)
		if err != nil {
			return removed, err
		}
		if done {
			removed = append(removed, item)
		}
	}
	return removed, nil
}

func (k *Keeper) remove(ctx context.Context, item Item) (bool, error) {
	switch item.Kind {
	case Points, Checkpoints, Logs:
		dropped, err := k.Store.Drop(ctx, item.RunID, ablation.Kept(item.Kind))
		if err != nil || !dropped {
			return false, err
		}
	}
	if item.Kind == Logs {
		return true, k.removeLogs(item.RunID)
	}
	if item.Path == "" {
		return true, nil
	}
	path := filepath.Join(k.Data, filepath.FromSlash(item.Path))
	switch item.Kind {
	case Orphan, Unknown, Earlier, Copy, Rows:
		if touched(path).After(time.Now().Add(-settled)) { // somebody needs it since
			return false, nil
		}
	}
	if isLog(path) {
		return true, os.Remove(path)
	}
	return true, removeAll(path)
}

func (k *Keeper) removeLogs(run string) (err error) {
	walk(spec.RunDir(k.Data, run), func(path string, _ int64) {
		if isLog(path) {
			err = errors.Join(err, os.Remove(path))
		}
	})
	for _, path := range matching(spec.RunDir(k.Data, run), "attempt-*/*.log") { // links to those of a pack
		if isLog(path) {
			err = errors.Join(err, os.Remove(path))
		}
	}
	return err
}

// removeAll takes a folder out of sight at once, and then away.
func removeAll(dir string) error {
	aside := filepath.Join(filepath.Dir(dir), ".removed-"+filepath.Base(dir))
	if err := os.Rename(dir, aside); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		aside = dir // an earlier one lies there still
	}
	if err := os.RemoveAll(aside); err != nil {
		return fmt.Errorf("remove %s: %w", dir, err)
	}
	return nil
}
