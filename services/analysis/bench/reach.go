package main

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/haigo-lab/haigo/services/analysis/decision"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// reach is what may be recommended: sums of tried mixtures, none farther from the nearest than nine in ten of these are from theirs.
type reach struct {
	tried    []table.Run
	farthest float64
}

// blend is a mixture by the weights of the tried ones, none below 0, that sum to one.
type blend struct {
	weights []float64
	run     table.Run
}

func reachOf(t table.Table) reach {
	out := reach{}
	for _, g := range t.Groups() {
		out.tried = append(out.tried, t.Runs[g[0]])
	}
	var near []float64
	for i, run := range out.tried {
		others := slices.Delete(slices.Clone(out.tried), i, i+1)
		near = append(near, reach{tried: others}.away(run))
	}
	slices.Sort(near)
	out.farthest = near[len(near)*9/10]
	return out
}

// away is how far the nearest tried mixture is.
func (r reach) away(run table.Run) float64 {
	least := math.Inf(1)
	for _, t := range r.tried {
		least = min(least, decision.Apart(run, t))
	}
	return least
}

func (r reach) has(run table.Run) bool { return r.away(run) <= r.farthest }

// blend is the mixture of some weights.
func (r reach) blend(weights []float64) blend {
	out := blend{weights: weights}
	for _, phase := range r.tried[0].Shares {
		out.run.Shares = append(out.run.Shares, make([]float64, len(phase)))
	}
	for i, w := range weights {
		for p, phase := range r.tried[i].Shares {
			for j, v := range phase {
				out.run.Shares[p][j] += w * v
			}
		}
	}
	return out
}

// poolSize is how many mixtures stand for all those between tried ones.
const poolSize = 6000

// pool are the tried mixtures, and mixtures of two to four of them each.
func (r reach) pool(random *rand.Rand) []blend {
	var out []blend
	for i := range r.tried {
		weights := make([]float64, len(r.tried))
		weights[i] = 1
		out = append(out, r.blend(weights))
	}
	for len(out) < poolSize {
		parts, sum := make([]float64, 2+random.IntN(3)), 0.0
		for i := range parts {
			parts[i] = random.ExpFloat64()
			sum += parts[i]
		}
		weights := make([]float64, len(r.tried))
		for _, w := range parts {
			weights[random.IntN(len(r.tried))] += w / sum
		}
		out = append(out, r.blend(weights))
	}
	return out
}

// Steps by which the optimum is looked for from the best of the pool.
const (
	climbTries = 600
	climbFirst = 0.1
	climbLast  = 0.002
)

// best is the optimum of a truth.
func (r reach) best(pool []blend, t truth, random *rand.Rand) [][]float64 {
	best, least := blend{}, math.Inf(1)
	for _, b := range pool {
		if v := t.mean(b.run); v < least && r.has(b.run) {
			best, least = b, v
		}
	}
	for step := climbFirst; step > climbLast; step /= 2 {
		for range climbTries {
			next := r.moved(best, step*random.Float64(), random)
			if v := t.mean(next.run); v < least && r.has(next.run) {
				best, least = next, v
			}
		}
	}
	return best.run.Shares
}

// moved gives a tried mixture a larger weight, at the cost of one or of all.
func (r reach) moved(from blend, by float64, random *rand.Rand) blend {
	weights, to, of := slices.Clone(from.weights), random.IntN(len(from.weights)), random.IntN(len(from.weights))
	if random.IntN(2) == 0 {
		by = min(by, weights[of])
		weights[of] -= by
		weights[to] += by
		return r.blend(weights)
	}
	for i := range weights {
		weights[i] *= 1 - by
	}
	weights[to] += by
	return r.blend(weights)
}
