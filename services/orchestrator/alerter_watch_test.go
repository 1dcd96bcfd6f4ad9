package orchestrator

import (
	"testing"
	"time"
)

// A watch begins anew after a gap: whoever was away hasn't seen who spoke meanwhile.
func TestWatch(t *testing.T) {
	t.Parallel()
	var w watch
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	for _, look := range []struct{ after, want time.Duration }{
		{0, 0},
		{alertEvery, alertEvery},
		{2 * alertEvery, 3 * alertEvery},
		{time.Hour, 0},
		{alertEvery, alertEvery},
	} {
		now = now.Add(look.after)
		if got := w.lasts(now); got != look.want {
			t.Errorf("%s later it lasts for %s, want %s", look.after, got, look.want)
		}
	}
}
