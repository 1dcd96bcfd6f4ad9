package httpd

import (
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
)

// glyph is a schedule in the size of a word: shares by language over tokens, Japanese at the bottom. Shares keep it as
// JSON.
type glyph struct {
	Langs  []string    `json:"langs"`  // from the bottom up
	Starts []float64   `json:"starts"` // where a stretch begins, as a fraction of the run
	Shares [][]float64 `json:"shares"` // by stretch, then language
}

// langOrder is the order of languages from the bottom up.
var langOrder = []string{"ja", "en", "code", "other"}

// finest is the narrowest stretch that a glyph keeps: half a pixel of the widest.
const finest = 1.0 / 96

// newGlyph draws an arm's own weight table; langs are those of the sweep's sources, in their order.
func newGlyph(weights []ablation.Weights, steps int64, langs []string) glyph {
	g := glyph{}
	for _, l := range langOrder {
		if slices.ContainsFunc(langs, func(s string) bool { return langClass(s) == l }) {
			g.Langs = append(g.Langs, l)
		}
	}
	for _, w := range weights {
		start := float64(w.FromStep) / float64(max(steps, 1))
		if n := len(g.Starts); n > 0 && start-g.Starts[n-1] < finest {
			continue
		}
		g.Starts, g.Shares = append(g.Starts, start), append(g.Shares, g.shares(w.W, langs))
	}
	return g
}

// shares are the languages' shares of one entry of the table.
func (g glyph) shares(weights []int64, langs []string) []float64 {
	var total float64
	shares := make([]float64, len(g.Langs))
	for k, n := range weights {
		shares[slices.Index(g.Langs, langClass(langs[k]))] += float64(n)
		total += float64(n)
	}
	for k := range shares {
		shares[k] /= total
	}
	return shares
}

// svg draws the glyph.
func (g glyph) svg(width, height int) template.HTML {
	var b strings.Builder
	for k, lang := range g.Langs {
		fmt.Fprintf(&b, `<path class="%s-f" d="%s"/>`, lang, g.path(k, float64(width), float64(height)))
	}
	return markup(`<svg class="glyph" width="%d" height="%d" viewBox="0 0 %d %d" aria-hidden="true">%s</svg>`, width, height, width, height, b.String())
}

// path is the outline of one language: along its upper edge, and back along its lower one.
func (g glyph) path(k int, width, height float64) string {
	upper, lower := g.edge(k+1, width, height), g.edge(k, width, height)
	slices.Reverse(lower)
	var b strings.Builder
	for i, p := range append(upper, lower...) {
		b.WriteByte("ML"[min(i, 1)])
		fmt.Fprintf(&b, "%.1f,%.2f", p[0], p[1])
	}
	return b.String() + "Z"
}

// edge is the stepped line above the lowest n languages.
func (g glyph) edge(n int, width, height float64) [][2]float64 {
	var points [][2]float64
	for i, start := range g.Starts {
		x := start * width
		if i > 0 {
			points = append(points, [2]float64{x, points[len(points)-1][1]})
		}
		below := 0.0
		for _, share := range g.Shares[i][:n] {
			below += share
		}
		points = append(points, [2]float64{x, height * (1 - below)})
	}
	return append(points, [2]float64{width, points[len(points)-1][1]})
}
