package lm_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/haigo-lab/haigo/plugins/cpu/kernel"
	"github.com/haigo-lab/haigo/plugins/cpu/lm"
)

// Along a direction close to the gradient, the objective must rise as fast as the gradient says.
func TestGradient(t *testing.T) {
	t.Parallel()
	c := small
	c.ZLoss = 1e-2
	onEverySet(t, func(t *testing.T, set *kernel.Set) {
		trainer := lm.New(c, set, 4, 2, 1)
		r := rand.New(rand.NewPCG(5, 5))
		for _, w := range trainer.State().Weights { // away from the start, where gains are all 1 and scores all alike
			for i := range w.Data {
				w.Data[i] += float32(r.NormFloat64() * 0.05)
			}
		}
		trainer.Pack()
		rows := batch(r, c, 4)
		trainer.Gradient(rows)
		for i, g := range trainer.Gradients() {
			analytic, numeric := slope(r, trainer, rows, trainer.State().Weights[i].Data, g.Data)
			if off := math.Abs(numeric/analytic - 1); !(off < 1e-2) {
				t.Errorf("%s: slope is %g, the gradient says %g", g.Name, numeric, analytic)
			}
		}
	})
}

// slope compares the gradient along a direction with the difference quotient; weights are left as they were.
func slope(r *rand.Rand, t *lm.Trainer, rows [][]uint16, w, gradient []float32) (analytic, numeric float64) {
	direction := make([]float64, len(gradient))
	for i, g := range gradient {
		direction[i] = float64(g) * (1 + 0.1*r.NormFloat64())
		analytic += float64(g) * direction[i]
	}
	before := slices.Clone(w)
	size := 0.01 / math.Sqrt(analytic)
	objective := func(sign float64) float64 {
		for i := range w {
			w[i] = before[i] + float32(sign*size*direction[i])
		}
		t.Pack()
		return t.Objective(rows)
	}
	numeric = (objective(1) - objective(-1)) / (2 * size)
	copy(w, before)
	t.Pack()
	return analytic, numeric
}
