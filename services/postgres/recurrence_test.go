package postgres_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/haigo-lab/haigo/services/ablation"
)

// nightly is a sweep file that recurs.
func nightly() ablation.Sweep {
	return ablation.Sweep{
		Name: "nightly", Question: "毎晩", QuestionEN: "Every night", Document: "name: nightly", Budget: ablation.Budget{GPUHours: 8},
		Recurrence: &ablation.Recurrence{Cron: "0 22 * * *", Zone: "Asia/Tokyo", Missed: "skip", Until: "08:00"},
	}
}

var noon = time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC) // in Tokyo

func (w *world) register(s ablation.Sweep, now time.Time) (ablation.RecurringSweep, bool) {
	w.Helper()
	created, err := w.PutRecurrence(context.Background(), s, now)
	w.must(err)
	r, err := w.Recurrence(context.Background(), s.Name)
	w.must(err)
	return r, created
}

func TestPutRecurrence(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, created := w.register(nightly(), noon)
	want := ablation.RecurringSweep{
		ID: 1, Name: "nightly", Question: "毎晩", QuestionEN: "Every night", Recurrence: *nightly().Recurrence, Budget: ablation.Budget{GPUHours: 8}, Document: "name: nightly",
		State: ablation.RecurrenceActive, NextAt: noon.Add(10 * time.Hour), Revision: 1,
	}
	if diff := cmp.Diff(want, first, cmpopts.IgnoreFields(want, "CreatedAt")); diff != "" || !created {
		t.Error(created, diff)
	}
	if same, created := w.register(nightly(), noon.Add(time.Hour)); created || same.Revision != 1 {
		t.Errorf("the same text again: created %v, revision %d", created, same.Revision)
	}
	w.must(w.PauseRecurrence(t.Context(), "nightly"))
	w.must(w.PauseRecurrence(t.Context(), "nightly"))
	later := nightly()
	later.Document += "\nbudget: {}"
	if r, _ := w.register(later, noon.Add(48*time.Hour)); r.State != ablation.RecurrencePaused || !r.NextAt.Equal(first.NextAt) || r.Revision != 3 {
		t.Errorf("new text, same clock: %+v; it stays paused and no time is lost", r)
	}
	later.Recurrence.Cron = "0 23 * * *"
	later.Document += "\nrecurrence: {}"
	if r, _ := w.register(later, noon); !r.NextAt.Equal(noon.Add(11 * time.Hour)) {
		t.Errorf("new clock: next %v", r.NextAt)
	}
	w.must(w.EndRecurrence(t.Context(), "nightly"))
	if err := w.ResumeRecurrence(t.Context(), "nightly"); !errors.Is(err, ablation.ErrConflict) {
		t.Errorf("resuming what has ended: %v", err)
	}
	if all, err := w.Recurrences(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("%v, %v; want none", all, err)
	}
	if r, created := w.register(later, noon.Add(24*time.Hour)); created || r.State != ablation.RecurrenceActive || !r.NextAt.Equal(noon.Add(35*time.Hour)) {
		t.Errorf("again after its end: %+v", r)
	}
	if err := w.PauseRecurrence(t.Context(), "none"); !errors.Is(err, ablation.ErrNotFound) {
		t.Errorf("pausing what isn't there: %v", err)
	}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r, _ := w.register(nightly(), noon)
	now := r.NextAt.Add(24 * time.Hour)
	d, err := r.Decide(now)
	w.must(err)
	start := application("nightly-20261125-2200", 1, 2, 10)
	decide := func() bool {
		t.Helper()
		won, err := w.Decide(t.Context(), r, d, now, &start)
		w.must(err)
		return won
	}
	if !decide() || decide() {
		t.Error("of two decisions on one reading the first is to win")
	}
	firings, err := w.Firings(t.Context(), "nightly", 10)
	w.must(err)
	want := []ablation.Firing{
		{Recurrence: "nightly", PlannedAt: now, DecidedAt: now, State: ablation.FiringFired, Sweep: start.Sweep.Name, SweepState: ablation.SweepRunning, Counts: ablation.RunCounts{Queued: 2}},
		{Recurrence: "nightly", PlannedAt: r.NextAt, DecidedAt: now, State: ablation.FiringMissed},
	}
	if diff := cmp.Diff(want, firings); diff != "" {
		t.Error(diff)
	}
	if name, err := w.Unfinished(t.Context(), r.ID); err != nil || name != start.Sweep.Name {
		t.Errorf("unfinished: %q, %v", name, err)
	}
	alerts, err := w.Alerts(t.Context(), 10)
	w.must(err)
	if len(alerts) != 1 || alerts[0].Kind != ablation.AlertRecurrenceMissed || !strings.Contains(alerts[0].Detail.Message.EN, "was running at that time") {
		t.Errorf("what is told of the missed time: %+v", alerts)
	}

	// A clock that was put back, and a person who registered the file anew: the time has been decided on.
	r.NextAt = now
	w.must(w.EndRecurrence(t.Context(), "nightly"))
	r, _ = w.register(nightly(), now.Add(-time.Hour))
	if d, err = r.Decide(now); err != nil || d.Fire == nil {
		t.Fatalf("decision %+v, %v; want a firing", d, err)
	}
	start = application("nightly-again", 1, 2, 10)
	if !decide() {
		t.Error("nobody else decided")
	}
	if _, err := w.Sweep(t.Context(), "nightly-again"); !errors.Is(err, ablation.ErrNotFound) {
		t.Errorf("a planned time fired twice: %v", err)
	}

	// A sweep of the firing's name keeps it from firing, whole.
	r, err = w.Recurrence(t.Context(), "nightly")
	w.must(err)
	now = r.NextAt
	d, err = r.Decide(now)
	w.must(err)
	start = application("nightly-20261125-2200", 1, 2, 10)
	if _, err := w.Decide(t.Context(), r, d, now, &start); !errors.Is(err, ablation.ErrConflict) {
		t.Errorf("a name that is taken: %v", err)
	}
	if again, _ := w.Recurrence(t.Context(), "nightly"); again.Revision != r.Revision {
		t.Error("half a decision was stored")
	}
}

