package local_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/postgres/local"
)

func TestServer(t *testing.T) {
	data := t.TempDir()
	first := start(t, data)
	ask(t, first, `CREATE TABLE t AS SELECT 1 AS n`)
	stop(t, first)

	t.Run("starts again where it stopped", func(t *testing.T) {
		s := start(t, data)
		if got := ask(t, s, `SELECT n::text FROM t`); got != "1" {
			t.Errorf("got %q, want 1", got)
		}
	})
	t.Run("listens on its socket alone, which nobody else can enter", func(t *testing.T) {
		s := start(t, data)
		if got := ask(t, s, `SHOW listen_addresses`); got != "" {
			t.Errorf("listens on %q", got)
		}
		socket := ask(t, s, `SHOW unix_socket_directories`)
		st, err := os.Stat(socket)
		if err != nil || st.Mode().Perm() != 0o700 {
			t.Errorf("socket folder %s: %v, %v", socket, st.Mode(), err)
		}
	})
	t.Run("the last to leave stops it", func(t *testing.T) {
		a, b := start(t, data), start(t, data)
		if was, is := postmaster(t, a), postmaster(t, b); was != is {
			t.Fatalf("two servers: %d and %d", was, is)
		}
		stop(t, a)
		ask(t, b, `SELECT 'alive'`)
		pid := postmaster(t, b)
		stop(t, b)
		if syscall.Kill(pid, 0) == nil && !zombie(pid) {
			t.Errorf("process %d still lives", pid)
		}
	})
	t.Run("two starters get one server", func(t *testing.T) {
		pids := make([]int, 4)
		var all sync.WaitGroup
		for i := range pids {
			all.Go(func() { pids[i] = postmaster(t, start(t, data)) })
		}
		all.Wait()
		for _, pid := range pids {
			if pid != pids[0] {
				t.Errorf("several servers: %v", pids)
			}
		}
	})
	t.Run("recovers what was committed before it was killed", func(t *testing.T) {
		s := start(t, data)
		ask(t, s, `INSERT INTO t SELECT generate_series(2, 1000)`)
		kill(t, postmaster(t, s))
		again := start(t, data)
		if got := ask(t, again, `SELECT count(*)::text FROM t`); got != "1000" {
			t.Errorf("%s rows, want 1000", got)
		}
	})
	t.Run("a pid file of before that names another program is no obstacle", func(t *testing.T) {
		s := start(t, data)
		cluster := ask(t, s, `SHOW data_directory`)
		stop(t, s)
		file := filepath.Join(cluster, "postmaster.pid")
		if err := os.WriteFile(file, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		ask(t, start(t, data), `SELECT 'alive'`)
	})
}

func TestStart_NoBinaries(t *testing.T) {
	_, err := local.Start(t.Context(), local.Options{Data: t.TempDir(), Bin: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "HAIGO_POSTGRES_BIN") {
		t.Errorf("got %v", err)
	}
}

func start(t *testing.T, data string) *local.Server {
	t.Helper()
	s, err := local.Start(t.Context(), local.Options{Data: data, Fast: true})
	if err != nil {
		t.Error(err)
		t.FailNow()
	}
	t.Cleanup(func() { stop(t, s) })
	return s
}

func stop(t *testing.T, s *local.Server) {
	t.Helper()
	if err := s.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

// ask runs one statement and returns its only value, empty where it has none.
func ask(t *testing.T, s *local.Server, sql string) (value string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	rows, err := conn.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		if err := rows.Scan(&value); err != nil {
			t.Fatal(err)
		}
	}
	rows.Close()
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return value
}

func postmaster(t *testing.T, s *local.Server) int {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(ask(t, s, `SHOW data_directory`), "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.SplitN(string(data), "\n", 2)[0])
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func kill(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_, _ = syscall.Wait4(pid, nil, 0, nil) // this program launched it
}

func zombie(pid int) bool {
	out, err := exec.Command("ps", "-o", "stat=", "-p", strconv.Itoa(pid)).Output()
	return err != nil || strings.HasPrefix(string(out), "Z")
}
