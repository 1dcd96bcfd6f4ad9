package httpd

import (
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
)

// glyph is a schedule in the size of a word: shares by language over tokens, Japanese at the bottom.
type glyph struct {
	langs  []string    // from the bottom up
	starts []float64   // where a stretch begins, as a fraction of the run
	shares [][]float64 // by stretch, then language
}

// langOrder is the order of languages from the bottom up.
var langOrder = []string{"ja", "en", "code", "other"}

// newGlyph draws an arm's own weight table; langs are those of the sweep's sources, in their order.
func newGlyph(weights []ablation.Weights, steps int64, langs []string) glyph {
	g := glyph{}
	for _, l := range langOrder {
		if slices.ContainsFunc(langs, func(s string) bool { return langClass(s) == l }) {
			g.langs = append(g.langs, l)
		}
	}
	for _, w := range weights {
		var total float64
		by := make([]float64, len(g.langs))
		for k, n := range w.W {
			by[slices.Index(g.langs, langClass(langs[k]))] += float64(n)
			total += float64(n)
		}
		for k := range by {
			by[k] /= total
		}
		g.starts = append(g.starts, float64(w.FromStep)/float64(max(steps, 1)))
		g.shares = append(g.shares, by)
	}
	return g
}

// svg draws the glyph; stretches narrower than half a pixel are left to the one before.
func (g glyph) svg(width, height int) template.HTML {
	var b strings.Builder
	for k, lang := range g.langs {
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
	for i, start := range g.starts {
		x := start * width
		if i > 0 {
			last := points[len(points)-1]
			if x-last[0] < .5 {
				continue
			}
			points = append(points, [2]float64{x, last[1]})
		}
		below := 0.0
		for _, share := range g.shares[i][:n] {
			below += share
		}
		points = append(points, [2]float64{x, height * (1 - below)})
	}
	return append(points, [2]float64{width, points[len(points)-1][1]})
}
