package ablation_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/haigo-lab/haigo/services/ablation"
)

var (
	runStates = []ablation.RunState{
		ablation.RunQueued, ablation.RunRunning, ablation.RunStopping, ablation.RunCompleted,
		ablation.RunStopped, ablation.RunDiverged, ablation.RunFailed,
	}
	sweepStates = []ablation.SweepState{
		ablation.SweepRunning, ablation.SweepPaused, ablation.SweepCompleted, ablation.SweepStopped,
	}
)

func TestRunState_May_no_sequence_leaves_the_states(t *testing.T) {
	t.Parallel()
	words := slices.Concat(runStates, []ablation.RunState{"", "claimed", "lost", "Running"})
	rapid.Check(t, func(t *rapid.T) {
		state := ablation.RunQueued
		for _, next := range rapid.SliceOf(rapid.SampledFrom(words)).Draw(t, "next") {
			before := state
			if state.May(next) {
				state = next
			}
			if !slices.Contains(runStates, state) {
				t.Fatalf("left the states from %s: %q", before, state)
			}
			if before == ablation.RunCompleted && state != before {
				t.Fatalf("a completed run became %s", state)
			}
			if before.Ended() && state != before && state != ablation.RunQueued {
				t.Fatalf("a run that was %s became %s without a retry", before, state)
			}
		}
	})
}

func TestRunState_May_every_run_can_end(t *testing.T) {
	t.Parallel()
	for _, from := range runStates {
		if !reaches(from, runStates, map[ablation.RunState]bool{}) {
			t.Errorf("no way from %s to an end", from)
		}
	}
}

func reaches(from ablation.RunState, all []ablation.RunState, seen map[ablation.RunState]bool) bool {
	if from.Ended() {
		return true
	}
	seen[from] = true
	return slices.ContainsFunc(all, func(next ablation.RunState) bool {
		return from.May(next) && !seen[next] && reaches(next, all, seen)
	})
}

func TestSweepState_May(t *testing.T) {
	t.Parallel()
	words := slices.Concat(sweepStates, []ablation.SweepState{"", "draft", "failed"})
	rapid.Check(t, func(t *rapid.T) {
		state := ablation.SweepRunning
		for _, next := range rapid.SliceOf(rapid.SampledFrom(words)).Draw(t, "next") {
			if state == next && state.May(next) {
				t.Fatalf("%s follows itself", state)
			}
			if state.May(next) {
				state = next
			}
			if !slices.Contains(sweepStates, state) {
				t.Fatalf("left the states: %q", state)
			}
		}
	})
}
