package ablation

import (
	"math"
	"slices"
	"strings"
)

// preset is a shape with a name. Sizes are parameters without the embedding.
type preset struct {
	name  string
	shape Shape
}

func presets() []preset {
	return []preset{
		{"1m", Shape{Layers: 5, Width: 128, Heads: 4, FFN: 384}},
		{"5m", Shape{Layers: 6, Width: 256, Heads: 4, FFN: 704}},
		{"20m", Shape{Layers: 6, Width: 512, Heads: 8, FFN: 1408}},
		{"60m", Shape{Layers: 8, Width: 768, Heads: 12, FFN: 2048}},
		{"150m", Shape{Layers: 12, Width: 1024, Heads: 16, FFN: 2816}},
	}
}

// Presets are the names of the shapes that a recipe may name, smallest first.
func Presets() []string {
	var names []string
	for _, p := range presets() {
		names = append(names, p.name)
	}
	return names
}

// byteVocab is the vocabulary of the bytes tokenizer: 256 bytes and the separator.
const byteVocab = 257

// Parameters is the number of trained values over bytes: the tied embedding, four attention matrices, three of the
// feed-forward part and two gains a layer, and a final gain.
func (s Shape) Parameters() int64 { return int64(byteVocab*s.Width) + s.blocks() + int64(s.Width) }

// blocks is the parameters of the layers alone, by which presets are named.
func (s Shape) blocks() int64 {
	d, f := int64(s.Width), int64(s.FFN)
	return int64(s.Layers) * (4*d*d + 3*d*f + 2*d)
}

// FLOPsPerToken is the arithmetic of training on one token in rows of rowTokens: 6 for each parameter (two forward,
// four backward) and, for causal attention, whose queries see (rowTokens+1)/2 keys on average, 6·layers·width·(rowTokens+1).
func (s Shape) FLOPsPerToken(rowTokens int) float64 {
	return 6*float64(s.Parameters()) + 6*float64(s.Layers)*float64(s.Width)*float64(rowTokens+1)
}

// peakLR is the learning rate where none is given: 3e-3, tried with 0.9M parameters over bytes, times (N/0.9M)^(-1/3).
func (s Shape) peakLR() float64 {
	lr := 3e-3 * math.Cbrt(0.9e6/float64(s.blocks()))
	return math.Round(lr*1e5) / 1e5
}

// Bounds of an explicit shape, far beyond any proxy.
const (
	maxLayers = 256
	maxWidth  = 1 << 15
)

func (r *reader) shape(n *node) Shape {
	if n == nil {
		return named("1m")
	}
	if n.kind == kindScalar {
		return r.preset(n)
	}
	f := r.fields(n, "layers", "width", "heads", "ffn")
	r.require(n, f, "layers", "width", "heads", "ffn")
	s := Shape{
		Layers: int(r.whole(f["layers"], 1, 1, maxLayers)),
		Width:  int(r.whole(f["width"], 2, 2, maxWidth)),
		Heads:  int(r.whole(f["heads"], 1, 1, maxWidth)),
		FFN:    int(r.whole(f["ffn"], 1, 1, 4*maxWidth)),
	}
	if h := f["heads"]; h != nil && f["width"] != nil && s.Width%(2*s.Heads) != 0 {
		r.problem(h, say("%d heads don't fit width %d; the width must be a multiple of twice the heads",
			"ヘッド数 %d は幅 %d に合いません。幅はヘッド数の 2 倍の倍数にしてください", s.Heads, s.Width))
	}
	return s
}

func (r *reader) preset(n *node) Shape {
	if slices.Contains(Presets(), n.text) {
		return named(n.text)
	}
	r.problem(n, say("unknown shape %s; choose %s, or give {layers: 4, width: 128, heads: 4, ffn: 352}",
		"不明な形 %s。%s から選ぶか、{layers: 4, width: 128, heads: 4, ffn: 352} のように書いてください", n.shown(), strings.Join(Presets(), ", ")))
	return named("1m")
}

func named(name string) Shape {
	for _, p := range presets() {
		if p.name == name {
			p.shape.Preset = name
			return p.shape
		}
	}
	return Shape{}
}
