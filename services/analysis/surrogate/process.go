package surrogate

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/lapack/lapack64"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"
)

// process is a Gaussian process over features, on top of a kernel that is given (a law's, linearised): the covariance of
// two points is given + a² matern(distance in length scales) + nugget² where they are one point, + known noise.
type process struct {
	d     distances
	given *mat.SymDense
	noise []float64 // known variance, by point
	y     []float64 // mean taken off
	prior prior     // of log a, log nugget, log lengths
}

// Places of the hyper-parameters in front of the lengths.
const (
	atAmplitude = iota
	atNugget
	atLength
)

// evidence is the negative log of the marginal likelihood times the prior, and its gradient, written to grad where not nil.
func (p process) evidence(h, grad []float64) float64 {
	n := p.d.points
	a2, inverse := math.Exp(2*h[atAmplitude]), inverses(h[atLength:])
	k := mat.NewSymDense(n, nil)
	slopes := make([]float64, n*(n-1)/2)
	corr := make([]float64, n*(n-1)/2)
	r2 := make([]float64, len(slopes))
	if len(r2) > 0 {
		blas64.Gemv(blas.NoTrans, 1, blas64.General{Rows: len(r2), Cols: p.d.features, Stride: p.d.features, Data: p.d.squares},
			blas64.Vector{N: p.d.features, Inc: 1, Data: inverse}, 0, blas64.Vector{N: len(r2), Inc: 1, Data: r2})
	}
	raw := k.RawSymmetric()
	at := 0
	for i := range n {
		for j := range i {
			corr[at], slopes[at] = matern(r2[at])
			raw.Data[j*raw.Stride+i] = p.given.At(j, i) + a2*corr[at]
			at++
		}
		raw.Data[i*raw.Stride+i] = p.given.At(i, i) + a2 + p.noise[i] + math.Exp(2*h[atNugget]) + jitter
	}
	t, ok := lapack64.Potrf(raw)
	if !ok {
		return math.Inf(1)
	}
	alpha := append([]float64(nil), p.y...)
	lapack64.Potrs(t, blas64.General{Rows: n, Cols: 1, Stride: 1, Data: alpha})
	value := floats.Dot(alpha, p.y) / 2
	for i := range n {
		value += math.Log(t.Data[i*t.Stride+i])
	}
	for i, v := range h {
		z := (v - p.prior.mean[i]) / p.prior.sd[i]
		value += z * z / 2
		if grad != nil {
			grad[i] = z / p.prior.sd[i]
		}
	}
	if grad == nil {
		return value
	}
	lapack64.Potri(t)
	p.slope(h, grad, t, alpha, corr, slopes, a2, inverse)
	return value
}

// jitter keeps covariances of points that almost coincide positive.
const jitter = 1e-10

// slope adds the gradient of the marginal likelihood: half the trace of (K⁻¹ − ααᵀ) dK.
func (p process) slope(h, grad []float64, inv blas64.Triangular, alpha, corr, slopes []float64, a2 float64, inverse []float64) {
	n, at := p.d.points, 0
	amp, trace := 0.0, 0.0
	for i := range n {
		for j := range i {
			w := inv.Data[j*inv.Stride+i] - alpha[i]*alpha[j]
			amp += 2 * w * corr[at]
			slopes[at] *= w
			at++
		}
		trace += inv.Data[i*inv.Stride+i] - alpha[i]*alpha[i]
	}
	grad[atAmplitude] += a2 * (amp + trace)
	grad[atNugget] += math.Exp(2*h[atNugget]) * trace
	if len(slopes) == 0 {
		return
	}
	lengths := make([]float64, p.d.features)
	blas64.Gemv(blas.Trans, -2*a2, blas64.General{Rows: len(slopes), Cols: p.d.features, Stride: p.d.features, Data: p.d.squares},
		blas64.Vector{N: len(slopes), Inc: 1, Data: slopes}, 0, blas64.Vector{N: p.d.features, Inc: 1, Data: lengths})
	for k, v := range lengths {
		grad[atLength+k] += v * inverse[k]
	}
}

func inverses(logs []float64) []float64 {
	out := make([]float64, len(logs))
	for i, l := range logs {
		out[i] = math.Exp(-2 * l)
	}
	return out
}

// fit looks for the hyper-parameters of greatest evidence from the given start.
func (p process) fit(start []float64, iterations int) []float64 {
	m := memo{of: p.evidence, at: make([]float64, len(start)), grad: make([]float64, len(start))}
	problem := optimize.Problem{
		Func: func(h []float64) float64 { m.ask(h); return m.value },
		Grad: func(grad, h []float64) { m.ask(h); copy(grad, m.grad) },
	}
	settings := optimize.Settings{MajorIterations: iterations, GradientThreshold: 1e-2, Converger: &optimize.FunctionConverge{Absolute: 1e-2, Iterations: 3}}
	result, _ := optimize.Minimize(problem, start, &settings, &optimize.LBFGS{}) // a search that ends early has a best point too
	if result == nil || math.IsNaN(result.F) || math.IsInf(result.F, 0) {
		return start
	}
	return result.X
}

// memo keeps the value and the gradient of the point that was asked for last.
type memo struct {
	of       func(h, grad []float64) float64
	at, grad []float64
	value    float64
	asked    bool
}

func (m *memo) ask(h []float64) {
	if m.asked && floats.Equal(h, m.at) {
		return
	}
	copy(m.at, h)
	m.asked = true
	m.value = math.Inf(1)
	if floats.Norm(h, math.Inf(1)) < 20 { // beyond it the numbers mean nothing
		m.value = m.of(h, m.grad)
	}
}
