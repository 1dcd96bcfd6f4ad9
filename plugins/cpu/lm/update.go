package lm

import (
	"math"

	"github.com/haigo-lab/haigo/plugins/cpu/kernel"
)

// AdamW is the optimiser's settings (Loshchilov and Hutter, 2019). Gains don't decay.
type AdamW struct {
	Beta1, Beta2, Eps float64
	WeightDecay       float64
	Clip              float64 // largest norm of the whole gradient; 0 clips nothing
}

// Update takes one step down the gradient that [Trainer.Gradient] left.
func (t *Trainer) Update(o AdamW, learningRate float64) {
	t.updates++
	step := float64(t.updates)
	a := kernel.Adam{
		Scale: float32(o.clipped(t.norm)),
		Beta1: float32(o.Beta1), Beta2: float32(o.Beta2), Eps: float32(o.Eps),
		Rate:    float32(learningRate / (1 - math.Pow(o.Beta1, step))),
		Correct: float32(1 / math.Sqrt(1-math.Pow(o.Beta2, step))),
	}
	keep := float32(1 - learningRate*o.WeightDecay)
	n := len(t.w.all)
	t.parallel((n+chunk-1)/chunk, func(_ *worker, i int) {
		from, to := i*chunk, min((i+1)*chunk, n)
		middle := min(max(t.w.matrices, from), to)
		t.update(from, middle, a, keep)
		t.update(middle, to, a, 1)
	})
	t.Pack()
}

func (t *Trainer) update(from, to int, a kernel.Adam, keep float32) {
	a.Keep = keep
	t.set.AdamW(t.w.all[from:to], t.grads[0].all[from:to], t.m.all[from:to], t.v.all[from:to], a)
}

// clipped is the factor that brings a gradient of this norm down to Clip.
func (o AdamW) clipped(norm float64) float64 {
	if o.Clip <= 0 || norm <= o.Clip {
		return 1
	}
	return o.Clip / norm
}

// State is what a trainer is made of beside its configuration: restored, training goes on to the same bits.
type State struct {
	Weights, First, Second []Tensor // parameters and the optimiser's two moments
	Updates                int64    // made so far
}

// State is the trainer's own memory, not a copy.
func (t *Trainer) State() State {
	return State{Weights: t.w.tensors(t.Config), First: t.m.tensors(t.Config), Second: t.v.tensors(t.Config), Updates: t.updates}
}

// Restored must be called once the tensors of [Trainer.State] were overwritten.
func (t *Trainer) Restored(updates int64) {
	t.updates = updates
	t.Pack()
}
