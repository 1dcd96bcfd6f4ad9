package postgres_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/haigo-lab/haigo/services/ablation"
)

// TestAddRound: of many that add a round to one version of a sweep one does, whole or not at all; a sweep that was stopped
// meanwhile has nothing left in its queue.
func TestAddRound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 12 {
		name := fmt.Sprintf("s%d", i)
		a := application(name, 1, 1, 10)
		a.Sweep.Design.Adaptive = &ablation.Adaptive{}
		w.apply(a)
		before, err := w.Sweep(t.Context(), name)
		w.must(err)
		version, err := w.SweepVersion(t.Context(), name)
		w.must(err)
		grown := application(name, 4, 1, 10)
		grown.Sweep.ID, grown.Sweep.Design = before.ID, a.Sweep.Design
		round := ablation.Round{Number: 1, Kind: ablation.RoundBatch, Read: ablation.RoundRead{Version: version}}
		var won atomic.Int64
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				ok, err := w.AddRound(t.Context(), grown, round)
				if err != nil {
					t.Error(err)
				}
				if ok {
					won.Add(1)
				}
			})
		}
		if i%2 == 0 {
			all.Go(func() {
				if err := w.StopSweep(t.Context(), name); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		s, err := w.Sweep(t.Context(), name)
		w.must(err)
		if n := won.Load(); n > 1 || int64(len(s.Rounds)) != n || s.Counts.Total() != 1+3*int(n) || i%2 == 1 && n != 1 {
			t.Errorf("%s: added %d times, %d rounds, %+v", name, n, len(s.Rounds), s.Counts)
		}
		if s.State == ablation.SweepStopped && s.Counts.Queued > 0 {
			t.Errorf("%s is stopped and has %d queued", name, s.Counts.Queued)
		}
	}
}
