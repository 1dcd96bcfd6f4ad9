package orchestrator_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/postgres"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
)

// despairing is a trainer whose runner judges for itself that a run diverges.
type despairing struct{ inProcess }

func (despairing) Plan(_ context.Context, _ string, _ []trainer.Assignment) (trainer.Plan, error) {
	program, err := os.Executable()
	return trainer.Plan{Parts: []spec.Part{{Name: "despair", Argv: []string{program, "despairing"}, Dir: "."}}}, err
}

// exploding is a trainer whose runner goes on to the last step with a loss that is NaN, until it was helped.
type exploding struct{ inProcess }

func (exploding) Plan(_ context.Context, _ string, _ []trainer.Assignment) (trainer.Plan, error) {
	program, err := os.Executable()
	return trainer.Plan{Parts: []spec.Part{{Name: "explode", Argv: []string{program, "exploding"}, Dir: "."}}}, err
}

func explode(dir string) error {
	s, err := spec.ReadFile[spec.Spec](filepath.Join(dir, spec.SpecFile))
	if err != nil {
		return err
	}
	w, err := spec.OpenEvents(dir, s.Attempt)
	if err != nil {
		return err
	}
	errs := []error{w.Append(spec.Started{Trainer: spec.Program{Name: "exploding", Version: "1"}, Device: "none", SpecSHA256: strings.Repeat("0", 64)})}
	for step := int64(1); step <= s.Steps; step++ {
		loss := spec.Real(3)
		if step > 3 && len(s.Interventions) == 0 {
			loss = spec.Real(math.NaN())
		}
		errs = append(errs, w.Append(spec.Metrics{Step: step, Tokens: step, Values: map[string]spec.Real{ablation.MetricLoss: loss}}))
	}
	return errors.Join(append(errs, w.Append(spec.Finished{Outcome: spec.OutcomeCompleted, Step: s.Steps}), w.Close())...)
}

