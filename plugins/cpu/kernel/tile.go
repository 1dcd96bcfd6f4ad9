package kernel

import (
	"sync"
	"time"
)

// Peak is the floating point operations a second, a multiply-add counted as two, that so many threads reach at once in the
// inner product alone, on operands that stay in the first cache: as fast as this processor multiplies and adds, within a few
// percent. Each thread counts by its fastest burst of some microseconds, so that other load hardly matters. It takes about
// lasting; the portable set has no such product and says 0.
func (s *Set) Peak(threads int, lasting time.Duration) float64 {
	if s.lanes == 0 {
		return 0
	}
	speeds := make([]float64, threads)
	var wait sync.WaitGroup
	for i := range threads {
		wait.Go(func() { speeds[i] = s.tileSpeed(lasting) })
	}
	wait.Wait()
	sum := 0.0
	for _, speed := range speeds {
		sum += speed
	}
	return sum
}

// tileSpeed is what one thread reaches.
func (s *Set) tileSpeed(lasting time.Duration) float64 {
	const depth, calls = 128, 50
	a, b, c := make([]float32, s.tileRows*depth), make([]float32, depth*s.tileCols), make([]float32, s.tileRows*s.tileCols)
	best := time.Duration(1 << 62)
	for began := time.Now(); best == 1<<62 || time.Since(began) < lasting; {
		start := time.Now()
		for range calls {
			s.tiles[s.tileRows](&a[0], 1, s.tileRows, &b[0], s.tileCols, &c[0], s.tileCols, depth, 0, 1)
		}
		best = min(best, time.Since(start))
	}
	return calls * 2 * float64(s.tileRows*s.tileCols*depth*s.unit) / best.Seconds()
}
