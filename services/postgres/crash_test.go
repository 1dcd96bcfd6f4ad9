package postgres_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/postgres"
	"github.com/haigo-lab/haigo/services/postgres/local"
)

// A server that is killed while batches arrive, each time in the middle of a commit: what was acknowledged is there, what
// wasn't is sent again, and every point counts once.
func TestIngest_ServerKilled(t *testing.T) {
	data := dataFolder(t)
	start := func() *local.Server {
		s, err := local.Start(t.Context(), local.Options{Data: data, Fast: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Stop(context.Background()); err != nil {
				t.Error(err)
			}
		})
		return s
	}
	server := start()
	store, err := postgres.Open(t.Context(), server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	w := &world{TB: t, Store: store, holder: ablation.Holder{Host: "host"}}
	w.must(store.Migrate(t.Context()))
	w.sweep("s", 1, 1<<40)
	s := w.training()
	s.send(s.begin(nil))
	commits := holdCommits(t, server.URL)

	const size = 100
	stored := make(chan struct{}, 1) // something was
	var batches int64
	var enough atomic.Bool
	var down sync.RWMutex
	var sender sync.WaitGroup
	sender.Go(func() {
		for !enough.Load() {
			b := s.next(metrics(batches*size, size)...)
			err := w.Ingest(context.Background(), s.claim, b)
			for try := 0; err != nil; try++ {
				if try == 100 {
					t.Error(err)
					close(stored)
					return
				}
				down.RLock() // held while the server is down
				err = w.Ingest(context.Background(), s.claim, b)
				down.RUnlock()
			}
			batches++
			select {
			case stored <- struct{}{}:
			default:
			}
		}
	})
	const kills = 3
	for range kills {
		for range 20 {
			<-stored
		}
		down.Lock()
		commits.await(t)
		kill(t, server)
		start()
		down.Unlock()
	}
	enough.Store(true)
	sender.Wait()
	points := batches * size * 10
	w.counts("s", points)
	t.Logf("figure: killed in %d commits, %d points once", kills, points)
}

// commits can be held: they wait for a lock.
type commits struct{ url string }

// holdCommits makes each commit that moves an attempt's cursor ask for the lock.
func holdCommits(t *testing.T, url string) commits {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for _, statement := range []string{
		`CREATE FUNCTION held() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END'`,
		`CREATE CONSTRAINT TRIGGER held AFTER UPDATE ON attempts DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION held()`,
	} {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	return commits{url}
}

// await takes the lock, which ends with the server, and returns while a commit waits for it.
func (c commits) await(t *testing.T) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), c.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	if _, err := conn.Exec(t.Context(), `SELECT pg_advisory_lock(1)`); err != nil {
		t.Fatal(err)
	}
	for statement := ""; statement != "commit" && !t.Failed(); {
		err := conn.QueryRow(t.Context(), `
			SELECT coalesce(max(a.query), '')
			FROM pg_locks l
			JOIN pg_stat_activity a USING (pid)
			WHERE l.locktype = 'advisory'
				AND NOT l.granted`).Scan(&statement)
		if err != nil {
			t.Fatal(err)
		}
	}
}

// dataFolder is where a private server's data lie: root's server runs as somebody else, who must enter it.
func dataFolder(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func kill(t *testing.T, s *local.Server) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(s.Home, "cluster", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(data), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}
