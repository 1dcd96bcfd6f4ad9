package decision

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/haigo-lab/haigo/services/analysis/surrogate"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// Propose are the mixtures to run next, n of them unless fewer differ that much: none was run, and none is nearly another. Each
// is the best of one curve that the data allow (Thompson's rule), so that likely optima are run often and unlikely ones seldom;
// with a front in the options, each is that which is expected to widen it most. They lie between tried mixtures or a step beside
// them.
func Propose(fit *surrogate.Fit, o Options, n int) []table.Run {
	e := newEngine(fit, o)
	if e.widened().known() {
		return e.propose(table.Run{}, n)
	}
	return e.propose(e.optimum(), n)
}

// widened is the plane of the front that batches widen, where the options name one.
func (e *engine) widened() plane { return e.plane(e.options.Front[0], e.options.Front[1]) }

func (e *engine) propose(best table.Run, n int) []table.Run {
	if p := e.widened(); p.known() {
		near := e.near(e.widening(p, 2*candidates))
		return pick(near, e.widen(p, near, n, e.untried(near)))
	}
	mixed, _ := e.pool()
	pool := append([]table.Run{best}, e.strays().around(best, candidates)...)
	if far := e.outside(best); far != nil {
		pool = append(append(pool, far...), e.strays().around(far[0], candidates)...)
	}
	pool = append(pool, mixed...)
	order := sortedBy(e.compose(pool))
	for _, most := range []int{2 * candidates, len(pool)} { // where the best are too much alike, all are
		near := e.near(pick(pool, order[:min(most, len(pool))]))
		if out := e.thompson(near, n, e.untried(near)); len(out) == n || most == len(pool) {
			return pick(near, out)
		}
	}
	return nil
}

// near are runs with shares as people write them.
func (e *engine) near(runs []table.Run) []table.Run {
	out := make([]table.Run, len(runs))
	for i, run := range runs {
		out[i] = rounded(run, e.region.allows)
	}
	return out
}

// ProposeFrom are up to n of a pool of runs, each once, by the same rules.
func ProposeFrom(fit *surrogate.Fit, o Options, pool []table.Run, n int) []int {
	e := newEngine(fit, o)
	all := chosen{pool: pool, taken: make([]bool, len(pool)), apart: -1}
	if p := e.widened(); p.known() {
		return e.widen(p, pool, n, all)
	}
	return e.thompson(pool, n, all)
}

// alike is below which total variation two mixtures are nearly one.
const alike = 0.005

// chosen is which of a pool are out: what was chosen, and what lies no farther than apart from it.
type chosen struct {
	pool  []table.Run
	taken []bool
	apart float64
}

func (c chosen) take(at int) {
	c.taken[at] = true
	for i, run := range c.pool {
		c.taken[i] = c.taken[i] || Apart(run, c.pool[at]) <= c.apart
	}
}

// untried are those of a pool that lie apart from what was tried.
func (e *engine) untried(pool []table.Run) chosen {
	c := chosen{pool: pool, taken: make([]bool, len(pool)), apart: alike}
	for i, run := range pool {
		_, d := e.region.nearest(run)
		c.taken[i] = d <= alike
	}
	return c
}

// drawnAtOnce is how many curves are held in memory.
const drawnAtOnce = 64

// thompson chooses, for one draw after another, the best of the pool that isn't taken yet.
func (e *engine) thompson(pool []table.Run, n int, c chosen) []int {
	var out []int
	for len(out) < n {
		drawn := e.fit.Draw(pool, min(drawnAtOnce, n-len(out)), e.options.Seed+uint64(len(out)))
		for s := range drawn[0] {
			best, least := -1, math.Inf(1)
			for i := range pool {
				value := 0.0
				for k, w := range e.weights {
					if w != 0 {
						value += w * drawn[k][s][i]
					}
				}
				if !c.taken[i] && value < least {
					best, least = i, value
				}
			}
			if best < 0 {
				return out
			}
			c.take(best)
			out = append(out, best)
		}
	}
	return out
}

// Start chooses n of a pool to run first, without any result. The first is drawn by the seed; each following one is that
// about which those before say least: D-optimal for a Matérn process over roots of shares; over the exposures that the models
// see of schedules, in log odds, where mixtures change. Where these are few, its corners would take most of the runs, and
// each run is instead that which leaves the least variance over the pool.
//
// Shares are those of the tokens that each phase has; nil: all alike.
func Start(pool []table.Run, shares []float64, n int, seed uint64) []int {
	if len(pool) == 0 || n < 1 {
		return nil
	}
	s := newStart(pool, shares)
	next := rand.New(rand.NewPCG(seed, 0x7374617274000000)).IntN(len(pool))
	out := []int{next}
	s.take(next)
	for len(out) < min(n, len(pool)) {
		next = s.next()
		s.take(next)
		out = append(out, next)
	}
	return out
}

