package httpd

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/chart"
)

// courseView is what a run of an arm reads as it goes on, to be drawn.
type courseView struct {
	words  words
	course ablation.Course
	reads  []read
	max    float64 // epochs above which the recipe refuses
}

// Drawings are its mixture, the tokens read of each source so far, and how often each was read.
func (c courseView) Drawings() []drawing { return []drawing{c.mixture(), c.read(), c.epochs()} }

func (c courseView) plot(name string, height, top, step float64, write func(float64) string) *plot {
	return &plot{words: c.words, name: name, height: height, top: top, step: step, write: write, end: float64(c.course.Tokens[len(c.course.Tokens)-1])}
}

// stacked are the sources as they lie on each other: by language, Japanese at the bottom.
func (c courseView) stacked() []int {
	order := make([]int, len(c.reads))
	for k := range order {
		order[k] = k
	}
	rank := func(k int) int { return slices.Index(langOrder, langClass(c.reads[k].Source.Lang)) }
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rank(a), rank(b)) })
	return order
}

// mixture draws shares over tokens as areas on each other.
func (c courseView) mixture() drawing {
	title := c.words.text("new.course.mixture")
	p := c.plot(title, 132, 1, .5, func(v float64) string { return percent(v, 0) })
	below := make([]float64, len(c.course.Tokens))
	var names []plotName
	for _, k := range c.stacked() {
		upper, share := c.above(below, k)
		class := langClass(c.reads[k].Source.Lang)
		if slices.Max(share) > 0 {
			fmt.Fprintf(p, `<path d="%s" fill="var(--%s-a)" stroke="var(--%s)" stroke-width="1"/>`, c.band(p, below, upper), class, class)
		}
		if last := share[len(share)-1]; last > 0 {
			names = append(names, plotName{class, shortened(c.reads[k].Source.Name, plotNameLength-4) + " " + percent(last, 0), below[len(below)-1] + last/2})
		}
		below = upper
	}
	p.axes()
	p.names(names)
	table := c.table(chart.FormatPercent1, func(i, k int) float64 { return c.course.Shares[i][k] })
	return drawing{"look-mixture", title, "", p.svg(), table}
}

// dash is a source's: the first of a language has none.
func (c courseView) dash(k int) string {
	twins := 0
	for _, r := range c.reads[:k] {
		if langClass(r.Source.Lang) == langClass(c.reads[k].Source.Lang) {
			twins++
		}
	}
	return plotDashes[twins%len(plotDashes)]
}

// above are the upper edge of a source that lies on an edge, and its shares.
func (c courseView) above(below []float64, k int) (upper, share []float64) {
	for i, v := range below {
		share = append(share, c.course.Shares[i][k])
		upper = append(upper, v+share[i])
	}
	return upper, share
}

func (c courseView) band(p *plot, lower, upper []float64) string {
	var b strings.Builder
	for i, at := range c.course.Tokens {
		fmt.Fprintf(&b, "%c%.1f,%.1f", "ML"[min(i, 1)], p.x(at), p.y(upper[i]))
	}
	for i, at := range slices.Backward(c.course.Tokens) {
		fmt.Fprintf(&b, "L%.1f,%.1f", p.x(at), p.y(lower[i]))
	}
	return b.String() + "Z"
}

// read draws the tokens read of each source so far.
func (c courseView) read() drawing {
	title := c.words.text("new.course.read")
	most := 1.0
	for _, r := range c.reads {
		most = max(most, float64(r.Tokens)*1.05)
	}
	p := c.plot(title, 150, most, niceStep(most/3), c.words.big)
	p.axes()
	var names []plotName
	for k, r := range c.reads {
		if r.Tokens > 0 {
			class := langClass(r.Source.Lang)
			p.line(class, c.dash(k), c.course.Tokens, func(i int) float64 { return float64(c.course.Read[i][k]) })
			names = append(names, plotName{class, shortened(r.Source.Name, plotNameLength-6) + " " + c.words.big(float64(r.Tokens)), float64(r.Tokens)})
		}
	}
	p.names(names)
	table := c.table(chart.FormatTokens, func(i, k int) float64 { return float64(c.course.Read[i][k]) })
	return drawing{"look-read", title, "", p.svg(), table}
}

// table is a value of each source at the course's points.
func (c courseView) table(format chart.Format, value func(i, k int) float64) chart.Table {
	t := chart.Table{Columns: []chart.Column{{Key: "tokens", Name: ablation.Label{JA: "トークン", EN: "Tokens"}, Format: chart.FormatTokens}}}
	for _, r := range c.reads {
		t.Columns = append(t.Columns, chart.Column{Key: r.Source.Name, Name: ablation.Label{JA: r.Source.Name}, Format: format})
	}
	for i, at := range c.course.Tokens {
		row := []any{at}
		for k := range c.reads {
			row = append(row, math.Round(value(i, k)*1e6)/1e6)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}
