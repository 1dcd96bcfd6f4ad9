package device_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/plugins/gpu/device"
)

// smi puts a program of that name on an otherwise empty PATH.
func smi(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	if script == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(dir, "nvidia-smi"), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestCards(t *testing.T) {
	smi(t, `echo "NVIDIA H100 80GB HBM3, 81559, 550.54.15"; echo "NVIDIA GB10, [N/A], 580.95.05"`)
	got, err := device.Cards(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []device.Card{
		{Name: "NVIDIA H100 80GB HBM3", MemoryBytes: 81559 << 20, Driver: "550.54.15"}, {Name: "NVIDIA GB10", Driver: "580.95.05"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestCards_WithoutADriverThereAreNone(t *testing.T) {
	smi(t, "")
	if got, err := device.Cards(t.Context()); err != nil || got != nil {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestCards_SaysWhatTheDriverSays(t *testing.T) {
	smi(t, `echo "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver."; exit 9`)
	if _, err := device.Cards(t.Context()); err == nil || !strings.Contains(err.Error(), "couldn't communicate with the NVIDIA driver") {
		t.Errorf("got %v", err)
	}
}
