package storage_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/postgres"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
	"github.com/haigo-lab/haigo/services/storage"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// house is a keeper with a store and a data folder of its own.
type house struct {
	*testing.T
	*storage.Keeper
}

func newHouse(t *testing.T) house {
	t.Helper()
	freeze := func(_ context.Context, v ablation.Share) (ablation.Share, error) {
		v.Chart = []byte(`{"frozen":true}`)
		return v, nil
	}
	return house{t, &storage.Keeper{Store: pgtest.Store(t), Data: t.TempDir(), Freeze: freeze}}
}

const steps = 5000

// sweep starts one of so many runs, and trains them to their ends but for the last, whose end is state.
func (h house) sweep(name string, runs int, state ablation.RunState) {
	h.Helper()
	seed := uint64(7)
	a := postgres.Application{
		Sweep: ablation.Sweep{Name: name, Seed: &seed, Recipe: ablation.Recipe{Tokens: steps * 8, RowTokens: 4, BatchRows: 2}},
		Arms:  []ablation.Arm{{Name: "a"}},
	}
	for i := range runs {
		a.Runs = append(a.Runs, ablation.Run{ID: fmt.Sprintf("%s-%d", name, i), Name: fmt.Sprintf("a-s%d", i+1), Sweep: name, Arm: "a", Replicate: int64(i + 1), Steps: steps})
	}
	if _, err := h.Store.ApplySweep(h.Context(), a); err != nil {
		h.Fatal(err)
	}
	for i := range runs {
		if state.Ended() || i < runs-1 {
			next := ablation.RunCompleted
			if i == runs-1 {
				next = state
			}
			h.train(next)
		}
	}
}

// train claims the next run and stores all that a runner would say and write.
func (h house) train(next ablation.RunState) {
	h.Helper()
	ctx := h.Context()
	c, err := h.Store.Claim(ctx, postgres.ClaimRequest{Holder: ablation.Holder{Host: "here", BootID: "b", PID: 1, StartTime: 1}, Lease: time.Hour, MaxRuns: 9})
	if err != nil || c == nil {
		h.Fatal("no claim", err)
	}
	if _, err := h.Store.OpenAttempt(ctx, *c, ablation.Attempt{Number: c.Run.Progress.Attempt + 1, Host: "here", Engine: "local", SpecSHA256: "s"}); err != nil {
		h.Fatal(err)
	}
	number := c.Run.Progress.Attempt + 1
	b := ablation.Batch{
		Attempt: number, To: ablation.Cursor{Offset: 1, Seq: 1},
		Segment:     &ablation.Segment{Trainer: "cpu", StartedAt: time.Now()},
		Checkpoints: []ablation.SavedCheckpoint{{Attempt: number, Step: steps, Path: "../checkpoints/step-5000", Bytes: 9, ManifestSHA256: "m"}},
		Logs:        []ablation.LogLine{{Attempt: number, Seq: 1, Time: time.Now(), Level: "info", Text: ablation.Label{EN: "hello"}}},
	}
	for step := int64(1); step <= steps; step++ {
		b.Points = append(b.Points, ablation.Point{Metric: "loss", Step: step, Value: ablation.Real(10 - float64(step)/1000)})
	}
	b.Points = append(b.Points, ablation.Point{Metric: "bpb/ja", Step: steps, Value: 1.5}, ablation.Point{Metric: "rows/ja", Step: steps, Value: 100})
	if err := h.Store.Ingest(ctx, *c, b); err != nil {
		h.Fatal(err)
	}
	if err := h.Store.EndAttempt(ctx, *c, number, string(next), ablation.Label{}, next); err != nil {
		h.Fatal(err)
	}
	run := spec.RunDir(h.Data, c.Run.ID)
	h.file(filepath.Join(run, "checkpoints", "step-5000", "weights"))
	h.file(filepath.Join(run, "attempt-0001", spec.StdoutFile))
	h.file(filepath.Join(run, "attempt-0001", spec.EventsFile))
}

func (h house) file(path string) {
	h.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		h.Fatal(err)
	}
	if err := os.WriteFile(path, make([]byte, 10_000), 0o600); err != nil {
		h.Fatal(err)
	}
}

// old makes everything below a path older than what is left alone.
func (h house) old(path string) {
	h.Helper()
	past := time.Now().Add(-48 * time.Hour)
	err := filepath.WalkDir(filepath.Join(h.Data, path), func(p string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chtimes(p, past, past)
	})
	if err != nil {
		h.Fatal(err)
	}
}

func (h house) there(path string) bool {
	_, err := os.Stat(filepath.Join(h.Data, path))
	return err == nil
}
