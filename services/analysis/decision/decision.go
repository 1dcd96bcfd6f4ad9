package decision

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis/surrogate"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// Options are what a decision is made by.
type Options struct {
	Objective  Objective // without terms: the mean of all metrics, minimised
	Limits     Limits
	Parameters float64   // of the run that is decided about; 0: of the largest that was run
	Tokens     float64   // of it; 0 likewise
	Front      [2]string // metrics whose front proposals widen; empty: they follow the objective
	Seed       uint64
}

// Interval is a value with its 90% interval.
type Interval struct{ Mean, Low, Top float64 }

// Negated is by how much what is improved on is ahead.
func (v Interval) Negated() Interval { return Interval{-v.Mean, -v.Top, -v.Low} }

// Range is from where to where a share of the optimum may lie, 90% of draws.
type Range struct{ Low, Top float64 }

// Arm is one tried mixture as the models see it.
type Arm struct {
	Runs    []string // ids
	Run     table.Run
	Seen    float64  // the measured objective, of each metric's mean over the runs that have it; NaN where none has one of them
	Value   Interval // of the objective; shrunken to what its neighbours say, so that luck isn't taken for merit
	PBest   float64  // that its mixture is the best of the tried ones; one that was run at several sizes is an arm at each, and as likely
	PFront  float64  // that no tried mixture is better in every metric of the objective
	AsGood  bool     // can't be told from the recommended one
	Against Interval // its objective minus the recommended one's
}

// Baseline is what needs no model.
type Baseline struct {
	Name        string // one of Baseline…
	Run         table.Run
	Value       Interval
	Improvement Interval // of the recommended mixture over it, above 0 where that is better
	Better      bool     // the recommended mixture is: the interval lies above 0
	Same        bool     // it is the recommended mixture
	Outside     bool     // it lies outside of what was tried: what is expected of it leans on the models' form
	Barred      bool     // the limits leave it out
}

// Decision is which mixture or schedule to take, and all that should stand beside it.
type Decision struct {
	Objective  Objective
	Run        table.Run // what is recommended
	Value      Interval  // its objective; that it was chosen as the best of many counts, here and wherever something is compared with it
	Metrics    []surrogate.Prediction
	Optimum    [][]Range // where the optimum may lie, by phase and source
	AsGood     [][]Range // where mixtures lie that can't be told from it
	Epochs     []float64 // by source; nil where not known
	Nearest    []string  // ids of the nearest tried mixture
	Distance   float64   // total variation to it
	Arms       []Arm     // in the table's order
	Baselines  []Baseline
	Prices     []Price
	NoPrices   ablation.Label // why there are none; empty where there are
	Detectable []Detectable
	Mismatches []Mismatch
	Beyond     bool // nothing near what was tried keeps to the limits, and what is recommended doesn't either
	Warnings   []ablation.Label
	Far        []ablation.Label // those of them that the run's size is the reason of
	Further    *Further         // nil: no more is expected outside of what was tried
	candidates []table.Run
	allowed    []bool // by candidate: near what was tried, and within the limits
	within     []bool // likewise: it may be recommended
	drawn      surrogate.Draws
	together   float64     // of the objective's noise, beside that of metrics each by itself
	composed   [][]float64 // by draw and candidate; lower is better
	choice     float64     // by how much farther the worse end lies of what is said of the best of many
	optima     []table.Run // of the draws
}

// Sized are runs of which those that don't say have the parameters and tokens that the decision is about.
func (d *Decision) Sized(runs []table.Run) []table.Run {
	out := slices.Clone(runs)
	for i, r := range out {
		out[i].Parameters, out[i].Tokens = cmp.Or(r.Parameters, d.Run.Parameters), cmp.Or(r.Tokens, d.Run.Tokens)
	}
	return out
}

// engine is what a decision is made with.
type engine struct {
	fit     *surrogate.Fit
	options Options
	weights []float64 // by metric of the fit; lower is better
	groups  [][]int   // of runs of the mixtures that are compared
	joint   float64   // by how much draws of the objective are stretched
	target  table.Run
	region  region
	stray   bool // nothing between tried mixtures keeps to the limits: what is recommended lies beside them
	random  *rand.Rand
	mixed   []table.Run // pool's
	means   [][]float64
	looked  bool
	far     []table.Run // outside's
}

// Number of draws, and of candidates among which the optimum of each is looked for, beside the tried mixtures.
const (
	draws      = 400
	candidates = 300
	scattered  = 3000
)

// Make decides.
func Make(fit *surrogate.Fit, o Options) Decision { return newEngine(fit, o).decide() }

