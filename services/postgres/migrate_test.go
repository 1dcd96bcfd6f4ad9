package postgres_test

import (
	"context"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/postgres"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
)

func TestMigrate_SeveralAtOnce(t *testing.T) {
	url := pgtest.URL(t)
	exec(t, url, `DROP SCHEMA public CASCADE`, `CREATE SCHEMA public`)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			store, err := postgres.Open(t.Context(), url)
			if err != nil {
				t.Error(err)
				return
			}
			defer store.Close()
			if err := store.Migrate(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	exec(t, url, `SELECT 1 FROM runs, points, shares`)
}

func TestMigrate_KeepsWhatIsThere(t *testing.T) {
	w := newWorld(t)
	w.sweep("kept", 2, 10)
	w.must(w.Migrate(t.Context()))
	runs, err := w.Runs(t.Context(), "kept")
	if err != nil || len(runs) != 2 {
		t.Errorf("%d runs, %v", len(runs), err)
	}
}

// exec runs statements on a connection of its own.
func exec(t *testing.T, url string, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for _, sql := range statements {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}
