package ablation

import (
	"math"
	"slices"
)

// Table is the schedule as the sampler's integer weights: the mixture at each step's first token, quantised, in the
// order of sources, run-length coded from step 0. Stage boundaries and the budget thereby round up to a whole step.
func (s Schedule) Table(r Recipe, sources []string) []Weights {
	c, per, steps := s.curve(sources, r.Tokens), r.TokensPerStep(), r.Steps()
	if len(c) == 0 {
		return nil
	}
	var table []Weights
	for step := int64(0); step < steps; {
		p := c.piece(step * per)
		table = appendWeights(table, step, Quantise(p.at(step*per)))
		step++
		if !p.moves() {
			step = max(step, p.until(per, steps))
		}
	}
	return table
}

// until is the first step of the next piece; the last piece holds to the end.
func (p piece) until(per, steps int64) int64 {
	if p.last {
		return steps
	}
	return int64(math.Ceil(p.end / float64(per)))
}

func appendWeights(table []Weights, step int64, w []int64) []Weights {
	if n := len(table); n > 0 && slices.Equal(table[n-1].W, w) {
		return table
	}
	return append(table, Weights{FromStep: step, W: w})
}

// totals is a table's weights added up over all steps, for each source.
func totals(table []Weights, steps int64) []int64 {
	if len(table) == 0 {
		return nil
	}
	sums := make([]int64, len(table[0].W))
	for i, w := range table {
		for k := range sums {
			sums[k] += w.W[k] * (endOf(table, i, steps) - w.FromStep)
		}
	}
	return sums
}

// endOf is the step at which the table's i-th entry stops to hold.
func endOf(table []Weights, i int, steps int64) int64 {
	if i+1 < len(table) {
		return min(steps, table[i+1].FromStep)
	}
	return steps
}

// constant is the one mixture that asks for the totals over a run's steps: totals ÷ steps, what remains to the largest
// remainders, ties to the lower index.
func constant(totals []int64, steps int64) []Weights {
	w, rest, left := make([]int64, len(totals)), make([]int64, len(totals)), int64(WeightTotal)
	for k, t := range totals {
		w[k], rest[k] = t/steps, t%steps
		left -= w[k]
	}
	largest(w, rest, left)
	return []Weights{{W: w}}
}

// PlannedRows is how many rows of each source a run reads in the sampler's exact mode: what its apportionment gives,
// step by step, not an estimate. It differs from the integral of the table by less than two rows, and one more for each
// step at which a source is switched off.
func PlannedRows(table []Weights, steps int64, batchRows int) []int64 {
	if len(table) == 0 {
		return nil
	}
	n := len(table[0].W)
	rows, residual, counts := make([]int64, n), make([]int64, n), make([]int64, n)
	for i, w := range table {
		for range endOf(table, i, steps) - w.FromStep {
			apportion(int64(batchRows), w.W, residual, counts)
			for k, c := range counts {
				rows[k] += c
			}
		}
	}
	return rows
}

// apportion splits a step's rows among the sources by exact largest remainders (sampler v1). Residual, in units of
// 1/2^30 row, is carried from step to step; counts receives the split.
func apportion(rows int64, w, residual, counts []int64) {
	left := rows
	for k := range w {
		counts[k] = 0
		if w[k] == 0 {
			residual[k] = 0
			continue
		}
		residual[k] += rows * w[k]
		counts[k] = max(0, residual[k]>>30)
		residual[k] -= counts[k] * WeightTotal
		left -= counts[k]
	}
	for ; left > 0; left-- {
		give(1, pick(w, residual, func(k, best int) bool { return residual[k] > residual[best] }), residual, counts)
	}
	for ; left < 0; left++ {
		give(-1, pick(counts, residual, func(k, best int) bool { return residual[k] <= residual[best] }), residual, counts)
	}
}

func give(row int64, k int, residual, counts []int64) {
	counts[k] += row
	residual[k] -= row * WeightTotal
}

// pick is the best of the sources that are eligible: those above zero.
func pick(eligible, residual []int64, better func(k, best int) bool) int {
	best := -1
	for k := range residual {
		if eligible[k] > 0 && (best < 0 || better(k, best)) {
			best = k
		}
	}
	return best
}
