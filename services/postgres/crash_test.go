package postgres_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/postgres"
	"github.com/haigo-lab/haigo/services/postgres/local"
)

// A server that is killed while batches arrive: what was acknowledged is there, what wasn't is sent again, and every
// point counts once.
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

	const batches, size = 120, 100
	stored := make(chan int)
	var down sync.RWMutex
	go func() {
		defer close(stored)
		for n := range batches {
			b := s.next(metrics(int64(n*size), size)...)
			err := w.Ingest(context.Background(), s.claim, b)
			for try := 0; err != nil; try++ {
				if try == 100 {
					t.Error(err)
					return
				}
				down.RLock() // held while the server is down
				err = w.Ingest(context.Background(), s.claim, b)
				down.RUnlock()
			}
			stored <- n
		}
	}()
	for n := range stored {
		if n%40 == 20 {
			down.Lock()
			kill(t, server)
			start()
			down.Unlock()
		}
	}
	w.counts("s", batches*size*10)
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
