package orchestrator_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/orchestrator"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
)

// TestAlerter: what can't be sent stays in the outbox, quiet hours postpone it, and it arrives once its way is free.
func TestAlerter(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	store := open(t, url)
	addText(t, store)
	hour := time.Now().UTC()
	quiet := &ablation.Quiet{From: hour.Add(-time.Hour).Format("15:04"), To: hour.Add(time.Hour).Format("15:04"), Zone: "UTC"}
	for name, q := range map[string]*ablation.Quiet{"loud": nil, "quiet": quiet} {
		if _, err := store.PutChannel(t.Context(), ablation.Channel{
			Name: name, Kind: ablation.ChannelWebhook, Sealed: []byte{1}, Lang: "ja", Kinds: ablation.AlertKinds(), Quiet: q,
		}); err != nil {
			t.Fatal(err)
		}
	}
	sweep, _, err := sweeper(store).Apply(t.Context(), sweepFile("s", ""), "")
	if err != nil {
		t.Fatal(err)
	}
	runs, err := store.Runs(t.Context(), sweep.Name)
	if err != nil {
		t.Fatal(err)
	}
	run := runs[0].ID
	if err := store.StopSweep(t.Context(), sweep.Name); err != nil {
		t.Fatal(err)
	}
	if err := store.RetryRun(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	if err := store.StopRun(t.Context(), run, ablation.StopPerson); err != nil {
		t.Fatal(err)
	}
	var sent []string // one channel at a time sends in this test
	down := true
	a := &orchestrator.Alerter{Store: store, Log: slog.New(slog.DiscardHandler), Send: func(_ context.Context, d ablation.Delivery, _ []string) error {
		if down {
			return errors.New("it answers 503")
		}
		sent = append(sent, d.Channel.Name+" "+string(d.Alert.Kind))
		return nil
	}}
	if err := a.AlertOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	channels, err := store.Channels(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range channels {
		if want := map[string]string{"loud": "it answers 503", "quiet": ""}[c.Name]; c.Trouble != want {
			t.Errorf("channel %s: trouble %q, want %q", c.Name, c.Trouble, want)
		}
	}
	down = false
	if err := a.AlertOnce(t.Context()); err != nil || len(sent) != 0 {
		t.Fatalf("sent %v before its time (%v)", sent, err)
	}
	sql(t, url, `UPDATE deliveries SET next_at = now() WHERE channel_id = (SELECT id FROM channels WHERE name = 'loud')`) // the next try's time has come
	if err := a.AlertOnce(t.Context()); err != nil || !slices.Equal(sent, []string{"loud sweep_finished"}) {
		t.Fatalf("sent %v once its way was free (%v)", sent, err)
	}
	sql(t, url, `UPDATE deliveries SET next_at = now(); UPDATE channels SET quiet = NULL`) // its quiet hours have ended
	if err := a.AlertOnce(t.Context()); err != nil || !slices.Equal(sent, []string{"loud sweep_finished", "quiet sweep_finished"}) {
		t.Fatalf("sent %v once quiet hours had ended (%v)", sent, err)
	}
}
