package main

import (
	"strings"
	"testing"

	"github.com/haigo-lab/haigo/services/ablation"
)

// TestPrintRounds_follow: batches are said to follow as long as they may, not once fresh seeds confirm.
func TestPrintRounds_follow(t *testing.T) {
	t.Parallel()
	s := ablation.Sweep{State: ablation.SweepRunning, Design: ablation.Design{Adaptive: &ablation.Adaptive{Rounds: 2}}}
	s.Rounds = []ablation.Round{{Number: 1, Kind: ablation.RoundStart}, {Number: 2, Kind: ablation.RoundBatch}}
	for _, want := range []string{"The sweep is running: at most 1 of 2 batches follow.", "The sweep is running: fresh seeds confirm what it found, no batch follows."} {
		var out strings.Builder
		printRounds(&out, s)
		if !strings.Contains(out.String(), want) {
			t.Errorf("after round %d want %q in:\n%s", len(s.Rounds), want, &out)
		}
		s.Rounds = append(s.Rounds, ablation.Round{Number: 3, Kind: ablation.RoundConfirm, Reason: ablation.ReasonEnough})
	}
}
