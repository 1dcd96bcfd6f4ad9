package decision

import (
	"cmp"
	"math"
	"slices"

	"github.com/haigo-lab/haigo/services/analysis/table"
)

// OwnLeast keeps the log of a share that is 0 finite.
const OwnLeast = 0.003

// OwnWeight ranks mixtures without any run: by minus the log of the share of what each metric is scored on, weighted as the
// objective weighs the metrics. Lower is better. Metrics without a pair don't count.
func OwnWeight(run table.Run, shares, weights []float64, own [][]int) float64 {
	sum := 0.0
	for k, w := range weights {
		if len(own[k]) == 0 {
			continue
		}
		share := 0.0
		for p, phase := range run.Shares {
			for _, j := range own[k] {
				share += shares[p] * phase[j]
			}
		}
		sum -= math.Abs(w) * math.Log(share+OwnLeast)
	}
	return sum
}

// ownBest is the tried mixture that own weights rank first: of those that they rank alike the one nearest to natural proportions
// (relative entropy), or to the mean of the tried mixtures where sizes aren't known; -1: no metric of the objective is paired.
func (e *engine) ownBest() int {
	const alike = 1e-6
	own, shares, tried := e.fit.Own(), e.fit.Shares(), e.region.tried
	if !e.owns(own) {
		return -1
	}
	natural := e.fit.Natural()
	if natural == nil {
		natural = centre(tried, shares)
	}
	weights, away := make([]float64, len(tried)), make([]float64, len(tried))
	for i, r := range tried {
		weights[i], away[i] = OwnWeight(r, shares, e.weights, own), round6(divergence(r, shares, natural))
	}
	var first []int
	least := slices.Min(weights)
	for i, v := range weights {
		if v < least+alike {
			first = append(first, i)
		}
	}
	return slices.MinFunc(first, func(a, b int) int {
		return cmp.Or(cmp.Compare(away[a], away[b]), slices.Compare(slices.Concat(tried[a].Shares...), slices.Concat(tried[b].Shares...)))
	})
}

// owns reports whether a metric of the objective is paired with sources.
func (e *engine) owns(own [][]int) bool {
	for k, w := range e.weights {
		if w != 0 && len(own[k]) > 0 {
			return true
		}
	}
	return false
}

// centre is the mean of runs' shares, phases weighted by their shares of the tokens.
func centre(runs []table.Run, shares []float64) []float64 {
	out := make([]float64, len(runs[0].Shares[0]))
	for _, r := range runs {
		for p, phase := range r.Shares {
			for j, v := range phase {
				out[j] += shares[p] * v / float64(len(runs))
			}
		}
	}
	return out
}

// divergence is the relative entropy of a run's phases from one mixture, in nats: of schedules with the same totals it is least for the
// constant one.
func divergence(run table.Run, shares, from []float64) (sum float64) {
	for p, phase := range run.Shares {
		for j, v := range phase {
			if v > 0 {
				sum += shares[p] * v * math.Log(v/from[j])
			}
		}
	}
	return sum
}
