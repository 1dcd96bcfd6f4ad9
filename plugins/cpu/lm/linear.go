package lm

import "github.com/haigo-lab/haigo/plugins/cpu/kernel"

// linear is a matrix W of in × out with the products of both passes, packed for them once a step. What goes in and comes
// out are rows of in and of out values, one after the other.
type linear struct {
	set               *kernel.Set
	in, out           int
	w                 kernel.Matrix
	forward, backward kernel.Panels
}

func newLinear(set *kernel.Set, w kernel.Matrix, in, out int) *linear {
	return &linear{set: set, in: in, out: out, w: w}
}

// pack must come before the first product and after every change of W.
func (l *linear) pack() {
	l.set.Pack(&l.forward, l.in, l.out, l.w)
	l.set.Pack(&l.backward, l.out, l.in, l.w.T())
}

// apply computes y = x·W for n rows, or adds it to y.
func (l *linear) apply(n int, x, y []float32, add bool) {
	l.set.MatMulPacked(n, l.out, kernel.Rows(x, l.in), &l.forward, y, l.out, add)
}

// inputGrad computes dx = dy·Wᵀ.
func (l *linear) inputGrad(n int, dy, dx []float32) {
	l.set.MatMulPacked(n, l.in, kernel.Rows(dy, l.out), &l.backward, dx, l.in, false)
}

// weightGrad computes dW = xᵀ·dy, laid out as W is, or adds it to dW.
func (l *linear) weightGrad(n int, x, dy, dw []float32, add bool) {
	a, b, rows, cols := x, dy, l.in, l.out
	if l.w.Col != 1 { // W is the transposed view of what is stored
		a, b, rows, cols = dy, x, l.out, l.in
	}
	l.set.MatMul(rows, cols, n, kernel.Rows(a, rows).T(), kernel.Rows(b, cols), dw, cols, add)
}

// linears is the matrices of a model as the passes use them.
type linears struct {
	embed  *linear // logits = x·Eᵀ
	layers []layerLinears
}

type layerLinears struct{ qkv, out, gateUp, down *linear }

func newLinears(c Config, set *kernel.Set, w *weights) *linears {
	d, f := c.Width, c.FFN
	if c.BF16 {
		set = set.BF16()
	}
	p := &linears{embed: newLinear(set, kernel.Rows(w.embed, d).T(), d, c.vocab())}
	for _, l := range w.layers {
		p.layers = append(p.layers, layerLinears{
			qkv:    newLinear(set, kernel.Rows(l.qkv, 3*d), d, 3*d),
			out:    newLinear(set, kernel.Rows(l.out, d), d, d),
			gateUp: newLinear(set, kernel.Rows(l.gateUp, 2*f), d, 2*f),
			down:   newLinear(set, kernel.Rows(l.down, d), f, d),
		})
	}
	return p
}

// all lists the matrices, for packing them side by side.
func (p *linears) all() []*linear {
	list := []*linear{p.embed}
	for _, l := range p.layers {
		list = append(list, l.qkv, l.out, l.gateUp, l.down)
	}
	return list
}
