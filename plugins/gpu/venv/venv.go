// Package venv is the Python environment of the GPU trainer: where it is, whether it is whole and of this release, and how it
// is made. It imports nothing of it and starts no training. Start with [Open].
package venv

import (
	_ "embed"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

//go:embed requirements.txt
var requirements []byte

//go:embed requirements-cuda.txt
var requirementsCUDA []byte

//go:embed requirements-alone.txt
var requirementsAlone []byte

// Wheels that an environment may have.
const (
	CPU  = "cpu"
	CUDA = "cuda"
)

// readyFile is written last: without it the environment isn't whole.
const readyFile = "ready.json"

// ready is what was installed.
type ready struct {
	Requirements string `json:"requirements"` // their digest
	Wheels       string `json:"wheels"`
	JAX          string `json:"jax"`
}

// Environment is a whole one.
type Environment struct {
	Python string // absolute path of the interpreter
	Wheels string // CPU or CUDA
	JAX    string // version
}

// Beside is where the environment of a program is.
func Beside(program string) string { return filepath.Join(filepath.Dir(program), "gpu") }

// Open looks for an environment in dir, without starting anything. The error says what to do.
func Open(dir string) (*Environment, error) {
	has, err := spec.ReadFile[ready](filepath.Join(dir, readyFile))
	python := filepath.Join(dir, "bin", "python")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, spec.Say("JAX isn't installed; make gpu (or haigo-gpu install) brings it",
			"JAX がありません。make gpu（または haigo-gpu install）で入ります")
	case err != nil:
		return nil, spec.Say("the Python environment in %s can't be read (%w); run make gpu again", "%s の Python 環境を読めません（%v）。make gpu をもう一度実行してください", dir, err)
	case has.Requirements != digest(has.Wheels):
		return nil, spec.Say("the Python environment in %s is of another release (JAX %s); run make gpu again",
			"%s の Python 環境は別のリリースのもの（JAX %s）です。make gpu をもう一度実行してください", dir, has.JAX)
	}
	if _, err := os.Stat(python); err != nil {
		return nil, spec.Say("the Python that %s was made with is gone; run make gpu again", "%s を作った Python がなくなっています。make gpu をもう一度実行してください", dir)
	}
	return &Environment{Python: python, Wheels: has.Wheels, JAX: has.JAX}, nil
}

// digest is of all that is asked for.
func digest(wheels string) string {
	return spec.Digest(append(append([]byte{}, wanted(wheels)...), requirementsAlone...))
}

func wanted(wheels string) []byte {
	if wheels == CUDA {
		return append(append([]byte{}, requirements...), requirementsCUDA...)
	}
	return requirements
}
