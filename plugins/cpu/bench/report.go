package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/haigo-lab/haigo/plugins/cpu/kernel"
)

// report prints a table: how many times as fast the first contender is as each other one, as the median over the pairs of
// a round with its quartiles, and the largest difference between their losses over the first thirty steps.
func report(to io.Writer, name string, s size, e exercise, field []*contender) {
	tokens := float64(e.Rows * s.model.Context)
	peak := kernel.Best().Peak(e.Threads, 100*time.Millisecond)
	first := field[0]
	fmt.Fprintf(to, "\n%s: %d parameters, %.0f tokens a step, %d threads, %d rounds of %d; multiply-add peak %.0f GFLOP/s\n\n",
		name, s.model.Parameters(), tokens, e.Threads, len(first.seconds), s.steps, peak/1e9)
	fmt.Fprintf(to, "| | tokens/s | best | share of peak | peak memory | %s is faster by | losses differ by |\n|---|---|---|---|---|---|---|\n", first.name)
	for _, c := range field {
		speed := func(seconds float64) float64 { return float64(s.steps) * tokens / seconds }
		low, middle, high := quartiles(ratios(c.seconds, first.seconds))
		_, median, _ := quartiles(c.seconds)
		fmt.Fprintf(to, "| %s | %.0f | %.0f | %.0f%% | %d MB | %.2f (%.2f–%.2f) | %.1e |\n", c.name,
			speed(median), speed(slices.Min(c.seconds)), 100*speed(median)*s.model.FLOPsPerToken()/peak, c.memory>>20,
			middle, low, high, difference(c.losses, first.losses))
	}
}

func ratios(a, b []float64) []float64 {
	list := make([]float64, len(a))
	for i := range list {
		list[i] = a[i] / b[i]
	}
	return list
}

func quartiles(x []float64) (low, middle, high float64) {
	sorted := slices.Sorted(slices.Values(x))
	n := len(sorted)
	return sorted[n/4], sorted[n/2], sorted[3*n/4]
}

// difference is the largest between the losses of the first thirty steps.
func difference(a, b []float64) (most float64) {
	for i := range min(30, len(a), len(b)) {
		most = max(most, math.Abs(a[i]-b[i]))
	}
	return most
}
