package lm

import (
	"math"

	"github.com/haigo-lab/haigo/plugins/cpu/kernel"
)

const (
	// attentionBlock is how many queries are scored at once; keys after the last of them are never touched.
	attentionBlock = 32
	// masked is a score that has no share: e to it is an exact 0.
	masked = -1e30
)

// head is one head of one sequence: views into the activations.
type head struct {
	first          int // token of the sequence
	q, k, v, mixed kernel.Matrix
	shares         []float32
}

func (wk *worker) heads(qkv, mixed, shares []float32, each func(h head)) {
	d, size, stride := wk.Width, wk.head(), wk.sharesStride()
	for s := range len(wk.tokens) / wk.length {
		for i := range wk.Heads {
			at := qkv[s*wk.length*3*d+i*size:]
			each(head{
				first: s * wk.length,
				q:     kernel.Rows(at, 3*d), k: kernel.Rows(at[d:], 3*d), v: kernel.Rows(at[2*d:], 3*d),
				mixed:  kernel.Rows(mixed[s*wk.length*d+i*size:], d),
				shares: shares[(s*wk.Heads+i)*wk.length*stride:][:wk.length*stride],
			})
		}
	}
}

// sharesStride is one lane more than a row needs: rows a power of two apart would share few sets of the cache.
func (wk *worker) sharesStride() int { return roundUp(wk.length, lane) + lane }

// mix computes softmax(q·kᵀ/√head)·v for every head, causally.
func (wk *worker) mix(a *layerActivations) {
	wk.heads(a.qkv, a.mixed, a.shares, func(h head) {
		wk.set.Pack(&wk.turned, wk.head(), wk.length, h.k.T())
		wk.blocks(func(from, to int) { wk.mixBlock(h, from, to) })
	})
}

// blocks cuts the positions of a sequence.
func (wk *worker) blocks(each func(from, to int)) {
	for from := 0; from < wk.length; from += attentionBlock {
		each(from, min(from+attentionBlock, wk.length))
	}
}

// mixBlock mixes the queries [from, to).
func (wk *worker) mixBlock(h head, from, to int) {
	size, stride := wk.head(), wk.sharesStride()
	scores := h.shares[from*stride:]
	wk.set.MatMulPacked(to-from, to, rowsFrom(h.q, from), &wk.turned, scores, stride, false)
	for i := from; i < to; i++ {
		row := scores[(i-from)*stride:][:roundUp(to, lane)]
		for j := i + 1; j < len(row); j++ {
			row[j] = masked
		}
		if len(wk.apart) > 0 {
			hidden := wk.apart[h.first+i]
			for j := hidden.from; j < hidden.to; j++ {
				row[j] = masked
			}
		}
		wk.set.Softmax(row, wk.temper())
	}
	wk.set.MatMul(to-from, size, to, kernel.Rows(scores, stride), h.v, rowsFrom(h.mixed, from).Data, wk.Width, false)
}

// temper is 1/√head.
func (wk *worker) temper() float32 { return float32(1 / math.Sqrt(float64(wk.head()))) }

// mixGrad turns dmixed into dqkv, before the rotation is undone.
func (wk *worker) mixGrad(a *layerActivations, dqkv, dmixed []float32) {
	var grads []head
	wk.heads(dqkv, dmixed, a.shares, func(h head) { grads = append(grads, h) })
	wk.heads(a.qkv, a.mixed, a.shares, func(h head) {
		g := grads[0]
		grads = grads[1:]
		wk.set.Pack(&wk.turned, wk.head(), wk.length, h.v.T())
		wk.blocks(func(from, to int) { wk.queryGrad(h, g, from, to) })
		wk.blocks(func(from, to int) { wk.keyGrad(h, g, from, to) })
	})
}

// queryGrad is the gradient of the scores of the queries [from, to), and of these queries.
func (wk *worker) queryGrad(h, g head, from, to int) {
	n, size, stride := to-from, wk.head(), wk.sharesStride()
	shares, dscores := h.shares[from*stride:], wk.act.dscores[from*stride:]
	wk.set.MatMulPacked(n, to, rowsFrom(g.mixed, from), &wk.turned, dscores, stride, false)
	for i := range n {
		row := dscores[i*stride:][:roundUp(to, lane)]
		clear(row[to:])
		wk.set.SoftmaxGrad(shares[i*stride:][:len(row)], row, wk.temper())
	}
	wk.set.MatMul(n, size, to, kernel.Rows(dscores, stride), h.k, rowsFrom(g.q, from).Data, g.q.Row, false)
}

// keyGrad is the gradient of the keys and values [from, to), which the queries from there on have seen.
func (wk *worker) keyGrad(h, g head, from, to int) {
	n, size, stride := to-from, wk.head(), wk.sharesStride()
	seen := func(x []float32) kernel.Matrix { return kernel.Rows(x[from*stride+from:], stride).T() }
	wk.set.MatMul(n, size, wk.length-from, seen(h.shares), rowsFrom(g.mixed, from), rowsFrom(g.v, from).Data, g.v.Row, false)
	wk.set.MatMul(n, size, wk.length-from, seen(wk.act.dscores), rowsFrom(h.q, from), rowsFrom(g.k, from).Data, g.k.Row, false)
}

func rowsFrom(m kernel.Matrix, row int) kernel.Matrix {
	return kernel.Rows(m.Data[row*m.Row:], m.Row)
}
