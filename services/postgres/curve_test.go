package postgres_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/ablation"
)

// sameBits holds NaN equal to itself.
var sameBits = cmp.Comparer(func(a, b ablation.Real) bool { return math.Float64bits(float64(a)) == math.Float64bits(float64(b)) })

// A run too long to be drawn point by point: its curve comes from roll-ups, a spike of one step and all.
func TestCurves_LongRun(t *testing.T) {
	t.Parallel()
	const steps, spike, resumed = 100_000, 54_321, 90_000
	w := newWorld(t)
	w.sweep("s", 1, 1<<40)
	s := w.training()
	s.send(s.begin(nil))
	value := func(step int64) float64 {
		switch step {
		case spike:
			return 1e6
		case 60_000:
			return math.NaN()
		}
		return 10 / math.Sqrt(float64(step))
	}
	write := func(from, to int64) {
		for ; from <= to; from += 10_000 {
			values := make([]float64, 10_000)
			for i := range values {
				values[i] = value(from + int64(i))
			}
			s.send(s.next(losses(from, values...)...))
		}
	}
	write(1, steps)
	s.send(s.begin(ptr(int64(resumed))))
	write(resumed+1, steps)

	for _, most := range []int{300, 2000} {
		curve := w.curve("s-arm0-1", 0, math.MaxInt64, most)
		var counted, grey, nan int64
		var top ablation.Bucket
		n := 0
		for _, b := range curve.Buckets {
			if b.Superseded {
				grey += b.N + b.NaN
				continue
			}
			n++
			counted, nan = counted+b.N+b.NaN, nan+b.NaN
			if b.Max > top.Max {
				top = b
			}
		}
		if counted != steps || grey != steps-resumed || nan != 1 {
			t.Errorf("%d counting, %d superseded points, %d NaN; want %d, %d, 1", counted, grey, nan, steps, steps-resumed)
		}
		if top.Max != 1e6 || top.MaxStep != spike {
			t.Errorf("highest %v at %d, want 1e6 at %d", top.Max, top.MaxStep, spike)
		}
		if n > most {
			t.Errorf("%d buckets, want at most %d", n, most)
		}
	}
	window := w.curve("s-arm0-1", spike-10, spike+10, 300)
	if len(window.Buckets) != 21 || window.Buckets[10].MaxStep != spike {
		t.Errorf("%d buckets around the spike, want 21 points", len(window.Buckets))
	}
}

// Around finds the points next to a range, of every run, that count.
func TestAround(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sweep("s", 2, 1000)
	sparse, early := w.training(), w.training()
	sparse.send(sparse.begin(nil, append(losses(100, 1), append(losses(500, 1), losses(900, 1)...)...)...))
	early.send(early.begin(nil, append(losses(120, 1), losses(130, 1)...)...))
	early.send(early.begin(ptr(int64(120)), losses(121, 1)...))
	ids := []string{sparse.claim.Run.ID, early.claim.Run.ID}
	tests := []struct{ from, to, before, after int64 }{
		{200, 300, 100, 500}, // and not 130, which was superseded
		{500, 500, 100, 900},
		{0, 1000, 0, 1000},
		{910, 920, 121, 920},
	}
	for _, tt := range tests {
		before, after, err := w.Around(t.Context(), ids, ablation.MetricLoss, tt.from, tt.to)
		w.must(err)
		if before != tt.before || after != tt.after {
			t.Errorf("around %d to %d: got %d to %d, want %d to %d", tt.from, tt.to, before, after, tt.before, tt.after)
		}
	}
	if before, after, err := w.Around(t.Context(), ids, "nothing", 3, 4); err != nil || before != 3 || after != 4 {
		t.Errorf("around without points: %d to %d, %v", before, after, err)
	}
}

// Whether a run's points are sealed is nobody's business but the store's.
func TestSealOnce_ReadsStayTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sweep("s", 1, 1<<40)
	s := w.training()
	s.send(s.begin(nil, losses(0, 5, 4, math.Inf(1), 3, math.NaN(), 2, math.Inf(-1))...))
	values := make([]float64, 10_000)
	for i := range values {
		values[i] = float64(i % 97)
	}
	s.send(s.next(losses(7, values...)...))
	s.send(s.begin(ptr(int64(5000)), losses(5001, 1, 2, 3)...))
	id := s.claim.Run.ID
	read := func() (all [4]any) {
		points, err := w.Points(t.Context(), id, ablation.MetricLoss, 100, 5002, 10_000)
		w.must(err)
		results, err := w.Results(t.Context(), "s")
		w.must(err)
		return [4]any{points, w.curve(id, 0, 1<<40, 1<<20), w.curve(id, 4000, 6000, 50), results[0].Values}
	}
	if sealed, err := w.SealOnce(t.Context()); err != nil || sealed {
		t.Errorf("sealed a running run: %v, %v", sealed, err)
	}
	s.end("failed", ablation.RunFailed)
	before := read()
	if sealed, err := w.SealOnce(t.Context()); err != nil || !sealed {
		t.Fatalf("sealed %v, %v", sealed, err)
	}
	if sealed, err := w.SealOnce(t.Context()); err != nil || sealed {
		t.Errorf("sealed again: %v, %v", sealed, err)
	}
	if diff := cmp.Diff(before, read(), sameBits); diff != "" {
		t.Error(diff)
	}
	w.counts("s", 5004)

	// A sealed run that is tried again goes on, and supersedes what is sealed.
	w.must(w.RetryRun(t.Context(), id))
	s = w.training()
	s.send(s.begin(ptr(int64(2000)), losses(2001, 1)...))
	w.counts("s", 2002)
	s.end("failed", ablation.RunFailed)
	before = read()
	if sealed, err := w.SealOnce(t.Context()); err != nil || !sealed {
		t.Fatalf("sealed %v, %v", sealed, err)
	}
	if diff := cmp.Diff(before, read(), sameBits); diff != "" {
		t.Error(diff)
	}
}

func TestCurves_Order(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sweep("s", 2, 1000)
	a, b := w.training(), w.training()
	a.send(a.begin(nil, losses(1, 1)...))
	b.send(b.begin(nil, append(losses(1, 2), ablation.Point{Metric: "grad_norm", Step: 1})...))
	ids := []string{b.claim.Run.ID, a.claim.Run.ID, "nobody"}
	curves, err := w.Curves(t.Context(), ids, ablation.MetricLoss, 0, 1000, 100)
	w.must(err)
	if len(curves) != 3 || curves[0].Buckets[0].Last != 2 || curves[1].Buckets[0].Last != 1 || len(curves[2].Buckets) != 0 {
		t.Errorf("curves %+v", curves)
	}
	names, err := w.MetricNames(t.Context(), ids)
	if diff := cmp.Diff([]string{"grad_norm", "loss"}, names); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

// curve is one run's loss.
func (w *world) curve(id string, from, to int64, most int) ablation.Curve {
	w.Helper()
	curves, err := w.Curves(w.Context(), []string{id}, ablation.MetricLoss, from, to, most)
	w.must(err)
	return curves[0]
}
