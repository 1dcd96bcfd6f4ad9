package spec_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// TestEventWriter_fullDisk: what doesn't fit leaves no trace, and once there is room the numbers go on without a gap.
func TestEventWriter_fullDisk(t *testing.T) {
	dir := t.TempDir()
	if os.Geteuid() != 0 || exec.Command("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", dir).Run() != nil {
		t.Skip("not run: a full disk needs root and mount")
	}
	t.Cleanup(func() {
		if err := exec.Command("umount", "--lazy", dir).Run(); err != nil {
			t.Error(err)
		}
	})
	fill := filepath.Join(dir, "fill")
	if err := os.WriteFile(fill, make([]byte, 32<<10), 0o644); err != nil {
		t.Fatal(err)
	}
	w, err := spec.OpenEvents(dir, 1)
	if err != nil {
		t.Fatal(err)
	}
	line := spec.LogLine{Level: "info", Text: strings.Repeat("x", 3000)}
	written := int64(0)
	for ; err == nil; written++ {
		err = w.Append(line)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("got %v, want %v", err, syscall.ENOSPC)
	}
	if err := errors.Join(w.Append(line), os.Remove(fill)); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("again: got %v, want %v", err, syscall.ENOSPC)
	}
	if err := errors.Join(w.Append(line), w.Close()); err != nil {
		t.Errorf("once there is room: %v", err)
	}
	lines, err := (&spec.Tail{Path: filepath.Join(dir, spec.EventsFile)}).Read(1000)
	if err != nil || int64(len(lines)) != written { // the one that failed didn't count, the last did
		t.Errorf("read %d events, %v; want %d", len(lines), err, written)
	}
}
