package storage

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/postgres"
)

// Keeper looks after a store and the data folder that belongs to it. It is safe for concurrent use.
type Keeper struct {
	Store *postgres.Store
	Data  string // data folder, absolute
	// Freeze is a live share as it stands, for when its sweep goes.
	Freeze func(ctx context.Context, live ablation.Share) (ablation.Share, error)
}

// Use is what takes space, in bytes.
type Use struct {
	Free     int64       `json:"free_bytes"`     // on the disk of the data folder
	Size     int64       `json:"disk_bytes"`     // of that disk
	Database int64       `json:"database_bytes"` // all of it
	Rows     int64       `json:"row_bytes"`      // rows made ready for training, which are made again where they are missing
	Kept     int64       `json:"kept_bytes"`     // copies of checkpoints that sweeps start from
	Sweeps   []SweepUse  `json:"sweeps"`         // newest first
	Sources  []SourceUse `json:"sources"`
}

// SweepUse is what a sweep takes, in bytes.
type SweepUse struct {
	Sweep       string              `json:"sweep"`
	State       ablation.SweepState `json:"state"`
	ArchivedAt  *time.Time          `json:"archived_at,omitempty"`
	Keep        ablation.Keep       `json:"keep"`
	Points      int64               `json:"point_bytes"` // its part of the database's points, by their number
	Checkpoints int64               `json:"checkpoint_bytes"`
	Logs        int64               `json:"log_bytes"`
	Other       int64               `json:"other_bytes"` // what its runs read and wrote besides
}

// Total is all that a sweep takes.
func (u SweepUse) Total() int64 { return u.Points + u.Checkpoints + u.Logs + u.Other }

// SourceUse is what a version of a source takes, in bytes.
type SourceUse struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Lang    string `json:"lang"`
	Bytes   int64  `json:"taken_bytes"`
}

// Use looks at everything: a second or more where there are very many files.
func (k *Keeper) Use(ctx context.Context) (u Use, err error) {
	if u.Free, u.Size, err = space(k.Data); err != nil {
		return u, err
	}
	database, points, err := k.Store.Sizes(ctx)
	if err != nil {
		return u, err
	}
	u.Database = database
	sweeps, err := k.Store.SweepUses(ctx)
	if err != nil {
		return u, err
	}
	u.Sweeps = make([]SweepUse, len(sweeps))
	each := perPoint(sweeps, points)
	for i, w := range sweeps {
		u.Sweeps[i] = SweepUse{
			Sweep: w.Sweep, State: w.State, ArchivedAt: w.ArchivedAt, Keep: w.Keep, Points: int64(each * float64(w.Points)),
		}
		for _, run := range w.RunIDs {
			u.Sweeps[i].add(k.run(run))
		}
	}
	sources, err := k.Store.Sources(ctx)
	if err != nil {
		return u, err
	}
	u.Sources = make([]SourceUse, len(sources))
	for i, s := range sources {
		u.Sources[i] = SourceUse{s.Name, s.Version, s.Lang, bytesBelow(s.Dir)}
	}
	u.Rows, u.Kept = bytesBelow(spec.RowsDir(k.Data)), bytesBelow(filepath.Join(k.Data, "checkpoints"))
	return u, ctx.Err()
}

// perPoint is how many bytes of the database a point takes, on average.
func perPoint(sweeps []ablation.SweepUse, bytes int64) float64 {
	var n int64
	for _, w := range sweeps {
		n += w.Points
	}
	return float64(bytes) / float64(max(n, 1))
}

func space(dir string) (free, size int64, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, 0, fmt.Errorf("look at the disk of %s: %w", dir, err)
	}
	block := uint64(s.Bsize) // of another type on other systems
	return int64(s.Bavail * block), int64(s.Blocks * block), nil
}

// runUse is what a run's folder holds, in bytes.
type runUse struct{ checkpoints, logs, other int64 }

func (u *SweepUse) add(r runUse) {
	u.Checkpoints += r.checkpoints
	u.Logs += r.logs
	u.Other += r.other
}

func (k *Keeper) run(id string) (u runUse) {
	dir := spec.RunDir(k.Data, id)
	checkpoints := spec.CheckpointsDir(dir) + string(filepath.Separator)
	walk(dir, func(path string, bytes int64) {
		switch {
		case strings.HasPrefix(path, checkpoints):
			u.checkpoints += bytes
		case isLog(path):
			u.logs += bytes
		default:
			u.other += bytes
		}
	})
	return u
}

// isLog tells what a runner printed, older pieces included.
func isLog(path string) bool {
	name := filepath.Base(path)
	return strings.HasPrefix(name, spec.StdoutFile) || strings.HasPrefix(name, spec.StderrFile)
}

func bytesBelow(dir string) (n int64) {
	walk(dir, func(_ string, bytes int64) { n += bytes })
	return n
}

// walk visits the files below a folder. What vanishes meanwhile, or can't be read, is passed over.
func walk(dir string, visit func(path string, bytes int64)) {
	_ = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
			visit(path, allocated(info))
		}
		return nil
	})
}

// allocated is what a file really takes: logs may have holes.
func allocated(info fs.FileInfo) int64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return s.Blocks * 512
	}
	return info.Size()
}
