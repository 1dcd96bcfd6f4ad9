package card

import (
	"image"
	"image/color"
	"math"

	"golang.org/x/image/vector"
)

// path is a closed outline.
type path [][2]float64

func rect(x0, y0, x1, y1 float64) path { return path{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}} }

// stroke is a straight line of a width.
func stroke(x0, y0, x1, y1, width float64) path {
	length := math.Hypot(x1-x0, y1-y0)
	if length == 0 {
		return nil
	}
	dx, dy := (y1-y0)/length*width/2, (x0-x1)/length*width/2
	return path{{x0 + dx, y0 + dy}, {x1 + dx, y1 + dy}, {x1 - dx, y1 - dy}, {x0 - dx, y0 - dy}}
}

// circle is one of as many corners as nobody sees.
func circle(x, y, r float64) path { return polygon(x, y, r, 48, 0) }

// polygon is regular, its first corner at an angle from the top.
func polygon(x, y, r float64, corners int, from float64) path {
	p := make(path, corners)
	for i := range p {
		sin, cos := math.Sincos(from + 2*math.Pi*float64(i)/float64(corners))
		p[i] = [2]float64{x + r*sin, y - r*cos}
	}
	return p
}

// outline is an arm's shape around a place, in about the same area for each.
func outline(shape string, x, y, r float64) path {
	switch shape {
	case "square":
		return rect(x-r*.85, y-r*.85, x+r*.85, y+r*.85)
	case "triangle":
		return polygon(x, y+r*.15, r*1.2, 3, 0)
	case "down":
		return polygon(x, y-r*.15, r*1.2, 3, math.Pi)
	case "diamond":
		return polygon(x, y, r*1.15, 4, 0)
	case "pentagon":
		return polygon(x, y, r*1.05, 5, 0)
	case "left":
		return polygon(x+r*.15, y, r*1.2, 3, -math.Pi/2)
	case "right":
		return polygon(x-r*.15, y, r*1.2, 3, math.Pi/2)
	case "star":
		return star(x, y, r*1.25)
	case "plus", "hourglass", "bar":
		return scaled(corners[shape], x, y, r)
	}
	return circle(x, y, r)
}

// corners of shapes that aren't regular, in radii around the middle.
var corners = map[string]path{
	"plus": {
		{-.35, -1}, {.35, -1}, {.35, -.35}, {1, -.35}, {1, .35}, {.35, .35}, {.35, 1}, {-.35, 1}, {-.35, .35}, {-1, .35}, {-1, -.35}, {-.35, -.35},
	},
	"hourglass": {{-.9, -1}, {.9, -1}, {.25, 0}, {.9, 1}, {-.9, 1}, {-.25, 0}},
	"bar":       rect(-1.1, -.4, 1.1, .4),
}

func scaled(p path, x, y, r float64) path {
	out := make(path, len(p))
	for i, at := range p {
		out[i] = [2]float64{x + r*at[0], y + r*at[1]}
	}
	return out
}

// star has five points, and its inner corners at less than half of their radius.
func star(x, y, r float64) path {
	outer, inner := polygon(x, y, r, 5, 0), polygon(x, y, r*.45, 5, math.Pi/5)
	var p path
	for i := range outer {
		p = append(p, outer[i], inner[i])
	}
	return p
}

// mark is an arm's: filled, or hollow for a matched control.
func (s *sheet) mark(a Arm, x, y, r float64) {
	s.fill(paper, outline(a.Shape, x, y, r+2.5))
	s.fill(hues[a.Hue], outline(a.Shape, x, y, r))
	if a.Hollow {
		s.fill(paper, outline(a.Shape, x, y, r-4))
	}
}

// logo is Haigo's: one body of text over the other.
func (s *sheet) logo(x, y, size float64) {
	k := size / 20
	lower, upper := path{{x + k, y + 19*k}}, path{{x + k, y + 13*k}, {x + k, y + k}, {x + 19*k, y + k}}
	lower = append(lower, curve([4][2]float64{{1, 14}, {7, 14}, {9, 5}, {19, 5}}, x, y, k)...)
	upper = append(upper, curve([4][2]float64{{19, 4}, {8.4, 4}, {7, 13}, {1, 13}}, x, y, k)...)
	s.fill(ja, append(lower, [2]float64{x + 19*k, y + 19*k}))
	s.fill(en, upper)
}

// curve walks along a cubic Bézier curve.
func curve(c [4][2]float64, x, y, k float64) path {
	var p path
	for i := range 25 {
		t := float64(i) / 24
		at := func(d int) float64 {
			u := 1 - t
			return u*u*u*c[0][d] + 3*u*u*t*c[1][d] + 3*u*t*t*c[2][d] + t*t*t*c[3][d]
		}
		p = append(p, [2]float64{x + k*at(0), y + k*at(1)})
	}
	return p
}

// faint is a colour at less than half its strength.
func faint(c color.RGBA) color.RGBA { return tint(c, .45) }

// tint is a colour at a part of its strength, on paper.
func tint(c color.RGBA, part float64) color.RGBA {
	mix := func(v uint8) uint8 { return uint8(math.Round(float64(v)*part + 255*(1-part))) }
	return color.RGBA{mix(c.R), mix(c.G), mix(c.B), 255}
}

// fill paints outlines in one colour, with smooth edges.
func (s *sheet) fill(c color.RGBA, paths ...path) {
	for _, p := range paths {
		s.fillOne(c, p)
	}
}

// fillOne looks only at the pixels that the outline is in.
func (s *sheet) fillOne(c color.RGBA, p path) {
	if len(p) == 0 {
		return
	}
	box := p.bounds().Intersect(s.Bounds())
	r := vector.NewRasterizer(box.Dx(), box.Dy())
	for i, at := range p {
		x, y := float32(at[0]-float64(box.Min.X)), float32(at[1]-float64(box.Min.Y))
		if i == 0 {
			r.MoveTo(x, y)
		} else {
			r.LineTo(x, y)
		}
	}
	r.ClosePath()
	r.Draw(s.RGBA, box, image.NewUniform(c), image.Point{})
}

func (p path) bounds() image.Rectangle {
	x0, y0, x1, y1 := p[0][0], p[0][1], p[0][0], p[0][1]
	for _, at := range p {
		x0, y0, x1, y1 = min(x0, at[0]), min(y0, at[1]), max(x1, at[0]), max(y1, at[1])
	}
	return image.Rect(int(math.Floor(x0)), int(math.Floor(y0)), int(math.Ceil(x1))+1, int(math.Ceil(y1))+1)
}
