package pgtest_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/postgres"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
)

// victim asks the binary to start a server and wait to be killed.
const victim = "HAIGO_PGTEST_VICTIM"

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestStore_EveryTestHasItsOwn(t *testing.T) {
	a, b := pgtest.Store(t), pgtest.Store(t)
	task := ablation.Task{Name: "kuku", Version: "12345678", Lang: "ja", Kind: "cloze", Items: 81, SHA256: "1234567890"}
	if err := a.PutTask(t.Context(), task); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name  string
		store *postgres.Store
		want  int
	}{{"its own", a, 1}, {"the other's", b, 0}} {
		tasks, err := row.store.Tasks(t.Context())
		if err != nil || len(tasks) != row.want {
			t.Errorf("%s: %d tasks, %v, want %d", row.name, len(tasks), err, row.want)
		}
	}
}

func TestMain_NothingOutlivesABinaryThatIsKilled(t *testing.T) {
	if os.Getenv(victim) != "" {
		fmt.Println(pgtest.URL(t))
		_, _ = io.Copy(io.Discard, os.Stdin) // until the test that started it ends
	}
	if os.Getenv("HAIGO_TEST_DATABASE_URL") != "" {
		t.Skip("not run: the server is somebody else's")
	}
	cmd := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), victim+"=1")
	alive, errIn := cmd.StdinPipe()
	out, errOut := cmd.StdoutPipe()
	if err := errors.Join(errIn, errOut, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	defer alive.Close()
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatal("the binary started no server")
	}
	conn, err := pgx.Connect(t.Context(), lines.Text())
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if _, err := conn.WaitForNotification(t.Context()); err == nil || t.Context().Err() != nil {
		t.Errorf("the server went on: %v", err)
	}
}
