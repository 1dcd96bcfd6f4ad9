package kernel_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/plugins/cpu/kernel"
)

// The shapes of a small model: 512 tokens through the matrices of width 128, and a gradient of one. The share is of the
// speed of the inner product on operands in the first cache, which is within a few percent of the processor's peak.
func BenchmarkMatMul(b *testing.B) {
	for _, isa := range kernel.Available() {
		set := mustFor(b, isa)
		peak := set.Peak(1, 20*time.Millisecond)
		for _, s := range [][3]int{{512, 384, 128}, {512, 704, 128}, {512, 128, 352}, {128, 704, 512}, {32, 128, 32}, {1024, 1024, 1024}} {
			b.Run(fmt.Sprintf("%s/%dx%dx%d", isa, s[0], s[1], s[2]), func(b *testing.B) {
				benchmarkProduct(b, set, peak, s[0], s[1], s[2])
			})
		}
	}
}

func benchmarkProduct(b *testing.B, set *kernel.Set, peak float64, m, n, k int) {
	r := rand.New(rand.NewPCG(1, 1))
	x, y, c := kernel.Rows(normal(r, m*k), k), kernel.Rows(normal(r, k*n), n), make([]float32, m*n)
	for b.Loop() {
		set.MatMul(m, n, k, x, y, c, n, false)
	}
	speed := 2 * float64(m) * float64(n) * float64(k) * float64(b.N) / b.Elapsed().Seconds()
	b.ReportMetric(speed/1e9, "GFLOP/s")
	if peak > 0 {
		b.ReportMetric(100*speed/peak, "%peak")
	}
}

func BenchmarkSoftmax(b *testing.B) {
	for _, isa := range kernel.Available() {
		b.Run(string(isa), func(b *testing.B) {
			set, x := mustFor(b, isa), make([]float32, 256)
			for b.Loop() {
				set.Softmax(x, 1)
			}
			b.SetBytes(1024)
		})
	}
}
