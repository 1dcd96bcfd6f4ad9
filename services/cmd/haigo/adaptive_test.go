package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/haigo-lab/haigo/services/ablation"
)

// planning is a sweep that plans itself, of the smallest runs that say anything.
const planning = `name: planning
question: どの配合を採るか
sources: [ja, en]
recipe: {shape: {layers: 1, width: 16, heads: 1, ffn: 32}, tokens: 10k, row_tokens: 64, batch_rows: 8, optimizer: {peak_lr: 1e-2}, eval: {every: 50%}, max_epochs: 100}
schedules:
  half: {stages: [{until: 1.0, mixture: {ja: 0.5, en: 0.5}}]}
design: {adaptive: {objective: 'min:0.8*bpb/ja+0.2*bpb/en', start: 3, batch: 1, rounds: 1, confirm: 1, enough: 1e-9}}
seeds: 1
`

// TestAdaptive trains a sweep that plans itself from its start to its verdict; on the way it is paused, its service is killed, and it
// is resumed. Every run that a round decided on is there, once.
func TestAdaptive(t *testing.T) {
	data := folder(t)
	sources(t, data)
	file := filepath.Join(t.TempDir(), "planning.yaml")
	if err := os.WriteFile(file, []byte(planning), 0o644); err != nil {
		t.Fatal(err)
	}
	s := dev(t, data)
	haigo(t, data, "sweep", "apply", file)
	store := s.store(t)
	s.await(t, "a first run to end", func() bool {
		w, err := store.Sweep(t.Context(), "planning")
		return err == nil && w.Counts.Completed > 0
	})
	haigo(t, data, "sweep", "pause", "planning")
	before, err := store.Sweep(t.Context(), "planning")
	if err != nil {
		t.Fatal(err)
	}
	s.end(syscall.SIGKILL)
	s = dev(t, data)
	store = s.store(t)
	if w, err := store.Sweep(t.Context(), "planning"); err != nil || w.State != ablation.SweepPaused || len(w.Rounds) != len(before.Rounds) {
		t.Fatalf("after the pause: %s, %d rounds of %d, %v", w.State, len(w.Rounds), len(before.Rounds), err)
	}
	haigo(t, data, "sweep", "resume", "planning")
	if shown := haigo(t, data, "sweep", "watch", "planning"); !strings.Contains(shown, "completed") {
		t.Errorf("watched:\n%s", shown)
	}
	w, err := store.Sweep(t.Context(), "planning")
	if err != nil {
		t.Fatal(err)
	}
	var kinds []ablation.RoundKind
	want := []string{"half-s1"}
	for _, r := range w.Rounds {
		kinds = append(kinds, r.Kind)
		for _, a := range r.Arms {
			if len(a.Stages) > 0 {
				want = append(want, a.Name+"-s1")
			}
			for _, seed := range a.Seeds {
				want = append(want, fmt.Sprintf("%s-s%d", a.Name, seed))
			}
		}
	}
	if !slices.Equal(kinds, []ablation.RoundKind{"start", "batch", "confirm", "verdict"}) || w.Verdict().Verdict.Stages == nil {
		t.Errorf("rounds %v, verdict %+v", kinds, w.Verdict())
	}
	runs, err := store.Runs(t.Context(), "planning")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range runs {
		got = append(got, r.Name)
		if r.State != ablation.RunCompleted {
			t.Errorf("%s is %s: %s", r.Name, r.State, r.Message)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("runs are %v, the rounds decided on %v", got, want)
	}
	if shown := haigo(t, data, "sweep", "show", "planning"); !strings.Contains(shown, "3 confirm") || !strings.Contains(shown, "\nTake ") {
		t.Errorf("shown:\n%s", shown)
	}
}
