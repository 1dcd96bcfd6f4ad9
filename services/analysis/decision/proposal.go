package decision

import (
	"math"
	"math/rand/v2"

	"github.com/haigo-lab/haigo/services/analysis/surrogate"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// Propose are the n mixtures to run next: each is the best of one curve that the data allow (Thompson's rule), so that
// likely optima are run often and unlikely ones seldom. They lie between tried mixtures or a step beside them.
func Propose(fit *surrogate.Fit, o Options, n int) []table.Run {
	e := newEngine(fit, o)
	best := e.optimum()
	pool := append([]table.Run{best}, e.around(best)...)
	pool = append(pool, e.region.between(e.random)...)
	values := e.compose(pool)
	near := pick(pool, sortedBy(values)[:min(2*candidates, len(pool))])
	return pick(near, e.thompson(near, n))
}

// ProposeFrom are up to n of a pool of runs, by Thompson's rule.
func ProposeFrom(fit *surrogate.Fit, o Options, pool []table.Run, n int) []int {
	return newEngine(fit, o).thompson(pool, n)
}

// thompson chooses, for one draw after another, the best of the pool that isn't chosen yet.
func (e *engine) thompson(pool []table.Run, n int) []int {
	drawn := e.fit.Draw(pool, n, e.options.Seed)
	taken := map[int]bool{}
	var out []int
	for s := range n {
		best, least := -1, math.Inf(1)
		for i := range pool {
			value := 0.0
			for k, w := range e.weights {
				if w != 0 {
					value += w * drawn[k][s][i]
				}
			}
			if !taken[i] && value < least {
				best, least = i, value
			}
		}
		if best < 0 {
			break
		}
		taken[best] = true
		out = append(out, best)
	}
	return out
}

// Start chooses n mixtures of a pool to run first, without any result: the first is the most central, each following one
// is that about which those before say least, by the determinant of a Matérn process's covariance over roots of shares.
func Start(pool []table.Run, n int, seed uint64) []int {
	if len(pool) == 0 {
		return nil
	}
	random := rand.New(rand.NewPCG(seed, 0x7374617274000000))
	features := make([][]float64, len(pool))
	for i, r := range pool {
		for _, phase := range r.Shares {
			for _, w := range phase {
				features[i] = append(features[i], math.Sqrt(w))
			}
		}
	}
	s := start{features: features, left: make([]float64, len(pool)), taken: make([]bool, len(pool))}
	for i := range s.left {
		s.left[i] = 1
	}
	out := []int{random.IntN(len(pool))}
	s.take(out[0])
	for len(out) < min(n, len(pool)) {
		next := -1
		for i, v := range s.left {
			if !s.taken[i] && (next < 0 || v > s.left[next]) {
				next = i
			}
		}
		s.take(next)
		out = append(out, next)
	}
	return out
}

// start is a pivoted Cholesky factorisation that grows by the pivot of greatest variance.
type start struct {
	features [][]float64
	left     []float64 // variance that is left
	taken    []bool
	rows     [][]float64
}

// startLength is the length scale of the start design, in roots of shares; startNoise keeps pivots apart.
const (
	startLength = 1.5
	startNoise  = 0.01
)

func (s *start) take(at int) {
	row := make([]float64, len(s.features))
	d := math.Sqrt(s.left[at] + startNoise)
	for i, f := range s.features {
		v := surrogate.Matern(f, s.features[at], startLength)
		for _, r := range s.rows {
			v -= r[i] * r[at]
		}
		row[i] = v / d
	}
	for i, v := range row {
		s.left[i] -= v * v
	}
	s.rows = append(s.rows, row)
	s.taken[at] = true
}
