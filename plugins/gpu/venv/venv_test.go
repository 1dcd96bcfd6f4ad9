package venv_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/haigo-lab/haigo/plugins/gpu/venv"
)

func TestOpen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	refuses := func(words string) {
		t.Helper()
		if _, err := venv.Open(dir); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("got %v, want %s", err, words)
		}
	}
	refuses("JAX isn't installed; make gpu")
	if err := venv.Seal(dir, venv.CPU, "0.10.2"); err != nil {
		t.Fatal(err)
	}
	refuses("is gone; run make gpu again")
	python := filepath.Join(dir, "bin", "python")
	if err := errors.Join(os.Mkdir(filepath.Dir(python), 0o755), os.WriteFile(python, nil, 0o755)); err != nil {
		t.Fatal(err)
	}
	got, err := venv.Open(dir)
	if err != nil || *got != (venv.Environment{Python: python, Wheels: venv.CPU, JAX: "0.10.2"}) {
		t.Errorf("got %+v, %v", got, err)
	}
	ready := filepath.Join(dir, "ready.json")
	if err := os.WriteFile(ready, []byte(`{"requirements": "0", "wheels": "cpu", "jax": "0.9.0"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	refuses("of another release (JAX 0.9.0)")
	if err := os.WriteFile(ready, []byte(`{`), 0o644); err != nil {
		t.Fatal(err)
	}
	refuses("can't be read")
}
