package postgres_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/postgres"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
)

// written is a dump in memory.
type written struct {
	postgres.Dump
	tables map[string]*bytes.Buffer
}

func writeDown(t *testing.T, store *postgres.Store) written {
	t.Helper()
	w := written{tables: map[string]*bytes.Buffer{}}
	var err error
	w.Dump, err = store.Dump(t.Context(), func(table string) (io.Writer, error) {
		w.tables[table] = &bytes.Buffer{}
		return w.tables[table], nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w written) open(table string) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(w.tables[table].Bytes())), nil
}

func (w written) texts() map[string]string {
	out := map[string]string{}
	for name, b := range w.tables {
		out[name] = b.String()
	}
	return out
}

// What is read back is what was there, to the bit, and goes on as if nothing had happened.
func TestDump_ReadBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	source := ablation.Source{Name: "ja", Version: "12345678", Lang: "ja", Role: "train", ManifestSHA256: "1234567890", Dir: "/old/data/sources/ja/12345678"}
	w.must(w.PutSource(t.Context(), source))
	w.sweep("kept", 2, 10_000)
	s := w.training()
	s.send(s.begin(nil, losses(1, 1, math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), 5e-324, 1.7976931348623157e308)...))
	s.send(s.next(metrics(8, 500)...))
	s.end("stopped", ablation.RunStopped)
	if _, err := w.SealOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := writeDown(t, w.Store)

	empty := pgtest.Store(t)
	moved := postgres.Moved{From: "/old/data", To: "/new/place"}
	if _, err := empty.Load(t.Context(), before.Dump, moved, before.open, noFiles); err != nil {
		t.Fatal(err)
	}
	after := writeDown(t, empty)
	want := before.texts()
	want["sources"] = strings.ReplaceAll(want["sources"], "/old/data/", "/new/place/")
	if diff := cmp.Diff(want, after.texts()); diff != "" {
		t.Errorf("read back (-was +is):\n%s", diff)
	}
	if diff := cmp.Diff(before.Dump, after.Dump, cmpopts.IgnoreFields(postgres.Dump{}, "At")); diff != "" {
		t.Errorf("read back (-was +is):\n%s", diff)
	}

	again := &world{TB: t, Store: empty, holder: w.holder}
	again.sweep("next", 1, 100)
	n := again.training()
	n.send(n.begin(nil, losses(1, 2)...))

	var refused *ablation.Refusal
	if _, err := empty.Load(t.Context(), before.Dump, moved, before.open, noFiles); !errors.As(err, &refused) || !strings.Contains(err.Error(), "isn't empty") {
		t.Errorf("filled a database that isn't empty: %v", err)
	}
}

// A dump that breaks off leaves an empty database behind, which takes the whole one.
func noFiles() error { return nil }

// A restore that is killed between its transactions leaves a database that nobody works on, and that another begins anew.
func TestDump_Killed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sweep("kept", 2, 100)
	whole := writeDown(t, w.Store)
	half := pgtest.Store(t)
	elsewhere := postgres.Moved{From: "/old", To: "/new", Elsewhere: true}
	if _, err := half.Load(t.Context(), whole.Dump, elsewhere, whole.open, func() error { return errBroken }); !errors.Is(err, errBroken) {
		t.Fatalf("broken off: %v", err)
	}
	var refused *ablation.Refusal
	if err := half.Migrate(t.Context()); !errors.As(err, &refused) || !strings.Contains(err.Error(), "haigo restore FILE again") {
		t.Errorf("half a restore is worked on: %v", err)
	}
	paused, err := half.Load(t.Context(), whole.Dump, elsewhere, whole.open, noFiles)
	if err != nil || len(paused.Sweeps) != 1 {
		t.Errorf("another restore: %+v, %v", paused, err)
	}
	if err := half.Migrate(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestDump_BrokenOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sweep("kept", 2, 100)
	whole := writeDown(t, w.Store)
	broken := func(table string) (io.ReadCloser, error) {
		if table == "runs" {
			return io.NopCloser(io.MultiReader(io.LimitReader(bytes.NewReader(whole.tables[table].Bytes()), 10), failing{})), nil
		}
		return whole.open(table)
	}
	empty := pgtest.Store(t)
	if _, err := empty.Load(t.Context(), whole.Dump, postgres.Moved{}, broken, noFiles); err == nil || !strings.Contains(err.Error(), errBroken.Error()) {
		t.Fatalf("a broken dump: %v", err)
	}
	if _, err := empty.Load(t.Context(), whole.Dump, postgres.Moved{}, whole.open, noFiles); err != nil {
		t.Errorf("the whole dump after it: %v", err)
	}
}

var errBroken = errors.New("the disk is gone")

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errBroken }

// A dump of a later version is refused.
func TestDump_Later(t *testing.T) {
	t.Parallel()
	dump := writeDown(t, newWorld(t).Store)
	dump.Migration = 99_999
	var refused *ablation.Refusal
	if _, err := pgtest.Store(t).Load(t.Context(), dump.Dump, postgres.Moved{}, dump.open, noFiles); !errors.As(err, &refused) {
		t.Errorf("a later version's dump: %v", err)
	}
}

// Nobody is left behind with a database that changes under them.
func TestLoad_InUse(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	server, err := postgres.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	store, err := postgres.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	dump := writeDown(t, newWorld(t).Store)
	if _, err := store.Load(t.Context(), dump.Dump, postgres.Moved{}, dump.open, noFiles); err == nil || !strings.Contains(err.Error(), "end it first") {
		t.Errorf("filled a database that a server uses: %v", err)
	}
}

// What was open when the backup was made trains on elsewhere: in another data folder its runs are queued again, and nothing of
// theirs is adopted or stopped.
func TestLoad_OpenAttempts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sweep("live", 2, 100)
	first, second := w.training(), w.training()
	first.send(first.begin(nil, losses(1, 3)...))
	w.must(w.StopRun(t.Context(), second.claim.Run.ID, ablation.StopPerson))
	dump := writeDown(t, w.Store)
	for to, want := range map[string][]ablation.RunState{
		"/data":  {ablation.RunRunning, ablation.RunStopping},
		"/drill": {ablation.RunQueued, ablation.RunStopped},
	} {
		store := pgtest.Store(t)
		if _, err := store.Load(t.Context(), dump.Dump, postgres.Moved{From: "/data", To: to, Elsewhere: to != "/data"}, dump.open, noFiles); err != nil {
			t.Fatal(err)
		}
		copied := &world{TB: t, Store: store, holder: w.holder}
		for i, s := range []*stream{first, second} {
			run, attempts := copied.state(s.claim.Run.ID)
			if run.State != want[i] || (attempts[0].EndedAt == nil) != (to == "/data") {
				t.Errorf("in %s: run %s, attempt %+v", to, run.State, attempts[0])
			}
		}
		if to == "/drill" {
			copied.must(copied.ResumeSweep(t.Context(), "live"))
			copied.training()
		}
	}
}
