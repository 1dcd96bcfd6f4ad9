package spec

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// CheckpointManifest is the manifest.json of a checkpoint, written last. The SHA-256 of its bytes is in the checkpoint's
// event.
type CheckpointManifest struct {
	ManifestVersion int              `json:"manifest_version"` // 1
	RunID           string           `json:"run_id"`
	Attempt         int              `json:"attempt"`
	Step            int64            `json:"step"`
	Files           []CheckpointFile `json:"files"` // sorted by path
}

// CheckpointFile is a file of a checkpoint; Path is relative to its folder, with slashes. Bytes is its size.
type CheckpointFile struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
}

// SaveCheckpoint makes a checkpoint appear at once: fill writes its files into a hidden folder, which gets its manifest,
// is put on disk and renamed. Call [EventWriter.Sync] before. The result is the checkpoint's event, with an absolute
// path. Checkpoints are immutable: it is an error where the attempt already has one at that step.
func SaveCheckpoint(runDir, runID string, step int64, attempt int, fill func(dir string) error) (Saved, error) {
	final := CheckpointDir(runDir, step, attempt)
	if err := os.MkdirAll(filepath.Dir(final), 0o755); err != nil {
		return Saved{}, fmt.Errorf("save checkpoint: %w", err)
	}
	dir := savingDir(filepath.Dir(final), attempt)
	defer os.RemoveAll(dir)
	m := CheckpointManifest{ManifestVersion: 1, RunID: runID, Attempt: attempt, Step: step}
	if err := errors.Join(sweep(filepath.Dir(final), attempt), os.Mkdir(dir, 0o755)); err != nil {
		return Saved{}, fmt.Errorf("save checkpoint: %w", err)
	}
	if err := fill(dir); err != nil {
		return Saved{}, fmt.Errorf("save checkpoint at step %d: %w", step, err)
	}
	saved, err := seal(dir, &m)
	if err != nil {
		return Saved{}, fmt.Errorf("save checkpoint at step %d: %w", step, err)
	}
	if err := errors.Join(os.Rename(dir, final), syncDir(filepath.Dir(final))); err != nil {
		return Saved{}, fmt.Errorf("save checkpoint at step %d: %w", step, err)
	}
	saved.Path, err = filepath.Abs(final)
	return saved, err
}

// savingDir is each attempt's own: one that was given up may still write, on a node that nobody reaches.
func savingDir(checkpoints string, attempt int) string {
	return filepath.Join(checkpoints, fmt.Sprintf(".saving-a%04d", attempt))
}

// sweep removes what this attempt and those before it left half-written. One of those that still writes is let be.
func sweep(checkpoints string, attempt int) error {
	for a := 1; a < attempt; a++ {
		_ = os.RemoveAll(savingDir(checkpoints, a))
	}
	return os.RemoveAll(savingDir(checkpoints, attempt))
}

// seal lists and syncs the files of dir and writes the manifest over them.
func seal(dir string, m *CheckpointManifest) (Saved, error) {
	saved := Saved{Step: m.Step}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := sealFile(dir, path)
		m.Files = append(m.Files, f)
		saved.Bytes += f.Bytes
		return err
	})
	if err != nil {
		return Saved{}, err
	}
	slices.SortFunc(m.Files, func(a, b CheckpointFile) int { return strings.Compare(a.Path, b.Path) })
	data, err := encodeFile(m)
	if err != nil {
		return Saved{}, err
	}
	saved.Bytes += int64(len(data))
	saved.ManifestSHA256 = Digest(data)
	return saved, WriteBytes(filepath.Join(dir, ManifestFile), data)
}

func sealFile(dir, path string) (CheckpointFile, error) {
	digest, size, err := DigestFile(path)
	if err != nil {
		return CheckpointFile{}, err
	}
	rel, err := filepath.Rel(dir, path)
	if err != nil {
		return CheckpointFile{}, err
	}
	return CheckpointFile{Path: filepath.ToSlash(rel), SHA256: digest, Bytes: size}, syncFile(path)
}

func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// ReadCheckpoint reads a checkpoint's manifest and verifies every file against it. The digest is of the manifest's
// bytes. An error says which file is wrong; such a checkpoint must not be resumed from.
func ReadCheckpoint(dir string) (m *CheckpointManifest, digest string, err error) {
	return readCheckpoint(dir, func(path string, f CheckpointFile) error { return VerifyFile(path, f.SHA256) })
}

// FindCheckpoint is ReadCheckpoint, but for what is quickly said: whether the files are there, in their sizes.
func FindCheckpoint(dir string) (m *CheckpointManifest, digest string, err error) {
	return readCheckpoint(dir, func(path string, f CheckpointFile) error {
		info, err := os.Stat(path)
		if err == nil && info.Size() != f.Bytes {
			err = fmt.Errorf("%s has %d bytes, want %d; the file was changed or is damaged", path, info.Size(), f.Bytes)
		}
		return err
	})
}

func readCheckpoint(dir string, check func(path string, f CheckpointFile) error) (m *CheckpointManifest, digest string, err error) {
	path := filepath.Join(dir, ManifestFile)
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, "", fmt.Errorf("read checkpoint: %w", err)
	}
	m = new(CheckpointManifest)
	if err := decodeStrict(data, m).err(); err != nil {
		return nil, "", fmt.Errorf("read checkpoint %s: %w", path, err)
	}
	for _, f := range m.Files {
		if !filepath.IsLocal(filepath.FromSlash(f.Path)) {
			return nil, "", fmt.Errorf("read checkpoint %s: file %q lies outside its folder", path, f.Path)
		}
		if err := check(filepath.Join(dir, filepath.FromSlash(f.Path)), f); err != nil {
			return nil, "", fmt.Errorf("read checkpoint: %w", err)
		}
	}
	return m, Digest(data), nil
}
