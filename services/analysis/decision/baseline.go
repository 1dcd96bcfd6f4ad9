package decision

import (
	"math"
	"slices"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// Names of baselines.
const (
	BaselineNatural  = "natural"   // every source by its size
	BaselineUniform  = "uniform"   // every source alike
	BaselineOwn      = "own"       // the tried mixture that own weights rank first: no run is needed to know it
	BaselineBestSeen = "best-seen" // the tried mixture that scored best, for its size
)

// Verdicts on a recommended mixture beside a baseline.
const (
	VerdictBetter = "better" // the recommended mixture is
	VerdictTie    = "tie"    // they can't be told apart
	VerdictAhead  = "ahead"  // the baseline is better
	VerdictSame   = "same"   // they are one mixture
)

// Ahead reports whether the baseline is better than the recommended mixture: the improvement's interval lies below 0.
func (b Baseline) Ahead() bool { return b.Improvement.Top < 0 }

// Verdict is one of Verdict….
func (b Baseline) Verdict() string {
	switch {
	case b.Same:
		return VerdictSame
	case b.Better:
		return VerdictBetter
	case b.Ahead():
		return VerdictAhead
	}
	return VerdictTie
}

// label is what a baseline is called.
func (b Baseline) label() ablation.Label {
	switch b.Name {
	case BaselineNatural:
		return ablation.Said("the mixture by size", "手持ち量の比の配合")
	case BaselineUniform:
		return ablation.Said("the uniform mixture", "均等な配合")
	case BaselineOwn:
		return ablation.Said("the mixture of most own text", "自分の割合が最大の配合")
	}
	return ablation.Said("the best run seen", "実行した中で最も良い配合")
}

// beside is what a sentence about a baseline that is better ends with: why it isn't what is recommended.
func (b Baseline) beside() ablation.Label {
	var out ablation.Label
	if b.Barred {
		out = ablation.Said("; the limits leave it out", "。指定された割合の範囲や周回数には収まりません")
	}
	if b.Outside {
		out = ablation.Said("%s; it lies outside of what was tried, so that this leans on the models' form: run it to know",
			"%s。実行した範囲の外にあり、予測はモデルの形に頼っています。確かめるには実行してください", out)
	}
	return out
}

// zeroRun are the baselines, without what the draws say of them.
func (e *engine) zeroRun() []Baseline {
	var out []Baseline
	m := len(e.fit.Table.Sources)
	constant := func(name string, shares []float64) {
		run := e.region.empty().Run
		for p := range run.Shares {
			copy(run.Shares[p], shares)
		}
		out = append(out, Baseline{Name: name, Run: run, Outside: e.region.outside(run)})
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
		b.Improvement = d.behind(at + i)
		b.Better = b.Improvement.Low > 0
		b.Same = Apart(b.Run, d.Run) < same
		b.Barred = e.barred(b.Run)
	}
}

// same is up to which total variation two mixtures are one.
const same = 1e-6

// barred reports whether limits that were set leave a run out: bounds of shares, or how often a source may be read.
func (e *engine) barred(run table.Run) bool {
	const slack = 1e-9
	for j, name := range e.fit.Table.Sources {
		low, high := e.options.Limits.Least[name], 1.0
		if v, ok := e.options.Limits.Most[name]; ok {
			high = v
		}
		for _, phase := range run.Shares {
			if phase[j] < low-slack || phase[j] > high+slack {
				return true
			}
		}
	}
	return slices.ContainsFunc(e.region.epochs(run), func(n float64) bool { return n > e.region.maxEpochs+slack })
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
