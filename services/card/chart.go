package card

import "math"

// frame is the chart's place: values to pixels.
type frame struct {
	left, top, right, bottom float64
	low, high                Point
}

// newFrame leaves a little room around all points; without any its ends are infinite.
func newFrame(arms []Arm) frame {
	f := frame{
		left: split + 44, top: bodyTop + 44, right: right - 12, bottom: Height - 92,
		low: Point{math.Inf(1), math.Inf(1)}, high: Point{math.Inf(-1), math.Inf(-1)},
	}
	for _, a := range arms {
		for _, p := range a.points() {
			f.low.X, f.low.Y = min(f.low.X, p.X), min(f.low.Y, p.Y)
			f.high.X, f.high.Y = max(f.high.X, p.X), max(f.high.Y, p.Y)
		}
	}
	for _, ends := range [][2]*float64{{&f.low.X, &f.high.X}, {&f.low.Y, &f.high.Y}} {
		room := max((*ends[1]-*ends[0])*.12, 1e-6)
		*ends[0], *ends[1] = *ends[0]-room, *ends[1]+room
	}
	return f
}

func (a Arm) points() []Point {
	if a.Mean == nil {
		return a.Seeds
	}
	return append(a.Seeds[:len(a.Seeds):len(a.Seeds)], *a.Mean)
}

// at is a point's place; larger values lie right and up.
func (f frame) at(p Point) (x, y float64) {
	return f.left + (p.X-f.low.X)/(f.high.X-f.low.X)*(f.right-f.left), f.bottom - (p.Y-f.low.Y)/(f.high.Y-f.low.Y)*(f.bottom-f.top)
}

// chart is the trade-off: seeds small, means large, those that nothing beats joined.
func (s *sheet) chart(c Card) {
	f := newFrame(c.Arms)
	if math.IsInf(f.low.X, 1) {
		return
	}
	s.fill(axis, rect(f.left, f.top, f.left+2, f.bottom+2), rect(f.left, f.bottom, f.right, f.bottom+2))
	s.text(f.left-4, f.top-18, 21, ja, c.JA+" "+c.Unit)
	s.textEnd(f.right, f.bottom+36, 21, en, c.EN+" "+c.Unit)
	s.text(f.left, f.bottom+36, 21, ink3, c.Good)
	for _, front := range c.Fronts {
		for i := 1; i < len(front); i++ {
			x0, y0 := f.at(front[i-1])
			x1, y1 := f.at(front[i])
			s.fill(rule, stroke(x0, y0, x1, y1, 12))
		}
	}
	for _, a := range c.Arms {
		for _, seed := range a.Seeds {
			x, y := f.at(seed)
			s.fill(faint(hues[a.Hue]), circle(x, y, 5))
		}
	}
	for _, a := range c.Arms {
		if a.Mean != nil {
			x, y := f.at(*a.Mean)
			s.mark(a, x, y, 13)
		}
	}
}
