package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/ablation"
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

// TestBackup_whileItTrains restores, on the same machine, what a service is still at work on: the copy leaves that one's
// training alone, and does its own once it is told to.
func TestBackup_whileItTrains(t *testing.T) {
	t.Parallel()
	want, _ := undisturbed(t, killTokens)
	data, words, file := folder(t), t.TempDir(), filepath.Join(t.TempDir(), "haigo.zip")
	text(t, words)
	sourcesOf(t, data, words)
	live := dev(t, data)
	haigo(t, data, "sweep", "apply", sweepFile(t, "kill", killTokens))
	live.await(t, "a run to train", func() bool { return lines(data) > 20 })
	held := hold(data) // none has ended in the backup
	haigo(t, data, "backup", file)
	signal(syscall.SIGCONT, held...)

	elsewhere := folder(t)
	haigo(t, elsewhere, "restore", file)
	sourcesOf(t, elsewhere, words)
	duplicate := dev(t, elsewhere)
	got, attempts := fateOf(t, live, "kill")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outcome beside a copy (-undisturbed +got):\n%s", diff)
	}
	for run, n := range attempts {
		if n != 1 {
			t.Errorf("beside a copy run %s took %d attempts", run, n)
		}
	}
	sweep, err := duplicate.store(t).Sweep(t.Context(), "kill")
	if err != nil || sweep.State != ablation.SweepPaused || sweep.Counts.Queued != 4 || lines(elsewhere) > 0 {
		t.Errorf("the copy went on by itself: %v, %+v, %v", sweep.State, sweep.Counts, err)
	}
	haigo(t, elsewhere, "sweep", "resume", "kill")
	got, _ = fateOf(t, duplicate, "kill")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outcome of the copy (-undisturbed +got):\n%s", diff)
	}
}
