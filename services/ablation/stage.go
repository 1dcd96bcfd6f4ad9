package ablation

import "math"

// shareParts is in how many parts a share is written that something else than a person has chosen.
const shareParts = 10_000

// StagesOf are mixtures, one a phase, as a schedule's stages: shares in whole ten-thousandths that sum to one, and no stage that
// goes on as the one before. phases are by source, ends are where each ends, as fractions of a run.
func StagesOf(sources []string, phases [][]float64, ends []float64) []Stage {
	var out []Stage
	for i, shares := range phases {
		until := Amount{Fraction: 1}
		if i < len(phases)-1 {
			until.Fraction = math.Round(ends[i]*1e6) / 1e6
		}
		mixture := wholeParts(sources, shares)
		if n := len(out); n > 0 && out[n-1].Mixture.equal(mixture) {
			out[n-1].Until = until
			continue
		}
		out = append(out, Stage{Until: until, Mixture: mixture, Ramp: RampNone})
	}
	return out
}

// wholeParts rounds shares; the largest takes what rounding leaves.
func wholeParts(sources []string, shares []float64) Mixture {
	parts, left, most := make([]int, len(shares)), shareParts, 0
	for j, w := range shares {
		parts[j] = int(math.Round(w * shareParts))
		left -= parts[j]
		if parts[j] > parts[most] {
			most = j
		}
	}
	parts[most] += left
	out := Mixture{}
	for j, n := range parts {
		if n > 0 {
			out[sources[j]] = float64(n) / shareParts
		}
	}
	return out
}

// Shares are a mixture's, in the order of sources.
func (m Mixture) Shares(sources []string) []float64 {
	out := make([]float64, len(sources))
	for j, name := range sources {
		out[j] = m[name]
	}
	return out
}
