package main_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
)

// TestBackup backs up what a server works on, brings it back elsewhere, and goes on there.
func TestBackup(t *testing.T) {
	t.Parallel()
	data, file := folder(t), filepath.Join(t.TempDir(), "haigo.zip")
	sources(t, data)
	s := dev(t, data)
	haigo(t, data, "sweep", "apply", sweepFile(t, "kept", 20_000))
	awaitEnd(t, s.store(t), "kept")
	left := filepath.Join(filepath.Dir(file), ".haigo-backup-1") // by a backup that was killed the day before yesterday
	if err := errors.Join(os.WriteFile(left, nil, 0o600), os.Chtimes(left, time.Time{}, time.Now().Add(-48*time.Hour))); err != nil {
		t.Fatal(err)
	}
	haigo(t, data, "backup", file)
	if files, err := filepath.Glob(filepath.Join(filepath.Dir(file), ".*")); err != nil || len(files) > 0 {
		t.Errorf("beside the backup lie %v, %v", files, err)
	}
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

// TestBackup_ownFolder brings a database back that was lost beside its data folder: the run of a sweep that was applied after the
// backup, and is applied again, does as before, and what its folder holds of its first life isn't in its way.
func TestBackup_ownFolder(t *testing.T) {
	t.Parallel()
	data, file, sweep := folder(t), filepath.Join(t.TempDir(), "haigo.zip"), sweepFile(t, "lost", 20_000)
	sources(t, data)
	s := dev(t, data)
	haigo(t, data, "backup", file)
	haigo(t, data, "sweep", "apply", sweep)
	want, _ := fateOf(t, s, "lost")
	s.end(syscall.SIGTERM)
	lose(t, data)
	haigo(t, data, "restore", file)
	s = dev(t, data)
	haigo(t, data, "sweep", "apply", sweep)
	got, attempts := fateOf(t, s, "lost")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outcome after the database was lost (-before +after):\n%s", diff)
	}
	aside, err := filepath.Glob(filepath.Join(data, "runs", "*", "before-*", "attempt-0001"))
	if err != nil || len(aside) != len(attempts) {
		t.Errorf("%d of %d runs were set aside: %v", len(aside), len(attempts), err)
	}
}

// lose takes a data folder's database away.
func lose(t *testing.T, data string) {
	t.Helper()
	if _, given := databases.Load(data); given {
		databases.Store(data, pgtest.URL(t))
		return
	}
	if err := errors.Join(os.RemoveAll(filepath.Join(data, "postgres")), os.Remove(filepath.Join(data, "postgres.json"))); err != nil {
		t.Fatal(err)
	}
}
