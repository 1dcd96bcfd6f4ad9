package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/postgres"
)

// TestDiverge trains with a learning rate that no model bears, under each policy, and kills the service meanwhile.
func TestDiverge(t *testing.T) {
	data := folder(t)
	sources(t, data)
	s := dev(t, data)
	for _, policy := range []string{"stop", "report", "{rollback: 2, lr: 0.001}"} {
		haigo(t, data, "sweep", "apply", unbearable(t, policy))
	}
	store := s.store(t)
	await(t, "a first entry in the ledger", func() bool { return len(ledger(t, store, "diverge-report")) > 0 })
	s.end(syscall.SIGKILL)
	s = dev(t, data)
	store = s.store(t)

	want := map[string]struct {
		state  ablation.RunState
		action ablation.SpikeAction
	}{
		"diverge-stop":     {ablation.RunDiverged, ablation.ActionStopped},
		"diverge-report":   {ablation.RunCompleted, ablation.ActionReported},
		"diverge-rollback": {ablation.RunCompleted, ablation.ActionRolledBack},
	}
	for sweep, w := range want {
		run := awaitEnd(t, store, sweep)[0].Run
		about, err := store.Sweep(t.Context(), sweep)
		if err != nil {
			t.Fatal(err)
		}
		every := about.Recipe.CheckpointEvery()
		if run.State != w.state {
			t.Errorf("%s: the run is %s (%s), want %s", sweep, run.State, run.Message, w.state)
		}
		for _, e := range ledger(t, store, sweep) {
			if e.Kind.Diverges() && e.Action != w.action {
				t.Errorf("%s: %s at step %d: %q, want %q", sweep, e.Kind, e.Step, e.Action, w.action)
			}
			if e.Action == ablation.ActionStopped && e.Wasted() == 0 {
				t.Errorf("%s: nothing is said to be lost by %s at step %d", sweep, e.Kind, e.Step)
			}
			if last := (e.Step - 1) / every * every; e.Kind.Diverges() && e.Action == ablation.ActionRolledBack && e.Round == 0 && e.BackTo != last {
				t.Errorf("%s: %s at step %d went back to step %d, the last checkpoint before it is %d", sweep, e.Kind, e.Step, e.BackTo, last)
			}
			if rows := 0; e.Rows != nil {
				for _, r := range e.Rows {
					rows += len(r)
				}
				if rows != 8 {
					t.Errorf("%s: step %d read %v, want the 8 rows of a batch", sweep, e.Step, e.Rows)
				}
			}
		}
	}
	triedAgain(t, data, store)
	back, err := store.Runs(t.Context(), "diverge-rollback")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(back[0].Interventions); n == 0 || back[0].Progress.Attempt != n+1 {
		t.Errorf("%d attempts for the interventions %+v", back[0].Progress.Attempt, back[0].Interventions)
	}
	if kept, err := filepath.Glob(filepath.Join(spec.CheckpointsDir(spec.RunDir(data, back[0].ID)), fmt.Sprintf("step-*-a%04d", back[0].Progress.Attempt))); len(kept) != 2 {
		t.Errorf("after its end the last attempt keeps %v (%v), want the 2 that the recipe keeps", kept, err)
	}
}

// triedAgain has the run that was stopped go on from its last good checkpoint, as its page says.
func triedAgain(t *testing.T, data string, store *postgres.Store) {
	t.Helper()
	const sweep = "diverge-stop"
	runs, err := store.Runs(t.Context(), sweep)
	if err != nil {
		t.Fatal(err)
	}
	about, err := store.Sweep(t.Context(), sweep)
	if err != nil {
		t.Fatal(err)
	}
	first := runs[0].Steps
	for _, e := range ledger(t, store, sweep) {
		if e.Action == ablation.ActionStopped {
			first = min(first, e.Step)
		}
	}
	every := about.Recipe.CheckpointEvery()
	want := "begins anew"
	if good := (first - 1) / every * every; good > 0 {
		want = fmt.Sprintf("goes on from step %d", good)
	}
	t.Logf("diverged at step %d with a checkpoint every %d: %s", first, every, want)
	if said := haigo(t, data, "run", "retry", runs[0].ID); !strings.Contains(said, want) {
		t.Errorf("a retry says %q, want %q", said, want)
	}
}

func ledger(t *testing.T, store *postgres.Store, sweep string) []ablation.Spike {
	t.Helper()
	runs, err := store.Runs(t.Context(), sweep)
	if err != nil {
		t.Fatal(err)
	}
	spikes, err := store.Spikes(t.Context(), runs[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	return spikes
}

// unbearable is a sweep of one run that diverges.
func unbearable(t *testing.T, policy string) string {
	t.Helper()
	name := "diverge-" + strings.TrimLeft(strings.SplitN(policy, ":", 2)[0], "{")
	path := filepath.Join(t.TempDir(), name+".yaml")
	document := fmt.Sprintf(`name: %s
sources: [ja, en]
recipe:
  shape: {layers: 2, width: 32, heads: 2, ffn: 96}
  tokens: 6M
  row_tokens: 64
  batch_rows: 8
  optimizer: {peak_lr: 1, warmup: 5%%, clip: 0}
  eval: {every: 50%%}
  checkpoint: {every: 2%%}
  on_divergence: %s
  max_epochs: 10000
schedules:
  half: {stages: [{until: 1.0, mixture: {ja: 0.5, en: 0.5}}]}
seeds: 1
seed: 7
`, name, policy)
	if err := os.WriteFile(path, []byte(document), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
