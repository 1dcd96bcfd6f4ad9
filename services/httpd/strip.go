package httpd

import (
	"fmt"
	"html/template"
	"strings"

	"github.com/haigo-lab/haigo/services/analysis"
	"github.com/haigo-lab/haigo/services/chart"
)

// strip draws the differences within seed pairs on one scale: every pair, the mean, its interval.
type strip struct {
	rows  []stripRow
	bound float64
}

type stripRow struct {
	lang string
	of   analysis.Difference
}

func newStrip(s chart.Statement) strip {
	v := strip{bound: s.Bound}
	if s.JA != nil {
		v.rows = append(v.rows, stripRow{"ja", *s.JA})
	}
	if s.EN != nil {
		v.rows = append(v.rows, stripRow{"en", *s.EN})
	}
	return v
}

// Drawn reports whether there is anything to draw.
func (s strip) Drawn() bool { return len(s.rows) > 0 && s.bound > 0 }

const (
	stripWidth = 372.0
	stripStart = 76.0 // where the scale begins, after the names
)

// Draw is the strip as markup, the languages named by ja and en.
func (s strip) Draw(ja, en string) template.HTML {
	var b strings.Builder
	for _, at := range []float64{-1, -.5, 0, .5, 1} {
		colour := "grid"
		if at == 0 {
			colour = "axis"
		}
		x := s.x(at * s.bound)
		fmt.Fprintf(&b, `<line x1="%.1f" x2="%.1f" y1="2" y2="34" stroke="var(--%s)"/><text x="%.1f" y="45" text-anchor="middle" class="tk">%s</text>`,
			x, x, colour, x, s.tick(at*s.bound))
	}
	names := map[string]string{"ja": ja, "en": en}
	for i, row := range s.rows {
		y := 10 + 16*float64(i)
		fmt.Fprintf(&b, `<text x="0" y="%.0f" class="tx">%s</text>`, y+4, template.HTMLEscapeString(names[row.lang]))
		b.WriteString(s.marks(row, y))
	}
	return markup(`<svg class="dstrip" width="100%%" viewBox="0 0 %.0f 46" aria-hidden="true">%s</svg>`, stripWidth, b.String())
}

func (s strip) marks(row stripRow, y float64) string {
	var b strings.Builder
	if row.of.Half > 0 {
		fmt.Fprintf(&b, `<line x1="%.1f" x2="%.1f" y1="%.0f" y2="%.0f" stroke="var(--%s)" stroke-width="2"/>`,
			s.x(row.of.Mean-row.of.Half), s.x(row.of.Mean+row.of.Half), y, y, row.lang)
	}
	for _, pair := range row.of.Pairs {
		fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.0f" r="2.2" fill="var(--page)" stroke="var(--%s)" stroke-width="1.2"/>`, s.x(pair.Value), y, row.lang)
	}
	fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.0f" r="4" fill="var(--%s)"/>`, s.x(row.of.Mean), y, row.lang)
	return b.String()
}

// x is where a difference lies; what is beyond the scale lies on its edge.
func (s strip) x(difference float64) float64 {
	at := max(-1, min(1, difference/s.bound))
	return stripStart + (at+1)/2*(stripWidth-stripStart-18)
}

func (s strip) tick(v float64) string {
	switch {
	case v == 0:
		return "0"
	case s.bound >= .2:
		return signed(v, 1)
	case s.bound >= .02:
		return signed(v, 2)
	}
	return signed(v, 3)
}
