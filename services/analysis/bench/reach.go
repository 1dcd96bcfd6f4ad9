package main

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/haigo-lab/haigo/services/analysis/decision"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// reach is what may be recommended: no share passes those tried, and the nearest tried mixture is no farther away than nine in ten of
// these are from theirs.
type reach struct {
	tried     []table.Run
	low, high []float64
	farthest  float64
}

func reachOf(t table.Table) reach {
	out := reach{low: slices.Repeat([]float64{1}, len(t.Sources)), high: make([]float64, len(t.Sources))}
	for _, g := range t.Groups() {
		out.tried = append(out.tried, t.Runs[g[0]])
		for _, phase := range t.Runs[g[0]].Shares {
			for j, w := range phase {
				out.low[j], out.high[j] = min(out.low[j], w), max(out.high[j], w)
			}
		}
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

func (r reach) has(run table.Run) bool {
	for _, phase := range run.Shares {
		for j, w := range phase {
			if w < r.low[j] || w > r.high[j] {
				return false
			}
		}
	}
	return r.away(run) <= r.farthest
}

// poolSize is how many mixtures stand for all those between tried ones.
const poolSize = 6000

// pool are the tried mixtures, and mixtures of two to four of them each.
func (r reach) pool(random *rand.Rand) []table.Run {
	out := slices.Clone(r.tried)
	for len(out) < poolSize {
		parts, sum := make([]float64, 2+random.IntN(3)), 0.0
		for i := range parts {
			parts[i] = random.ExpFloat64()
			sum += parts[i]
		}
		run := table.Run{Shares: make([][]float64, len(r.tried[0].Shares))}
		for p := range run.Shares {
			run.Shares[p] = make([]float64, len(r.low))
		}
		for _, w := range parts {
			for p, phase := range r.tried[random.IntN(len(r.tried))].Shares {
				for j, v := range phase {
					run.Shares[p][j] += w / sum * v
				}
			}
		}
		out = append(out, run)
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
func (r reach) best(pool []table.Run, t truth, random *rand.Rand) [][]float64 {
	best, least := table.Run{}, math.Inf(1)
	for _, run := range pool {
		if v := t.mean(run); v < least && r.has(run) {
			best, least = run, v
		}
	}
	for step := climbFirst; step > climbLast; step /= 2 {
		for range climbTries {
			next := r.moved(best, step*random.Float64(), random)
			if v := t.mean(next); v < least && r.has(next) {
				best, least = next, v
			}
		}
	}
	return best.Shares
}

// moved is a run with a share of one source moved to another, in one phase.
func (r reach) moved(run table.Run, by float64, random *rand.Rand) table.Run {
	out := table.Run{}
	for _, phase := range run.Shares {
		out.Shares = append(out.Shares, slices.Clone(phase))
	}
	phase := out.Shares[random.IntN(len(out.Shares))]
	from, to := random.IntN(len(phase)), random.IntN(len(phase))
	phase[from] -= by
	phase[to] += by
	return out
}