func (e *engine) decide() Decision {
	fit, best := e.fit, e.optimum()
	d := Decision{Beyond: !e.region.allows(best), Objective: e.options.Objective, Run: best, Metrics: fit.Predict([]table.Run{best})[0], Epochs: fit.Epochs(best)}
	at, distance := e.region.nearest(best)
	d.Nearest, d.Distance = e.ids(e.groups[at]), distance
	e.draw(&d)
	e.arms(&d)
	e.baselines(&d)
	d.ranges()
	e.prices(&d)
	e.detectable(&d)
	d.together = fit.Together(e.weights)
	e.warn(&d)
	return d
}

func newEngine(fit *surrogate.Fit, o Options) *engine {
	if len(o.Objective.Terms) == 0 {
		o.Objective = Mean(fit.Table.Metrics)
	}
	e := &engine{fit: fit, options: o, random: rand.New(rand.NewPCG(o.Seed, 0x6465636964650000)), weights: make([]float64, len(fit.Table.Metrics))}
	for _, t := range o.Objective.Terms {
		if k := slices.Index(fit.Table.Metrics, t.Metric); k >= 0 {
			e.weights[k] = t.Weight
			if o.Objective.Max {
				e.weights[k] = -t.Weight
			}
		}
	}
	for _, r := range fit.Table.Runs {
		e.target.Parameters, e.target.Tokens = max(e.target.Parameters, r.Parameters), max(e.target.Tokens, r.Tokens)
	}
	if o.Parameters > 0 {
		e.target.Parameters = o.Parameters
	}
	if o.Tokens > 0 {
		e.target.Tokens = o.Tokens
	}
	e.joint = fit.Joint(e.weights)
	e.groups = e.compared()
	e.region = e.newRegion(o.Limits)
	return e
}

// compared are the mixtures that were fitted, and the best that was run: where they are very many it may not be among those.
func (e *engine) compared() [][]int {
	all, out := e.fit.Table.Groups(), e.fit.Groups()
	if len(out) == len(all) {
		return all
	}
	at := func(first int) (int, bool) {
		return slices.BinarySearchFunc(out, first, func(g []int, first int) int { return g[0] - first })
	}
	if best := e.bestOf(all); best >= 0 {
		if i, there := at(all[best][0]); !there {
			out = slices.Insert(out, i, all[best])
		}
	}
	return out
}

// compose is the objective of runs, lower being better.
func (e *engine) compose(runs []table.Run) []float64 {
	out := make([]float64, len(runs))
	for i, values := range e.fit.Means(runs) {
		out[i] = e.sum(values)
	}
	return out
}

func (e *engine) sum(values []float64) float64 {
	sum := 0.0
	for k, w := range e.weights {
		if w != 0 {
			sum += w * values[k]
		}
	}
	return sum
}

// optimum is the mixture of the best expected objective that may be recommended.
func (e *engine) optimum() table.Run {
	pool, means := e.pool()
	values := make([]float64, len(pool))
	for i, m := range means {
		values[i] = e.sum(m)
	}
	order := sortedBy(values)
	best, least := pool[order[0]], values[order[0]]
	for _, i := range order[:min(3, len(order))] {
		at := e.walk().climb(pool[i], e.compose)
		if v := e.compose([]table.Run{at})[0]; v < least {
			best, least = at, v
		}
	}
	return rounded(best, e.may)
}

// walk is over mixtures that may be recommended.
func (e *engine) walk() walk { return walk{e.region, e.random, e.stray} }

// may reports whether a mixture may be recommended.
func (e *engine) may(run table.Run) bool {
	if e.stray {
		return e.region.allows(run)
	}
	return e.region.holds(run)
}

// rounded is a run with shares of four decimals, as people write them, where that is allowed.
func rounded(r table.Run, allows func(table.Run) bool) table.Run {
	t := copied(r)
	for _, phase := range t.Shares {
		left, most := 1.0, 0
		for j, w := range phase {
			phase[j] = math.Round(w*1e4) / 1e4
			left -= phase[j]
			if phase[j] > phase[most] {
				most = j
			}
		}
		phase[most] = math.Round((phase[most]+left)*1e4) / 1e4
	}
	if !allows(t) {
		return r
	}
	return t
}

func sortedBy(values []float64) []int {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case values[a] < values[b]:
			return -1
		case values[a] > values[b]:
			return 1
		}
		return 0
	})
	return order
}

func (e *engine) ids(group []int) []string {
	out := make([]string, len(group))
	for i, run := range group {
		out[i] = e.fit.Table.Runs[run].ID
	}
	return out
}
