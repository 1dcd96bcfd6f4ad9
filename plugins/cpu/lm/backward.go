package lm

import "github.com/haigo-lab/haigo/plugins/cpu/kernel"

// loss returns the summed nats of the targets and leaves in the logits the gradient of
// share · Σ (nats + z·logSum²), share being one over the tokens of the batch.
func (wk *worker) loss(share float64) (nats float64) {
	v := wk.vocab()
	wk.nats(func(i int, n, logSum float64) {
		nats += n
		row := wk.act.logits[i*v : (i+1)*v]
		wk.set.Scale(row, float32(share*(1+2*wk.ZLoss*logSum)))
		row[wk.targets[i]] -= float32(share)
	})
	return nats
}

// backward adds the gradient of the pass to g; where first is set g's old content is overwritten.
func (wk *worker) backward(g *weights, first bool) {
	n, d, v, act := len(wk.tokens), wk.Width, wk.vocab(), wk.act
	dlogits := kernel.Rows(act.logits, v)
	if first {
		clear(g.all[g.matrices:])
	}
	wk.set.MatMul(v, d, n, dlogits.T(), kernel.Rows(act.normed, d), g.embed, d, !first)
	wk.set.MatMulPacked(n, dlogits, wk.packed.embed.backward, act.dh, d, false)
	clear(act.dx[:n*d])
	wk.normaliseGrad(act.dx, act.dh, act.x, wk.w.norm, g.norm, act.scale)
	for l := len(act.layers) - 1; l >= 0; l-- {
		wk.feedGrad(l, &g.layers[l], first)
		wk.attendGrad(l, &g.layers[l], first)
	}
	for i, token := range wk.tokens {
		wk.set.Add(g.embed[int(token)*d:][:d], act.dx[i*d:])
	}
}

// feedGrad turns dx, the gradient of layer l's output, into that of its middle.
func (wk *worker) feedGrad(l int, g *layerWeights, first bool) {
	n, d, f, act, a, w := len(wk.tokens), wk.Width, wk.FFN, wk.act, &wk.act.layers[l], &wk.packed.layers[l]
	dx := kernel.Rows(act.dx, d)
	wk.set.MatMul(f, d, n, kernel.Rows(a.hidden, f).T(), dx, g.down, d, !first)
	wk.set.MatMulPacked(n, dx, w.down.backward, act.dhidden, f, false)
	for i := range n {
		gateUp := a.gateUp[i*2*f : (i+1)*2*f]
		wk.set.SwiGLUGrad(act.dhidden[i*f:(i+1)*f], gateUp[:f], gateUp[f:])
	}
	dgateUp := kernel.Rows(a.gateUp, 2*f)
	wk.set.MatMul(d, 2*f, n, kernel.Rows(a.normed2, d).T(), dgateUp, g.gateUp, 2*f, !first)
	wk.set.MatMulPacked(n, dgateUp, w.gateUp.backward, act.dh, d, false)
	wk.normaliseGrad(act.dx, act.dh, a.middle, wk.w.layers[l].norm2, g.norm2, a.scale2)
}

// attendGrad turns dx, the gradient of layer l's middle, into that of its input.
func (wk *worker) attendGrad(l int, g *layerWeights, first bool) {
	n, d, act, a, w := len(wk.tokens), wk.Width, wk.act, &wk.act.layers[l], &wk.packed.layers[l]
	dx := kernel.Rows(act.dx, d)
	wk.set.MatMul(d, d, n, kernel.Rows(a.mixed, d).T(), dx, g.out, d, !first)
	wk.set.MatMulPacked(n, dx, w.out.backward, act.dmixed, d, false)
	wk.mixGrad(a, act.dqkv, act.dmixed)
	wk.rotate(act.dqkv, -1)
	dqkv := kernel.Rows(act.dqkv, 3*d)
	wk.set.MatMul(d, 3*d, n, kernel.Rows(a.normed1, d).T(), dqkv, g.qkv, 3*d, !first)
	wk.set.MatMulPacked(n, dqkv, w.qkv.backward, act.dh, d, false)
	wk.normaliseGrad(act.dx, act.dh, a.x, wk.w.layers[l].norm1, g.norm1, a.scale1)
}
