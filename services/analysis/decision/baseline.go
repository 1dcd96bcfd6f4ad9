package decision

import (
	"math"
	"slices"

	"github.com/haigo-lab/haigo/services/analysis/table"
)

// Names of baselines.
const (
	BaselineNatural  = "natural"   // every source by its size
	BaselineUniform  = "uniform"   // every source alike
	BaselineOwn      = "own"       // the tried mixture that own weights rank first: no run is needed to know it
	BaselineBestSeen = "best-seen" // the tried mixture that scored best, for its size
)

// zeroRun are the baselines, without what the draws say of them.
func (e *engine) zeroRun() []Baseline {
	var out []Baseline
	m := len(e.fit.Table.Sources)
	constant := func(name string, shares []float64) {
		run := e.region.empty().Run
		for p := range run.Shares {
			copy(run.Shares[p], shares)
		}
		_, distance := e.region.nearest(run)
		out = append(out, Baseline{Name: name, Run: run, Outside: distance > e.region.reach})
	}
	if natural := e.fit.Natural(); natural != nil {
		constant(BaselineNatural, natural)
	}
	constant(BaselineUniform, slices.Repeat([]float64{1 / float64(m)}, m))
	if i := e.ownBest(); i >= 0 {
		out = append(out, Baseline{Name: BaselineOwn, Run: e.region.tried[i]})
	}
	if i := e.bestSeen(); i >= 0 {
		out = append(out, Baseline{Name: BaselineBestSeen, Run: e.region.tried[i]})
	}
	return out
}

func (e *engine) baselines(d *Decision) {
	at := 1 + len(e.region.tried)
	for i := range d.Baselines {
		b := &d.Baselines[i]
		b.Value = d.signed(interval(d.column(at + i)))
		b.Improvement = interval(d.less(at+i, 0))
		b.Better = b.Improvement.Low > 0
	}
}

// bestSeen is the tried mixture of the best measured objective; -1: none is complete.
func (e *engine) bestSeen() int { return e.bestOf(e.groups) }

func (e *engine) bestOf(groups [][]int) int {
	best, least := -1, math.Inf(1)
	for i, v := range e.levels(groups) {
		if v < least {
			best, least = i, v
		}
	}
	return best
}

// levels are the measured objectives of mixtures, lower being better, each moved to the size that is decided about by what the models
// make of that: a larger run isn't a better mixture.
func (e *engine) levels(groups [][]int) []float64 {
	out := make([]float64, len(groups))
	var moved []int
	var from, to []table.Run
	for i, g := range groups {
		run := e.fit.Table.Runs[g[0]]
		out[i] = e.seen(g)
		if e.options.Objective.Max {
			out[i] = -out[i]
		}
		sized := run
		sized.Parameters, sized.Tokens = e.target.Parameters, e.target.Tokens
		if sized.Parameters != run.Parameters || sized.Tokens != run.Tokens {
			moved, from, to = append(moved, i), append(from, run), append(to, sized)
		}
	}
	was, is := e.compose(from), e.compose(to)
	for k, i := range moved {
		out[i] += is[k] - was[k]
	}
	return out
}

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

func (e *engine) ownBest() int {
	own, shares := e.fit.Own(), e.fit.Shares()
	if !slices.ContainsFunc(own, func(of []int) bool { return len(of) > 0 }) {
		return -1
	}
	values := make([]float64, len(e.region.tried))
	for i, r := range e.region.tried {
		values[i] = OwnWeight(r, shares, e.weights, own)
	}
	return sortedBy(values)[0]
}
