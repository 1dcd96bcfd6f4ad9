package httpd

import (
	"cmp"
	"fmt"
	"html/template"

	"github.com/haigo-lab/haigo/services/chart"
)

// armView is an arm as pages name it: mark, glyph, name.
type armView struct {
	Name     string // the arm's own
	Side     string // SWEEP/ARM, as comparisons name it
	Label    string // in the page's language
	Hue      int    // 1 to 6; 0 is grey, in shares of earlier versions
	Hollow   bool   // a matched control
	Baseline bool
	shape    string
	glyph    glyph
}

// Mark is the arm's shape.
func (a armView) Mark() template.HTML {
	fill := "currentColor"
	if a.Hollow {
		fill = "var(--page)"
	}
	paint := fmt.Sprintf(`fill="%s" stroke="currentColor" stroke-width="1.6"`, fill)
	return markup(`<svg class="a%d" width="11" height="11" viewBox="0 0 12 12" aria-hidden="true">%s</svg>`, a.Hue, fmt.Sprintf(shapes[a.shape], paint))
}

// Glyph is the arm's schedule, 40 by 13.
func (a armView) Glyph() template.HTML { return a.glyph.svg(40, 13) }

// SmallGlyph is the arm's schedule, 30 by 12.
func (a armView) SmallGlyph() template.HTML { return a.glyph.svg(30, 12) }

// armViews are a sweep's arms as pages in lang name them.
func armViews(lang string, d chart.Data) []armView {
	langs := make([]string, len(d.Sources))
	for i, s := range d.Sources {
		langs[i] = s.Lang
	}
	views := make([]armView, len(d.Arms))
	for i, a := range d.Arms {
		mark := chart.MarkOf(d.Arms, i)
		views[i] = armView{
			Name: a.Name, Side: sideName(d.Sweep.Name, a.Name), Label: cmp.Or(a.Label.In(lang), a.Name), Hue: mark.Hue, Hollow: mark.Hollow, Baseline: d.Sweep.Baseline(d.Arms, i) == i,
			shape: mark.Shape, glyph: newGlyph(a.Weights, d.Sweep.Recipe.For(a).Steps(), langs),
		}
	}
	return views
}
