package enginetest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// RunPack is a pack's runner, in the folder of the pack: each member is trained by train, as many at once as there are slots. It
// leaves when ctx has ended, or a file "leave" says that no member is to come and the last has left.
func RunPack(ctx context.Context, dir string, train func(ctx context.Context, dir string) error) error {
	pack, err := spec.ReadFile[spec.Pack](filepath.Join(dir, spec.PackFile))
	if err != nil {
		return err
	}
	slots, seen := make(chan struct{}, pack.Slots), map[string]bool{}
	var training sync.WaitGroup
	defer training.Wait()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for {
		if _, err := os.Stat(filepath.Join(dir, "leave")); err == nil && len(slots) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		case slots <- struct{}{}:
			member, lock, err := take(dir, seen)
			if err != nil {
				return err
			}
			if member == "" {
				<-slots
				<-look.C
				continue
			}
			training.Go(func() {
				if err := errors.Join(train(ctx, member), leave(dir, member), lock.Close()); err != nil {
					fmt.Fprintln(os.Stderr, err)
				}
				<-slots
			})
		}
	}
}

// take is the folder of a member that nobody trains yet, with its lock; "" where there is none now.
func take(pack string, seen map[string]bool) (member string, lock *os.File, err error) {
	members, err := spec.Members(pack)
	if err != nil {
		return "", nil, err
	}
	for _, member := range members {
		if seen[member] {
			continue
		}
		if begun(member) {
			seen[member] = true
			continue
		}
		lock, err := os.OpenFile(filepath.Join(member, spec.LockFile), os.O_RDWR|os.O_CREATE, 0o644)
		if err != nil {
			return "", nil, err
		}
		if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil { // another's, or somebody looks
			lock.Close()
			continue
		}
		seen[member] = true
		if begun(member) { // meanwhile
			lock.Close()
			continue
		}
		process, err := os.ReadFile(filepath.Join(pack, spec.ProcessFile))
		if err == nil {
			err = spec.WriteBytes(filepath.Join(member, spec.ProcessFile), process)
		}
		return member, lock, err
	}
	return "", nil, nil
}

// begun reports whether a process has an attempt, or had it.
func begun(member string) bool {
	_, err := os.Stat(filepath.Join(member, spec.ProcessFile))
	return !errors.Is(err, fs.ErrNotExist)
}

func leave(pack, member string) error {
	p, err := spec.ReadFile[spec.Process](filepath.Join(pack, spec.ProcessFile))
	if err != nil {
		return err
	}
	now := time.Now().UTC()
	return spec.WriteFile(filepath.Join(member, spec.ExitFile), spec.Exit{Part: "0", Started: now, Ended: now, Nonce: p.Nonce})
}
