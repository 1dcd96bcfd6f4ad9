package orchestrator

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// keep puts a copy of each checkpoint that the sweep starts from into the data folder, where no runner removes it. Files
// that a runner wrote are linked, not copied: they never change.
func (s *Sweeper) keep(r *resolved) error {
	for _, p := range r.Sweep.Parents {
		from := r.found[p.SHA256]
		if from == "" {
			continue
		}
		put := link
		if p.Run == "" {
			put = copyFile
		}
		if err := keepCheckpoint(from, spec.KeptDir(s.Data, p.SHA256), p.SHA256, put); err != nil {
			field := "recipe.start.step"
			if p.Run == "" {
				field = "recipe.start.checkpoint"
			}
			return r.placed(wrong(field, "can't be started from: %s", "開始点として使えません：%s", lastLine(err)))
		}
	}
	return nil
}

// keepCheckpoint makes the copy appear at once. One that is there is left alone: it has the same digest.
func keepCheckpoint(from, to, digest string, put func(from, to string) error) error {
	if _, err := os.Stat(filepath.Join(to, spec.ManifestFile)); err == nil {
		return nil
	}
	m, found, err := spec.ReadCheckpoint(from)
	if err != nil {
		return err
	}
	if found != digest {
		return fmt.Errorf("%s has changed: its manifest has SHA-256 %s, not %s", from, found, digest)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(filepath.Dir(to), ".keeping-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	names := []string{spec.ManifestFile}
	for _, f := range m.Files {
		names = append(names, filepath.FromSlash(f.Path))
	}
	for _, name := range names {
		if err := put(filepath.Join(from, name), filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	if err := errors.Join(os.Chmod(dir, 0o755), os.Rename(dir, to)); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return nil
}

// link links a file, or copies it where that can't be.
func link(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if os.Link(from, to) == nil {
		return nil
	}
	return copyFile(from, to)
}

func copyFile(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}
