package httpd

import (
	"cmp"
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"

	"github.com/haigo-lab/haigo/services/chart"
)

// drawing is a chart of the preview, drawn by the server: its points are there as a table, too.
type drawing struct {
	ID, Title, Sub string
	SVG            template.HTML
	Table          chart.Table
}

// Points are those of the drawing, as JSON.
func (d drawing) Points() string { return string(quoted(d.Table)) }

// plot is the ground of a chart of the preview: values from 0 to top over a run's tokens.
type plot struct {
	words    words
	end, top float64
	height   float64
	name     string // what it shows, in words
	step     float64
	write    func(float64) string
	strings.Builder
}

const (
	plotWidth           = 384.0
	plotLeft, plotRight = 38.0, 104.0
	plotTop, plotBottom = 12.0, 24.0
	plotInner           = plotWidth - plotLeft - plotRight
	plotLabel           = 14.0 // between the names at the lines' ends
	plotNameLength      = 15
)

func (p *plot) inner() float64 { return p.height - plotTop - plotBottom }

func (p *plot) x(tokens int64) float64 { return plotLeft + float64(tokens)/p.end*plotInner }

func (p *plot) y(v float64) float64 { return plotTop + (1-v/p.top)*p.inner() }

// axes draws a hairline at every step, and three numbers of tokens.
func (p *plot) axes() {
	for v := 0.0; v <= p.top*1.0001; v += p.step {
		colour := map[bool]string{true: "axis", false: "grid"}[v == 0]
		fmt.Fprintf(p, `<line x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f" stroke="var(--%s)"/><text class="tk" x="%.1f" y="%.1f" text-anchor="end">%s</text>`,
			plotLeft, plotLeft+plotInner, p.y(v), p.y(v), colour, plotLeft-6, p.y(v)+4, p.write(v))
	}
	for i, anchor := range []string{"start", "middle", "end"} {
		tokens := int64(p.end) * int64(i) / 2
		fmt.Fprintf(p, `<text class="tk" x="%.1f" y="%.1f" text-anchor="%s">%s</text>`, p.x(tokens), p.height-8, anchor, p.words.big(float64(tokens)))
	}
}

// plotDashes are those of the sources of one language, whose colour is the same.
var plotDashes = []string{"none", "6 3", "2 3", "9 3 2 3"}

// line draws values at the points of a course.
func (p *plot) line(class, dash string, tokens []int64, value func(i int) float64) {
	var points strings.Builder
	for i, at := range tokens {
		fmt.Fprintf(&points, "%.1f,%.1f ", p.x(at), p.y(value(i)))
	}
	fmt.Fprintf(p, `<polyline points="%s" fill="none" stroke="var(--%s)" stroke-width="2" stroke-linejoin="round" stroke-dasharray="%s"/>`, points.String(), class, dash)
}

// plotName is what stands at the end of a line, and how high that ends.
type plotName struct {
	class, text string
	at          float64
}

// names stand at the lines' ends, pushed apart, the highest first; those that there is no room for are left out.
func (p *plot) names(all []plotName) {
	order := slices.Clone(all)
	slices.SortStableFunc(order, func(a, b plotName) int { return cmp.Compare(b.at, a.at) })
	order = order[:min(len(order), int(math.Floor(p.inner()/plotLabel)))]
	y := make([]float64, len(order))
	for i, n := range order {
		y[i] = p.y(n.at) + 4
		if i > 0 {
			y[i] = max(y[i], y[i-1]+plotLabel)
		}
	}
	if n := len(y); n > 0 {
		y[n-1] = min(y[n-1], plotTop+p.inner()+4)
		for i := n - 2; i >= 0; i-- {
			y[i] = min(y[i], y[i+1]-plotLabel)
		}
	}
	for i, n := range order {
		fmt.Fprintf(p, `<text class="tk" x="%.1f" y="%.1f" fill="var(--%s-t)">%s</text>`, plotLeft+plotInner+7, y[i], n.class, template.HTMLEscapeString(n.text))
	}
}

// svg is all that was drawn.
func (p *plot) svg() template.HTML {
	return markup(`<svg class="plot" width="100%%" viewBox="0 0 %.0f %.0f" role="img" aria-label="%s">%s</svg>`, plotWidth, p.height, template.HTMLEscapeString(p.name), p.String())
}

// niceStep is the round step above a number.
func niceStep(least float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(least)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= least {
			return m * power
		}
	}
	return 10 * power
}

// shortened is text of at most n characters: both its ends, which tell a name from others.
func shortened(text string, n int) string {
	if r := []rune(text); len(r) > n {
		return string(r[:n/2]) + "…" + string(r[len(r)-(n-1)/2:])
	}
	return text
}
