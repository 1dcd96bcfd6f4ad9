package orchestrator_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/corpus"
	"github.com/haigo-lab/haigo/services/orchestrator"
	"github.com/haigo-lab/haigo/services/postgres"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
)

// library is a store, a folder of text and an adder that may read there.
func library(t *testing.T, documents int) (*postgres.Store, string, *orchestrator.Adder) {
	t.Helper()
	store, root := pgtest.Store(t), t.TempDir()
	for i := range documents {
		text := fmt.Sprintf("document %d %s", i, strings.Repeat("text ", 50))
		if err := os.WriteFile(filepath.Join(root, fmt.Sprintf("%04d.txt", i)), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return store, root, &orchestrator.Adder{Store: store, Data: t.TempDir(), Roots: []string{root}, Log: slog.New(slog.DiscardHandler)}
}

func ask(t *testing.T, store *postgres.Store, path string) ablation.Addition {
	t.Helper()
	a, err := store.PutAddition(t.Context(), ablation.Addition{Name: "web-ja", Lang: "ja", Licence: "CC0", Path: path})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func newest(t *testing.T, store *postgres.Store) ablation.Addition {
	t.Helper()
	all, err := store.Additions(t.Context(), 1)
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	return all[0]
}

func TestAdder(t *testing.T) {
	t.Parallel()
	store, root, adder := library(t, 40)
	first, again := ask(t, store, root), ask(t, store, root)
	if first.ID != again.ID {
		t.Errorf("asking twice makes the additions %d and %d", first.ID, again.ID)
	}
	if _, err := store.PutAddition(t.Context(), ablation.Addition{Name: "web-ja", Lang: "en", Path: root}); !errors.Is(err, ablation.ErrConflict) {
		t.Errorf("other text under the name: %v", err)
	}
	if did, err := adder.AddOnce(t.Context()); !did || err != nil {
		t.Fatal(did, err)
	}
	a := newest(t, store)
	source, err := store.Source(t.Context(), "web-ja", "")
	if err != nil || a.State != ablation.AdditionAdded || a.Version != source.Version || a.Progress.Files != 40 || a.EndedAt == nil {
		t.Errorf("%+v, %+v, %v", a, source, err)
	}
	if len(source.Origin) != 1 || source.Origin[0].Licence != "CC0" || source.Origin[0].Path != root {
		t.Errorf("origin %+v", source.Origin)
	}
	if did, err := adder.AddOnce(t.Context()); did || err != nil {
		t.Errorf("with nothing to read: %v, %v", did, err)
	}
}

// TestAdder_refuses reads nothing that lies elsewhere, whatever leads there, and says why.
func TestAdder_refuses(t *testing.T) {
	t.Parallel()
	store, root, adder := library(t, 1)
	outside := t.TempDir()
	secret := filepath.Join(outside, "secret.txt")
	if err := errors.Join(os.WriteFile(secret, []byte("secret text"), 0o644), os.Mkdir(filepath.Join(root, ".ssh"), 0o755),
		os.WriteFile(filepath.Join(root, ".ssh", "key.txt"), []byte("secret text"), 0o644), os.Symlink(secret, filepath.Join(root, "link.txt")),
		os.Symlink(outside, filepath.Join(root, "folder"))); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{
		secret, outside, "/etc/passwd", root + "/../" + filepath.Base(outside), root + "/link.txt", root + "/folder", root + "/*.txt", root + "/.ssh", root + "/.ssh/key.txt", root + "x", root + "/none",
	} {
		ask(t, store, path)
		if _, err := adder.AddOnce(t.Context()); err != nil {
			t.Fatal(err)
		}
		if a := newest(t, store); a.State != ablation.AdditionFailed || a.Message.JA == "" || a.Message.EN == "" {
			t.Errorf("%s: %+v", path, a)
		}
	}
	anywhere := orchestrator.Adder{Store: store, Data: adder.Data, Roots: []string{"/"}, Log: adder.Log}
	for _, path := range []string{"/proc/self/environ", "/dev/zero", root + "/.ssh", adder.Data} {
		if _, err := corpus.Look(t.Context(), orchestrator.AdditionOptions(ablation.Addition{Name: "x", Lang: "ja", Path: path}, anywhere.Data, anywhere.Roots)); err == nil {
			t.Errorf("%s may be read", path)
		}
	}
	if found, err := corpus.Look(t.Context(), orchestrator.AdditionOptions(ablation.Addition{Name: "x", Lang: "ja", Path: root + "/0000.txt"}, anywhere.Data, anywhere.Roots)); err != nil || found.Files != 1 || !strings.HasPrefix(found.First, "document 0") {
		t.Errorf("%+v, %v", found, err)
	}
	if _, err := corpus.Look(t.Context(), orchestrator.AdditionOptions(ablation.Addition{Name: "x", Lang: "ja", Path: root}, adder.Data, nil)); err == nil {
		t.Error("without roots text may be read")
	}
}

// TestAdder_ends: one that is told to end leaves its addition to the next; one that was cancelled stays so.
func TestAdder_ends(t *testing.T) {
	t.Parallel()
	store, root, adder := library(t, 40)
	ask(t, store, root)
	ctx, cancel := context.WithCancel(t.Context())
	claimed, err := store.ClaimAddition(ctx, time.Nanosecond) // by a server that dies
	if err != nil || claimed == nil {
		t.Fatal(claimed, err)
	}
	if _, err := adder.AddOnce(ctx); err != nil {
		t.Fatal(err)
	}
	if a := newest(t, store); a.State != ablation.AdditionAdded {
		t.Errorf("taken over from a dead server it is %s", a.State)
	}
	if held, err := store.EndAddition(ctx, *claimed); held || err != nil {
		t.Errorf("what the dead server says counts: %v, %v", held, err)
	}
	b := ask(t, store, root)
	if err := store.CancelAddition(ctx, b.ID); err != nil {
		t.Fatal(err)
	}
	if did, err := adder.AddOnce(ctx); did || err != nil || newest(t, store).State != ablation.AdditionCancelled {
		t.Errorf("a cancelled one: %v, %v", did, err)
	}
	ask(t, store, root)
	claimed, err = store.ClaimAddition(ctx, time.Minute)
	if err != nil || claimed == nil {
		t.Fatal(claimed, err)
	}
	cancel()
	claimed.State = ablation.AdditionWaiting
	if held, err := store.EndAddition(t.Context(), *claimed); !held || err != nil || newest(t, store).State != ablation.AdditionWaiting {
		t.Errorf("given back: %v, %v", held, err)
	}
	if err := store.CancelAddition(t.Context(), 999); !errors.Is(err, ablation.ErrNotFound) {
		t.Errorf("an unknown one: %v", err)
	}
}
