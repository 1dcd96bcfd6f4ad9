package postgres_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/haigo-lab/haigo/services/ablation"
)

func TestSpikes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sweep("s", 1, 1000)
	s := w.training()
	spike := ablation.Spike{Kind: ablation.SpikeLoss, Step: 3, Level: 2, Peak: 4, Rows: map[string][]int64{"ja": {7, 9}}}
	b := s.begin(nil, losses(1, 2, 2, 4)...)
	b.Spikes, b.Watch = []ablation.Spike{spike}, &ablation.Watch{Loss: ablation.Window{Values: []float64{2, 2}}, Open: []ablation.Spike{spike}}
	s.send(b)
	s.send(b) // an answer that got lost
	back := s.next(losses(4, 2)...)
	back.Spikes = []ablation.Spike{{Kind: ablation.SpikeLoss, Step: 3, Level: 2, Peak: 4.5, Until: 4, Closed: true}}
	s.send(back)

	got, err := w.Spikes(t.Context(), s.claim.Run.ID)
	w.must(err)
	spike.Peak, spike.Until, spike.Closed = 4.5, 4, true
	if diff := cmp.Diff([]ablation.Spike{spike}, got, cmpopts.IgnoreFields(ablation.Spike{}, "CreatedAt")); diff != "" {
		t.Errorf("ledger (-want +got):\n%s", diff)
	}
	watch, err := w.Watch(t.Context(), s.claim.Run.ID)
	w.must(err)
	if len(watch.Open) != 1 || !cmp.Equal(watch.Loss.Values, []float64{2, 2}) {
		t.Errorf("watch %+v", watch)
	}
}

// TestSpikes_reported: a divergence that a recipe only wants reported reaches people once, in the batch's words.
func TestSpikes_reported(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.channel("all", "")
	w.sweep("s", 1, 1000)
	s := w.training()
	words := ablation.Label{EN: "loss is NaN; it trains on", JA: "損失が NaN です"}
	spike := ablation.Spike{Kind: ablation.SpikeNonfinite, Step: 2, Action: ablation.ActionReported, Words: words}
	b := s.begin(nil, losses(1, 2, math.NaN())...)
	b.Spikes = []ablation.Spike{spike}
	s.send(b)
	s.send(b) // an answer that got lost
	more := s.next(losses(3, math.NaN())...)
	again := spike
	again.Step = 3
	more.Spikes = []ablation.Spike{spike, again} // brought up to date, and one of its kind that the ledger alone tells of
	s.send(more)
	due := w.due()
	if len(due) != 1 || due[0].Alert.Kind != ablation.AlertRunDiverged || due[0].Alert.Detail.Message != words || due[0].Alert.Detail.Step != 2 {
		t.Errorf("due %+v", due)
	}
}

func TestRollBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.channel("all", "")
	w.sweep("s", 1, 1000)
	s := w.training()
	b := s.begin(nil, losses(1, 3, 2, 2, 2, math.NaN())...)
	b.Checkpoints = []ablation.SavedCheckpoint{{Attempt: 1, Step: 2, Path: "2", ManifestSHA256: "x"}, {Attempt: 1, Step: 4, Path: "4", ManifestSHA256: "x"}}
	b.Spikes = []ablation.Spike{
		{Kind: ablation.SpikeNonfinite, Step: 5, Level: 2, Peak: ablation.Real(math.NaN())},
		{Kind: ablation.SpikeLoss, Step: 1},
		{Kind: ablation.SpikeLoss, Step: 3, Until: 4, Closed: true},
		{Kind: ablation.SpikeGrad, Step: 4},
	}
	s.send(b)
	lower := ablation.Intervention{FromStep: 2, LRScale: .5}
	w.must(w.RollBack(t.Context(), s.claim, 1, ablation.Rollback{Step: 2, Intervention: lower, Reason: ablation.Label{EN: "loss is NaN", JA: "損失が NaN です"}}))

	run, attempts := w.state(s.claim.Run.ID)
	if run.State != ablation.RunQueued || !cmp.Equal(run.Interventions, []ablation.Intervention{lower}) || attempts[0].Outcome != "diverged" {
		t.Errorf("state %s, interventions %+v, attempt %s", run.State, run.Interventions, attempts[0].Outcome)
	}
	if c, err := w.Checkpoint(t.Context(), run.ID, nil); err != nil || c == nil || c.Step != 2 {
		t.Errorf("goes on from %+v (%v), want step 2", c, err)
	}
	if n, err := w.CountingPoints(t.Context(), "s"); err != nil || n != 2 {
		t.Errorf("%d points count (%v), want 2", n, err)
	}
	spikes, err := w.Spikes(t.Context(), run.ID)
	w.must(err)
	if e := spikes[3]; e.Action != ablation.ActionRolledBack || e.BackTo != 2 || e.Wasted() != 3 || !math.IsNaN(float64(e.Peak)) {
		t.Errorf("entry %+v", e)
	}
	if e := spikes[0]; e.Action != "" || !e.Closed { // before what was gone back to
		t.Errorf("an open jump before that is %+v", e)
	}
	if e := spikes[1]; e.Action != "" || e.Until != 4 {
		t.Errorf("a jump that had recovered is %+v", e)
	}
	if e := spikes[2]; e.Action != ablation.ActionRolledBack || e.BackTo != 2 || e.Until != 0 || e.Wasted() != 0 || !e.Closed {
		t.Errorf("a jump that going back ended is %+v", e)
	}

	due := w.due()
	if want := "損失が NaN です。ステップ 2 に戻って続けます"; len(due) != 1 || due[0].Alert.Kind != ablation.AlertRunDiverged || due[0].Alert.Detail.Message.JA != want {
		t.Errorf("due %+v", due)
	}

	again := w.training()
	nan := again.begin(ptr[int64](2), losses(3, math.NaN(), 5)...)
	nan.Spikes = []ablation.Spike{{Round: 1, Kind: ablation.SpikeNonfinite, Step: 3}}
	again.send(nan)
	again.end("diverged", ablation.RunDiverged)
	spikes, err = w.Spikes(t.Context(), run.ID)
	w.must(err)
	if len(spikes) != 5 || spikes[4].Action != ablation.ActionStopped || spikes[4].Wasted() != 2 {
		t.Errorf("ledger %+v", spikes)
	}
}

