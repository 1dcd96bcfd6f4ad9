package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// How often exec looks at logs and stop file, and shows that the runner lives.
const (
	lookEvery = 50 * time.Millisecond
	beatEvery = 5 * time.Second
)

// What marks every process of an attempt, so that none is ever killed by its pid alone, and none forgotten on a device.
const (
	nonceEnv  = "HAIGO_NONCE"
	deviceEnv = "HAIGO_DEVICE"
)

// Exec is the code of `haigo exec --dir D`: it holds the attempt's lock and runs the parts of launch.json in order until
// one fails, the stop file appears, or none is left; then it writes exit.json. The end of ctx makes the stop file. The
// error is nil once the parts ran, whatever they came to; [ErrBusy] where another exec or its runner lives. An attempt
// that was started before is never started again.
func Exec(ctx context.Context, dir string) error {
	lock, err := takeLock(ctx, dir)
	if err != nil {
		return fmt.Errorf("exec: %w", err)
	}
	defer lock.Close()
	if _, err := os.Stat(filepath.Join(dir, spec.ProcessFile)); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(errors.New("exec: the attempt was started before; open a new one"), err)
	}
	launch, err := spec.ReadFile[spec.Launch](filepath.Join(dir, spec.LaunchFile))
	if err != nil {
		return fmt.Errorf("exec: %w", err)
	}
	if err := writeProcess(dir, launch); err != nil {
		return fmt.Errorf("exec: %w", err)
	}
	device, held, err := takeDevice(ctx, dir, launch.Devices)
	if err != nil {
		return fmt.Errorf("exec: %w", err)
	}
	err = execute(ctx, dir, inherited{append([]*os.File{lock}, held...), device}, launch)
	if err := errors.Join(err, closeAll(held)); err != nil {
		return fmt.Errorf("exec: %w", err)
	}
	return nil
}

// ExitStatus is what the wrapper's process ends with after err of [Exec], nil included. A full disk has a status of its own: the
// engine can't count on a line in the log there.
func ExitStatus(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, syscall.ENOSPC):
		return int(syscall.ENOSPC)
	}
	return 1
}

func writeProcess(dir string, launch *spec.Launch) error {
	self, err := Self()
	if err != nil {
		return err
	}
	argv, err := json.Marshal(launch.Parts)
	if err != nil {
		return err
	}
	return spec.WriteFile(filepath.Join(dir, spec.ProcessFile), spec.Process{
		Host: self.Host, PID: self.PID, StartTime: self.StartTime, BootID: self.BootID,
		Nonce: launch.Nonce, ArgvSHA256: spec.Digest(argv), Started: time.Now().UTC(),
	})
}

// inherited is what exec holds and its parts go on holding.
type inherited struct {
	locks  []*os.File // the attempt's, and its device's
	device string     // its name; empty where the attempt needs none
}

// execute runs the parts and writes down how they ended.
func execute(ctx context.Context, dir string, own inherited, launch *spec.Launch) error {
	stdout, err := openLog(filepath.Join(dir, spec.StdoutFile))
	if err != nil {
		return err
	}
	defer stdout.file.Close()
	stderr, err := openLog(filepath.Join(dir, spec.StderrFile))
	if err != nil {
		return err
	}
	defer stderr.file.Close()
	exit := spec.Exit{Started: time.Now().UTC(), Nonce: launch.Nonce}
	for _, part := range launch.Parts {
		if _, asked := stopAsked(dir); asked || exit.Code != 0 {
			break
		}
		exit.Part = part.Name
		run := &running{dir: dir, part: part, nonce: launch.Nonce, own: own, stdout: stdout, stderr: stderr}
		exit.Code, exit.Signal, exit.Error = run.run(ctx)
	}
	exit.Ended = time.Now().UTC()
	return spec.WriteFile(filepath.Join(dir, spec.ExitFile), exit)
}
