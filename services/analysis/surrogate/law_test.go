package surrogate

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"

	"github.com/haigo-lab/haigo/services/analysis/table"
)

// slopes compares a gradient with central differences.
func slopes(t *rapid.T, at, grad []float64, value func([]float64) float64) {
	t.Helper()
	for k := range at {
		const h = 1e-5
		up, down := append([]float64(nil), at...), append([]float64(nil), at...)
		up[k] += h
		down[k] -= h
		want := (value(up) - value(down)) / (2 * h)
		if math.Abs(grad[k]-want) > 1e-5*(1+math.Abs(want)) {
			t.Fatalf("slope by parameter %d is %v, want %v", k, grad[k], want)
		}
	}
}

func shares(t *rapid.T, n int) []float64 {
	w, sum := make([]float64, n), 0.0
	for j := range w {
		w[j] = rapid.Float64Range(0, 1).Draw(t, "share")
		if w[j] < .1 {
			w[j] = 0
		}
		sum += w[j]
	}
	if sum == 0 {
		w[0], sum = 1, 1
	}
	for j := range w {
		w[j] /= sum
	}
	return w
}

func TestLaw_gradient(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := law{sources: 3, recency: rapid.Bool().Draw(t, "recency"), variesN: rapid.Bool().Draw(t, "n"), variesD: rapid.Bool().Draw(t, "d")}
		x := exposure{phases: [][]float64{shares(t, 3)}, tokens: []float64{1}}
		if l.recency {
			x.phases, x.tokens = append(x.phases, shares(t, 3)), []float64{.7, .3}
		}
		x.n, x.d = rapid.Float64Range(-2, 2).Draw(t, "x.n"), rapid.Float64Range(-2, 2).Draw(t, "x.d")
		theta := make([]float64, l.size())
		for k := range theta {
			theta[k] = rapid.Float64Range(-2, 1).Draw(t, "theta")
		}
		grad := make([]float64, l.size())
		l.at(theta, x, grad)
		slopes(t, theta, grad, func(at []float64) float64 { return l.at(at, x, make([]float64, l.size())) })
	})
}

func TestProcess_evidence(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const n, d = 6, 2
		x, y, noise := make([][]float64, n), make([]float64, n), make([]float64, n)
		for i := range x {
			x[i] = []float64{rapid.Float64Range(0, 1).Draw(t, "x"), float64(i) / n}
			y[i], noise[i] = rapid.Float64Range(-1, 1).Draw(t, "y"), rapid.Float64Range(0, .1).Draw(t, "noise")
		}
		p := process{d: distancesOf(x), given: mat.NewSymDense(n, nil), noise: noise, y: y, prior: prior{mean: make([]float64, 2+d), sd: []float64{1, 1, 1, 1}}}
		p.given.SymOuterK(1, mat.NewDense(n, 1, append([]float64(nil), y...)))
		h := make([]float64, 2+d)
		for k := range h {
			h[k] = rapid.Float64Range(-1.5, 1).Draw(t, "h")
		}
		grad := make([]float64, len(h))
		p.evidence(h, grad)
		slopes(t, h, grad, func(at []float64) float64 { return p.evidence(at, nil) })
	})
}

func TestWorth(t *testing.T) {
	t.Parallel()
	// The table of the formula's authors' constants for 57B tokens read: effective tokens, in billions.
	for unique, want := range map[float64]float64{57: 57, 40: 56.8, 20: 54.9, 10: 50.5, 5: 42.8} {
		if got := 57 * Worth(57/unique, Repetition); math.Abs(got-want) > .06 {
			t.Errorf("%vB unique tokens read as 57B are worth %.2fB, want %v", unique, got, want)
		}
	}
}

func TestFit_thin(t *testing.T) {
	t.Parallel()
	f := &Fit{}
	for i := range 10_000 {
		share := float64(i) / 9_999
		f.Table.Runs = append(f.Table.Runs, table.Run{Shares: [][]float64{{share, 1 - share}}})
		f.groups = append(f.groups, []int{i})
	}
	f.thin(50)
	if len(f.groups) != 50 || len(f.Notes) != 1 {
		t.Fatalf("%d mixtures and %d notes", len(f.groups), len(f.Notes))
	}
	for i, g := range f.groups[1:] {
		if gap := g[0] - f.groups[i][0]; gap > 500 {
			t.Errorf("%d runs between %d and the next that is fitted", gap, f.groups[i][0])
		}
	}
}