// TestEndAttempt_diverged: what nobody did anything about before its run ended is told, whatever the run ended as.
func TestEndAttempt_diverged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.channel("all", "")
	w.sweep("s", 1, 1000)
	s := w.training()
	b := s.begin(nil, losses(1, 3, math.NaN(), 2)...)
	b.Spikes = []ablation.Spike{{Kind: ablation.SpikeNonfinite, Step: 2, Level: 3, Peak: ablation.Real(math.NaN()), Until: 3, Closed: true}}
	s.send(b)
	s.end("completed", ablation.RunCompleted)
	spikes, err := w.Spikes(t.Context(), s.claim.Run.ID)
	if err != nil || len(spikes) != 1 || spikes[0].Action != ablation.ActionReported {
		t.Errorf("ledger %+v, %v", spikes, err)
	}
	var told []ablation.Label
	for _, d := range w.due() {
		if d.Alert.Kind == ablation.AlertRunDiverged && d.Alert.Detail.Step == 2 {
			told = append(told, d.Alert.Detail.Message)
		}
	}
	want := []ablation.Label{{EN: "loss or gradient norm is NaN at step 2; it ended before anything could be done", JA: "ステップ 2 で損失または勾配ノルムが NaN になりました。対処する前に、ランが終わりました"}}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("alerts (-want +got):\n%s", diff)
	}
}

// TestRetryRun_diverged: what is tried again goes on from before it diverged, and is stopped again where it does so again.
func TestRetryRun_diverged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sweep("s", 1, 1000)
	s := w.training()
	spike := ablation.Spike{Kind: ablation.SpikeAway, Step: 4, Level: 2, Peak: 5}
	b := s.begin(nil, losses(1, 3, 2, 2, 4, 4, 5)...)
	for _, step := range []int64{2, 4, 6} {
		b.Checkpoints = append(b.Checkpoints, ablation.SavedCheckpoint{Attempt: 1, Step: step, Path: fmt.Sprint(step), ManifestSHA256: "x"})
	}
	b.Spikes = []ablation.Spike{spike}
	s.send(b)
	s.end("diverged", ablation.RunDiverged)
	id := s.claim.Run.ID
	w.must(w.RetryRun(t.Context(), id))
	if c, err := w.Checkpoint(t.Context(), id, nil); err != nil || c == nil || c.Step != 2 {
		t.Errorf("goes on from %+v (%v), want step 2", c, err)
	}
	s = w.training()
	b = s.begin(ptr[int64](2), losses(3, 2, 4, 4, 5)...)
	b.Spikes = []ablation.Spike{spike}
	s.send(b)
	if spikes, err := w.Spikes(t.Context(), id); err != nil || len(spikes) != 1 || !spikes[0].Pending() {
		t.Errorf("ledger %+v, %v", spikes, err)
	}
	s.end("diverged", ablation.RunDiverged)
	if spikes, err := w.Spikes(t.Context(), id); err != nil || spikes[0].Action != ablation.ActionStopped || spikes[0].Wasted() != 3 {
		t.Errorf("ledger %+v, %v", spikes, err)
	}
}

// TestRollBack_stopped: a person's stop that comes as a run diverges isn't undone by going back.
func TestRollBack_stopped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sweep("s", 1, 1000)
	s := w.training()
	s.send(s.begin(nil, losses(1, 3, math.NaN())...))
	w.must(w.StopRun(t.Context(), s.claim.Run.ID, ablation.StopPerson))
	w.must(w.RollBack(t.Context(), s.claim, 1, ablation.Rollback{Intervention: ablation.Intervention{LRScale: .5}}))
	if run, _ := w.state(s.claim.Run.ID); run.State != ablation.RunStopped || len(run.Interventions) != 0 {
		t.Errorf("state %s, interventions %+v", run.State, run.Interventions)
	}
}
