package batch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/engine"
)

var _ engine.Packer = (*Batch)(nil)

// jobFile is where a pack's folder has the handle of its job, for those who join.
const jobFile = "job.json"

// remember writes down which job a pack has.
func remember(h handle) error {
	_, err := os.Stat(filepath.Join(h.Dir, spec.PackFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = spec.WriteFile(filepath.Join(h.Dir, jobFile), h)
	}
	return err
}

// Join implements engine.Packer. The pack's job may still wait for a node. What the job prints is found in the attempt's folder
// too.
func (b *Batch) Join(_ context.Context, pack, dir string) (engine.Handle, error) {
	h, err := spec.ReadFile[handle](filepath.Join(pack, jobFile))
	if err == nil {
		err = engine.Enter(pack, dir, spec.StdoutFile, spec.StderrFile, engine.JobLog, engine.JobErrors)
	}
	if err != nil {
		return nil, fmt.Errorf("join a pack: %w", err)
	}
	h.Dir, h.Pack = dir, pack
	data, err := json.Marshal(h)
	return engine.Handle(data), err
}

// PackOf implements engine.Packer.
func (b *Batch) PackOf(dir string) (string, error) {
	pack, err := spec.PackOf(dir)
	if err != nil || pack == "" {
		return "", err
	}
	member, err := engine.ReadTrace(dir)
	if err != nil || member.Started {
		return pack, err
	}
	job, err := engine.ReadTrace(pack)
	if err != nil || job.Exited || b.ended(pack) {
		return "", err
	}
	return pack, nil
}

func (b *Batch) ended(pack string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.over[pack]
}

// seat says how a member is whose pack's job is as told: it waits as long as the pack may take it, and may join another then.
func (b *Batch) seat(h handle, job engine.State) (engine.State, error) {
	member, err := engine.ReadTrace(h.Dir)
	switch {
	case err != nil:
		return "", err
	case member.Exited:
		return engine.Ended, nil
	case member.Started:
		return job, nil
	case job == engine.Ended:
		b.mu.Lock()
		defer b.mu.Unlock()
		b.over[h.Pack] = true
		return engine.NotStarted, nil
	case job == engine.Running:
		return engine.Waiting, nil
	}
	return job, nil
}

// withdraw ends a member that was asked to stop before its pack took it, and the pack's job where that leaves it nothing to do.
func (b *Batch) withdraw(ctx context.Context, h handle) error {
	taken, err := engine.Withdraw(ctx, h.Dir)
	if err != nil || taken {
		return err
	}
	job, err := engine.ReadTrace(h.Pack)
	if err != nil || job.Started {
		return err
	}
	if wanted, err := awaited(h.Pack); err != nil || wanted {
		return err
	}
	b.excuse(h)
	b.drop(h.Job)
	return nil
}

// awaited reports whether a pack has a member that has yet to train.
func awaited(pack string) (bool, error) {
	dirs, err := spec.Members(pack)
	for _, dir := range dirs {
		member, err := engine.ReadTrace(dir)
		if err != nil || !member.Exited {
			return true, err
		}
	}
	return false, err
}
