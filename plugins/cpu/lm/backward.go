package lm

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
	n, d, act := len(wk.tokens), wk.Width, wk.act
	if first {
		clear(g.all[g.matrices:])
	}
	wk.linears.embed.weightGrad(n, act.normed, act.logits, g.embed, !first)
	wk.linears.embed.inputGrad(n, act.logits, act.dh)
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
	n, f, act, a, w := len(wk.tokens), wk.FFN, wk.act, &wk.act.layers[l], &wk.linears.layers[l]
	w.down.weightGrad(n, a.hidden, act.dx, g.down, !first)
	w.down.inputGrad(n, act.dx, act.dhidden)
	for i := range n {
		gateUp := a.gateUp[i*2*f : (i+1)*2*f]
		wk.set.SwiGLUGrad(act.dhidden[i*f:(i+1)*f], gateUp[:f], gateUp[f:])
	}
	w.gateUp.weightGrad(n, a.normed2, a.gateUp, g.gateUp, !first)
	w.gateUp.inputGrad(n, a.gateUp, act.dh)
	wk.normaliseGrad(act.dx, act.dh, a.middle, wk.w.layers[l].norm2, g.norm2, a.scale2)
}

// attendGrad turns dx, the gradient of layer l's middle, into that of its input.
func (wk *worker) attendGrad(l int, g *layerWeights, first bool) {
	n, act, a, w := len(wk.tokens), wk.act, &wk.act.layers[l], &wk.linears.layers[l]
	w.out.weightGrad(n, a.mixed, act.dx, g.out, !first)
	w.out.inputGrad(n, act.dx, act.dmixed)
	wk.mixGrad(a, act.dqkv, act.dmixed)
	wk.rotate(act.dqkv, -1)
	w.qkv.weightGrad(n, a.normed1, act.dqkv, g.qkv, !first)
	w.qkv.inputGrad(n, act.dqkv, act.dh)
	wk.normaliseGrad(act.dx, act.dh, a.x, wk.w.layers[l].norm1, g.norm1, a.scale1)
}
