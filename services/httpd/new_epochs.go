package httpd

import (
	"fmt"
	"html/template"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/chart"
)

const (
	epochsHeight = 168.0
	epochsLeast  = 1.25 // of the scale, so that one epoch is always seen
	boundRoom    = 13.0 // between bounds whose words stand under each other
	boundWidth   = 74.0 // of a bound's words
)

// epochs draws how often a run has read each source, over its tokens: a line a source, a circle where it was read once,
// and the bounds that matter.
func (c courseView) epochs() drawing {
	top := epochsLeast
	for _, r := range c.reads {
		top = max(top, r.Epochs*1.05)
	}
	title := c.words.text("new.epochs")
	p := c.plot(title, epochsHeight, top, niceStep(top/3), func(v float64) string { return strings.TrimSuffix(fixed(v, 1), ".0") })
	p.axes()
	p.bounds(c.bounds(top))
	var names []plotName
	for k, r := range c.reads {
		if r.Epochs > 0 {
			class := langClass(r.Source.Lang)
			p.line(class, c.dash(k), c.course.Tokens, func(i int) float64 { return c.times(i, k) })
			if r.Exhausted > 0 {
				fmt.Fprintf(p, `<circle cx="%.1f" cy="%.1f" r="3.5" fill="var(--sunken)" stroke="var(--%s)" stroke-width="2"/>`, p.x(r.Exhausted), p.y(1), class)
			}
		}
		names = append(names, plotName{langClass(r.Source.Lang), shortened(r.Source.Name, plotNameLength), r.Epochs})
	}
	p.names(names)
	table := c.table(chart.FormatFixed2, c.times)
	return drawing{"look-epochs", title, c.words.text("new.epochs.sub", "max", c.max), p.svg(), table}
}

// times is how often a source was read at a point of the course.
func (c courseView) times(i, k int) float64 {
	r := c.reads[k]
	if r.Epochs == 0 {
		return 0
	}
	return float64(c.course.Read[i][k]) / (float64(r.Tokens) / r.Epochs)
}

// epochBound is a number of epochs from which on something is different.
type epochBound struct {
	at            float64
	colour, words string
}

// bounds are those below the top: one epoch, the one above which is warned, the one above which is refused.
func (c courseView) bounds(top float64) []epochBound {
	all := []epochBound{{1, "ghost", c.words.text("new.epochs.one")}}
	if top > ablation.WarnEpochs {
		all = append(all, epochBound{ablation.WarnEpochs, "warn", c.words.text("new.epochs.warn", "n", ablation.WarnEpochs)})
	}
	if top > c.max && c.max > ablation.WarnEpochs {
		all = append(all, epochBound{c.max, "bad", c.words.text("new.epochs.warn", "n", c.max)})
	}
	return all
}

// bounds draws lines with their words above them; where two are so near that these would stand in each other, the upper
// one's stand further right.
func (p *plot) bounds(all []epochBound) {
	at := plotLeft + 4.0
	for i, b := range all {
		if i > 0 && p.y(all[i-1].at)-p.y(b.at) < boundRoom {
			at += boundWidth
		} else {
			at = plotLeft + 4
		}
		ink := map[string]string{"ghost": "ink-3"}[b.colour]
		if ink == "" {
			ink = b.colour
		}
		fmt.Fprintf(p, `<line x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f" stroke="var(--%s)" stroke-dasharray="4 3"/><text class="tk" x="%.1f" y="%.1f" fill="var(--%s)">%s</text>`,
			plotLeft, plotLeft+plotInner, p.y(b.at), p.y(b.at), b.colour, at, p.y(b.at)-4, ink, template.HTMLEscapeString(b.words))
	}
}
