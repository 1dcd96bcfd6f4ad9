package decision

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/haigo-lab/haigo/services/analysis"
)

// Sure is how likely an effect of the size that is called detectable is to be found.
const Sure = 0.8

// Detectable is the smallest difference of two mixtures in one metric that so many seeds of each show.
type Detectable struct {
	Metric  string
	SD      float64 // between seeds of one mixture; NaN: no mixture was run twice
	Freedom int     // on which it stands
	Seeds   int     // of each mixture, as most were run
	Effect  float64 // in the metric's unit; NaN where SD is
}

// Effect is the smallest difference of two means of n seeds that a 90% interval leaves 0 out for, in four of five studies:
// (t(0.95) + t(0.8)) sd √(2 ÷ n), with the degrees of freedom on which sd stands.
func Effect(sd float64, freedom, n int) float64 {
	if freedom < 1 || n < 1 {
		return math.NaN()
	}
	t := distuv.StudentsT{Sigma: 1, Nu: float64(freedom)}
	return (t.Quantile((1+analysis.Level)/2) + t.Quantile(Sure)) * sd * math.Sqrt(2/float64(n))
}

// Seeds is how many seeds of each of two mixtures show an effect; 0 where more than most would be needed, or nothing is
// known of the noise. The seeds themselves add degrees of freedom.
func Seeds(sd float64, freedom int, effect float64, most int) int {
	for n := 1; n <= most && effect > 0; n++ {
		if Effect(sd, freedom+2*(n-1), n) <= effect {
			return n
		}
	}
	return 0
}

// MostSeeds is how many seeds of a mixture anybody is told to run.
const MostSeeds = 999

// Needs is how many seeds of each of two mixtures show an effect, and how many runs of both that makes; 0 where more than
// MostSeeds would be needed, or the noise isn't known.
func (d Detectable) Needs(effect float64) (seeds, runs int) {
	seeds = Seeds(d.SD, d.Freedom, effect, MostSeeds)
	return seeds, 2 * seeds
}

func (e *engine) detectable(d *Decision) {
	sd, freedom := e.fit.Noise(d.Run)
	var each []int
	for _, g := range e.fit.Table.Groups() {
		each = append(each, len(g))
	}
	slices.Sort(each)
	seeds := each[len(each)/2]
	for k, name := range e.fit.Table.Metrics {
		d.Detectable = append(d.Detectable, Detectable{name, sd[k], freedom[k], seeds, Effect(sd[k], freedom[k], seeds)})
	}
}
