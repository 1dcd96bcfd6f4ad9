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

// endOf is the step at which the table's i-th entry stops to hold.
func endOf(table []Weights, i int, steps int64) int64 {
	if i+1 < len(table) {
		return min(steps, table[i+1].FromStep)
	}
	return steps
}
