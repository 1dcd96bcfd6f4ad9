package kernel_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/haigo-lab/haigo/plugins/cpu/kernel"
)

// Widths: one vector, several, and none that is whole on any instruction set.
var widths = []int{1, 7, 8, 16, 24, 32, 33, 128, 352}

func wide(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

func each(n int, f func(i int) float64) []float64 {
	y := make([]float64, n)
	for i := range y {
		y[i] = f(i)
	}
	return y
}

func sum(n int, f func(i int) float64) (s float64) {
	for i := range n {
		s += f(i)
	}
	return s
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func forWidths(t *testing.T, test func(t *testing.T, set *kernel.Set, r *rand.Rand, n int)) {
	t.Helper()
	onEverySet(t, func(t *testing.T, set *kernel.Set) {
		r := rand.New(rand.NewPCG(5, 6))
		for _, n := range widths {
			test(t, set, r, n)
		}
	})
}

func TestSoftmax(t *testing.T) {
	t.Parallel()
	forWidths(t, func(t *testing.T, set *kernel.Set, r *rand.Rand, n int) {
		x, dp := normal(r, n), normal(r, n)
		const scale = 0.3
		exps := each(n, func(i int) float64 { return math.Exp(scale * float64(x[i]-slices.Max(x))) })
		total := sum(n, func(i int) float64 { return exps[i] })
		p := slices.Clone(x)
		most, s := set.Softmax(p, scale)
		near(t, "most, sum", []float32{most, s}, []float64{float64(slices.Max(x)), total}, 1e-6)
		near(t, "shares", p, each(n, func(i int) float64 { return exps[i] / total }), 1e-6)

		dot := sum(n, func(i int) float64 { return float64(p[i]) * float64(dp[i]) })
		want := each(n, func(i int) float64 { return scale * float64(p[i]) * (float64(dp[i]) - dot) })
		set.SoftmaxGrad(p, dp, scale)
		near(t, "gradient", dp, want, 1e-5)
	})
}

func TestRMSNorm(t *testing.T) {
	t.Parallel()
	forWidths(t, func(t *testing.T, set *kernel.Set, r *rand.Rand, n int) {
		x, gain, dy, dx, dgain := normal(r, n), normal(r, n), normal(r, n), normal(r, n), normal(r, n)
		const eps = 1e-3
		inverse := 1 / math.Sqrt(sum(n, func(i int) float64 { return float64(x[i]) * float64(x[i]) })/float64(n)+eps)
		y := make([]float32, n)
		got := set.RMSNorm(y, x, gain, eps)
		near(t, "inverse", []float32{got}, []float64{inverse}, 1e-5)
		near(t, "y", y, each(n, func(i int) float64 { return float64(x[i]) * inverse * float64(gain[i]) }), 1e-5)

		dot := sum(n, func(i int) float64 { return float64(dy[i]) * float64(gain[i]) * float64(x[i]) })
		wantX := each(n, func(i int) float64 {
			return float64(dx[i]) + inverse*float64(gain[i])*float64(dy[i]) - float64(x[i])*inverse*inverse*inverse*dot/float64(n)
		})
		wantGain := each(n, func(i int) float64 { return float64(dgain[i]) + float64(dy[i])*float64(x[i])*inverse })
		set.RMSNormGrad(dx, dy, x, gain, dgain, got)
		near(t, "dx", dx, wantX, 1e-4)
		near(t, "dgain", dgain, wantGain, 1e-5)
	})
}

func TestSwiGLU(t *testing.T) {
	t.Parallel()
	forWidths(t, func(t *testing.T, set *kernel.Set, r *rand.Rand, n int) {
		gate, up, dh, h := normal(r, n), normal(r, n), normal(r, n), make([]float32, n)
		g, u, d := wide(gate), wide(up), wide(dh)
		set.SwiGLU(h, gate, up)
		near(t, "h", h, each(n, func(i int) float64 { return g[i] * sigmoid(g[i]) * u[i] }), 1e-6)
		set.SwiGLUGrad(dh, gate, up)
		near(t, "dgate", gate, each(n, func(i int) float64 {
			s := sigmoid(g[i])
			return d[i] * u[i] * s * (1 + g[i]*(1-s))
		}), 1e-5)
		near(t, "dup", up, each(n, func(i int) float64 { return d[i] * g[i] * sigmoid(g[i]) }), 1e-5)
	})
}

func TestRope(t *testing.T) {
	t.Parallel()
	forWidths(t, func(t *testing.T, set *kernel.Set, r *rand.Rand, half int) {
		x, angle := normal(r, 2*half), normal(r, half)
		cos, sin := make([]float32, half), make([]float32, half)
		for i, a := range angle {
			cos[i], sin[i] = float32(math.Cos(float64(a))), float32(math.Sin(float64(a)))
		}
		turned := slices.Clone(x)
		set.Rope(turned, cos, sin, 1)
		near(t, "turned", turned, each(2*half, func(i int) float64 {
			a, b, c, s := float64(x[i%half]), float64(x[i%half+half]), float64(cos[i%half]), float64(sin[i%half])
			if i < half {
				return a*c - b*s
			}
			return b*c + a*s
		}), 1e-6)
		set.Rope(turned, cos, sin, -1)
		near(t, "turned back", turned, wide(x), 1e-6)
	})
}

func TestAdamW(t *testing.T) {
	t.Parallel()
	a := kernel.Adam{Scale: 0.7, Beta1: 0.9, Beta2: 0.95, Keep: 0.99, Rate: 1e-2, Correct: 1.1, Eps: 1e-8}
	forWidths(t, func(t *testing.T, set *kernel.Set, r *rand.Rand, n int) {
		p, grad, m, v := normal(r, n), normal(r, n), normal(r, n), normal(r, n)
		for i := range v {
			v[i] *= v[i]
		}
		d := each(n, func(i int) float64 { return float64(a.Scale) * float64(grad[i]) })
		wantM := each(n, func(i int) float64 { return 0.9*float64(m[i]) + 0.1*d[i] })
		wantV := each(n, func(i int) float64 { return 0.95*float64(v[i]) + 0.05*d[i]*d[i] })
		wantP := each(n, func(i int) float64 {
			return 0.99*float64(p[i]) - 1e-2*wantM[i]/(math.Sqrt(wantV[i])*1.1+1e-8)
		})
		set.AdamW(p, grad, m, v, a)
		near(t, "m", m, wantM, 1e-6)
		near(t, "v", v, wantV, 1e-6)
		near(t, "p", p, wantP, 1e-5)
	})
}

func TestAddScaleSumSquares(t *testing.T) {
	t.Parallel()
	forWidths(t, func(t *testing.T, set *kernel.Set, r *rand.Rand, n int) {
		x, y := normal(r, n), normal(r, n)
		want := each(n, func(i int) float64 { return float64(x[i]) + float64(y[i]) })
		set.Add(y, x)
		near(t, "sum", y, want, 1e-6)
		near(t, "squares", []float32{set.SumSquares(x)},
			[]float64{sum(n, func(i int) float64 { return float64(x[i]) * float64(x[i]) })}, 1e-5)
		want = each(n, func(i int) float64 { return float64(x[i]) * -2.5 })
		set.Scale(x, -2.5)
		near(t, "scaled", x, want, 1e-7)
	})
}

// A masked score is far below the others; a denormal share would slow every later product down by half.
func TestSoftmax_HasNoDenormals(t *testing.T) {
	t.Parallel()
	const smallest = 0x1p-126
	onEverySet(t, func(t *testing.T, set *kernel.Set) {
		for low := float32(0); low > -200; low -= 0.25 {
			x := make([]float32, 32)
			for i := range x[1:] {
				x[i+1] = low - float32(i)/32
			}
			set.Softmax(x, 1)
			for i, p := range x {
				if p != 0 && p < smallest {
					t.Fatalf("share %d of scores near %g is the denormal %g", i, low, p)
				}
			}
		}
		masked := append(make([]float32, 16), slices.Repeat([]float32{-1e30}, 16)...)
		set.Softmax(masked, 0.1)
		near(t, "masked", masked, append(slices.Repeat([]float64{1. / 16}, 16), make([]float64, 16)...), 1e-7)
		if slices.Max(masked[16:]) != 0 {
			t.Error("a masked score has a share")
		}
	})
}

func TestNotANumberSpreads(t *testing.T) {
	t.Parallel()
	nan := float32(math.NaN())
	onEverySet(t, func(t *testing.T, set *kernel.Set) {
		for at := range 32 {
			x := make([]float32, 32)
			x[at] = nan
			h := make([]float32, 32)
			set.SwiGLU(h, x, slices.Repeat([]float32{1}, 32))
			if h[at] == h[at] {
				t.Errorf("swiglu turned NaN at %d into %g", at, h[at])
			}
			if _, s := set.Softmax(x, 1); s == s {
				t.Errorf("softmax hid NaN at %d: sum %g", at, s)
			}
		}
	})
}
