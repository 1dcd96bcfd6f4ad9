package card

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"

	"golang.org/x/image/font/sfnt"
)

// Size of a card in pixels, as those who show links ask for it.
const (
	Width  = 1200
	Height = 630
)

// Card is what stands on a picture.
type Card struct {
	Title  string
	Note   string // at the foot
	JA, EN string // names of the columns of values
	Unit   string // of the values; with the names, those of the axes
	Good   string // which way is better
	Arms   []Arm
	Fronts [][]Point // arms that none beats on both, joined in this order
	More   string    // said where there are more arms than lines
	Plot   *Plot     // drawn instead of the arms' trade-off; nil: that is
	Matrix *Matrix   // likewise, beside the arms' lines
	Source string    // whose picture it is
}

// Arm is one line and one place in the chart.
type Arm struct {
	Label  string
	Hue    int    // 1 to 6; 0 is grey
	Shape  string // circle, square, triangle, diamond, down or pentagon
	Hollow bool
	Mean   *Point // nil where it has none
	Seeds  []Point
}

// Point is a place in the chart.
type Point struct{ X, Y float64 }

// Drawer draws cards. It is safe for concurrent use.
type Drawer struct{ font *sfnt.Font }

// New is a drawer that writes in a font, given as the bytes of a TrueType or OpenType file. For what the font
// can't write stands □.
func New(data []byte) (*Drawer, error) {
	font, err := sfnt.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("read the font of cards: %w", err)
	}
	return &Drawer{font}, nil
}

// Colours, those of the pages in their light scheme.
var (
	paper = color.RGBA{0xff, 0xff, 0xff, 0xff}
	ink   = color.RGBA{0x15, 0x18, 0x1d, 0xff}
	ink3  = color.RGBA{0x5f, 0x67, 0x73, 0xff}
	rule  = color.RGBA{0xe1, 0xe4, 0xe9, 0xff}
	axis  = color.RGBA{0x9a, 0xa1, 0xac, 0xff}
	ja    = color.RGBA{0xd0, 0x55, 0x04, 0xff}
	en    = color.RGBA{0x00, 0x54, 0x9f, 0xff}
	hues  = []color.RGBA{
		{0x86, 0x8e, 0x9a, 0xff},
		{0x5a, 0x41, 0xc4, 0xff},
		{0x93, 0x6f, 0x10, 0xff},
		{0xb4, 0x2a, 0x86, 0xff},
		{0x4b, 0x5a, 0x12, 0xff},
		{0x1f, 0x26, 0x30, 0xff},
		{0x6e, 0x33, 0x10, 0xff},
	}
)

// PNG draws a card.
func (d *Drawer) PNG(c Card) ([]byte, error) {
	s := &sheet{RGBA: image.NewRGBA(image.Rect(0, 0, Width, Height)), font: d.font}
	draw.Draw(s, s.Bounds(), image.NewUniform(paper), image.Point{}, draw.Src)
	s.head(c)
	s.lines(c)
	switch {
	case c.Matrix != nil:
		s.matrix(c.Matrix)
	case c.Plot != nil:
		s.plot(c.Plot)
	default:
		s.chart(c)
	}
	if s.err != nil {
		return nil, fmt.Errorf("draw a card: %w", s.err)
	}
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := encoder.Encode(&out, s.RGBA); err != nil {
		return nil, fmt.Errorf("write a card: %w", err)
	}
	return out.Bytes(), nil
}

const (
	edge    = 56.0 // around everything
	right   = Width - edge
	split   = 590.0 // where the lines end and the chart begins
	bodyTop = 236.0
)

// head is whose picture it is, the title and, at the foot, the note.
func (s *sheet) head(c Card) {
	s.logo(edge, 36, 34)
	s.text(edge+48, 62, 26, ink, c.Source)
	size := 46.0
	title := s.wrap(c.Title, size, right-edge, 2)
	if len(title) == 1 {
		s.text(edge, 158, size, ink, title[0])
	} else {
		for i, line := range title {
			s.text(edge, 136+54*float64(i), size, ink, line)
		}
	}
	s.fill(rule, rect(edge, bodyTop-22, right, bodyTop-20))
	s.text(edge, Height-28, 22, ink3, s.cut(c.Note, 22, right-edge))
}

// mostLines is how many lines there are; the last one may say how many arms have none.
const mostLines = 6

// lines are the arms with their values.
func (s *sheet) lines(c Card) {
	if len(c.Arms) == 0 {
		return
	}
	const jaEnd, enEnd = split - 114, split - 12
	s.textEnd(jaEnd, bodyTop+26, 21, ja, c.JA)
	s.textEnd(enEnd, bodyTop+26, 21, en, c.EN)
	y := bodyTop + 72
	for i, arm := range c.Arms {
		if i == mostLines-1 && len(c.Arms) > mostLines {
			s.text(edge+36, y, 22, ink3, c.More)
			break
		}
		s.mark(arm, edge+13, y-10, 12)
		s.text(edge+36, y, 26, ink, s.cut(arm.Label, 26, jaEnd-88-edge-36))
		if arm.Mean != nil {
			s.textEnd(jaEnd, y, 26, ink, fmt.Sprintf("%.3f", arm.Mean.Y))
			s.textEnd(enEnd, y, 26, ink, fmt.Sprintf("%.3f", arm.Mean.X))
		}
		y += 44
	}
}
