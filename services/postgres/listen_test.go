package postgres_test

import (
	"context"
	"testing"

	"go.uber.org/goleak"

	"github.com/haigo-lab/haigo/services/ablation"
)

func TestListen(t *testing.T) {
	w, sql := rawWorld(t)
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	ctx, cancel := context.WithCancel(t.Context())
	events, done := make(chan ablation.Event, 100), make(chan error)
	go func() { done <- w.Listen(ctx, func(e ablation.Event) { events <- e }) }()
	expect := func(want ablation.Event) {
		t.Helper()
		if got := <-events; got != want {
			t.Fatalf("event %+v, want %+v", got, want)
		}
	}
	expect(ablation.Event{}) // it listens
	w.sweep("s", 1, 1000)
	expect(ablation.Event{Sweep: "s"})
	s := w.training()
	expect(ablation.Event{Sweep: "s", RunID: s.claim.Run.ID})

	sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()`)
	for got := range events { // what it missed is to be asked for again
		if got == (ablation.Event{}) {
			break
		}
	}
	s.send(s.begin(nil, losses(1, 3)...))
	expect(ablation.Event{Sweep: "s", RunID: s.claim.Run.ID})
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
