package lm_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/haigo-lab/haigo/plugins/cpu/kernel"
	"github.com/haigo-lab/haigo/plugins/cpu/lm"
)

// small has odd sizes on purpose: a vocabulary with padding, a context that is no whole block, several heads.
var small = lm.Config{
	Layers: 2, Width: 64, Heads: 2, FFN: 48, Vocab: 257, Context: 35, RopeBase: 10000, NormEps: 1e-5,
}

var adamW = lm.AdamW{Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, WeightDecay: 0.1, Clip: 1}

func onEverySet(t *testing.T, test func(t *testing.T, set *kernel.Set)) {
	t.Helper()
	for _, isa := range kernel.Available() {
		t.Run(string(isa), func(t *testing.T) {
			t.Parallel()
			test(t, mustFor(t, isa))
		})
	}
}

// onEveryPrecision runs a test on every instruction set in fp32, and in bf16 where this processor has it.
func onEveryPrecision(t *testing.T, test func(t *testing.T, c lm.Config, set *kernel.Set)) {
	t.Helper()
	onEverySet(t, func(t *testing.T, set *kernel.Set) { test(t, small, set) })
	t.Run("bf16", func(t *testing.T) {
		t.Parallel()
		test(t, smallBF16(t), kernel.Best())
	})
}

// smallBF16 is small in bf16, on the best set; the test is skipped where that has none.
func smallBF16(t *testing.T) lm.Config {
	t.Helper()
	if kernel.Best().BF16() == nil {
		t.Skip("not run: training in bf16 (not in this processor)")
	}
	c := small
	c.BF16 = true
	return c
}

func mustFor(tb testing.TB, isa kernel.ISA) *kernel.Set {
	tb.Helper()
	set, err := kernel.For(isa)
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

// batch draws rows of text-like tokens: a few values, each likely to be followed by its neighbour.
func batch(r *rand.Rand, c lm.Config, rows int) [][]uint16 {
	list := make([][]uint16, rows)
	for i := range list {
		list[i] = make([]uint16, c.Context+1)
		token := r.IntN(c.Vocab)
		for j := range list[i] {
			if token++; r.IntN(4) == 0 {
				token = r.IntN(40)
			}
			list[i][j] = uint16(token % c.Vocab)
		}
	}
	return list
}

func BenchmarkStep(b *testing.B) {
	c := lm.Config{Layers: 4, Width: 128, Heads: 4, FFN: 352, Vocab: 512, Context: 128, RopeBase: 10000, NormEps: 1e-5}
	for _, isa := range kernel.Available() {
		for threads := 1; threads <= 2; threads++ {
			b.Run(fmt.Sprintf("%s/threads=%d", isa, threads), func(b *testing.B) {
				const rows = 16
				t := lm.New(c, mustFor(b, isa), rows, threads, 1)
				r := rand.New(rand.NewPCG(1, 1))
				for b.Loop() {
					t.Gradient(batch(r, c, rows))
					t.Update(adamW, 1e-3)
				}
				b.ReportMetric(float64(b.N*rows*c.Context)/b.Elapsed().Seconds(), "tokens/s")
			})
		}
	}
}
