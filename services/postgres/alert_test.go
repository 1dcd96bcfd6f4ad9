package postgres_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
)

// channel adds a channel for alerts of all kinds, of one sweep or of all.
func (w *world) channel(name, of string) int64 {
	w.Helper()
	id, err := w.PutChannel(w.Context(), ablation.Channel{
		Name: name, Kind: ablation.ChannelWebhook, Sealed: []byte{1}, Hint: "https://x/…", Lang: "ja", Of: of, Kinds: ablation.AlertKinds(),
	})
	w.must(err)
	return id
}

// due takes all that is due, channel by channel.
func (w *world) due() (all []ablation.Delivery) {
	w.Helper()
	channels, err := w.DueChannels(w.Context())
	w.must(err)
	for _, c := range channels {
		for {
			d, err := w.TakeDelivery(w.Context(), c, time.Hour)
			if errors.Is(err, ablation.ErrNotFound) {
				break
			}
			w.must(err)
			all = append(all, d)
		}
	}
	return all
}

func kinds(all []ablation.Delivery) (found []string) {
	for _, d := range all {
		found = append(found, d.Channel.Name+" "+string(d.Alert.Kind))
	}
	return found
}

func TestAlerts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.channel("all", "")
	w.channel("other", "elsewhere")
	w.sweep("s", 2, 1000)
	s := w.training()
	w.must(w.EndAttempt(t.Context(), s.claim, 1, "failed", ablation.Label{EN: "out of memory"}, ablation.RunFailed))
	due := w.due()
	if len(due) != 1 || due[0].Alert.Kind != ablation.AlertRunFailed || due[0].Alert.Detail.Message.EN != "out of memory" || due[0].Alert.Detail.Attempt != 1 {
		t.Fatalf("due %+v", due)
	}
	if again := w.due(); len(again) != 0 {
		t.Errorf("%v is in two hands", kinds(again))
	}
	answers := ablation.Label{EN: "it answers 500", JA: "応答は 500 でした"}
	stale := due[0]
	w.must(w.Undelivered(t.Context(), due[0], answers, -time.Second))
	if due = w.due(); len(due) != 1 || due[0].Tries != 2 || due[0].Channel.Trouble != answers {
		t.Fatalf("tried again: %+v", due)
	}
	w.must(w.Undelivered(t.Context(), stale, answers, -time.Second)) // by who held it before
	if again := w.due(); len(again) != 0 {
		t.Errorf("%v was taken out of another's hand", kinds(again))
	}
	w.must(w.Delivered(t.Context(), due[0]))
	if due := w.due(); len(due) != 0 {
		t.Errorf("%v was sent and is due", kinds(due))
	}

	other := w.training()
	other.send(other.begin(nil))
	other.end("stopped", ablation.RunStopped)
	if got := fmt.Sprint(kinds(w.due())); got != "[all sweep_finished]" {
		t.Errorf("after the last run: %s", got)
	}
	if alerts, err := w.Alerts(t.Context(), 10); err != nil || len(alerts) != 2 {
		t.Errorf("%d alerts (%v), want 2", len(alerts), err)
	}
	if _, err := w.PutChannel(t.Context(), ablation.Channel{Name: "all", Kind: ablation.ChannelMail, Lang: "ja", Sealed: []byte{1}, Kinds: ablation.AlertKinds()}); !errors.Is(err, ablation.ErrConflict) {
		t.Errorf("a second channel of one name: %v", err)
	}
}

// TestAlerts_failing: three failures in a row pause a sweep; a person's resume lets it go on.
func TestAlerts_failing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.channel("all", "s")
	w.sweep("s", 5, 1000)
	for range 3 {
		s := w.training()
		s.end("failed", ablation.RunFailed)
	}
	if got := fmt.Sprint(kinds(w.due())); got != "[all run_failed all run_failed all run_failed all sweep_paused]" {
		t.Errorf("alerts %s", got)
	}
	w.none(w.request())
	sweep, err := w.Sweep(t.Context(), "s")
	w.must(err)
	if sweep.State != ablation.SweepPaused || sweep.PausedBy != "failures" {
		t.Errorf("state %s by %q", sweep.State, sweep.PausedBy)
	}
	w.must(w.ResumeSweep(t.Context(), "s"))
	w.claim()
}

