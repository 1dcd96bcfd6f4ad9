package surrogate

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// ridge is linear in shares, their roots and their logs, shrunk towards the mean by as much as leave-one-out asks for. It
// is what is left where sources are many and runs few.
type ridge struct {
	features func(exposure) []float64
	weights  *mat.VecDense
	centre   []float64
	mean     float64
}

// fitRidge tries penalties over nine decades and keeps the one of least leave-one-out error.
func fitRidge(features func(exposure) []float64, xs []exposure, y []float64) *ridge {
	n := len(xs)
	r := &ridge{features: features}
	rows := make([][]float64, n)
	for i, x := range xs {
		rows[i] = features(x)
		r.mean += y[i] / float64(n)
	}
	d := len(rows[0])
	r.centre = make([]float64, d)
	for _, row := range rows {
		for k, v := range row {
			r.centre[k] += v / float64(n)
		}
	}
	design, target := mat.NewDense(n, d, nil), mat.NewVecDense(n, nil)
	for i, row := range rows {
		for k, v := range row {
			design.Set(i, k, v-r.centre[k])
		}
		target.SetVec(i, y[i]-r.mean)
	}
	r.weights = mat.NewVecDense(d, nil)
	var svd mat.SVD
	if !svd.Factorize(design, mat.SVDThin) {
		return r
	}
	var u, v mat.Dense
	svd.UTo(&u)
	svd.VTo(&v)
	r.choose(&u, &v, svd.Values(nil), target)
	return r
}

func (r *ridge) choose(u, v *mat.Dense, values []float64, target *mat.VecDense) {
	n, rank := u.Dims()
	rotated := mat.NewVecDense(rank, nil)
	rotated.MulVec(u.T(), target)
	least := math.Inf(1)
	for power := -6.0; power <= 3; power += .5 {
		penalty := math.Pow(10, power) * float64(n)
		loss := 0.0
		for i := range n {
			hat, guess := 1/float64(n), 0.0
			for k, s := range values {
				shrink := s * s / (s*s + penalty)
				hat += u.At(i, k) * u.At(i, k) * shrink
				guess += u.At(i, k) * rotated.AtVec(k) * shrink
			}
			e := (target.AtVec(i) - guess) / max(1-hat, 1e-3)
			loss += e * e
		}
		if loss >= least {
			continue
		}
		least = loss
		scaled := mat.NewVecDense(rank, nil)
		for k, s := range values {
			scaled.SetVec(k, rotated.AtVec(k)*s/(s*s+penalty))
		}
		r.weights.MulVec(v, scaled)
	}
}

func (r *ridge) at(x exposure) float64 {
	sum := r.mean
	for k, v := range r.features(x) {
		sum += (v - r.centre[k]) * r.weights.AtVec(k)
	}
	return sum
}
