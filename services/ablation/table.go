package ablation

import (
	"math"
	"slices"
)

// tokens is the amount in tokens, of a budget.
func (a Amount) tokens(budget int64) float64 {
	if a.Tokens > 0 {
		return float64(a.Tokens)
	}
	return a.Fraction * float64(budget)
}

// At is the mixture at a number of tokens seen, of a budget in tokens. A stage holds from its first token, which is the
// token at which the one before it ends; past the last stage the last mixture holds.
func (s Schedule) At(tokens, budget int64) Mixture {
	start := 0.0
	for i, stage := range s.Stages {
		end := stage.Until.tokens(budget)
		if last := i == len(s.Stages)-1; float64(tokens) >= end && !last {
			start = end
			continue
		}
		if i == 0 || stage.Ramp == RampNone || stage.Ramp == "" {
			return stage.Mixture
		}
		return between(s.Stages[i-1].Mixture, stage.Mixture, stage.Ramp.progress((float64(tokens)-start)/(end-start)))
	}
	return nil
}

// progress maps how much of the stage has passed to how far its mixture has moved.
func (r Ramp) progress(x float64) float64 {
	x = min(max(x, 0), 1)
	if r == RampCosine {
		return (1 - math.Cos(math.Pi*x)) / 2
	}
	return x
}

func between(a, b Mixture, x float64) Mixture {
	m := Mixture{}
	for name := range a {
		m[name] = a[name]*(1-x) + b[name]*x
	}
	for name := range b {
		m[name] = a[name]*(1-x) + b[name]*x
	}
	return m
}

// Changes reports whether the mixture ever differs from the first one.
func (s Schedule) Changes() bool {
	return slices.ContainsFunc(s.Stages, func(stage Stage) bool { return !sameMixture(stage.Mixture, s.Stages[0].Mixture) })
}

func sameMixture(a, b Mixture) bool {
	for name := range a {
		if a[name] != b[name] {
			return false
		}
	}
	for name := range b {
		if a[name] != b[name] {
			return false
		}
	}
	return true
}

// Table is the schedule as the sampler's integer weights: the mixture at each step's first token, quantised, in the
// order of sources, run-length coded. Stage boundaries and the budget so round up to a whole step.
func (s Schedule) Table(r Recipe, sources []string) []Weights {
	steps, per := r.Steps(), r.TokensPerStep()
	var table []Weights
	for step := int64(0); step < steps; step++ {
		w := s.At(step*per, r.Tokens).quantise(sources)
		if len(table) == 0 || !slices.Equal(table[len(table)-1].W, w) {
			table = append(table, Weights{FromStep: step, W: w})
		}
	}
	return table
}

func (m Mixture) quantise(sources []string) []int64 {
	shares := make([]float64, len(sources))
	for k, name := range sources {
		shares[k] = m[name]
	}
	return Quantise(shares)
}

// summed is a table's weights added up over all steps, for each source: planned rows are these × rows a step ÷ 2^30.
func summed(table []Weights, steps int64) []float64 {
	if len(table) == 0 {
		return nil
	}
	sums := make([]float64, len(table[0].W))
	for i, w := range table {
		end := steps
		if i+1 < len(table) {
			end = min(steps, table[i+1].FromStep)
		}
		for k := range sums {
			sums[k] += float64(w.W[k]) * float64(end-w.FromStep)
		}
	}
	return sums
}

// PlannedRows is how many rows of each source a table asks for: the integral of its weights, rounded. What the sampler
// reads differs from it by less than two rows, and one more for each step at which a source is switched off.
func PlannedRows(table []Weights, steps int64, batchRows int) []int64 {
	sums := summed(table, steps)
	rows := make([]int64, len(sums))
	for k, s := range sums {
		rows[k] = int64(math.Round(s * float64(batchRows) / WeightTotal))
	}
	return rows
}
