package surrogate

import (
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// guided is a Gaussian process around a law: the law, linearised around its best parameters, is a linear model with the
// law's own prior; a Matérn process over features stands for what the law misses.
type guided struct {
	trend    trend
	theta    []float64 // where the trend is linearised
	prior    prior
	features func(exposure) []float64

	x      [][]float64 // features of the runs
	slopes *mat.Dense  // of the law at the runs, times the prior's deviations
	h      []float64   // hyper-parameters of the process
	chol   mat.Cholesky
	alpha  *mat.VecDense
	pull   *mat.VecDense // of the rows on the trend's parameters
}

// linear is the law at x: its value at the prior's mean by the linearisation, and its slopes times the prior's deviations.
func (g *guided) linear(x exposure, slopes []float64) float64 {
	v := g.trend.at(g.theta, x, slopes)
	for k := range slopes {
		v += slopes[k] * (g.prior.mean[k] - g.theta[k])
		slopes[k] *= g.prior.sd[k]
	}
	return v
}

type guidedOptions struct {
	features func(exposure) []float64
	hyper    prior
	hold     []float64 // hyper-parameters to take as they are; nil: look for them
}

// Passes of linearising a law anew and looking for hyper-parameters again; these are looked for on at most so many rows.
const (
	passes   = 2
	subsetOf = 128
)

func fitGuided(t trend, pr prior, theta []float64, m material, o guidedOptions) *guided {
	g := &guided{trend: t, theta: theta, prior: pr, features: o.features, h: o.hyper.mean}
	if o.hold != nil {
		g.h = o.hold
	}
	for _, x := range m.xs {
		g.x = append(g.x, g.features(x))
	}
	rows := spreadOut(g.x, subsetOf)
	var d distances
	if o.hold == nil {
		d = distancesOf(pick(g.x, rows))
	}
	for pass := range passes {
		r := g.linearise(m)
		if o.hold == nil {
			p := process{d: d, given: g.outer(rows), noise: pick(m.known, rows), y: pick(r, rows), prior: o.hyper}
			g.h = p.fit(g.h, iterations)
		}
		g.settle(r, m.known)
		if _, is := t.(law); !is {
			break
		}
		if pass+1 < passes {
			g.move()
		}
	}
	return g
}

// linearise fills in the slopes at the rows and returns what the linear model at the prior's mean leaves of y.
func (g *guided) linearise(m material) []float64 {
	g.slopes = mat.NewDense(len(m.xs), g.trend.size(), nil)
	r := make([]float64, len(m.xs))
	for i, x := range m.xs {
		r[i] = m.y[i] - g.linear(x, g.slopes.RawRowView(i))
	}
	return r
}

// outer is the trend's covariance of some rows.
func (g *guided) outer(rows []int) *mat.SymDense {
	s := mat.NewDense(len(rows), g.trend.size(), nil)
	for k, i := range rows {
		s.SetRow(k, g.slopes.RawRowView(i))
	}
	out := mat.NewSymDense(len(rows), nil)
	out.SymOuterK(1, s)
	return out
}

func pick[T any](all []T, rows []int) []T {
	out := make([]T, len(rows))
	for k, i := range rows {
		out[k] = all[i]
	}
	return out
}

// spreadOut chooses rows that lie far from each other, the first one first; all where there are no more than most.
func spreadOut(x [][]float64, most int) []int {
	rows := make([]int, 0, min(len(x), most))
	if len(x) <= most {
		for i := range x {
			rows = append(rows, i)
		}
		return rows
	}
	far := make([]float64, len(x))
	for i := range far {
		far[i] = math.Inf(1)
	}
	next := 0
	for len(rows) < most {
		rows = append(rows, next)
		for i := range x {
			d := floats.Distance(x[i], x[next], 2)
			far[i] = min(far[i], d)
		}
		next = floats.MaxIdx(far)
	}
	return rows
}

// settle factorises the covariance at the hyper-parameters.
func (g *guided) settle(r, known []float64) {
	n := len(r)
	k := mat.NewSymDense(n, nil)
	k.SymOuterK(1, g.slopes)
	a2, inverse := math.Exp(2*g.h[atAmplitude]), inverses(g.h[atLength:])
	nugget := math.Exp(2 * g.h[atNugget])
	for i := range n {
		for j := range i {
			c, _ := matern(between(g.x[i], g.x[j], inverse))
			k.SetSym(i, j, k.At(i, j)+a2*c)
		}
		k.SetSym(i, i, k.At(i, i)+a2+known[i]+nugget+jitter)
	}
	for more := jitter; !g.chol.Factorize(k); more *= 10 { // rounding may leave it just short of positive
		for i := range n {
			k.SetSym(i, i, k.At(i, i)+more)
		}
	}
	g.alpha = mat.NewVecDense(n, nil)
	_ = g.chol.SolveVecTo(g.alpha, mat.NewVecDense(n, r))
	g.pull = mat.NewVecDense(g.trend.size(), nil)
	g.pull.MulVec(g.slopes.T(), g.alpha)
}

// move linearises at the posterior mean of the law's parameters.
func (g *guided) move() {
	next := make([]float64, len(g.theta))
	for k := range next {
		to := g.prior.mean[k] + g.prior.sd[k]*g.pull.AtVec(k)
		next[k] = g.theta[k] + min(max(to-g.theta[k], -1), 1)
	}
	g.theta = next
}

// at predicts: means and variances of the values themselves, without nugget and noise.
func (g *guided) at(xs []exposure) (means, variances []float64) {
	if len(xs) == 0 {
		return nil, nil
	}
	n, p := len(xs), g.trend.size()
	means, variances = make([]float64, n), make([]float64, n)
	slopes, at := mat.NewDense(n, p, nil), make([][]float64, n)
	for i, x := range xs {
		means[i] = g.linear(x, slopes.RawRowView(i))
		at[i] = g.features(x)
	}
	k := g.covariance(slopes, at)
	var pull mat.VecDense
	pull.MulVec(k, g.alpha)
	var u mat.Dense
	_ = g.chol.SolveTo(&u, k.T())
	a2 := math.Exp(2 * g.h[atAmplitude])
	for i := range xs {
		means[i] += pull.AtVec(i)
		own := mat.Dot(slopes.RowView(i), slopes.RowView(i)) + a2
		variances[i] = max(own-mat.Dot(mat.NewVecDense(len(g.x), k.RawRowView(i)), u.ColView(i)), leastVariance)
	}
	return means, variances
}

// leastVariance is what rounding leaves of a variance that is none.
const leastVariance = 1e-12

// mean is the mean alone, which takes time in proportion to the rows, not to their square.
func (g *guided) mean(x exposure) float64 {
	s := make([]float64, g.trend.size())
	mean := g.linear(x, s)
	for k, v := range s {
		mean += v * g.pull.AtVec(k)
	}
	a2, inverse := math.Exp(2*g.h[atAmplitude]), inverses(g.h[atLength:])
	f := g.features(x)
	for i, row := range g.x {
		c, _ := matern(between(f, row, inverse))
		mean += a2 * c * g.alpha.AtVec(i)
	}
	return mean
}
