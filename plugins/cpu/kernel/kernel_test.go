package kernel_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/haigo-lab/haigo/plugins/cpu/kernel"
)

// onEverySet runs a test on each instruction set of this processor.
func onEverySet(t *testing.T, test func(t *testing.T, set *kernel.Set)) {
	t.Helper()
	for _, isa := range kernel.Available() {
		t.Run(string(isa), func(t *testing.T) {
			t.Parallel()
			test(t, mustFor(t, isa))
		})
	}
}

// TestAvailable says which kernels no test of this machine can run.
func TestAvailable(t *testing.T) {
	for _, isa := range []kernel.ISA{kernel.AVX512, kernel.AVX2, kernel.Portable} {
		t.Run(string(isa), func(t *testing.T) {
			if !slices.Contains(kernel.Available(), isa) {
				t.Skipf("not run: the %s kernels (not in this processor)", isa)
			}
			if got := mustFor(t, isa).ISA(); got != isa {
				t.Errorf("got the kernels of %s", got)
			}
		})
	}
}

func mustFor(tb testing.TB, isa kernel.ISA) *kernel.Set {
	tb.Helper()
	set, err := kernel.For(isa)
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

func normal(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

// near compares within a tolerance that is absolute below 1 and relative above.
func near(t *testing.T, what string, got []float32, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i, g := range got {
		if d := math.Abs(float64(g) - want[i]); !(d <= tolerance*(1+math.Abs(want[i]))) {
			t.Fatalf("%s[%d] = %g, want %g", what, i, g, want[i])
		}
	}
}

func TestFor_UnknownInstructionSet(t *testing.T) {
	t.Parallel()
	_, err := kernel.For("mmx")
	if want := fmt.Sprintf("instruction set %q is not to be had here; there are %v", "mmx", kernel.Available()); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestBest_IsTheFirstAvailable(t *testing.T) {
	t.Parallel()
	if got, want := kernel.Best().ISA(), kernel.Available()[0]; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
