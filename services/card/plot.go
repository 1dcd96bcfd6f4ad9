package card

import (
	"image/color"
	"math"
	"strconv"
)

// Plot is a chart of curves and places, drawn where a card has no trade-off of its arms.
type Plot struct {
	X, Y      string    // what the axes measure
	Ends      [2]string // of the X axis, in words; empty: not said
	Low, High Point     // ends of the axes
	Corners   []string  // of a triangle of side 1 in place of axes: lower left, lower right, top

	Grounds []Ground // back to front from here on
	Shades  []Shade
	Edges   [][2]Point // short sides of a region in a triangle, dashed
	Bands   []Band
	Lines   []Line
	Dots    []Dot
	Arms    []Placed
	Picks   []Point // what is recommended
}

// Ink names a colour: a language, an arm's hue, or what follows.
type Ink string

// Hued is the ink of arms of a hue, as [Arm] has it.
func Hued(hue int) Ink { return Ink("hue " + strconv.Itoa(hue)) }

// Inks beside those of languages (ja, en, code, other).
const (
	InkPlain Ink = ""     // of what belongs to no language
	InkPale  Ink = "pale" // of what nothing was tried of
	InkPick  Ink = "pick" // of what is recommended
)

// Ground is everything between two places of the X axis; where both are one, it is an upright line.
type Ground struct {
	Ink      Ink
	From, To float64
}

// Shade is a part of a triangle around a place, its strength between 0 and 1.
type Shade struct {
	At       Point
	Strength float64
}

// Band is all between two curves; what is beyond the axes is cut off.
type Band struct {
	Ink       Ink
	Low, High []Point
}

// Line is a curve; what is beyond the axes is cut off.
type Line struct {
	Ink    Ink
	Thin   bool
	Points []Point
}

// Dot is a place, open where it is no more than what is behind a curve.
type Dot struct {
	Ink Ink
	At  Point
}

// Placed is an arm's mark at a place.
type Placed struct {
	Arm Arm
	At  Point
}

// Colours of plots that no other part of a card has.
var (
	code = color.RGBA{0x06, 0xa2, 0x7a, 0xff}
	dark = color.RGBA{0x69, 0x71, 0x7d, 0xff}
)

func (i Ink) colour() color.RGBA {
	switch i {
	case "ja":
		return ja
	case "en":
		return en
	case "code":
		return code
	case InkPick:
		return hues[1]
	case InkPale:
		return rule
	}
	for hue, c := range hues {
		if i == Hued(hue) {
			return c
		}
	}
	return dark
}

// plot draws a plot in the chart's place.
func (s *sheet) plot(p *Plot) {
	f := frame{left: split + 44, top: bodyTop + 44, right: right - 12, bottom: Height - 92, low: p.Low, high: p.High}
	if len(p.Corners) == 3 {
		f = s.triangle(p, f)
	} else {
		s.axes(p, f)
	}
	for _, b := range p.Bands {
		s.fill(tint(b.Ink.colour(), .22), f.between(b))
	}
	for _, l := range p.Lines {
		width := 4.0
		if l.Thin {
			width = 2
		}
		for i := 1; i < len(l.Points); i++ {
			from, to, seen := f.cut(l.Points[i-1], l.Points[i])
			if !seen {
				continue
			}
			x0, y0 := f.at(from)
			x1, y1 := f.at(to)
			s.fill(l.Ink.colour(), stroke(x0, y0, x1, y1, width), circle(x1, y1, width/2))
		}
	}
	for _, d := range p.Dots {
		x, y := f.at(d.At)
		s.fill(d.Ink.colour(), circle(x, y, 7))
		s.fill(paper, circle(x, y, 4.5))
	}
	for _, a := range p.Arms {
		x, y := f.at(a.At)
		s.mark(a.Arm, x, y, 11)
	}
	for _, at := range p.Picks {
		x, y := f.at(at)
		s.fill(paper, outline("diamond", x, y, 17))
		s.fill(InkPick.colour(), outline("diamond", x, y, 13))
	}
}

