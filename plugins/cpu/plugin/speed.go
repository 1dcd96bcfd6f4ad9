package plugin

import (
	"sync"
	"time"

	"github.com/haigo-lab/haigo/plugins/cpu/kernel"
	"github.com/haigo-lab/haigo/plugins/cpu/lm"
)

// efficiency is what a training step reaches of the speed of its matrix products alone, one run on a quiet machine.
const efficiency = 0.7

// measureOnce is the floating point operations a second of one thread in a matrix product of a small model, measured in
// about 30 ms at the first call.
func measureOnce() func() float64 {
	return sync.OnceValue(func() float64 {
		set := kernel.Best()
		const m, n, k = 256, 352, 128
		a, b, c := make([]float32, m*k), make([]float32, k*n), make([]float32, m*n)
		product := func() { set.MatMul(m, n, k, kernel.Rows(a, k), kernel.Rows(b, n), c, n, false) }
		product()
		best := time.Duration(1 << 62)
		for began := time.Now(); time.Since(began) < 30*time.Millisecond; {
			start := time.Now()
			product()
			best = min(best, time.Since(start))
		}
		return 2 * m * n * k / best.Seconds()
	})
}

// tokensPerS estimates training speed.
func tokensPerS(speed float64, threads int, c lm.Config) float64 {
	return efficiency * speed * float64(threads) / c.FLOPsPerToken()
}
