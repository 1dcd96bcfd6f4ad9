package surrogate

import (
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// prior is independent normals over parameters.
type prior struct{ mean, sd []float64 }

// least is a nonlinear least-squares problem with a normal prior and Huber's loss.
type least struct {
	size, rows int
	// value is the model's value of a row; it writes the gradient.
	value func(theta []float64, row int, grad []float64) float64
	y     []float64
	prior prior
	noise []float64 // standard deviation, by row
	huber float64   // in standard deviations; beyond it the loss is linear
}

// state is where a search stands.
type state struct {
	theta    []float64
	cost     float64
	hessian  *mat.SymDense // Gauss–Newton's, with the prior
	gradient []float64
	residual []float64
	jacobian *mat.Dense
}

func (p least) evaluate(theta []float64) state {
	s := state{theta: theta, hessian: mat.NewSymDense(p.size, nil), gradient: make([]float64, p.size), residual: make([]float64, p.rows), jacobian: mat.NewDense(p.rows, p.size, nil)}
	for i := range p.rows {
		row := s.jacobian.RawRowView(i)
		r := p.value(theta, i, row) - p.y[i]
		s.residual[i] = r
		z, w := r/p.noise[i], 1.0
		if a := math.Abs(z); a > p.huber {
			s.cost += p.huber * (a - p.huber/2)
			w = p.huber / a
		} else {
			s.cost += z * z / 2
		}
		w /= p.noise[i] * p.noise[i]
		floats.AddScaled(s.gradient, w*r, row)
		s.hessian.SymRankOne(s.hessian, w, mat.NewVecDense(p.size, row))
	}
	for k, v := range theta {
		z := (v - p.prior.mean[k]) / p.prior.sd[k]
		s.cost += z * z / 2
		s.gradient[k] += z / p.prior.sd[k]
		s.hessian.SetSym(k, k, s.hessian.At(k, k)+1/(p.prior.sd[k]*p.prior.sd[k]))
	}
	return s
}

// search is Levenberg and Marquardt's: damped Gauss–Newton steps from theta, as long as they lower the cost.
func (p least) search(theta []float64) state {
	const most, enough = 60, 1e-7
	at := p.evaluate(theta)
	damping := 1e-3
	for range most {
		step, ok := at.step(damping)
		if !ok {
			damping *= 10
			if damping > 1e8 {
				break
			}
			continue
		}
		next := p.evaluate(step)
		if !(next.cost < at.cost) {
			if damping *= 8; damping > 1e8 {
				break
			}
			continue
		}
		gain := at.cost - next.cost
		at, damping = next, max(damping/5, 1e-9)
		if gain < enough*(1+at.cost) {
			break
		}
	}
	return at
}

func (s state) step(damping float64) ([]float64, bool) {
	n := len(s.theta)
	h := mat.NewSymDense(n, nil)
	h.CopySym(s.hessian)
	for k := range n {
		h.SetSym(k, k, h.At(k, k)*(1+damping))
	}
	var c mat.Cholesky
	if !c.Factorize(h) {
		return nil, false
	}
	var d mat.VecDense
	if c.SolveVecTo(&d, mat.NewVecDense(n, s.gradient)) != nil {
		return nil, false
	}
	out := make([]float64, n)
	for k := range out {
		out[k] = s.theta[k] - max(-2, min(2, d.AtVec(k)))
		if math.IsNaN(out[k]) {
			return nil, false
		}
	}
	return out, true
}
