package lm

import (
	"math"

	"github.com/haigo-lab/haigo/plugins/cpu/kernel"
)

// worker does passes, one at a time, in memory of its own. Weights are shared and only read.
type worker struct {
	Config
	set      *kernel.Set
	w        *weights
	linears  *linears
	cos, sin []float32 // [context, head/2]
	act      *activations
	turned   kernel.Panels // of one head: keys going forward, values going back

	// The sequences of the current pass, all of one length, one after the other.
	length    int
	tokens    []uint16
	positions []int // of the tokens in what they read
	targets   []uint16
	apart     []span // of each token, the keys of its sequence that it doesn't see; empty where all see all before them
}

// span is the keys [from, to) of a sequence.
type span struct{ from, to int }

func newWorker(c Config, set *kernel.Set, w *weights, l *linears, cos, sin []float32) *worker {
	return &worker{Config: c, set: set, w: w, linears: l, cos: cos, sin: sin, act: newActivations(c)}
}

// load takes sequences of length+1 tokens each: inputs are the first length, targets the last. Shorter ones are padded
// with token 0; what comes after a position never changes what comes before.
func (wk *worker) load(sequences [][]uint16, length int) {
	wk.begin(length)
	for _, s := range sequences {
		n := len(s) - 1
		wk.tokens = append(append(wk.tokens, s[:n]...), make([]uint16, length-n)...)
		wk.targets = append(append(wk.targets, s[1:]...), make([]uint16, length-n)...)
		for at := range length {
			wk.positions = append(wk.positions, at)
		}
	}
}

// begin makes room for a pass over sequences of a length.
func (wk *worker) begin(length int) {
	wk.length, wk.tokens, wk.targets, wk.positions, wk.apart = length, wk.tokens[:0], wk.targets[:0], wk.positions[:0], wk.apart[:0]
}

// rotations are the cosines and sines of pos·base^(−2i/head), i < head/2 (Su et al., 2021).
func (c Config) rotations() (cos, sin []float32) {
	head := c.head()
	for pos := range c.Context {
		for i := range head / 2 {
			angle := float64(pos) * math.Pow(c.RopeBase, -2*float64(i)/float64(head))
			cos, sin = append(cos, float32(math.Cos(angle))), append(sin, float32(math.Sin(angle)))
		}
	}
	return cos, sin
}

// rotate turns queries and keys of every token by its position; sign −1 turns gradients back.
func (wk *worker) rotate(qkv []float32, sign float32) {
	head, half := wk.head(), wk.head()/2
	for i := range wk.tokens {
		angles := wk.positions[i] * half
		cos, sin := wk.cos[angles:angles+half], wk.sin[angles:angles+half]
		row := qkv[i*3*wk.Width:][:2*wk.Width]
		for at := 0; at < len(row); at += head {
			wk.set.Rope(row[at:at+head], cos, sin, sign)
		}
	}
}

// normalise computes y from x row by row and keeps the scales for the gradient.
func (wk *worker) normalise(y, x, gain, scales []float32) {
	d, eps := wk.Width, float32(wk.NormEps)
	for i := range wk.tokens {
		scales[i] = wk.set.RMSNorm(y[i*d:(i+1)*d], x[i*d:(i+1)*d], gain, eps)
	}
}

func (wk *worker) normaliseGrad(dx, dy, x, gain, dgain, scales []float32) {
	d := wk.Width
	for i := range wk.tokens {
		wk.set.RMSNormGrad(dx[i*d:(i+1)*d], dy[i*d:(i+1)*d], x[i*d:(i+1)*d], gain, dgain, scales[i])
	}
}
