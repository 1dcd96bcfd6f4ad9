package orchestrator

import (
	"testing"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
)

// TestPurse: as many runs as end before the sweep's hours do and as its budget pays; what doesn't suffice is named.
func TestPurse(t *testing.T) {
	t.Parallel()
	all := 1 << 20
	for name, tc := range map[string]struct {
		purse       purse
		runs        int // there is room for
		left        int // behind a confirmation of ten runs
		lacks       ablation.RoundReason
		lacksBehind ablation.RoundReason
	}{
		"nothing bounds":     {purse{}, all, all, "", ""},
		"money":              {purse{bound: true, left: 3, run: .25}, 12, 2, "", ablation.ReasonBudget},
		"hours":              {purse{closing: true, time: 8 * time.Hour, longest: time.Hour, pace: 30 * time.Minute}, 16, 6, "", ""},
		"no time behind it":  {purse{closing: true, time: 5 * time.Hour, longest: time.Hour, pace: 30 * time.Minute}, 10, 0, "", ablation.ReasonHours},
		"a run is too long":  {purse{closing: true, time: 50 * time.Minute, longest: time.Hour, pace: 10 * time.Minute}, 0, 0, ablation.ReasonHours, ablation.ReasonHours},
		"hours are over":     {purse{closing: true, time: -time.Minute}, 0, 0, ablation.ReasonHours, ablation.ReasonHours},
		"the narrower binds": {purse{bound: true, left: 5, run: .25, closing: true, time: 3 * time.Hour, longest: time.Hour, pace: time.Hour}, 3, 0, "", ablation.ReasonHours},
	} {
		if n := tc.purse.runs(all); n != tc.runs {
			t.Errorf("%s: room for %d runs, want %d", name, n, tc.runs)
		}
		behind := tc.purse.after(10)
		if n := behind.runs(all); n != tc.left {
			t.Errorf("%s: room for %d runs beside the confirmation, want %d", name, n, tc.left)
		}
		if a, b := tc.purse.lacks(1), behind.lacks(3); a != tc.lacks || b != tc.lacksBehind {
			t.Errorf("%s: lacks %q and %q, want %q and %q", name, a, b, tc.lacks, tc.lacksBehind)
		}
	}
}

// TestPaced: two at once take half the time each; hours in which none ran don't count.
func TestPaced(t *testing.T) {
	t.Parallel()
	var results []ablation.Result
	for _, run := range [][2]int{{0, 60}, {0, 50}, {60, 100}, {50, 100}, {900, 960}, {900, 1000}} {
		from, to := time.Unix(int64(60*run[0]), 0), time.Unix(int64(60*run[1]), 0)
		results = append(results, ablation.Result{Run: ablation.Run{State: ablation.RunCompleted, StartedAt: &from, FinishedAt: &to}})
	}
	results = append(results, ablation.Result{Run: ablation.Run{State: ablation.RunFailed, StartedAt: results[0].Run.StartedAt, FinishedAt: results[5].Run.FinishedAt}})
	longest, pace := paced(results)
	if longest != 100*time.Minute || pace != 200*time.Minute/6 {
		t.Errorf("longest %s, a run each %s", longest, pace)
	}
}