func TestSpending(t *testing.T) {
	t.Parallel()
	w, sql := rawWorld(t)
	bounded := application("bounded", 1, 3, 10)
	bounded.Sweep.Budget = ablation.Budget{Yen: 600, GPUHours: 8}
	w.apply(bounded)
	w.sweep("free", 1, 10)
	r, _ := w.register(nightly(), noon)
	closing := application("closing", 1, 1, 10)
	won, err := w.Decide(t.Context(), r, ablation.Decision{Fire: &r.NextAt, NextAt: r.NextAt.Add(24 * time.Hour)}, r.NextAt, &closing)
	if err != nil || !won {
		t.Fatal(won, err)
	}
	for range 2 {
		w.open(w.claim())
	}
	now := time.Now().Truncate(time.Microsecond)
	sql(`UPDATE attempts SET started_at = $1::timestamptz - interval '3 hours'`, now)
	sql(`UPDATE attempts SET ended_at = started_at + interval '30 minutes', outcome = 'lost' WHERE run_id = 'bounded-arm0-1'`)
	sql(`INSERT INTO segments (run_id, ordinal, attempt, number, trainer, device, isa, threads, started_at)
		VALUES ('bounded-arm0-1', 0, 1, 0, 'gpt', 'NVIDIA H100', '', 1, now())`)
	got, err := w.Spending(t.Context(), now)
	w.must(err)
	closes := time.Date(2026, 11, 24, 23, 0, 0, 0, time.UTC) // 8:00 in Tokyo
	want := []ablation.Spending{
		{Sweep: "bounded", Budget: bounded.Sweep.Budget, DeviceHours: 3.5, ByDevice: map[string]float64{"": 3, "NVIDIA H100": 0.5}},
		{Sweep: "closing", ClosesAt: &closes},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-6), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	w.must(w.EndSweep(t.Context(), "bounded", ablation.StopBudget))
	for i, want := range []ablation.RunState{ablation.RunStopping, ablation.RunStopping, ablation.RunStopped} {
		run, err := w.Run(t.Context(), bounded.Runs[i].ID)
		if w.must(err); run.State != want || run.Reason != ablation.StopBudget {
			t.Errorf("run %d: %s, %s; want %s by the budget", i, run.State, run.Reason, want)
		}
	}
}

// TestApplySweep_pastItsHour: a firing's sweep that ended and is given more runs isn't bound by its hour any more.
func TestApplySweep_pastItsHour(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r, _ := w.register(nightly(), noon)
	closing := application("closing", 1, 1, 10)
	if won, err := w.Decide(t.Context(), r, ablation.Decision{Fire: &r.NextAt, NextAt: r.NextAt.Add(24 * time.Hour)}, r.NextAt, &closing); err != nil || !won {
		t.Fatal(won, err)
	}
	w.must(w.EndSweep(t.Context(), "closing", ablation.StopBudget))
	w.apply(application("closing", 1, 2, 10))
	sweep, err := w.Sweep(t.Context(), "closing")
	w.must(err)
	bounded, err := w.Spending(t.Context(), r.NextAt)
	w.must(err)
	if sweep.State != ablation.SweepRunning || len(bounded) != 0 {
		t.Errorf("%s, bounded by %+v; want it running, bounded by nothing", sweep.State, bounded)
	}
}
