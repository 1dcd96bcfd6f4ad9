package lm

import "github.com/haigo-lab/haigo/plugins/cpu/kernel"

// Complete continues each prompt with the most probable token, again and again, until stop says so of one (which is left
// out) or there are most. Of equals the lowest counts. Prompts have one token at least, and with most at most Context+1.
// How prompts are grouped changes no bit of the result.
func (t *Trainer) Complete(prompts [][]uint16, most int, stop func(token uint16) bool) [][]uint16 {
	list := make([]Sequence, len(prompts))
	for i, p := range prompts {
		list[i].Tokens = append(p[:len(p):len(p)], make([]uint16, most)...)
	}
	groups := t.group(len(list), func(i int) int { return len(list[i].Tokens) - 1 })
	answers := make([][]uint16, len(prompts))
	t.parallel(len(groups), func(wk *worker, i int) {
		wk.complete(list, groups[i], most, func(s int, token uint16) bool {
			if stop(token) {
				return false
			}
			answers[s] = append(answers[s], token)
			return len(answers[s]) < most
		})
	})
	return answers
}

// complete reads the prompts of a group in one pass, whose keys and values stay, and then a token of each at a time. take
// gets a sequence's next token and says whether to go on with it.
func (wk *worker) complete(list []Sequence, group []int, most int, take func(s int, token uint16) bool) {
	tokens := make([][]uint16, len(group))
	for i, s := range group {
		tokens[i] = list[s].Tokens
	}
	wk.load(tokens, len(tokens[0])-1)
	wk.forward()
	b := newEnds(wk.Config, len(group))
	for i, s := range group {
		at := len(list[s].Tokens) - most - 1
		row := i*wk.length + at
		if token := wk.likeliest(wk.act.logits[row*wk.vocab():]); take(s, token) {
			b.live = append(b.live, tip{sequence: s, slot: i, at: at + 1, token: token})
		}
	}
	for len(b.live) > 0 {
		wk.step(b)
		left := b.live[:0]
		for i, end := range b.live {
			end.token, end.at = wk.likeliest(b.logits[i*wk.vocab():]), end.at+1
			if take(end.sequence, end.token) {
				left = append(left, end)
			}
		}
		b.live = left
	}
}

func (wk *worker) likeliest(logits []float32) uint16 {
	most := 0
	for i, v := range logits[:wk.Vocab] {
		if v > logits[most] {
			most = i
		}
	}
	return uint16(most)
}

// tip is the end of a sequence that is being continued: its newest token, which the model hasn't read yet.
type tip struct {
	sequence int
	slot     int // of the sequence in the pass
	at       int // position of the token
	token    uint16
}

// ends is the ends of a group's sequences and room for one token of each.
type ends struct {
	live                                                  []tip
	x, normed, qkv, mixed, gateUp, hidden, logits, scores []float32
}

func newEnds(c Config, n int) *ends {
	d, f := c.Width, c.FFN
	return &ends{
		x: make([]float32, n*d), normed: make([]float32, n*d), qkv: make([]float32, n*3*d), mixed: make([]float32, n*d),
		gateUp: make([]float32, n*2*f), hidden: make([]float32, n*f), logits: make([]float32, n*c.vocab()),
		scores: make([]float32, roundUp(c.Context, lane)),
	}
}

// step reads the newest token of every live sequence; the logits after it are in b.logits. It is forward for single
// tokens: what came before lies in the layers' activations, and the new keys and values join it there.
func (wk *worker) step(b *ends) {
	n, d, f := len(b.live), wk.Width, wk.FFN
	for i, end := range b.live {
		copy(b.x[i*d:(i+1)*d], wk.w.embed[int(end.token)*d:])
	}
	for l := range wk.act.layers {
		a, w, p := &wk.act.layers[l], &wk.w.layers[l], &wk.linears.layers[l]
		wk.normaliseTips(b, w.norm1)
		p.qkv.apply(n, b.normed, b.qkv, false)
		for i, end := range b.live {
			wk.mixTip(a, end, b.qkv[i*3*d:(i+1)*3*d], b.mixed[i*d:(i+1)*d], b.scores)
		}
		p.out.apply(n, b.mixed, b.x, true)
		wk.normaliseTips(b, w.norm2)
		p.gateUp.apply(n, b.normed, b.gateUp, false)
		for i := range n {
			gateUp := b.gateUp[i*2*f : (i+1)*2*f]
			wk.set.SwiGLU(b.hidden[i*f:(i+1)*f], gateUp[:f], gateUp[f:])
		}
		p.down.apply(n, b.hidden, b.x, true)
	}
	wk.normaliseTips(b, wk.w.norm)
	wk.linears.embed.apply(n, b.normed, b.logits, false)
}

func (wk *worker) normaliseTips(b *ends, gain []float32) {
	d := wk.Width
	for i := range b.live {
		wk.set.RMSNorm(b.normed[i*d:(i+1)*d], b.x[i*d:(i+1)*d], gain, float32(wk.NormEps))
	}
}

// mixTip is attention of one token over all before it and itself.
func (wk *worker) mixTip(a *layerActivations, end tip, qkv, mixed, scores []float32) {
	d, size, half := wk.Width, wk.head(), wk.head()/2
	cos, sin := wk.cos[end.at*half:(end.at+1)*half], wk.sin[end.at*half:(end.at+1)*half]
	for at := 0; at < 2*d; at += size {
		wk.set.Rope(qkv[at:at+size], cos, sin, 1)
	}
	first, keys := end.slot*wk.length, end.at+1
	copy(a.qkv[(first+end.at)*3*d:], qkv)
	row := scores[:roundUp(keys, lane)]
	for h := range wk.Heads {
		past := a.qkv[first*3*d+h*size:]
		k, v := kernel.Rows(past[d:], 3*d), kernel.Rows(past[2*d:], 3*d)
		wk.set.MatMul(1, keys, size, kernel.Rows(qkv[h*size:], 3*d), k.T(), row, len(row), false)
		for j := keys; j < len(row); j++ {
			row[j] = masked
		}
		wk.set.Softmax(row, wk.temper())
		wk.set.MatMul(1, size, keys, kernel.Rows(row, len(row)), v, mixed[h*size:], d, false)
	}
}
