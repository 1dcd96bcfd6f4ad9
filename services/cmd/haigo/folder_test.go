package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
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
