package venv

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/haigo-lab/haigo/plugins/gpu/device"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// pythons are tried in this order.
var pythons = []string{"python3", "python3.12", "python3.11", "python3.13"}

// Install makes the environment in dir, with CPU or CUDA wheels; "" takes those that this machine can use. One that is whole
// already is left alone. pip reads its own settings, as PIP_FIND_LINKS for a folder of wheels.
func Install(ctx context.Context, dir, wheels string, out io.Writer) error {
	wheels, err := choose(ctx, wheels)
	if err != nil {
		return err
	}
	if e, err := Open(dir); err == nil && e.Wheels == wheels {
		fmt.Fprintf(out, "%s has JAX %s, wheels for %s\n", dir, e.JAX, wheels)
		return nil
	}
	python, err := findPython(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "installing JAX into %s, wheels for %s\n", dir, wheels)
	if err := errors.Join(os.RemoveAll(dir), command(ctx, python, "-m", "venv", dir)); err != nil {
		return fmt.Errorf("make a Python environment: %w", err)
	}
	return fill(ctx, dir, wheels)
}

func choose(ctx context.Context, wheels string) (string, error) {
	switch wheels {
	case CPU, CUDA:
		return wheels, nil
	case "":
		cards, err := device.Cards(ctx)
		if len(cards) > 0 {
			return CUDA, nil
		}
		return CPU, err
	}
	return "", fmt.Errorf("there are no wheels for %q; choose cpu or cuda", wheels)
}

// findPython is the first Python that is new enough.
func findPython(ctx context.Context) (string, error) {
	for _, name := range pythons {
		if command(ctx, name, "-c", "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))") == nil {
			return name, nil
		}
	}
	return "", errors.New("no Python 3.11 or newer with venv is on the PATH; install one (Debian: python3-venv)")
}

// fill installs the packages, tries them, and says that all is there.
func fill(ctx context.Context, dir, wheels string) error {
	python := filepath.Join(dir, "bin", "python")
	if err := pip(ctx, dir, "requirements.txt", wanted(wheels)); err != nil {
		return fmt.Errorf("install JAX: %w", err)
	}
	if err := pip(ctx, dir, "requirements-alone.txt", requirementsAlone, "--no-deps"); err != nil {
		return fmt.Errorf("install what reads tokenizers: %w", err)
	}
	version, err := exec.CommandContext(ctx, python, "-c",
		"import jax, safetensors.numpy, sentencepiece, tokenizers; print(jax.__version__)").Output()
	if err != nil {
		return fmt.Errorf("try JAX: %w", words(err))
	}
	return Seal(dir, wheels, strings.TrimSpace(string(version)))
}

// pip installs what a list names.
func pip(ctx context.Context, dir, name string, list []byte, options ...string) error {
	path := filepath.Join(dir, name)
	if err := spec.WriteBytes(path, list); err != nil {
		return err
	}
	args := append([]string{"-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", path}, options...)
	return command(ctx, filepath.Join(dir, "bin", "python"), args...)
}

// Seal says of an environment that it is whole, and what it has.
func Seal(dir, wheels, jax string) error {
	return spec.WriteFile(filepath.Join(dir, readyFile), ready{Requirements: digest(wheels), Wheels: wheels, JAX: jax})
}

// command runs a program; its error holds the last of what it said.
func command(ctx context.Context, name string, args ...string) error {
	_, err := exec.CommandContext(ctx, name, args...).Output()
	return words(err)
}

func words(err error) error {
	var failed *exec.ExitError
	if !errors.As(err, &failed) {
		return err
	}
	said := strings.TrimSpace(string(failed.Stderr))
	return fmt.Errorf("%w: %s", err, cmp.Or(said[max(0, len(said)-1000):], "it said nothing"))
}
