package corpus

import (
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

// publish writes the manifest and renames the folder to its version, unless that is there already.
func (t *intake) publish() (Result, error) {
	digest, err := t.writeManifest()
	if err != nil {
		return Result{}, err
	}
	if err := t.writeProblems(); err != nil {
		return Result{}, err
	}
	if err := syncDir(filepath.Join(t.dir, "train")); err != nil {
		return Result{}, err
	}
	home := spec.SourceDir(t.options.Data, t.options.Name, digest[:8])
	existed, err := settle(t.dir, home, spec.ManifestFile)
	if err != nil {
		return Result{}, err
	}
	source, err := Open(home)
	if err != nil {
		return Result{}, err
	}
	if source.ManifestSHA256 != digest {
		return Result{}, fmt.Errorf("version %s is taken by another text: %w", digest[:8], ablation.ErrConflict)
	}
	return Result{Source: source, Existed: existed, Problems: t.tally.problems, Notes: t.tally.notes}, nil
}

func (t *intake) writeManifest() (digest string, err error) {
	m := spec.Manifest{
		ManifestVersion: spec.ManifestVersion, Name: t.options.Name, Lang: t.options.Lang,
		Heldout: t.heldout.File, Rejected: t.tally.rejected, Origin: t.options.origin(),
	}
	for _, s := range t.train {
		m.Files = append(m.Files, s.File)
	}
	data, err := spec.EncodeManifest(&m)
	if err != nil {
		return "", err
	}
	return spec.Digest(data), spec.WriteBytes(filepath.Join(t.dir, spec.ManifestFile), data)
}

func (o Options) origin() []spec.Origin {
	if o.Origin != nil {
		return o.Origin
	}
	var origin []spec.Origin
	for _, path := range o.Paths {
		origin = append(origin, spec.Origin{Path: path})
	}
	return origin
}

func (t *intake) writeProblems() error {
	s, err := createShard(t.dir, ProblemsFile)
	if err != nil {
		return err
	}
	defer s.abandon()
	for _, p := range slices.Concat(t.tally.notes, t.tally.problems) {
		if err := s.writeJSON(p); err != nil {
			return err
		}
	}
	return s.finish()
}

// settle gives a finished folder its final place. Where that is taken by the same content, the folder is left alone and
// the one in place becomes the newest: its record's time is when it was added last. One in place that lacks files, as a
// restored backup's does, makes room.
func settle(dir, home, record string) (existed bool, err error) {
	if err := os.MkdirAll(filepath.Dir(home), 0o755); err != nil {
		return false, err
	}
	if err := syncDir(dir); err != nil {
		return false, err
	}
	if lacks(home, dir) {
		if err := os.RemoveAll(home); err != nil {
			return false, err
		}
	}
	err = os.Rename(dir, home)
	if errors.Is(err, fs.ErrExist) {
		now := time.Now()
		return true, os.Chtimes(filepath.Join(home, record), now, now)
	}
	if err != nil {
		return false, err
	}
	return false, errors.Join(syncDir(filepath.Dir(home)), syncDir(filepath.Dir(filepath.Dir(home))))
}

// lacks reports whether a folder is there without some of another's files.
func lacks(home, dir string) bool {
	if _, err := os.Stat(home); err != nil {
		return false
	}
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return nil // what can't be read here is no file that is missing there
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return nil
		}
		if _, err := os.Lstat(filepath.Join(home, name)); errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}) != nil
}
