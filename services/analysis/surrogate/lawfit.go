package surrogate

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// What is expected of a law before any run: the numbers are of no table in particular. Text of the same kind counts as
// itself, other text for a fiftieth; a hundredth part of a whole run's worth is there without any.
const (
	priorOwn, priorOwnSD     = 0, 0.5
	priorOther, priorOtherSD = -3.8, 1
	priorAny, priorAnySD     = -1.5, 1.3 // of all sources of a metric without a pair
	priorD, priorDSD         = -4.6, 1.5
	priorGSD, priorBSD       = 0.2, 0.3
	priorE, priorESD         = -0.4, 0.5 // beside the log of the best value seen
	priorK, priorKSD         = -0.7, 1
)

var priorG, priorB = math.Log(0.55), math.Log(0.25)

// prior is what is expected of the law of a metric that is scored on text like that of the own sources, which may be none.
func (l law) prior(y []float64, own []int) prior {
	p := prior{mean: make([]float64, l.size()), sd: make([]float64, l.size())}
	set := func(k int, mean, sd float64) { p.mean[k], p.sd[k] = mean, sd }
	for j := range l.sources {
		switch {
		case len(own) == 0:
			set(j, priorAny, priorAnySD)
		case slices.Contains(own, j):
			set(j, priorOwn, priorOwnSD)
		default:
			set(j, priorOther, priorOtherSD)
		}
	}
	best := slices.Min(y)
	m := l.sources
	set(m+atG, priorG, priorGSD)
	set(m+atB, priorB, priorBSD)
	set(m+atD, priorD, priorDSD)
	set(m+atE, best+priorE, priorESD)
	set(m+atK, best+priorK, priorKSD)
	if l.recency {
		set(m+atRest, 0, 1)
	}
	l.priorSizes(best, set)
	return p
}

func (l law) priorSizes(best float64, set func(k int, mean, sd float64)) {
	names := l.scales()
	for i, name := range names {
		k := l.size() - len(names) + i
		switch name {
		case 'c':
			set(k, best-1.5, 1)
		case 'a', 'b':
			set(k, math.Log(0.3), 0.5)
		case 'o':
			set(k, 0, 1)
		}
	}
}

// starts are where searches begin: what is expected, and that with a steeper and a flatter response.
func (l law) starts(p prior) [][]float64 {
	steep, gentle := slices.Clone(p.mean), slices.Clone(p.mean)
	steep[l.sources+atG] += p.sd[l.sources+atG]
	steep[l.sources+atB] += p.sd[l.sources+atB]
	gentle[l.sources+atG] -= p.sd[l.sources+atG]
	gentle[l.sources+atB] -= p.sd[l.sources+atB]
	gentle[l.sources+atE] -= p.sd[l.sources+atE]
	return [][]float64{p.mean, steep, gentle}
}

// fitted is a law at its most probable parameters, and the noise that leaves: a standard deviation in logs.
type fitted struct {
	theta []float64
	noise float64
}

// Beyond robust deviations a run counts no more than linearly; noise is looked for at most so many times.
const (
	robust  = 2.0
	rounds  = 6
	noise0  = 0.05
	noiseLo = 1e-4
)

// fit finds the law's most probable parameters, and the noise by MacKay's rule: the squares that are left, over the runs
// less the parameters that these determine. From several starts the most probable end is taken.
func (l law) fit(xs []exposure, y []float64, p prior, known []float64, starts [][]float64) fitted {
	best, cost := fitted{}, math.Inf(1)
	for _, start := range starts {
		f, c := l.fitFrom(xs, y, p, known, start)
		if c < cost || best.theta == nil {
			best, cost = f, c
		}
	}
	return best
}

func (l law) fitFrom(xs []exposure, y []float64, p prior, known []float64, theta []float64) (fitted, float64) {
	sd := noise0
	problem := least{
		size: l.size(), rows: len(xs), y: y, prior: p, huber: robust, noise: make([]float64, len(xs)),
		value: func(theta []float64, i int, grad []float64) float64 { return l.at(theta, xs[i], grad) },
	}
	var at state
	cost := math.Inf(1)
	for range rounds {
		for i := range problem.noise {
			problem.noise[i] = math.Sqrt(sd*sd + known[i])
		}
		at = problem.search(theta)
		theta = at.theta
		cost = at.cost
		for _, s := range problem.noise {
			cost += math.Log(s)
		}
		next := at.left(problem, known)
		done := math.Abs(math.Log(next/sd)) < .02
		if sd = next; done {
			break
		}
	}
	return fitted{theta, sd}, cost
}

// left is MacKay's estimate of the noise at the end of a search, the mean of the known variances taken off.
func (s state) left(p least, known []float64) float64 {
	var c mat.Cholesky
	n := float64(p.rows)
	if !c.Factorize(s.hessian) {
		return noise0
	}
	determined, squares := 0.0, 0.0
	for i, r := range s.residual {
		var u mat.VecDense
		row := mat.NewVecDense(p.size, s.jacobian.RawRowView(i))
		_ = c.SolveVecTo(&u, row)
		determined += mat.Dot(row, &u) / (p.noise[i] * p.noise[i])
		r = min(math.Abs(r), 3*robust*p.noise[i])
		squares += r * r
	}
	variance := squares / max(n-determined, n/4)
	for _, v := range known {
		variance -= v / n
	}
	return math.Sqrt(max(variance, noiseLo*noiseLo))
}
