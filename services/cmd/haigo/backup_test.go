package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestBackup backs up what a server works on, brings it back elsewhere, and goes on there.
func TestBackup(t *testing.T) {
	t.Parallel()
	data, file := folder(t), filepath.Join(t.TempDir(), "haigo.zip")
	sources(t, data)
	s := dev(t, data)
	haigo(t, data, "sweep", "apply", sweepFile(t, "kept", 20_000))
	awaitEnd(t, s.store(t), "kept")
	haigo(t, data, "backup", file)
	s.end(syscall.SIGTERM)
	if again := refused(t, nil, data, "backup", file); !strings.Contains(again, "is there already") {
		t.Errorf("a backup over another says %s", again)
	}

	elsewhere := folder(t)
	haigo(t, elsewhere, "restore", file)
	for _, args := range [][]string{{"sweep", "show", "--json", "kept"}, {"run", "list", "kept"}, {"share", "list"}} {
		if diff := cmp.Diff(haigo(t, data, args...), haigo(t, elsewhere, args...)); diff != "" {
			t.Errorf("%v (-was +restored):\n%s", args, diff)
		}
	}
	if again := refused(t, nil, elsewhere, "restore", file); !strings.Contains(again, "isn't empty") {
		t.Errorf("a restore over a database says %s", again)
	}
	words := t.TempDir()
	text(t, words)
	haigo(t, elsewhere, "corpus", "add", "ja", filepath.Join(words, "ja"), "--lang", "ja", "--share", "0.05")
	found, err := filepath.Glob(filepath.Join(elsewhere, "sources", "ja", "*", "train", "*"))
	if err != nil || len(found) == 0 {
		t.Errorf("text that was added again isn't there: %v", err)
	}
	if err := os.WriteFile(file, []byte("PK but no more"), 0o600); err != nil {
		t.Fatal(err)
	}
	if broken := refused(t, nil, folder(t), "restore", file); !strings.Contains(broken, "no whole backup") {
		t.Errorf("a broken file says %s", broken)
	}
}
