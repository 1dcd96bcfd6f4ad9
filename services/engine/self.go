package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Self is this process as the holder of a claim.
func Self() (ablation.Holder, error) {
	host, err := os.Hostname()
	if err != nil {
		return ablation.Holder{}, fmt.Errorf("name this machine: %w", err)
	}
	boot, err := bootID()
	if err != nil {
		return ablation.Holder{}, fmt.Errorf("identify this boot: %w", err)
	}
	start, err := startTime(os.Getpid())
	if err != nil {
		return ablation.Holder{}, fmt.Errorf("identify this process: %w", err)
	}
	return ablation.Holder{Host: host, BootID: boot, PID: os.Getpid(), StartTime: start}, nil
}

// Gone says whether a holder of this host is proved to have ended: the machine was started anew, or its pid belongs to
// nobody or to a later process. A holder of another host is never proved gone.
func Gone(h ablation.Holder) bool {
	self, err := Self()
	if err != nil || h.Host != self.Host {
		return false
	}
	return h.BootID != self.BootID || !alive(h.PID, h.StartTime)
}

// alive says whether a pid of this boot still is the process that began at start. In doubt it is.
func alive(pid int, start int64) bool {
	now, err := startTime(pid)
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	return now == start
}
