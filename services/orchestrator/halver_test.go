package orchestrator_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/orchestrator"
	"github.com/haigo-lab/haigo/services/postgres"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
)

// halved is six mixtures, a schedule that changes late, and its control, of eight steps.
const halved = `name: halved
sources: [web-ja, web-en]
recipe: {trainer: cpu, shape: {layers: 1, width: 16, heads: 1, ffn: 16}, tokens: 512, row_tokens: 16, batch_rows: 4, max_epochs: 1000}
schedules:
  a: {stages: [{until: 1.0, mixture: {web-ja: 0.1, web-en: 0.9}}]}
  b: {stages: [{until: 1.0, mixture: {web-ja: 0.2, web-en: 0.8}}]}
  c: {stages: [{until: 1.0, mixture: {web-ja: 0.3, web-en: 0.7}}]}
  d: {stages: [{until: 1.0, mixture: {web-ja: 0.4, web-en: 0.6}}]}
  e: {stages: [{until: 1.0, mixture: {web-ja: 0.5, web-en: 0.5}}]}
  f: {stages: [{until: 1.0, mixture: {web-ja: 0.6, web-en: 0.4}}]}
  late: {stages: [{until: 0.5, mixture: {web-ja: 0.15, web-en: 0.85}}, {until: 1.0, mixture: {web-ja: 0.9, web-en: 0.1}}]}
design: {baseline: f, control: matched}
seeds: 1
early_stop: {at: [25%, 75%], keep: 0.34}
`

