package plugin

import (
	"time"

	"github.com/haigo-lab/haigo/plugins/cpu/kernel"
	"github.com/haigo-lab/haigo/plugins/cpu/lm"
)

// What a training step reaches of the speed of its matrix products alone, one run on a quiet machine: the faster they
// are, the more is left of all else.
const (
	efficiency     = 0.7
	efficiencyBF16 = 0.55
)

// speeds are floating point operations a second of one thread in the matrix products of a small model.
type speeds struct{ fp32, bf16 float64 }

// measure takes about 30 ms a precision.
func measure() speeds {
	s := speeds{fp32: productSpeed(kernel.Best())}
	if rounding := kernel.Best().BF16(); rounding != nil {
		s.bf16 = productSpeed(rounding)
	}
	return s
}

func productSpeed(set *kernel.Set) float64 {
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
}

// tokensPerS estimates training speed.
func (s speeds) tokensPerS(threads int, c lm.Config) float64 {
	operations := efficiency * s.fp32
	if c.BF16 {
		operations = efficiencyBF16 * s.bf16
	}
	return operations * float64(threads) / c.FLOPsPerToken()
}
