package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/haigo-lab/haigo/services/ablation"
)

// A worker whose data folder isn't the database's would take up runs whose events it can't find: it is refused. The same
// folder at another path is none.
func TestWork_anotherFolder(t *testing.T) {
	t.Parallel()
	data, other := folder(t), folder(t)
	s := dev(t, data)
	env := []string{"DATABASE_URL=" + s.DatabaseURL}
	for _, args := range [][]string{{"gc", "--delete"}, {"backup", filepath.Join(other, "b.zip")}, {"sweep", "delete", "s"}, {"share", "create", "s"}, {"work"}, {"serve", "--listen", "127.0.0.1:0"}} {
		said := refused(t, env, other, args...)
		says(t, said, "belongs to another data folder", "first used as "+data, "別のデータフォルダー", other)
	}
	for _, args := range [][]string{{"sweep", "stop", "s"}, {"share", "create", "s", "--url", "https://haigo.example"}} { // which need no folder
		says(t, refused(t, env, other, args...), "not found")
	}
	mounted := filepath.Join(t.TempDir(), "mounted")
	if err := os.Symlink(data, mounted); err != nil {
		t.Fatal(err)
	}
	cmd := command(t, mounted, "work", "--health", "127.0.0.1:0")
	cmd.Env = append(cmd.Env, env...)
	worker := start(t, cmd)
	worker.await(t, "the worker to work", func() bool { return strings.Contains(worker.log.String(), "Working") })
	worker.end(syscall.SIGTERM)
}

// TestFolder_anyName: people's folders have names in their language, with spaces and with what addresses, shells and patterns give a
// meaning; and paths longer than a socket's may be.
func TestFolder_anyName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{`配合 test+100% [a] it's`, strings.Repeat("long", 30) + ", $HOME"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			above := folder(t)
			data := filepath.Join(above, name)
			if err := os.MkdirAll(filepath.Join(data, "trainers"), 0o755); err != nil {
				t.Fatal(err)
			}
			if url, ok := databases.Load(above); ok {
				databases.Store(data, url)
			}
			write(t, filepath.Join(data, "trainers", "own.yaml"), "command: [/bin/true]\n")
			sources(t, data)
			s := serving(t, data, "serve")
			worker := start(t, command(t, data, "work"))
			haigo(t, data, "sweep", "apply", sweepFile(t, "named", 20_000))
			store := s.store(t)
			worker.await(t, "the sweep to end", func() bool { return ended(t, store, "named") })
			for _, r := range awaitEnd(t, store, "named") {
				if r.Run.State != ablation.RunCompleted {
					t.Errorf("run %s is %s: %s", r.Run.Name, r.Run.State, r.Run.Message)
				}
			}
			says(t, haigo(t, data, "doctor"), "yes  postgres", "yes  trainer cpu", "yes  trainer own", "yes  engine local")
			haigo(t, data, "sweep", "keep", "named", "--checkpoints", "0")
			says(t, haigo(t, data, "gc", "--delete"), "Removed 4 things")
			backup := filepath.Join(data, "backup 1.zip")
			haigo(t, data, "backup", backup)
			if _, err := os.Stat(backup); err != nil {
				t.Error(err)
			}
		})
	}
}