// Beside chooses n of a pool to run beside what has been tried, without any result: each is that about which the tried ones
// and those before it say least, as [Start] chooses.
func Beside(tried, pool []table.Run, shares []float64, n int) []int {
	s := newStart(slices.Concat(tried, pool), shares)
	for i := range tried {
		s.take(i)
	}
	var out []int
	for len(out) < min(n, len(pool)) {
		next := s.next()
		s.take(next)
		out = append(out, next-len(tried))
	}
	return out
}

// start is a design that grows run by run: a pivoted Cholesky factorisation of the pool's covariance.
type start struct {
	features [][]float64
	length   float64
	even     bool        // by the variance over the pool
	left     []float64   // variance of each that is left
	between  [][]float64 // covariance that is left, where even
	gain     []float64   // sum of its squares, a row
	rows     [][]float64
	taken    []bool
}

// With so many features or fewer a start design is even; pools beyond evenPool are too large for that.
const (
	evenFeatures = 8
	evenPool     = 2000
)

// Length scales of the start design, and what keeps its pivots apart.
const (
	startLength  = 1.5
	evenLength   = 0.5  // of mixtures
	evenSchedule = 0.35 // of schedules
	startNoise   = 0.01
)

func newStart(pool []table.Run, shares []float64) *start {
	s := &start{length: startLength, left: make([]float64, len(pool)), taken: make([]bool, len(pool))}
	for i, r := range pool {
		s.features = append(s.features, startFeatures(r, shares))
		s.left[i] = 1
	}
	if s.even = len(s.features[0]) <= evenFeatures && len(pool) <= evenPool; !s.even {
		return s
	}
	if s.length = evenLength; len(pool[0].Shares) > 1 {
		s.length = evenSchedule
	}
	s.relate()
	return s
}

// relate fills in what is between each two, before any is taken.
func (s *start) relate() {
	n := len(s.features)
	s.between, s.gain = make([][]float64, n), make([]float64, n)
	for i, f := range s.features {
		s.between[i] = make([]float64, n)
		for j := range i {
			c := surrogate.Matern(f, s.features[j], s.length)
			s.between[i][j], s.between[j][i] = c, c
			s.gain[i] += c * c
			s.gain[j] += c * c
		}
		s.between[i][i] = 1
		s.gain[i]++
	}
}

// startFeatures are roots of a mixture's shares; of a schedule, log odds of what it reads of each source over the run and in its
// last phase.
func startFeatures(r table.Run, shares []float64) (f []float64) {
	last := r.Shares[len(r.Shares)-1]
	for j, w := range last {
		if len(r.Shares) == 1 {
			f = append(f, math.Sqrt(w))
			continue
		}
		sum := 0.0
		for p, phase := range r.Shares {
			if shares == nil {
				sum += phase[j] / float64(len(r.Shares))
			} else {
				sum += shares[p] * phase[j]
			}
		}
		f = append(f, surrogate.LogOdds(sum), surrogate.LogOdds(w))
	}
	return f
}

// column is the covariance of all with one.
func (s *start) column(at int) []float64 {
	out := make([]float64, len(s.features))
	for i, f := range s.features {
		out[i] = surrogate.Matern(f, s.features[at], s.length)
	}
	return out
}

func (s *start) next() int {
	best, most := -1, math.Inf(-1)
	for i, v := range s.left {
		if s.taken[i] {
			continue
		}
		if s.even {
			v = s.gain[i] / (v + startNoise)
		}
		if v > most {
			best, most = i, v
		}
	}
	return best
}

func (s *start) take(at int) {
	row := s.column(at)
	d := math.Sqrt(s.left[at] + startNoise)
	for i := range row {
		for _, r := range s.rows {
			row[i] -= r[i] * r[at]
		}
		row[i] /= d
	}
	for i, v := range row {
		s.left[i] -= v * v
		if s.even {
			s.gain[i] = lessen(s.between[i], row, v)
		}
	}
	s.rows = append(s.rows, row)
	s.taken[at] = true
}

// lessen takes v times a row off another, and is the sum of squares that are left.
func lessen(of, row []float64, v float64) (squares float64) {
	for j, w := range row {
		of[j] -= v * w
		squares += of[j] * of[j]
	}
	return squares
}