// A run that has diverged and come to its last step before anybody looked is dealt with as one that was seen to diverge.
func TestDrive_divergedToTheEnd(t *testing.T) {
	t.Parallel()
	store := open(t, pgtest.URL(t))
	addText(t, store)
	for name, policy := range map[string]string{"stop": "stop", "report": "report", "back": "{rollback: 2, lr: 0.5}"} {
		document := strings.Replace(string(sweepFile(name, "")), "{trainer: cpu,", "{trainer: cpu, on_divergence: "+policy+",", 1)
		if _, _, err := sweeper(store).Apply(t.Context(), []byte(document), ""); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	worked := make(chan error)
	go func() { worked <- workOn(ctx, store, t.TempDir(), exploding{cpu}) }()
	for name, want := range map[string]struct {
		state  ablation.RunState
		action ablation.SpikeAction
	}{
		"stop":   {ablation.RunDiverged, ablation.ActionStopped},
		"report": {ablation.RunCompleted, ablation.ActionReported},
		"back":   {ablation.RunCompleted, ablation.ActionRolledBack},
	} {
		run := ended(t, store, name)
		ledger, err := store.Spikes(t.Context(), run.ID)
		if err != nil || run.State != want.state || len(ledger) != 1 || ledger[0].Action != want.action || ledger[0].Step != 4 {
			t.Errorf("%s: the run is %s (%s), ledger %+v, %v", name, run.State, run.Message.EN, ledger, err)
		}
	}
	stop()
	if err := <-worked; err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// despair gives the run up at its fifth step until it was helped twice. It logs no step.
func despair(dir string) error {
	s, err := spec.ReadFile[spec.Spec](filepath.Join(dir, spec.SpecFile))
	if err != nil {
		return err
	}
	w, err := spec.OpenEvents(dir, s.Attempt)
	if err != nil {
		return err
	}
	last := spec.Finished{Outcome: spec.OutcomeDiverged, Step: 5, Reason: "no hope", ReasonJA: "見込みなし"}
	if len(s.Interventions) == 2 {
		last = spec.Finished{Outcome: spec.OutcomeCompleted, Step: s.Steps}
	}
	started := spec.Started{Trainer: spec.Program{Name: "despairing", Version: "1"}, Device: "none", SpecSHA256: strings.Repeat("0", 64)}
	return errors.Join(w.Append(started), w.Append(last), w.Close())
}

// A run that its trainer ends as diverged is dealt with as one that the service found to diverge.
func TestDrive_trainerSaysDiverged(t *testing.T) {
	t.Parallel()
	store := open(t, pgtest.URL(t))
	addText(t, store)
	policies := map[string]string{"stop": "stop", "report": "report", "back": "{rollback: 2, lr: 0.5}", "once": "{rollback: 1, lr: 0.5}"}
	for name, policy := range policies {
		document := strings.Replace(string(sweepFile(name, "")), "{trainer: cpu,", "{trainer: cpu, on_divergence: "+policy+",", 1)
		if _, _, err := sweeper(store).Apply(t.Context(), []byte(document), ""); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	worked := make(chan error)
	go func() { worked <- workOn(ctx, store, t.TempDir(), despairing{cpu}) }()
	const stopped, back = ablation.ActionStopped, ablation.ActionRolledBack
	for name, want := range map[string]struct {
		state   ablation.RunState
		actions []ablation.SpikeAction
		message string
	}{
		"stop":   {ablation.RunDiverged, []ablation.SpikeAction{stopped}, "the trainer ended the run as diverged at step 5: no hope"},
		"report": {ablation.RunDiverged, []ablation.SpikeAction{stopped}, "the trainer ended the run as diverged at step 5: no hope"},
		"back":   {ablation.RunCompleted, []ablation.SpikeAction{back, back}, ""},
		"once": {
			ablation.RunDiverged,
			[]ablation.SpikeAction{back, stopped},
			"the trainer ended the run as diverged at step 5: no hope; it went back once before",
		},
	} {
		run := ended(t, store, name)
		ledger, err := store.Spikes(t.Context(), run.ID)
		if err != nil {
			t.Fatal(err)
		}
		var actions []ablation.SpikeAction
		for _, s := range ledger {
			actions = append(actions, s.Action)
			if s.Kind != ablation.SpikeTrainer || s.Step != 5 {
				t.Errorf("%s: entry %+v", name, s)
			}
		}
		if diff := cmp.Diff(want.actions, actions); diff != "" || run.State != want.state || run.Message.EN != want.message {
			t.Errorf("%s: the run is %s (%s); actions (-want +got):\n%s", name, run.State, run.Message.EN, diff)
		}
	}
	stop()
	if err := <-worked; err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// ended is a sweep's only run once it has ended.
func ended(t *testing.T, store *postgres.Store, sweep string) ablation.Run {
	t.Helper()
	for {
		runs, err := store.Runs(t.Context(), sweep)
		if err == nil && runs[0].State.Ended() { // else a connection may have ended
			return runs[0]
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// broken is the embedded trainer where every connection to the database ends once while a run is being begun.
type broken struct {
	talker
	once *sync.Once
	end  func()
}

func (b broken) Describe(ctx context.Context, name string) (trainer.Description, error) {
	b.once.Do(b.end)
	return b.talker.Describe(ctx, name)
}

// A run that is being begun when a connection breaks isn't failed for it.
func TestDrive_connectionBreaks(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	store := open(t, url)
	addText(t, store)
	if _, _, err := sweeper(store).Apply(t.Context(), sweepFile("talk", ""), ""); err != nil {
		t.Fatal(err)
	}
	end := func() {
		sql(t, url, `SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
	}
	ctx, stop := context.WithCancel(t.Context())
	worked := make(chan error)
	go func() { worked <- workOn(ctx, store, t.TempDir(), broken{talker{cpu}, &sync.Once{}, end}) }()
	if run := ended(t, store, "talk"); run.State != ablation.RunCompleted || run.Progress.Attempt != 1 {
		t.Errorf("the run is %s after %d attempts: %s", run.State, run.Progress.Attempt, run.Message.EN)
	}
	stop()
	if err := <-worked; err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
