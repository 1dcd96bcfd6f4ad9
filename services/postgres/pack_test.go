package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/postgres"
)

// shaped is a sweep of two shapes with three runs each: arm0 has the sweep's, arm1 its own.
func (w *world) shaped(name string) {
	w.Helper()
	a := application(name, 2, 3, 100)
	a.Arms[1].Variant = &ablation.Variant{Of: "arm1", Shape: &ablation.Shape{Layers: 2, Width: 8, Heads: 1, FFN: 16}}
	w.apply(a)
}

// packOf is what a run may be packed with, where so many are chosen.
func (w *world) packOf(run string, chosen int) postgres.Pack {
	w.Helper()
	p, err := w.PackOf(w.Context(), run, func(postgres.Pack) int { return chosen })
	w.must(err)
	return p
}

// board opens a claim's attempt in a pack.
func (w *world) board(c ablation.Claim, pack string) ablation.Claim {
	w.Helper()
	a := w.open(c)
	w.must(w.SetHandle(w.Context(), c, a.Number, fmt.Appendf(nil, `{"dir": "d", "pack": %q}`, pack)))
	return c
}

// mate claims a run for a pack, "" where there is none.
func (w *world) mate(q postgres.ClaimRequest, p postgres.Pack) (ablation.Claim, string) {
	w.Helper()
	c, err := w.ClaimMate(w.Context(), q, p)
	w.must(err)
	if c == nil {
		return ablation.Claim{}, ""
	}
	return *c, c.Run.ID
}

func TestPackOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.shaped("s")
	first := w.packOf("s-arm0-1", 4)
	if first.Sweep != "s" || first.Shape != "" || first.Slots != 4 || first.Runs != 3 {
		t.Errorf("got %+v", first)
	}
	if again := w.packOf("s-arm0-2", 8); again != first {
		t.Errorf("then %+v, now %+v", first, again)
	}
	other := w.packOf("s-arm1-1", 1)
	if other.Shape == "" || other.Slots != 1 || w.packOf("s-arm1-3", 5) != other {
		t.Errorf("of another shape: %+v", other)
	}
	few := application("few", 1, 3, 100)
	few.Sweep.Budget.RunsAtOnce = 2
	w.apply(few)
	if p := w.packOf("few-arm0-1", 4); p.Runs != 2 {
		t.Errorf("%d runs of a sweep train at once that has two", p.Runs)
	}
	w.must(w.PauseSweep(w.Context(), "few"))
	w.sweep("older", 2, 100)
	s := w.training()
	for s.claim.Run.Sweep != "older" {
		s = w.training()
	}
	s.send(s.begin(nil))
	if p := w.packOf("older-arm0-2", 4); p.Slots != 1 {
		t.Errorf("a sweep that began alone goes on with %d slots", p.Slots)
	}
}

// TestClaimMate: who joins a pack is the next of its sweep and shape, and needs no place; an older sweep that waits for one gets
// it first.
func TestClaimMate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.shaped("s")
	q := w.request()
	q.MaxRuns = 1
	p := w.packOf("s-arm0-1", 4)
	w.board(w.claimWith(q), "/packs/p")
	w.none(q)
	second, id := w.mate(q, p)
	if id != "s-arm0-2" {
		t.Errorf("claimed %s", id)
	}
	w.none(q) // it has no attempt in a pack yet
	w.board(second, "/packs/p")
	w.none(q)
	q.MaxRuns = 2
	if c := w.claimWith(q); c.Run.ID != "s-arm1-1" {
		t.Errorf("the other place went to %s", c.Run.ID)
	}
	q.MaxRuns = 1
	if _, id := w.mate(q, p); id != "s-arm0-3" {
		t.Errorf("claimed %q", id)
	}
	if _, id := w.mate(q, p); id != "" {
		t.Errorf("claimed %s, of another shape", id)
	}
	w.sweep("later", 3, 100)
	later := w.packOf("later-arm0-1", 4)
	if _, id := w.mate(q, later); id != "" {
		t.Errorf("claimed %s, while %s waits", id, "s-arm1-2")
	}
	w.must(w.PauseSweep(w.Context(), "s"))
	if _, id := w.mate(q, later); id != "later-arm0-1" {
		t.Errorf("claimed %q", id)
	}
	w.must(w.PauseSweep(w.Context(), "later"))
	if _, id := w.mate(q, later); id != "" {
		t.Errorf("claimed %s of a paused sweep", id)
	}
}

// TestPack_Device: attempts of one pack have one device, from when the first had it to when the last let it go, and share it.
func TestPack_Device(t *testing.T) {
	t.Parallel()
	w, sql := rawWorld(t)
	a := application("s", 1, 4, 100)
	a.Sweep.Budget.GPUHours = 100
	w.apply(a)
	for _, pack := range []string{"/p", "/p", "/q", "/q"} {
		c := w.board(w.claim(), pack)
		s := &stream{world: w, claim: c, attempt: 1}
		s.send(s.begin(nil, ablation.Point{Metric: ablation.MetricTokensPerS, Step: 1, Value: 8}))
	}
	now := time.Now().UTC().Truncate(time.Second)
	for run, hours := range map[int][2]time.Duration{1: {5, 2}, 2: {4, 1}, 3: {3, 2}, 4: {2, 0}} {
		sql(`UPDATE attempts SET started_at = $2, ended_at = $3, outcome = 'lost' WHERE run_id = $1`,
			fmt.Sprintf("s-arm0-%d", run), now.Add(-hours[0]*time.Hour), now.Add(-hours[1]*time.Hour))
	}
	spent, err := w.Spending(t.Context(), now)
	if err != nil || len(spent) != 1 || spent[0].DeviceHours != 7 {
		t.Errorf("got %+v, %v; want 4 hours of one pack and 3 of the other", spent, err)
	}
	speeds, err := w.Throughputs(t.Context(), []string{"s-arm0-1", "s-arm0-4"})
	if err != nil || len(speeds) != 2 || speeds[0].Shared != 6./4 || speeds[1].Shared != 1 {
		t.Errorf("got %+v, %v; want a device shared by 1.5 runs, and by one after the other", speeds, err)
	}
}