// TestHalver: those that score worst at a rung are stopped, once; the baseline, a schedule before its last stage, its
// control, and what a person retried go on. A service that dies in the midst of it changes nothing of that.
func TestHalver(t *testing.T) {
	t.Parallel()
	store := pgtest.Store(t)
	addText(t, store)
	if _, _, err := sweeper(store).Apply(t.Context(), []byte(halved), ""); err != nil {
		t.Fatal(err)
	}
	claims := map[string]ablation.Claim{}
	for range 8 {
		c := train(t, store, 2)
		claims[c.Run.Arm] = c
	}
	dying, die := context.WithCancel(t.Context())
	dies := &orchestrator.Halver{Store: store, Log: slog.New(onRecord{slog.DiscardHandler, die})}
	if err := dies.HalveOnce(dying); !errors.Is(err, context.Canceled) {
		t.Fatalf("a service that ends when it has stopped one run: %v", err)
	}
	if got := states(t, store, ablation.RunStopping); len(got) != 1 {
		t.Fatalf("%v are stopped by a service that ended at the first", got)
	}
	h := &orchestrator.Halver{Store: store, Log: slog.New(slog.DiscardHandler)}
	for range 2 { // the next service stops as many as one alone would have; a second look says nothing new
		if err := h.HalveOnce(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := states(t, store, ablation.RunStopping); !slices.Equal(got, []string{"c", "d", "e"}) {
			t.Fatalf("%v are stopped, want c, d and e", got)
		}
	}
	if err := store.EndAttempt(t.Context(), claims["c"], 1, "stopped", ablation.Label{}, ablation.RunStopped); err != nil {
		t.Fatal(err)
	}
	if err := store.RetryRun(t.Context(), claims["c"].Run.ID); err != nil {
		t.Fatal(err)
	}
	train(t, store, 2)
	if err := h.HalveOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := states(t, store, ablation.RunRunning); !slices.Equal(got, []string{"a", "b", "c", "f", "late", "late-matched"}) {
		t.Errorf("%v run on, want a, b, c, f, late and its control", got)
	}
}

// TestHalver_repetition: an arm that reads its text more than four times isn't stopped for leading, and takes no place from the
// others: with it, c would be stopped. In its last stage a schedule is judged as the others are,
// and where it ends, so may its control.
func TestHalver_repetition(t *testing.T) {
	t.Parallel()
	store := pgtest.Store(t)
	addText(t, store)
	if _, _, err := sweeper(store).Apply(t.Context(), []byte(halved), ""); err != nil {
		t.Fatal(err)
	}
	for range 8 {
		// a reads 29 of its 32 rows from web-en, four times and a bit; the others 26 at most
		train(t, store, 6, ablation.RunPlan{Rows: map[string]int64{"web-ja": 1000, "web-en": 7}})
	}
	h := &orchestrator.Halver{Store: store, Log: slog.New(slog.DiscardHandler)}
	if err := h.HalveOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := states(t, store, ablation.RunStopping); !slices.Equal(got, []string{"d", "e", "late", "late-matched"}) {
		t.Errorf("%v are stopped, want d, e, late and its control", got)
	}
}

// TestHalver_lastStage: a schedule whose last stage begins where a rung lies has been scored there without a step of it, and goes on;
// so does its control.
func TestHalver_lastStage(t *testing.T) {
	t.Parallel()
	store := pgtest.Store(t)
	addText(t, store)
	if _, _, err := sweeper(store).Apply(t.Context(), []byte(strings.Replace(halved, "until: 0.5", "until: 0.25", 1)), ""); err != nil {
		t.Fatal(err)
	}
	for range 8 {
		train(t, store, 2)
	}
	h := &orchestrator.Halver{Store: store, Log: slog.New(slog.DiscardHandler)}
	if err := h.HalveOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := states(t, store, ablation.RunStopping); !slices.Equal(got, []string{"c", "d", "e"}) {
		t.Errorf("%v are stopped, want c, d and e", got)
	}
}

// onRecord calls something for every record.
type onRecord struct {
	slog.Handler
	call func()
}

func (onRecord) Enabled(context.Context, slog.Level) bool { return true }

func (o onRecord) Handle(context.Context, slog.Record) error {
	o.call()
	return nil
}

// train claims the next run and trains it up to a step, scored by its arm: the later in the alphabet, the worse. Its plan, where there
// is one, says how much text there is.
func train(t *testing.T, store *postgres.Store, to int64, plan ...ablation.RunPlan) ablation.Claim {
	t.Helper()
	ctx := t.Context()
	claim, err := store.Claim(ctx, postgres.ClaimRequest{Holder: ablation.Holder{Host: "here", BootID: "b", PID: 1, StartTime: 1}, Lease: time.Hour, MaxRuns: 100})
	if err != nil || claim == nil {
		t.Fatalf("claim: %v, %v", claim, err)
	}
	number := claim.Run.Progress.Attempt + 1
	if _, err := store.OpenAttempt(ctx, *claim, ablation.Attempt{RunID: claim.Run.ID, Number: number, Host: "here", Engine: "local", SpecSHA256: strings.Repeat("0", 64)}); err != nil {
		t.Fatal(err)
	}
	b := ablation.Batch{Attempt: number, To: ablation.Cursor{Offset: 9, Seq: 9}, Segment: &ablation.Segment{Trainer: "cpu 1", Device: "d", ISA: "i", Threads: 1, StartedAt: time.Unix(1, 0)}}
	for i := range plan {
		b.Plan = &plan[i]
	}
	for step := int64(1); step <= to; step++ {
		value := ablation.Real(float64(claim.Run.Arm[0]) / float64(step))
		b.Points = append(b.Points, ablation.Point{Metric: "bpb/ja", Step: step, Value: value}, ablation.Point{Metric: "bpb/en", Step: step, Value: value})
	}
	if err := store.Ingest(ctx, *claim, b); err != nil {
		t.Fatal(err)
	}
	return *claim
}

// states are the arms of which a run is in a state.
func states(t *testing.T, store *postgres.Store, state ablation.RunState) (arms []string) {
	t.Helper()
	runs, err := store.Runs(t.Context(), "halved")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range runs {
		if r.State == state {
			arms = append(arms, r.Arm)
		}
	}
	return arms
}
