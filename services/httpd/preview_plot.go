package httpd

import (
	"math"
	"slices"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/card"
	"github.com/haigo-lab/haigo/services/chart"
)

// drawnFigure is as much of a frozen figure as a picture of it needs.
type drawnFigure struct {
	Kind    chart.Kind
	Title   ablation.Label
	X, Y    chart.Axis
	Arms    []chart.Arm
	Corners []chart.Corner
	Heads   []chart.Head
	Series  []chart.Series
	Option  struct {
		XAxis, YAxis []struct{ Min, Max float64 }
		Series       []struct{ Data [][]any }
	}
}

// plot is a frozen figure of a decision or a comparison in small: its curves, bands and places, without its tools and words.
func (w words) plot(f drawnFigure) *card.Plot {
	p := &card.Plot{X: f.X.Name.In(w.lang), Y: f.Y.Name.In(w.lang)}
	if len(f.Option.XAxis) > 0 && len(f.Option.YAxis) > 0 {
		x, y := f.Option.XAxis[0], f.Option.YAxis[0]
		p.Low, p.High = card.Point{X: x.Min, Y: y.Min}, card.Point{X: x.Max, Y: y.Max}
		p.Ends = [2]string{w.tick(f.X.Format, x.Min), w.tick(f.X.Format, x.Max)}
	}
	for _, c := range f.Corners {
		p.Corners = append(p.Corners, c.Name.In(w.lang))
	}
	for i, series := range f.Series {
		if i < len(f.Option.Series) {
			f.place(p, series, f.Option.Series[i].Data, w.lang)
		}
	}
	return p
}

// tick is a value at the end of an axis; nothing where an axis has another format than pictures write.
func (w words) tick(format chart.Format, v float64) string {
	switch format {
	case chart.FormatPercent:
		return percent(v, 0)
	case chart.FormatTokens:
		return chart.Count(v).In(w.lang)
	case chart.FormatInteger:
		return chart.Integer(v)
	case chart.FormatDuration:
		return w.lasting(time.Duration(v * float64(time.Second)))
	case chart.FormatFixed2, chart.FormatFixed3:
		return fixed(v, 2)
	}
	return ""
}

// place puts one series where its role says.
func (f drawnFigure) place(p *card.Plot, s chart.Series, rows [][]any, lang string) {
	colour := f.ink(s)
	switch s.Role {
	case chart.RoleBeyond, chart.RoleOptimum:
		for _, r := range rows {
			p.Grounds = append(p.Grounds, card.Ground{Ink: map[chart.Role]card.Ink{chart.RoleBeyond: card.InkPale, chart.RoleOptimum: card.InkPick}[s.Role], From: value(r, 0), To: value(r, 1)})
		}
	case chart.RoleBand:
		p.Bands = append(p.Bands, card.Band{Ink: colour, Low: points(rows, 1), High: points(rows, 2)})
	case chart.RoleLine:
		p.Lines = append(p.Lines, card.Line{Ink: colour, Points: points(rows, 1)})
	case chart.RoleLaw:
		p.Lines = append(p.Lines, card.Line{Ink: colour, Thin: true, Points: points(rows, 1)})
	case chart.RoleBaseline:
		p.Lines = append(p.Lines, card.Line{Points: points(rows, 1)})
	case chart.RoleAdjusted, chart.RoleSeen, chart.RoleTurned:
		for _, at := range points(rows, 1) {
			p.Dots = append(p.Dots, card.Dot{Ink: colour, At: at})
		}
	case chart.RoleMean:
		arm, ok := f.arm(s)
		if !ok {
			return
		}
		for _, at := range points(rows, 1) {
			p.Arms = append(p.Arms, card.Placed{Arm: pictured(arm, lang), At: at})
		}
	case chart.RoleGrid:
		p.Shades, p.Edges = shades(rows), edges(rows)
	case chart.RolePick, chart.RoleStart:
		for _, r := range rows {
			if len(r) > 1 {
				p.Picks = append(p.Picks, card.Point{X: value(r, 0), Y: value(r, 1)})
				continue
			}
			p.Grounds = append(p.Grounds, card.Ground{Ink: card.InkPick, From: value(r, 0), To: value(r, 0)})
		}
	}
}

