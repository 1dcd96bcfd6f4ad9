package postgres_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/postgres"
)

// after is a sweep of one run that starts from the only run of sweep base, of 10 steps.
func after(name string, steps int64, start ablation.Start) postgres.Application {
	a := application(name, 1, 1, steps)
	if start.SHA256 == "" || start.Run != "" {
		start.Run = "base-arm0-1"
	}
	a.Runs[0].Start = &start
	recipe := ablation.Recipe{Tokens: 80, RowTokens: 4, BatchRows: 2, Checkpoint: ablation.Checkpoint{Every: ablation.Amount{Tokens: 16}, Keep: 1}}
	a.Sweep.Parents = []ablation.Parent{{Run: start.Run, Name: "base/arm0/1", Step: start.Step, SHA256: start.SHA256, Past: &ablation.Past{Recipe: recipe}}}
	return a
}

// TestStore_start: what a run starts from comes back as it was given.
func TestStore_start(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sweep("base", 1, 10)
	for name, start := range map[string]ablation.Start{
		"state":     {Run: "x", Step: 4, Take: ablation.TakeState, SHA256: "digest"},
		"weights":   {Run: "x", Step: 9, Take: ablation.TakeWeights, SHA256: "digest"},
		"elsewhere": {Take: ablation.TakeWeights, SHA256: "digest"},
		"to-come":   {Run: "x", Step: 10, Take: ablation.TakeWeights},
	} {
		a := after(name, 6, start)
		w.apply(a)
		run, err := w.Run(t.Context(), a.Runs[0].ID)
		if diff := cmp.Diff(a.Runs[0].Start, run.Start); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
	steps, err := w.Branches(t.Context(), "base-arm0-1")
	if diff := cmp.Diff([]int64{4, 9, 10}, steps); err != nil || diff != "" {
		t.Errorf("%v: base keeps %s", err, diff)
	}
}

// TestStore_Claim_waitsForAParent: a run waits for one of another sweep as for a trunk, unless a copy of what it starts
// from is kept; its past is its own only where it takes the state.
func TestStore_Claim_waitsForAParent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sweep("base", 1, 10)
	w.apply(after("state", 10, ablation.Start{Step: 4, Take: ablation.TakeState}))
	w.apply(after("weights", 4, ablation.Start{Step: 10, Take: ablation.TakeWeights}))
	base := w.training()
	w.none(w.request())
	base.send(base.begin(nil, losses(0, 0, 1, 2, 3, 4)...))
	base.save(4)
	state := w.training()
	if state.claim.Run.Sweep != "state" {
		t.Fatalf("claimed a run of %s", state.claim.Run.Sweep)
	}
	state.send(state.begin(ptr(int64(4)), losses(5, 50, 60)...))
	w.none(w.request())
	base.send(base.next(losses(5, 5, 6, 7, 8, 9, 10)...))
	base.save(10)
	base.end("completed", ablation.RunCompleted)
	weights := w.training()
	weights.send(weights.begin(nil, losses(0, 7, 8, 9, 10, 11)...))
	weights.save(4)
	weights.send(weights.begin(ptr(int64(4))))
	for run, want := range map[string][]ablation.Point{
		"state-arm0-1":   losses(0, 0, 1, 2, 3, 4, 50, 60),
		"weights-arm0-1": losses(0, 7, 8, 9, 10, 11),
	} {
		got, err := w.Points(t.Context(), run, ablation.MetricLoss, 0, 100, 100)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", run, err, diff)
		}
	}
	saved, err := w.Checkpoints(t.Context(), "base-arm0-1")
	if err != nil || len(saved) != 2 || saved[0].Step != 4 || saved[1].Step != 10 {
		t.Errorf("base has saved %+v, %v", saved, err)
	}
}

// TestStore_ApplySweep_parentGoesOn: a run that goes on before it knows that others start from it may keep nothing there.
func TestStore_ApplySweep_parentGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sweep("base", 1, 10)
	base := w.training()
	_, err := w.ApplySweep(t.Context(), after("early", 10, ablation.Start{Step: 4, Take: ablation.TakeState}))
	if !errors.Is(err, ablation.ErrConflict) {
		t.Errorf("a step that isn't kept: %v, want ErrConflict", err)
	}
	w.apply(after("end", 10, ablation.Start{Step: 10, Take: ablation.TakeWeights})) // the last step's stays anyway
	base.end("failed", ablation.RunFailed)
	_, err = w.ApplySweep(t.Context(), after("late", 10, ablation.Start{Step: 10, Take: ablation.TakeWeights}))
	if !errors.Is(err, ablation.ErrConflict) {
		t.Errorf("a run that has ended: %v, want ErrConflict", err)
	}
	w.apply(after("kept", 10, ablation.Start{Run: "x", Step: 4, Take: ablation.TakeState, SHA256: "digest"}))
	for _, want := range []string{"end", "kept"} { // base will never get there: its run begins, and fails with the reason
		if c := w.claim(); c.Run.Sweep != want {
			t.Errorf("claimed a run of %s, want of %s", c.Run.Sweep, want)
		}
	}
}

// TestStore_EndAttempt_transplantsTheStart: who takes a trunk's place begins where that began, with what it took.
func TestStore_EndAttempt_transplantsTheStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sweep("base", 1, 10)
	a := application("s", 3, 1, 10)
	origin := ablation.Start{Run: "base-arm0-1", Step: 9, Take: ablation.TakeWeights, SHA256: "digest"}
	a.Runs[0].Start = &origin
	for i, step := range []int64{3, 5} {
		a.Runs[i+1].Start = &ablation.Start{Run: a.Runs[0].ID, Step: step, Take: ablation.TakeState}
	}
	w.apply(a)
	w.must(w.StopRun(t.Context(), a.Runs[0].ID, ablation.StopPerson))
	for id, want := range map[string]*ablation.Start{
		a.Runs[1].ID: {Run: a.Runs[2].ID, Step: 3, Take: ablation.TakeState},
		a.Runs[2].ID: &origin,
	} {
		run, err := w.Run(t.Context(), id)
		if diff := cmp.Diff(want, run.Start); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", id, err, diff)
		}
	}
}

// TestStore_Restart: a run whose trunk left nothing begins where its sweep does, or with fresh weights.
func TestStore_Restart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.grove("s", 10, 3)
	trunk := w.training()
	trunk.send(trunk.begin(nil, losses(0, 0, 1, 2, 3)...))
	trunk.save(3)
	c := w.claim()
	for _, want := range []*ablation.Start{{Take: ablation.TakeWeights, SHA256: "digest"}, nil} {
		w.must(w.Restart(t.Context(), c, want))
		run, err := w.Run(t.Context(), c.Run.ID)
		if diff := cmp.Diff(want, run.Start); diff != "" || err != nil {
			t.Error(err, diff)
		}
	}
	w.must(w.Release(t.Context(), c))
	if err := w.Restart(t.Context(), c, nil); !errors.Is(err, postgres.ErrLost) {
		t.Errorf("by a claim that is over: %v, want ErrLost", err)
	}
}
