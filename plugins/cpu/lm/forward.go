package lm

import "math"

// forward computes logits of the loaded sequences and keeps what backward needs.
func (wk *worker) forward() {
	d, x := wk.Width, wk.act.layers[0].x
	for i, token := range wk.tokens {
		copy(x[i*d:(i+1)*d], wk.w.embed[int(token)*d:])
	}
	for l := range wk.act.layers {
		wk.attend(l)
		wk.feed(l)
	}
	wk.normalise(wk.act.normed, wk.act.x, wk.w.norm, wk.act.scale)
	wk.linears.embed.apply(len(wk.tokens), wk.act.normed, wk.act.logits, false)
}

// attend is x + attention(norm(x)) of layer l.
func (wk *worker) attend(l int) {
	n, d, a, w := len(wk.tokens), wk.Width, &wk.act.layers[l], &wk.linears.layers[l]
	wk.normalise(a.normed1, a.x, wk.w.layers[l].norm1, a.scale1)
	w.qkv.apply(n, a.normed1, a.qkv, false)
	wk.rotate(a.qkv, 1)
	wk.mix(a)
	copy(a.middle[:n*d], a.x)
	w.out.apply(n, a.mixed, a.middle, true)
}

// feed is x + down(swiglu(norm(x))) of layer l; the result is the next layer's input.
func (wk *worker) feed(l int) {
	n, d, f, a, w := len(wk.tokens), wk.Width, wk.FFN, &wk.act.layers[l], &wk.linears.layers[l]
	wk.normalise(a.normed2, a.middle, wk.w.layers[l].norm2, a.scale2)
	w.gateUp.apply(n, a.normed2, a.gateUp, false)
	for i := range n {
		gateUp := a.gateUp[i*2*f : (i+1)*2*f]
		wk.set.SwiGLU(a.hidden[i*f:(i+1)*f], gateUp[:f], gateUp[f:])
	}
	y := wk.act.after(l)
	copy(y[:n*d], a.middle)
	w.down.apply(n, a.hidden, y, true)
}

// after is where the output of layer l goes.
func (a *activations) after(l int) []float32 {
	if l+1 < len(a.layers) {
		return a.layers[l+1].x
	}
	return a.x
}

// nats turns the logits into probabilities and calls each with the token's index, its −ln p(target), and ln Σ e^logit.
func (wk *worker) nats(each func(i int, nats, logSum float64)) {
	for i, target := range wk.targets {
		logit := float64(wk.logitsOf(i)[target])
		logSum := wk.logSum(i)
		each(i, logSum-logit, logSum)
	}
}

// logitsOf is the logits after token i.
func (wk *worker) logitsOf(i int) []float32 {
	v := wk.vocab()
	return wk.act.logits[i*v : (i+1)*v]
}

// logSum turns the logits after token i into probabilities and returns ln Σ e^logit.
func (wk *worker) logSum(i int) float64 {
	row := wk.logitsOf(i)
	for j := wk.Vocab; j < len(row); j++ {
		row[j] = masked
	}
	most, sum := wk.set.Softmax(row, 1)
	return float64(most) + math.Log(float64(sum))
}