// ink is a series' colour: its language's, or its arm's.
func (f drawnFigure) ink(s chart.Series) card.Ink {
	if arm, ok := f.arm(s); ok && s.Lang == "" {
		return card.Hued(arm.Mark.Hue)
	}
	return card.Ink(s.Lang)
}

// named are the figure's arms, without scores.
func (f drawnFigure) named(lang string) []card.Arm {
	out := make([]card.Arm, len(f.Arms))
	for i, arm := range f.Arms {
		out[i] = pictured(arm, lang)
	}
	return out
}

// pictured is an arm as a picture marks it.
func pictured(arm chart.Arm, lang string) card.Arm {
	return card.Arm{Label: arm.Label.In(lang), Hue: arm.Mark.Hue, Shape: arm.Mark.Shape, Hollow: arm.Mark.Hollow}
}

func (f drawnFigure) arm(s chart.Series) (arm chart.Arm, ok bool) {
	if s.Arm == nil || *s.Arm < 0 || *s.Arm >= len(f.Arms) {
		return arm, false
	}
	return f.Arms[*s.Arm], true
}

// shades are the nodes of a triangle, the darker the better, as the page's chart has them: paler by the root of what they lose
// against the best, on the scale of three quarters of them; paler still where nothing was run near.
func shades(rows [][]any) []card.Shade {
	losses := make([]float64, len(rows))
	for i, r := range rows {
		losses[i] = max(0, value(r, 2))
	}
	slices.Sort(losses)
	scale := 1.0
	if i := len(losses) * 3 / 4; i < len(losses) && losses[i] > 0 {
		scale = losses[i]
	}
	var out []card.Shade
	for _, r := range rows {
		strength := 1 - math.Sqrt(max(0, value(r, 2))/scale)
		if outside, _ := cellOf(r, 4).(bool); outside {
			strength *= .5
		}
		out = append(out, card.Shade{At: card.Point{X: value(r, 0), Y: value(r, 1)}, Strength: min(max(strength, 0), 1)})
	}
	return out
}

// edges are the sides of the region of nodes that are as good as the best: those of its small triangles that no other of them
// has. Nodes come row by row, each row one shorter.
func edges(rows [][]any) (sides [][2]card.Point) {
	n := int(math.Sqrt(float64(8*len(rows)+1))-3) / 2
	index := func(i, j int) int { return i*(n+1) - i*(i-1)/2 + j }
	found := map[[2]int]bool{}
	var order [][2]int
	facet := func(of ...int) {
		for _, k := range of {
			if good, _ := cellOf(rows[k], 3).(bool); !good {
				return
			}
		}
		for i, a := range of {
			b := of[(i+1)%len(of)]
			side := [2]int{min(a, b), max(a, b)}
			found[side] = !found[side]
			order = append(order, side)
		}
	}
	for i := range n {
		for j := range n - i {
			facet(index(i, j), index(i+1, j), index(i, j+1))
			if j < n-i-1 {
				facet(index(i+1, j), index(i+1, j+1), index(i, j+1))
			}
		}
	}
	at := func(k int) card.Point { return card.Point{X: value(rows[k], 0), Y: value(rows[k], 1)} }
	for _, side := range order {
		if found[side] {
			sides = append(sides, [2]card.Point{at(side[0]), at(side[1])})
		}
	}
	return sides
}

// points are the first and another cell of every row that has both.
func points(rows [][]any, y int) []card.Point {
	var out []card.Point
	for _, r := range rows {
		if at := (card.Point{X: value(r, 0), Y: value(r, y)}); !math.IsNaN(at.X + at.Y) {
			out = append(out, at)
		}
	}
	return out
}

func cellOf(row []any, i int) any {
	if i >= len(row) {
		return nil
	}
	return row[i]
}

// value is a number of a row; NaN where there is none.
func value(row []any, i int) float64 {
	if v, ok := cellOf(row, i).(float64); ok {
		return v
	}
	return math.NaN()
}
