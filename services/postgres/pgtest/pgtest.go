package pgtest

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/services/postgres"
)

// shared is the binary's server, started by the first test that needs it.
var shared struct {
	sync.Mutex
	server *server
	err    error
}

// Main runs the tests, ends the server that they used and exits. Call it from TestMain.
func Main(m *testing.M) {
	code := m.Run()
	shared.Lock()
	if shared.server != nil {
		if err := shared.server.stop(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, "pgtest:", err)
			code = max(code, 1)
		}
	}
	os.Exit(code)
}

// Store is a store on a database of the test's own, migrated and empty. It is closed, and the database dropped, when the
// test ends.
func Store(t testing.TB) *postgres.Store {
	t.Helper()
	store, err := postgres.Open(t.Context(), URL(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	return store
}

// URL names a database of the test's own, migrated and empty, that is dropped when the test ends.
func URL(t testing.TB) string {
	t.Helper()
	s, err := running()
	if err != nil {
		t.Fatal(err)
	}
	name, err := s.clone(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := s.drop(ctx, name); err != nil {
			t.Error(err)
		}
	})
	return s.named(name)
}

func running() (*server, error) {
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil && shared.err == nil {
		shared.server, shared.err = startServer(context.Background())
	}
	return shared.server, shared.err
}
