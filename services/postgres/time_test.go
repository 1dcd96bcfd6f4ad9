package postgres_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Times come back in UTC, wherever the program runs.
func TestTimesAreUTC(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sweep("s", 1, 10)
	s := w.training()
	s.send(s.begin(nil, losses(1, 3)...))
	_, err := w.Renew(t.Context(), s.claim, true)
	w.must(err)
	s.end("failed", "failed")
	run, attempts := w.state(s.claim.Run.ID)
	sweep, err := w.Sweep(t.Context(), "s")
	w.must(err)
	got := map[string]*time.Location{
		"created": run.CreatedAt.Location(), "started": run.StartedAt.Location(), "finished": run.FinishedAt.Location(),
		"event": run.Progress.EventAt.Location(), "seen": run.Progress.SeenAt.Location(), "claim": s.claim.ExpiresAt.Location(),
		"attempt": attempts[0].StartedAt.Location(), "ended": attempts[0].EndedAt.Location(), "sweep": sweep.CreatedAt.Location(),
	}
	for name, zone := range got {
		if diff := cmp.Diff(time.UTC.String(), zone.String()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
