package postgres_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/postgres"
)

// A database is one folder's, whatever its path: the first of those that come at once.
func TestSettle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	folders := []postgres.Folder{{ID: "one", Path: "/srv/one", Host: "a"}, {ID: "two", Path: "/srv/two", Host: "b"}}
	errs := make([]error, len(folders))
	var both sync.WaitGroup
	for i, f := range folders {
		both.Go(func() { errs[i] = w.Settle(t.Context(), f) })
	}
	both.Wait()
	if errs[0] != nil {
		folders[0], folders[1], errs[0], errs[1] = folders[1], folders[0], errs[1], errs[0]
	}
	var refused *ablation.Refusal
	if errs[0] != nil || !errors.As(errs[1], &refused) {
		t.Fatalf("of two folders at once: %v", errs)
	}
	for _, lang := range []string{"en", "ja"} {
		if words := refused.Message.In(lang); !strings.Contains(words, folders[0].Path) || !strings.Contains(words, folders[1].Path) {
			t.Errorf("it is refused with %s", words)
		}
	}
	w.must(w.Settle(t.Context(), postgres.Folder{ID: folders[0].ID, Path: "/mnt/elsewhere", Host: "c"}))
}