// axes are the plot's, with its grounds behind them.
func (s *sheet) axes(p *Plot, f frame) {
	for _, g := range p.Grounds {
		x0, _ := f.at(Point{X: g.From})
		x1, _ := f.at(Point{X: g.To})
		if g.From == g.To {
			s.fill(g.Ink.colour(), rect(x0-1.5, f.top, x0+1.5, f.bottom))
			continue
		}
		s.fill(tint(g.Ink.colour(), map[Ink]float64{InkPale: .6, InkPick: .16}[g.Ink]), rect(x0, f.top, x1, f.bottom))
	}
	s.fill(axis, rect(f.left, f.top, f.left+2, f.bottom+2), rect(f.left, f.bottom, f.right, f.bottom+2))
	s.text(f.left-4, f.top-18, 21, ink3, s.cut(p.Y, 21, f.right-f.left))
	s.text(f.left, f.bottom+30, 19, ink3, p.Ends[0])
	s.textEnd(f.right, f.bottom+30, 19, ink3, p.Ends[1])
	name := s.cut(p.X, 21, f.right-f.left)
	s.text((f.left+f.right-s.width(name, 21))/2, f.bottom+58, 21, ink3, name)
}

// dash is how much of a side is drawn.
const dash = .6

// triangle is the place of a triangle, as large as the chart's allows, with its shades and corners.
func (s *sheet) triangle(p *Plot, f frame) frame {
	height := math.Sqrt(3) / 2
	f.top, f.bottom = f.top+8, f.bottom+20
	side := min(f.right-f.left, (f.bottom-f.top)/height)
	f.left = (f.left + f.right - side) / 2
	f.right, f.top = f.left+side, f.bottom-side*height
	f.low, f.high = Point{0, 0}, Point{1, height}
	for _, shade := range p.Shades {
		x, y := f.at(shade.At)
		s.fill(tint(InkPick.colour(), .7*shade.Strength), circle(x, y, side/40))
	}
	s.fill(paper, f.beside(side/20)...)
	for _, e := range p.Edges {
		x0, y0 := f.at(e[0])
		x1, y1 := f.at(e[1])
		s.fill(ink, stroke(x0, y0, x0+dash*(x1-x0), y0+dash*(y1-y0), 3))
	}
	corners := []Point{{0, 0}, {1, 0}, {.5, height}}
	for i, c := range corners {
		x0, y0 := f.at(c)
		x1, y1 := f.at(corners[(i+1)%3])
		s.fill(axis, stroke(x0, y0, x1, y1, 2))
	}
	s.textEnd(f.left-10, f.bottom+6, 21, ink3, p.Corners[0])
	s.text(f.right+10, f.bottom+6, 21, ink3, p.Corners[1])
	s.text(f.left+side/2-s.width(p.Corners[2], 21)/2, f.top-10, 21, ink3, p.Corners[2])
	return f
}

// beside is all that shades of a triangle reach past its edges, up to a width.
func (f frame) beside(w float64) []path {
	top := (f.left + f.right) / 2
	return []path{
		{{f.left, f.bottom}, {top, f.top}, {top - w, f.top}, {f.left - w, f.bottom}},
		{{f.right, f.bottom}, {top, f.top}, {top + w, f.top}, {f.right + w, f.bottom}},
		rect(f.left-w, f.bottom, f.right+w, f.bottom+w), rect(top-w, f.top-w/2, top+w, f.top),
	}
}

// cut is the part of a line from a to b that is neither above nor below the axes; false where none is.
func (f frame) cut(a, b Point) (from, to Point, seen bool) {
	at := func(y float64) Point { return Point{a.X + (b.X-a.X)*(y-a.Y)/(b.Y-a.Y), y} }
	end := func(p Point) Point {
		switch {
		case p.Y > f.high.Y:
			return at(f.high.Y)
		case p.Y < f.low.Y:
			return at(f.low.Y)
		}
		return p
	}
	return end(a), end(b), max(a.Y, b.Y) >= f.low.Y && min(a.Y, b.Y) <= f.high.Y
}

// between is the outline of a band.
func (f frame) between(b Band) path {
	var p path
	for _, at := range b.Low {
		x, y := f.at(at)
		p = append(p, [2]float64{x, y})
	}
	for i := len(b.High) - 1; i >= 0; i-- {
		x, y := f.at(b.High[i])
		p = append(p, [2]float64{x, y})
	}
	return p.within(f.top, func(y float64) bool { return y >= f.top }).within(f.bottom, func(y float64) bool { return y <= f.bottom })
}

// within is the part of an outline on one side of a height.
func (p path) within(height float64, inside func(y float64) bool) (out path) {
	for i, b := range p {
		a := p[(i+len(p)-1)%len(p)]
		if inside(a[1]) != inside(b[1]) {
			out = append(out, [2]float64{a[0] + (b[0]-a[0])*(height-a[1])/(b[1]-a[1]), height})
		}
		if inside(b[1]) {
			out = append(out, b)
		}
	}
	return out
}
