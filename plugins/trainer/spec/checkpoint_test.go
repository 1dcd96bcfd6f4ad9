package spec_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

func TestSaveCheckpoint(t *testing.T) {
	t.Parallel()
	run := t.TempDir()
	saved, err := spec.SaveCheckpoint(run, "r1", 1000, 2, fill)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(run, "checkpoints", "step-000001000-a0002"); saved.Path != want || saved.Step != 1000 {
		t.Errorf("got %+v, want path %s", saved, want)
	}
	m, digest, err := spec.ReadCheckpoint(saved.Path)
	if err != nil {
		t.Fatal(err)
	}
	want := &spec.CheckpointManifest{
		ManifestVersion: 1, RunID: "r1", Attempt: 2, Step: 1000,
		Files: []spec.CheckpointFile{
			{Path: "state/seen", SHA256: spec.Digest(nil)},
			{Path: "weights.bin", SHA256: spec.Digest([]byte("weights")), Bytes: 7},
		},
	}
	if diff := cmp.Diff(want, m); diff != "" || digest != saved.ManifestSHA256 {
		t.Errorf("digest %s, want %s (-want +got):\n%s", digest, saved.ManifestSHA256, diff)
	}
}

func TestSaveCheckpoint_isAllOrNothing(t *testing.T) {
	t.Parallel()
	run, full := t.TempDir(), errors.New("disk full")
	_, err := spec.SaveCheckpoint(run, "r1", 5, 1, func(dir string) error { return errors.Join(fill(dir), full) })
	if !errors.Is(err, full) {
		t.Errorf("got %v, want %v", err, full)
	}
	left, err := os.ReadDir(spec.CheckpointsDir(run))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if _, err := spec.SaveCheckpoint(run, "r1", 5, 1, fill); err != nil {
		t.Errorf("second try: %v", err)
	}
	if _, err := spec.SaveCheckpoint(run, "r1", 5, 1, fill); err == nil {
		t.Error("a checkpoint was replaced")
	}
}

// TestSaveCheckpoint_besideAnother: an attempt that was given up saves while the next one does.
func TestSaveCheckpoint_besideAnother(t *testing.T) {
	t.Parallel()
	run := t.TempDir()
	saved, err := spec.SaveCheckpoint(run, "r1", 10, 2, func(dir string) error {
		_, err := spec.SaveCheckpoint(run, "r1", 10, 1, fill)
		return errors.Join(err, fill(dir))
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{saved.Path, spec.CheckpointDir(run, 10, 1)} {
		if _, _, err := spec.ReadCheckpoint(dir); err != nil {
			t.Error(err)
		}
	}
}

func TestReadCheckpoint_damage(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(dir string) error{
		"weights.bin has SHA-256": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "weights.bin"), []byte("weightz"), 0o644)
		},
		"state/seen: no such file":             func(dir string) error { return os.RemoveAll(filepath.Join(dir, "state")) },
		"manifest.json: no such file":          func(dir string) error { return os.Remove(filepath.Join(dir, spec.ManifestFile)) },
		"manifest.json: the text isn't":        func(dir string) error { return os.Truncate(filepath.Join(dir, spec.ManifestFile), 9) },
		`file "../weights.bin" lies outside`:   rename("weights.bin", "../weights.bin"),
		"files[0].size: unknown field; remove": rename("bytes", "size"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			saved, err := spec.SaveCheckpoint(t.TempDir(), "r1", 1, 1, fill)
			if err := errors.Join(err, damage(saved.Path)); err != nil {
				t.Fatal(err)
			}
			if _, _, err := spec.ReadCheckpoint(saved.Path); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("got %v, want %s", err, name)
			}
		})
	}
}

// rename edits the manifest.
func rename(old, new string) func(dir string) error {
	return func(dir string) error {
		path := filepath.Join(dir, spec.ManifestFile)
		text, err := os.ReadFile(path)
		return errors.Join(err, os.WriteFile(path, []byte(strings.ReplaceAll(string(text), old, new)), 0o644))
	}
}

func fill(dir string) error {
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "weights.bin"), []byte("weights"), 0o644),
		os.Mkdir(filepath.Join(dir, "state"), 0o755),
		os.WriteFile(filepath.Join(dir, "state", "seen"), nil, 0o644),
	)
}
