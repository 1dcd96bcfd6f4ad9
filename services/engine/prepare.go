package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// Prepare makes an attempt's folder ready for Submit: spec.json with exactly the given bytes, the plan's files, and
// launch.json last. The nonce is random; it marks the attempt's processes as this attempt's. One of the devices will be the
// attempt's; without any it needs none. An attempt that has been started is left as it is, so a worker that doesn't know may
// prepare again.
func Prepare(dir string, specJSON []byte, plan trainer.Plan, nonce string, devices ...spec.LaunchDevice) error {
	if err := checkPlan(plan); err != nil {
		return fmt.Errorf("prepare attempt: %w", err)
	}
	return unlessStarted(dir, func() error { return write(dir, specJSON, plan, nonce, devices) })
}

// unlessStarted writes into an attempt's folder, where no process has it, or had it; none can begin meanwhile.
func unlessStarted(dir string, write func() error) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("prepare attempt: %w", err)
	}
	release, err := lockFree(dir)
	if errors.Is(err, ErrBusy) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("prepare attempt: %w", err)
	}
	if _, err = os.Stat(filepath.Join(dir, spec.ProcessFile)); errors.Is(err, fs.ErrNotExist) {
		err = write()
	}
	if err := errors.Join(err, release()); err != nil {
		return fmt.Errorf("prepare attempt: %w", err)
	}
	return nil
}

func checkPlan(plan trainer.Plan) error {
	if len(plan.Parts) == 0 {
		return errors.New("the trainer planned nothing to run")
	}
	for _, p := range plan.Parts {
		if len(p.Argv) == 0 {
			return fmt.Errorf("part %q has no command", p.Name)
		}
	}
	for _, f := range plan.Files {
		if !filepath.IsLocal(f.Path) {
			return fmt.Errorf("file %q lies outside of the attempt's folder", f.Path)
		}
	}
	return nil
}

func write(dir string, specJSON []byte, plan trainer.Plan, nonce string, devices []spec.LaunchDevice) error {
	for _, f := range plan.Files {
		path := filepath.Join(dir, f.Path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := spec.WriteBytes(path, f.Content); err != nil {
			return err
		}
	}
	if err := spec.WriteBytes(filepath.Join(dir, spec.SpecFile), specJSON); err != nil {
		return err
	}
	launch := spec.Launch{LaunchVersion: spec.LaunchVersion, Nonce: nonce, Parts: plan.Parts, Devices: devices}
	return spec.WriteFile(filepath.Join(dir, spec.LaunchFile), launch)
}
