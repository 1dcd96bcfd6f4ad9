package main

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/haigo-lab/haigo/services/analysis/table"
)

// world is made-up runs of three sources and three metrics, each metric scored on text like one source's, whose expected scores are
// known without noise.
type world struct {
	name            string
	truth           func(*rand.Rand) truth
	mixtures, seeds int
	phases          int
	noise           float64 // standard deviation between seeds, in the metrics' unit
	alike           float64 // correlation of that between metrics: a bad seed is bad for all
}

// worlds are those of the table of coverage.
var worlds = []world{
	{name: "law", truth: newLaw, mixtures: 16, seeds: 1, phases: 1, noise: .004},
	{name: "law, two seeds", truth: newLaw, mixtures: 12, seeds: 2, phases: 1, noise: .015},
	{name: "law, seeds alike", truth: newLaw, mixtures: 12, seeds: 2, phases: 1, noise: .015, alike: .8},
	{name: "exponential", truth: newExponential, mixtures: 12, seeds: 1, phases: 1, noise: .004},
	{name: "exponential, more runs", truth: newExponential, mixtures: 24, seeds: 1, phases: 1, noise: .01},
	{name: "law and a bump", truth: newBump, mixtures: 16, seeds: 1, phases: 1, noise: .004},
	{name: "law and a wave", truth: newWave, mixtures: 16, seeds: 1, phases: 1, noise: .004},
	{name: "law and a wave, two seeds", truth: newWave, mixtures: 16, seeds: 2, phases: 1, noise: .004},
	{name: "law of two phases", truth: newLaw, mixtures: 16, seeds: 1, phases: 2, noise: .004},
}

// worldSources are in every world; the metrics are bits per byte of each.
var worldSources = []string{"ja", "en", "code"}

// truth is what every metric is expected to be of shares by phase.
type truth func(shares [][]float64) []float64

// mean is the objective.
func (t truth) mean(run table.Run) float64 { return mean(t(run.Shares)) }

// newLaw draws power laws of weighted roots of shares, each source being worth most for the metric on its own text; later phases count
// for more, or less.
func newLaw(r *rand.Rand) truth {
	var root, power, recent [3]float64
	var worth [3][3]float64
	for m := range 3 {
		for j := range 3 {
			worth[m][j] = math.Exp(-3.5 + .7*r.NormFloat64())
		}
		worth[m][m] = 1
		root[m], power[m] = .5+.1*r.NormFloat64(), .25*math.Exp(.2*r.NormFloat64())
		recent[m] = .5 + .5*r.NormFloat64()
	}
	return func(shares [][]float64) []float64 {
		out := make([]float64, 3)
		for m := range out {
			sum := .01
			for j, w := range weighed(shares, recent[m]) {
				sum += worth[m][j] * math.Pow(w, root[m])
			}
			out[m] = .8 + .6*math.Pow(sum, -power[m])
		}
		return out
	}
}

// weighed are shares over the run, a phase counting exp(recent) times the one before.
func weighed(shares [][]float64, recent float64) []float64 {
	out, sum := make([]float64, len(shares[0])), 0.0
	for p := range shares {
		sum += math.Exp(recent * float64(p))
	}
	for p, phase := range shares {
		for j, w := range phase {
			out[j] += w * math.Exp(recent*float64(p)) / sum
		}
	}
	return out
}

// newExponential draws exponentials of linear sums of shares (Ye et al., Data Mixing Laws, 2403.16952).
func newExponential(r *rand.Rand) truth {
	var slope [3][3]float64
	for m := range 3 {
		for j := range 3 {
			slope[m][j] = -.3 * r.Float64()
		}
		slope[m][m] = -1.5 - 2*r.Float64()
	}
	return func(shares [][]float64) []float64 {
		out := make([]float64, 3)
		for m := range out {
			sum := 0.0
			for j, w := range weighed(shares, 0) {
				sum += slope[m][j] * w
			}
			out[m] = 1.2 + .8*math.Exp(sum)
		}
		return out
	}
}

// newBump draws laws, and a hill or a hollow in one place that all metrics have in common.
func newBump(r *rand.Rand) truth {
	law, at, height := newLaw(r), drawMixture(r), .03*(r.Float64()-.3)
	return func(shares [][]float64) []float64 {
		away := 0.0
		for j, w := range weighed(shares, 0) {
			away += (w - at[j]) * (w - at[j])
		}
		out := law(shares)
		for m := range out {
			out[m] += height * math.Exp(-away/.08)
		}
		return out
	}
}

// newWave draws laws, and a wave over all mixtures, half a share long, that all metrics have in common: they misfit alike everywhere.
func newWave(r *rand.Rand) truth {
	law, towards, begins, height := newLaw(r), 2*math.Pi*r.Float64(), 2*math.Pi*r.Float64(), .01+.01*r.Float64()
	return func(shares [][]float64) []float64 {
		w := weighed(shares, 0)
		along := math.Cos(towards)*(w[0]-w[1])/math.Sqrt2 + math.Sin(towards)*(2*w[2]-w[0]-w[1])/math.Sqrt(6) // a unit of length in the plane of mixtures
		out := law(shares)
		for m := range out {
			out[m] += height * math.Sin(2*math.Pi*along/.5+begins)
		}
		return out
	}
}

// drawMixture is even over all mixtures, in shares of four decimals.
func drawMixture(r *rand.Rand) []float64 {
	w, sum := make([]float64, 3), 0.0
	for j := range w {
		w[j] = r.ExpFloat64()
		sum += w[j]
	}
	for j := range w {
		w[j] = math.Round(w[j]/sum*1e4) / 1e4
	}
	w[2] = 1 - w[0] - w[1]
	return w
}

// draw is a run's shares; half of the runs of two phases don't change.
func (w world) draw(r *rand.Rand, i int) [][]float64 {
	shares := [][]float64{drawMixture(r)}
	for p := 1; p < w.phases; p++ {
		if i%2 == 0 {
			shares = append(shares, shares[0])
			continue
		}
		shares = append(shares, drawMixture(r))
	}
	return shares
}

// measure is what one run scores.
func (w world) measure(t truth, shares [][]float64, r *rand.Rand) []float64 {
	out, bad := t(shares), r.NormFloat64()
	for m := range out {
		out[m] += w.noise * (math.Sqrt(1-w.alike)*r.NormFloat64() + math.Sqrt(w.alike)*bad)
	}
	return out
}

// runs are a world's.
func (w world) runs(t truth, r *rand.Rand) table.Table {
	out := table.Table{Sources: worldSources, Phases: w.phases}
	for _, name := range worldSources {
		out.Metrics = append(out.Metrics, "bpb/"+name)
	}
	for i := range w.mixtures {
		shares := w.draw(r, i)
		for k := range w.seeds {
			out.Runs = append(out.Runs, table.Run{ID: fmt.Sprint(i, "-", k), Shares: shares, Values: w.measure(t, shares, r)})
		}
	}
	return out
}
