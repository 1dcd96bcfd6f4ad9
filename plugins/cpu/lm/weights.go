package lm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
)

// weights lays all values of a model out in one slice: matrices first, which decay, then the gains, which don't.
// Gradients and moments have the same layout.
type weights struct {
	all      []float32
	matrices int       // all[:matrices] are the matrices
	embed    []float32 // [vocab padded, width]
	layers   []layerWeights
	norm     []float32 // gain of the final norm
}

type layerWeights struct {
	qkv    []float32 // [width, 3·width]: queries, keys, values, heads side by side in each
	out    []float32 // [width, width]
	gateUp []float32 // [width, 2·ffn]
	down   []float32 // [ffn, width]
	norm1  []float32 // gain before attention
	norm2  []float32 // gain before the feed-forward part
}

func newWeights(c Config) *weights {
	w := &weights{all: make([]float32, c.values()), layers: make([]layerWeights, c.Layers)}
	used := 0
	take := func(n int) []float32 {
		used += n
		return w.all[used-n : used : used]
	}
	w.embed = take(c.vocab() * c.Width)
	for i := range w.layers {
		l := &w.layers[i]
		l.qkv, l.out = take(c.Width*3*c.Width), take(c.Width*c.Width)
		l.gateUp, l.down = take(c.Width*2*c.FFN), take(c.FFN*c.Width)
	}
	w.matrices = used
	for i := range w.layers {
		w.layers[i].norm1, w.layers[i].norm2 = take(c.Width), take(c.Width)
	}
	w.norm = take(c.Width)
	return w
}

// Tensor is a named part of a model's state; Data is the trainer's own memory.
type Tensor struct {
	Name  string
	Shape []int // row-major
	Data  []float32
}

// Shapes are the model's parameters by name and shape, without data.
func (c Config) Shapes() []Tensor {
	return (&weights{layers: make([]layerWeights, c.Layers)}).tensors(c)
}

// tensors names every parameter; the padding of the vocabulary is left out.
func (w *weights) tensors(c Config) []Tensor {
	d := c.Width
	list := []Tensor{{"embed", []int{c.Vocab, d}, w.embed[:min(c.Vocab*d, len(w.embed))]}}
	for i, l := range w.layers {
		at := fmt.Sprintf("layers.%d.", i)
		list = append(list,
			Tensor{at + "norm1", []int{d}, l.norm1},
			Tensor{at + "qkv", []int{d, 3 * d}, l.qkv},
			Tensor{at + "out", []int{d, d}, l.out},
			Tensor{at + "norm2", []int{d}, l.norm2},
			Tensor{at + "gate_up", []int{d, 2 * c.FFN}, l.gateUp},
			Tensor{at + "down", []int{c.FFN, d}, l.down},
		)
	}
	return append(list, Tensor{"norm", []int{d}, w.norm})
}

// draw fills tensor number i. Gains are 1; every matrix comes from a normal distribution with a stream of its own, so that
// its values depend on the seed and its place only.
func (c Config) draw(t Tensor, i int, seed uint64) {
	if len(t.Shape) == 1 {
		fill(t.Data, func() float32 { return 1 })
		return
	}
	r := rand.New(rand.NewPCG(seed, uint64(i)))
	deviation := c.deviation(t)
	fill(t.Data, func() float32 { return float32(r.NormFloat64() * deviation) })
}

// deviation is 1/√inputs, which keeps the size of what goes through; less by √(2·layers) for the matrices that write
// into the residual stream. The embedding is drawn so that first logits have a deviation of 0.8, whatever the width:
// small proxies learn much faster from there than from the usual 0.02 for all.
func (c Config) deviation(t Tensor) float64 {
	switch {
	case t.Name == "embed":
		return 0.8 / math.Sqrt(float64(c.Width))
	case strings.HasSuffix(t.Name, ".out"), strings.HasSuffix(t.Name, ".down"):
		return 1 / math.Sqrt(float64(2*c.Layers*t.Shape[0]))
	}
	return 1 / math.Sqrt(float64(t.Shape[0]))
}

func fill(x []float32, next func() float32) {
	for i := range x {
		x[i] = next()
	}
}
