package lm

import (
	"math"

	"github.com/haigo-lab/haigo/plugins/cpu/kernel"
)

const (
	// queryBlock is how many queries are scored at once; keys after the last of them are never touched.
	queryBlock = 32
	// masked is a score that has no share: e to it is an exact 0.
	masked = -1e30
)

// head is one head of one sequence: views into the activations.
type head struct {
	q, k, v, mixed kernel.Matrix
	shares         []float32
}

func (wk *worker) heads(qkv, mixed, shares []float32, each func(h head)) {
	d, size, stride := wk.Width, wk.head(), wk.sharesStride()
	for s := range len(wk.tokens) / wk.length {
		for i := range wk.Heads {
			at := qkv[s*wk.length*3*d+i*size:]
			each(head{
				q: kernel.Rows(at, 3*d), k: kernel.Rows(at[d:], 3*d), v: kernel.Rows(at[2*d:], 3*d),
				mixed:  kernel.Rows(mixed[s*wk.length*d+i*size:], d),
				shares: shares[(s*wk.Heads+i)*wk.length*stride:][:wk.length*stride],
			})
		}
	}
}

func (wk *worker) sharesStride() int { return roundUp(wk.length, lane) }

// mix computes softmax(q·kᵀ/√head)·v for every head, causally.
func (wk *worker) mix(a *layerActivations) {
	wk.heads(a.qkv, a.mixed, a.shares, func(h head) {
		for from := 0; from < wk.length; from += queryBlock {
			wk.mixBlock(h, from, min(from+queryBlock, wk.length))
		}
	})
}

// mixBlock mixes the queries [from, to).
func (wk *worker) mixBlock(h head, from, to int) {
	size, stride := wk.head(), wk.sharesStride()
	scores := h.shares[from*stride:]
	wk.set.MatMul(to-from, to, size, rowsFrom(h.q, from), h.k.T(), scores, stride, false)
	for i := from; i < to; i++ {
		row := scores[(i-from)*stride:][:roundUp(to, lane)]
		for j := i + 1; j < len(row); j++ {
			row[j] = masked
		}
		wk.set.Softmax(row, wk.temper())
	}
	wk.set.MatMul(to-from, size, to, kernel.Rows(scores, stride), h.v, rowsFrom(h.mixed, from).Data, wk.Width, false)
}

// temper is 1/√head.
func (wk *worker) temper() float32 { return float32(1 / math.Sqrt(float64(wk.head()))) }

// mixGrad turns dmixed into dqkv, before the rotation is undone.
func (wk *worker) mixGrad(a *layerActivations, dqkv, dmixed []float32) {
	clear(dqkv[:len(wk.tokens)*3*wk.Width])
	var grads []head
	wk.heads(dqkv, dmixed, a.shares, func(h head) { grads = append(grads, h) })
	i := 0
	wk.heads(a.qkv, a.mixed, a.shares, func(h head) {
		for from := 0; from < wk.length; from += queryBlock {
			wk.mixBlockGrad(h, grads[i], from, min(from+queryBlock, wk.length))
		}
		i++
	})
}

func (wk *worker) mixBlockGrad(h, g head, from, to int) {
	n, size, stride, three := to-from, wk.head(), wk.sharesStride(), 3*wk.Width
	shares, dscores := kernel.Rows(h.shares[from*stride:], stride), wk.act.dscores
	dmixed := rowsFrom(g.mixed, from)
	wk.set.MatMul(to, size, n, shares.T(), dmixed, g.v.Data, three, true)
	wk.set.MatMul(n, to, size, dmixed, h.v.T(), dscores, stride, false)
	for i := range n {
		row := dscores[i*stride:][:roundUp(to, lane)]
		clear(row[to:])
		wk.set.SoftmaxGrad(shares.Data[i*stride:][:len(row)], row, wk.temper())
	}
	ds := kernel.Rows(dscores, stride)
	wk.set.MatMul(n, size, to, ds, h.k, rowsFrom(g.q, from).Data, three, false)
	wk.set.MatMul(to, size, n, ds.T(), rowsFrom(h.q, from), g.k.Data, three, true)
}

func rowsFrom(m kernel.Matrix, row int) kernel.Matrix {
	return kernel.Rows(m.Data[row*m.Row:], m.Row)
}
