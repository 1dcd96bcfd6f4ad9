package kernel_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/haigo-lab/haigo/plugins/cpu/kernel"
)

// rounding is the set whose products round to bf16; a test without one is skipped.
func rounding(t *testing.T) *kernel.Set {
	t.Helper()
	set := kernel.Best().BF16()
	if set == nil {
		t.Skip("not run: the bf16 kernels (not in this processor)")
	}
	return set
}

func TestBF16_IsForTheWidestVectorsOnly(t *testing.T) {
	t.Parallel()
	for _, isa := range []kernel.ISA{kernel.AVX2, kernel.Portable} {
		if set, err := kernel.For(isa); err == nil && set.BF16() != nil {
			t.Errorf("%s has products of bf16", isa)
		}
	}
}

// The product of bf16 is the product of what is left of the operands after rounding.
func TestBF16_MatMul(t *testing.T) {
	t.Parallel()
	set := rounding(t)
	r := rand.New(rand.NewPCG(1, 2))
	for _, s := range [][3]int{
		{1, 1, 1},
		{1, 32, 2},
		{12, 32, 512},
		{13, 33, 513},
		{7, 96, 700},
		{50, 33, 17},
		{97, 16, 9},
		{128, 352, 129},
		{64, 600, 40},
		{5, 31, 8},
		{2, 3, 0},
		{200, 288, 64},
		{96, 64, 31},
		{17, 64, 33},
	} {
		for layout := range 8 {
			p := makeProduct(r, s[0], s[1], s[2], layout)
			p.a.Data, p.b.Data = rounded(p.a.Data), rounded(p.b.Data)
			p.expect()
			p.check(t, set, 1e-4)
		}
	}
}

// Every way of rounding, by assembly and without, gives the nearest bf16, of two the even one: 1·x is that value.
func TestBF16_Rounding(t *testing.T) {
	t.Parallel()
	set := rounding(t)
	infinity := float32(math.Inf(1))
	special := []float32{
		0, 1, -1, 1 + 1./256, 1 + 3./256, 1 + 1./512, -1 - 1./256, 3.3895314e38, math.MaxFloat32, infinity, -infinity,
		float32(math.NaN()), math.Float32frombits(0x7fffffff), math.Float32frombits(1), math.Float32frombits(0x00ffffff),
	}
	x := append(special, normal(rand.New(rand.NewPCG(4, 4)), 33*40-len(special))...)
	for _, n := range []int{1, 16, 33} { // a row alone, whole vectors, and more
		for _, turned := range []bool{false, true} {
			const k = 40
			c, one := make([]float32, k*n), identity(k)
			b := kernel.Rows(x, n)
			if turned {
				b = kernel.Rows(x, k).T()
			}
			set.MatMul(k, n, k, kernel.Rows(one, k), kernel.Matrix{Data: slices.Clone(x), Row: b.Row, Col: b.Col}, c, n, false)
			compareRounded(t, b, c, k, n)
		}
	}
}

// compareRounded passes over columns that have something other than numbers: in a sum they spoil their neighbours.
func compareRounded(t *testing.T, b kernel.Matrix, c []float32, k, n int) {
	t.Helper()
	for j := range n {
		sound := true
		for p := range k {
			got, want := c[p*n+j], nearest(b.Data[p*b.Row+j*b.Col])
			sound = sound && !math.IsInf(float64(want), 0) && want == want
			if spoilt := got != got; !sound && !spoilt && want != want {
				t.Errorf("(%d, %d) is %g, want NaN", p, j, got)
			}
		}
		for p := 0; p < k && sound; p++ {
			if got, want := c[p*n+j], nearest(b.Data[p*b.Row+j*b.Col]); got != want {
				t.Errorf("(%d, %d) of %d × %d is %g, want %g", p, j, k, n, got, want)
			}
		}
	}
}

func identity(n int) []float32 {
	x := make([]float32, n*n)
	for i := range n {
		x[i*n+i] = 1
	}
	return x
}

func rounded(x []float32) []float32 {
	out := make([]float32, len(x))
	for i, v := range x {
		out[i] = nearest(v)
	}
	return out
}

// nearest rounds to the 8 bits of a bf16's significand, in arithmetic; a denormal is 0.
func nearest(x float32) float32 {
	v := float64(x)
	if x != x || math.IsInf(v, 0) {
		return x
	}
	if math.Abs(v) < 0x1p-126 {
		return 0
	}
	fraction, exponent := math.Frexp(v)
	out := math.Ldexp(math.RoundToEven(fraction*256), exponent-8)
	if math.Abs(out) >= 0x1p128 {
		return float32(math.Inf(int(math.Copysign(1, out))))
	}
	return float32(out)
}
