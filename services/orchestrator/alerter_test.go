package orchestrator_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
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
	quiet := &ablation.Quiet{From: clock(-2 * time.Hour), To: clock(2 * time.Hour), Zone: "UTC"}
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
	sent := make(chan string, 10)
	away := true
	a := &orchestrator.Alerter{Store: store, Log: slog.New(slog.DiscardHandler), Send: func(_ context.Context, d ablation.Delivery, _ []string) error {
		if away {
			return &ablation.Trouble{Words: ablation.Label{EN: "it answers 503"}}
		}
		sent <- d.Channel.Name + " " + string(d.Alert.Kind)
		return nil
	}}
	look := func(want ...string) {
		t.Helper()
		if err := a.AlertOnce(t.Context()); err != nil {
			t.Fatal(err)
		}
		a.Wait()
		var got []string
		for len(sent) > 0 {
			got = append(got, <-sent)
		}
		if !slices.Equal(got, want) {
			t.Errorf("sent %v, want %v", got, want)
		}
	}
	look()
	channels, err := store.Channels(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range channels {
		if want := map[string]string{"loud": "it answers 503", "quiet": ""}[c.Name]; c.Trouble.EN != want {
			t.Errorf("channel %s: trouble %q, want %q", c.Name, c.Trouble, want)
		}
	}
	away = false
	look() // the loud one waits for its next try, the quiet one for its morning
	sql(t, url, `UPDATE deliveries SET next_at = now()`)
	look("loud sweep_finished")
	sql(t, url, fmt.Sprintf(`UPDATE channels SET quiet = '{"from": %q, "to": %q, "zone": "UTC"}' WHERE name = 'quiet'`, clock(-6*time.Hour), clock(-2*time.Hour)))
	look("quiet sweep_finished")
	look()
}

// clock is a time of day, a while from now.
func clock(after time.Duration) string { return time.Now().UTC().Add(after).Format("15:04") }

// TestAlerter_slow: a channel that is slow holds up no other, however many alerts there are, and is itself sent to one by one.
func TestAlerter_slow(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	store := open(t, url)
	for _, name := range []string{"slow", "fast"} {
		if _, err := store.PutChannel(t.Context(), ablation.Channel{
			Name: name, Kind: ablation.ChannelSlack, Sealed: []byte{1}, Lang: "ja", Kinds: ablation.AlertKinds(),
		}); err != nil {
			t.Fatal(err)
		}
	}
	const alerts = 50
	raise := func() {
		sql(t, url, `
			WITH fresh AS (INSERT INTO alerts (key, kind) SELECT gen_random_uuid()::text, 'sweep_finished' FROM generate_series(1, 50) RETURNING id)
			INSERT INTO deliveries (alert_id, channel_id) SELECT f.id, c.id FROM fresh f, channels c`)
	}
	var slow, fast atomic.Int64
	release := make(chan struct{})
	send := func(ctx context.Context, d ablation.Delivery, _ []string) error {
		if d.Channel.Name == "fast" {
			fast.Add(1)
			return nil
		}
		slow.Add(1)
		select {
		case <-release:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	a := &orchestrator.Alerter{Store: store, Log: slog.New(slog.DiscardHandler), Send: send}
	other := &orchestrator.Alerter{Store: store, Log: slog.New(slog.DiscardHandler), Send: send}
	arrived := func(want int64) {
		t.Helper()
		for deadline := time.Now().Add(15 * time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
			for _, a := range []*orchestrator.Alerter{a, other} {
				if err := a.AlertOnce(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if fast.Load() == want {
				return
			}
		}
		t.Fatalf("%d alerts arrived, want %d", fast.Load(), want)
	}
	raise()
	arrived(alerts)
	raise()
	arrived(2 * alerts)
	if n := slow.Load(); n > 2 {
		t.Errorf("%d alerts are in two hands", n)
	}
	close(release)
	a.Wait()
	other.Wait()
	if slow.Load() != 2*alerts || fast.Load() != 2*alerts {
		t.Errorf("sent %d and %d alerts, want each of %d once", slow.Load(), fast.Load(), 2*alerts)
	}
}

// TestAlerter_ends: what is in hand when the service ends in order is sent to its end, and said to be.
func TestAlerter_ends(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	store := open(t, url)
	channel := ablation.Channel{Name: "slow", Kind: ablation.ChannelSlack, Sealed: []byte{1}, Lang: "ja", Kinds: ablation.AlertKinds()}
	if _, err := store.PutChannel(t.Context(), channel); err != nil {
		t.Fatal(err)
	}
	sql(t, url, `
		WITH fresh AS (INSERT INTO alerts (key, kind) VALUES ('a', 'sweep_finished'), ('b', 'sweep_finished') RETURNING id)
		INSERT INTO deliveries (alert_id, channel_id) SELECT f.id, c.id FROM fresh f, channels c`)
	begun, release, ran := make(chan struct{}), make(chan struct{}), make(chan error)
	sent := 0
	send := func(ctx context.Context, _ ablation.Delivery, _ []string) error {
		sent++
		close(begun)
		<-release
		return ctx.Err()
	}
	ctx, stop := context.WithCancel(t.Context())
	a := &orchestrator.Alerter{Store: store, Log: slog.New(slog.DiscardHandler), Send: send}
	go func() { ran <- a.Run(ctx) }()
	<-begun
	stop()
	close(release)
	if err := <-ran; err != nil {
		t.Error(err)
	}
	f := &factory{TB: t, url: url}
	if n := f.number(`SELECT count(*) FROM deliveries WHERE sent_at IS NOT NULL`); n != 1 || sent != 1 {
		t.Errorf("%d were sent and %d are said to be, want one", sent, n)
	}
}