func TestRaiseSilence(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.channel("all", "")
	w.sweep("s", 1, 1000)
	s := w.training()
	s.send(s.begin(nil, losses(1, 3)...))
	for range 3 { // looked at three times, said once
		w.must(w.RaiseSilence(t.Context(), 0))
	}
	w.must(w.RaiseSilence(t.Context(), time.Hour))
	if got := fmt.Sprint(kinds(w.due())); got != "[all run_silent]" {
		t.Errorf("silent: %s", got)
	}
	waits := s.next() // as a training does that hangs in a collective operation
	waits.Logs = []ablation.LogLine{{Seq: waits.To.Seq, Level: "warn", Text: ablation.Label{EN: "still waiting"}}}
	s.send(waits)
	w.must(w.RaiseSilence(t.Context(), time.Hour))
	if got := kinds(w.due()); len(got) != 0 {
		t.Errorf("a line of its log makes it %s", got)
	}
	s.send(s.next(losses(2, 3)...))
	for range 3 {
		w.must(w.RaiseSilence(t.Context(), time.Hour))
	}
	if got := fmt.Sprint(kinds(w.due())); got != "[all run_recovered]" {
		t.Errorf("speaks again: %s", got)
	}
	w.must(w.RaiseSilence(t.Context(), 0))
	s.send(s.next(losses(3, 3)...))
	s.end("failed", ablation.RunFailed)
	w.must(w.RaiseSilence(t.Context(), time.Hour))
	if got := fmt.Sprint(kinds(w.due())); strings.Contains(got, "run_recovered") {
		t.Errorf("a run that has failed: %s", got)
	}
}

// TestRaiseSilence_Waiting: who waits in a queue isn't silent, nor is who has just left it.
func TestRaiseSilence_Waiting(t *testing.T) {
	t.Parallel()
	w, sql := rawWorld(t)
	w.sweep("s", 1, 1000)
	c := w.claim()
	w.open(c)
	sql(`UPDATE runs SET started_at = now() - interval '3 hours'`)
	sql(`UPDATE attempts SET started_at = now() - interval '3 hours'`)
	for _, waiting := range []bool{true, false} {
		w.must(w.SetWaiting(t.Context(), c, 1, waiting))
		w.must(w.RaiseSilence(t.Context(), time.Hour))
		attempts, err := w.Attempts(t.Context(), c.Run.ID)
		if err != nil || attempts[0].Waiting != waiting {
			t.Errorf("%+v, %v; want waiting %t", attempts, err, waiting)
		}
	}
	if alerts, err := w.Alerts(t.Context(), 10); err != nil || len(alerts) > 0 {
		t.Errorf("alerts %v, %v; want none", alerts, err)
	}
	sql(`UPDATE attempts SET left_queue_at = now() - interval '2 hours'`)
	w.must(w.RaiseSilence(t.Context(), time.Hour))
	if alerts, err := w.Alerts(t.Context(), 10); err != nil || len(alerts) != 1 {
		t.Errorf("alerts %v, %v; want one of silence", alerts, err)
	}
}

// TestAlerts_deleted: what is on its way to people outlives its sweep, and doesn't stand for the news of the next of that name.
func TestAlerts_deleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.channel("all", "")
	for range 2 {
		w.sweep("s", 1, 1000)
		s := w.training()
		w.must(w.EndAttempt(t.Context(), s.claim, 1, "failed", ablation.Label{}, ablation.RunFailed))
		_, err := w.DeleteSweep(t.Context(), "s", nil)
		w.must(err)
	}
	if got := fmt.Sprint(kinds(w.due())); got != "[all run_failed all sweep_finished all run_failed all sweep_finished]" {
		t.Errorf("after the sweeps are gone: %s", got)
	}
}

// TestTakeDelivery_passes: what a target refuses again and again lets others pass in the end.
func TestTakeDelivery_passes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	channel := ablation.Channel{ID: w.channel("all", "")}
	w.sweep("s", 2, 1000)
	for range 2 {
		s := w.training()
		w.must(w.EndAttempt(t.Context(), s.claim, 1, "failed", ablation.Label{}, ablation.RunFailed))
	}
	var order []int64
	for range 7 {
		d, err := w.TakeDelivery(t.Context(), channel, time.Hour)
		w.must(err)
		order = append(order, d.Alert.ID)
		w.must(w.Undelivered(t.Context(), d, ablation.Label{EN: "it answers 400"}, -time.Second))
	}
	first, second := order[0], order[5]
	if want := []int64{first, first, first, first, first, second, second}; first == second || !slices.Equal(order, want) {
		t.Errorf("tried %v, want the first five times and then the second", order)
	}
}
