package httpd

import (
	"cmp"
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
)

// The chart of epochs: how often a run has read each source, over its tokens.
const (
	epochsWidth, epochsHeight           = 384.0, 168.0
	epochsLeft, epochsRight             = 30.0, 104.0
	epochsTop, epochsBottom             = 12.0, 24.0
	epochsInnerWidth, epochsInnerHeight = epochsWidth - epochsLeft - epochsRight, epochsHeight - epochsTop - epochsBottom
	epochsLabel                         = 14.0 // between the names at the lines' ends
	epochsLeast                         = 1.25 // of the scale, so that one epoch is always seen
)

// drawEpochs draws a course: a line a source, a circle where it was read once, and the two bounds that matter.
func drawEpochs(words words, c ablation.Course, reads []read) template.HTML {
	top := epochsLeast
	for _, r := range reads {
		top = max(top, r.Epochs*1.05)
	}
	e := epochs{course: c, top: top, end: float64(c.Tokens[len(c.Tokens)-1])}
	var b strings.Builder
	e.axes(&b, words)
	e.bound(&b, 1, "ghost", words.text("new.epochs.one"))
	if top > ablation.WarnEpochs {
		e.bound(&b, ablation.WarnEpochs, "warn", words.text("new.epochs.warn", "n", ablation.WarnEpochs))
	}
	for k, r := range reads {
		if r.Epochs > 0 {
			e.line(&b, k, r)
		}
	}
	e.names(&b, reads)
	return markup(`<svg class="epochs" width="100%%" viewBox="0 0 %.0f %.0f" aria-hidden="true">%s</svg>`, epochsWidth, epochsHeight, b.String())
}

type epochs struct {
	course   ablation.Course
	top, end float64
}

func (e epochs) x(tokens int64) float64 { return epochsLeft + float64(tokens)/e.end*epochsInnerWidth }

func (e epochs) y(n float64) float64 { return epochsTop + (1-n/e.top)*epochsInnerHeight }

func (e epochs) axes(b *strings.Builder, words words) {
	step := niceStep(e.top / 3)
	for n := 0.0; n <= e.top; n += step {
		colour := "grid"
		if n == 0 {
			colour = "axis"
		}
		fmt.Fprintf(b, `<line x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f" stroke="var(--%s)"/><text class="tk" x="%.1f" y="%.1f" text-anchor="end">%s</text>`,
			epochsLeft, epochsLeft+epochsInnerWidth, e.y(n), e.y(n), colour, epochsLeft-6, e.y(n)+4, strings.TrimSuffix(fixed(n, 1), ".0"))
	}
	for i, anchor := range []string{"start", "middle", "end"} {
		tokens := int64(e.end) * int64(i) / 2
		fmt.Fprintf(b, `<text class="tk" x="%.1f" y="%.1f" text-anchor="%s">%s</text>`, e.x(tokens), epochsHeight-8, anchor, words.big(float64(tokens)))
	}
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

func (e epochs) bound(b *strings.Builder, n float64, colour, text string) {
	ink := map[string]string{"warn": "warn", "ghost": "ink-3"}[colour]
	fmt.Fprintf(b, `<line x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f" stroke="var(--%s)" stroke-dasharray="4 3"/><text class="tk" x="%.1f" y="%.1f" fill="var(--%s)">%s</text>`,
		epochsLeft, epochsLeft+epochsInnerWidth, e.y(n), e.y(n), colour, epochsLeft+4, e.y(n)-4, ink, template.HTMLEscapeString(text))
}

func (e epochs) line(b *strings.Builder, k int, r read) {
	unique := float64(r.Tokens) / r.Epochs
	var points strings.Builder
	for i, tokens := range e.course.Tokens {
		fmt.Fprintf(&points, "%.1f,%.1f ", e.x(tokens), e.y(float64(e.course.Read[i][k])/unique))
	}
	class := langClass(r.Source.Lang)
	fmt.Fprintf(b, `<polyline points="%s" fill="none" stroke="var(--%s)" stroke-width="2" stroke-linejoin="round"/>`, points.String(), class)
	if r.Exhausted > 0 {
		fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="3.5" fill="var(--sunken)" stroke="var(--%s)" stroke-width="2"/>`, e.x(r.Exhausted), e.y(1), class)
	}
}

// names stand at the lines' ends, pushed apart, the highest first.
func (e epochs) names(b *strings.Builder, reads []read) {
	order := slices.Clone(reads)
	slices.SortStableFunc(order, func(a, b read) int { return cmp.Compare(b.Epochs, a.Epochs) })
	order = order[:min(len(order), int(math.Floor(epochsInnerHeight/epochsLabel)))]
	y := make([]float64, len(order))
	for i, r := range order {
		y[i] = e.y(r.Epochs) + 4
		if i > 0 {
			y[i] = max(y[i], y[i-1]+epochsLabel)
		}
	}
	if n := len(y); n > 0 {
		y[n-1] = min(y[n-1], epochsTop+epochsInnerHeight+4)
		for i := n - 2; i >= 0; i-- {
			y[i] = min(y[i], y[i+1]-epochsLabel)
		}
	}
	for i, r := range order {
		fmt.Fprintf(b, `<text class="tk" x="%.1f" y="%.1f" fill="var(--%s-t)">%s</text>`,
			epochsLeft+epochsInnerWidth+7, y[i], langClass(r.Source.Lang), template.HTMLEscapeString(shortened(r.Source.Name, 15)))
	}
}

// shortened is text of at most n characters.
func shortened(text string, n int) string {
	if r := []rune(text); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return text
}
