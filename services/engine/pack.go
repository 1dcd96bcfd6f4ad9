package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// Packer is an engine whose attempts can share a process, a pack's (see [spec.Pack]). The pack is prepared by [PreparePack] and
// submitted as an attempt is; it has the device, and its members none of their own.
type Packer interface {
	Engine
	// Join puts the attempt in folder dir, made ready by [PrepareMember], into a pack that was submitted. One that comes too late
	// is [NotStarted], and may join another pack. Joining again changes nothing. The handle is JSON with the pack's folder as "pack".
	Join(ctx context.Context, pack, dir string) (Handle, error)
	// PackOf is the pack that has the attempt in a folder, had it, or may yet take it; "" where it may join any.
	PackOf(dir string) (string, error)
}

var _ Packer = (*Local)(nil)

// PreparePack makes a pack's folder ready for Submit, as [Prepare] does an attempt's; specJSON is of the run that it is opened for.
func PreparePack(dir string, pack spec.Pack, specJSON []byte, plan trainer.Plan, nonce string, devices ...spec.LaunchDevice) error {
	if err := os.MkdirAll(filepath.Join(dir, spec.MembersDir), 0o755); err != nil {
		return fmt.Errorf("prepare pack: %w", err)
	}
	if err := spec.WriteFile(filepath.Join(dir, spec.PackFile), pack); err != nil {
		return fmt.Errorf("prepare pack: %w", err)
	}
	return Prepare(dir, specJSON, plan, nonce, devices...)
}

// PrepareMember makes an attempt's folder ready for Join. An attempt that a process has, or had, is left as it is.
func PrepareMember(dir string, specJSON []byte) error {
	return unlessStarted(dir, func() error { return spec.WriteBytes(filepath.Join(dir, spec.SpecFile), specJSON) })
}

// PackOf implements Packer.
func (*Local) PackOf(dir string) (string, error) {
	pack, err := spec.PackOf(dir)
	if err != nil || pack == "" {
		return "", err
	}
	if status, err := Verdict(dir); err != nil || status.State == NotStarted {
		return "", err
	}
	return pack, nil
}

// Join implements Packer.
func (l *Local) Join(_ context.Context, pack, dir string) (Handle, error) {
	p, err := spec.ReadFile[spec.Process](filepath.Join(pack, spec.ProcessFile))
	if err == nil {
		err = Enter(pack, dir, spec.StdoutFile, spec.StderrFile)
	}
	if err != nil {
		return nil, fmt.Errorf("join a pack: %w", err)
	}
	data, err := json.Marshal(local{Dir: dir, Pack: pack, PID: p.PID, StartTime: p.StartTime, BootID: p.BootID, Nonce: p.Nonce})
	return Handle(data), err
}

// Enter makes the attempt in folder dir a member of a pack, and no other's. The pack's logs are found in the attempt's folder too.
func Enter(pack, dir string, logs ...string) error {
	before, err := spec.PackOf(dir)
	if err == nil && before != "" && before != pack {
		err = spec.RemoveMember(before, dir)
	}
	if err == nil {
		err = spec.NamePack(dir, pack)
	}
	if err != nil {
		return err
	}
	for _, name := range logs {
		if err := linkLog(pack, dir, name); err != nil {
			return err
		}
	}
	return spec.AddMember(pack, dir)
}

func linkLog(pack, dir, name string) error {
	target, err := filepath.Rel(dir, filepath.Join(pack, name))
	if err != nil {
		return err
	}
	link := filepath.Join(dir, name)
	if err := os.Remove(link); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Symlink(target, link)
}

// unseated is the state of an attempt that no process has taken: it waits as long as the pack that it is in may take it.
func unseated(pack string) (State, error) {
	if pack == "" {
		return NotStarted, nil
	}
	switch status, err := Verdict(pack); {
	case err != nil:
		return "", err
	case status.State == Running:
		return Waiting, nil
	case status.State == Unobserved:
		return Unobserved, nil
	}
	return NotStarted, nil
}

// Withdraw ends a member that its pack hasn't taken: from then on it never will. taken says that it has.
func Withdraw(ctx context.Context, dir string) (taken bool, err error) {
	lock, err := takeLock(ctx, dir)
	if errors.Is(err, ErrBusy) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("take an attempt out of its pack: %w", err)
	}
	defer lock.Close()
	if _, err := os.Stat(filepath.Join(dir, spec.ProcessFile)); !errors.Is(err, fs.ErrNotExist) {
		return true, err
	}
	self, err := Self()
	if err != nil {
		return false, err
	}
	now := time.Now().UTC()
	exit := spec.Exit{Code: -1, Error: "asked to stop before its pack took it", Started: now, Ended: now}
	process := spec.Process{Host: self.Host, PID: self.PID, StartTime: self.StartTime, BootID: self.BootID, Started: now}
	err = spec.WriteFile(filepath.Join(dir, spec.ExitFile), exit)
	if err == nil {
		err = spec.WriteFile(filepath.Join(dir, spec.ProcessFile), process)
	}
	return false, err
}
