package card

import (
	"image"
	"image/color"
	"strings"
	"unicode"

	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// sheet is what a card is drawn on.
type sheet struct {
	*image.RGBA
	font  *sfnt.Font
	faces map[float64]font.Face
	buf   sfnt.Buffer
	err   error // the first one; after it nothing is drawn well
}

func (s *sheet) face(size float64) font.Face {
	if face, ok := s.faces[size]; ok {
		return face
	}
	face, err := opentype.NewFace(s.font, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		s.err = err
		return nil
	}
	if s.faces == nil {
		s.faces = map[float64]font.Face{}
	}
	s.faces[size] = face
	return face
}

// missing stands for a character that the font lacks, as browsers show it: a font of all scripts would be
// larger than the rest of the program.
const missing = '□'

// writable is a text in which missing stands for what the font has no glyph for; any white space becomes a space.
func (s *sheet) writable(text string) string {
	return strings.Map(func(r rune) rune {
		switch i, err := s.font.GlyphIndex(&s.buf, r); {
		case unicode.IsSpace(r) && r != '\u3000':
			return ' '
		case unicode.In(r, unicode.C, unicode.M, unicode.Sk, unicode.Variation_Selector): // they change what stands before them
			return -1
		case err != nil || i == 0:
			return missing
		}
		return r
	}, text)
}

// text writes from x on, y being the line that the letters stand on.
func (s *sheet) text(x, y, size float64, c color.RGBA, text string) {
	face := s.face(size)
	if face == nil {
		return
	}
	d := font.Drawer{Dst: s.RGBA, Src: image.NewUniform(c), Face: face, Dot: fixed.Point26_6{X: fixed.Int26_6(x * 64), Y: fixed.Int26_6(y * 64)}}
	d.DrawString(s.writable(text))
}

// textEnd writes up to x.
func (s *sheet) textEnd(x, y, size float64, c color.RGBA, text string) {
	s.text(x-s.width(text, size), y, size, c, text)
}

func (s *sheet) width(text string, size float64) float64 {
	face := s.face(size)
	if face == nil {
		return 0
	}
	return float64(font.MeasureString(face, s.writable(text))) / 64
}

// cut is a text that fits, with an ellipsis where it was longer.
func (s *sheet) cut(text string, size, width float64) string {
	if s.width(text, size) <= width {
		return text
	}
	runes := []rune(text)
	for len(runes) > 0 && s.width(string(runes)+"…", size) > width {
		runes = runes[:len(runes)-1]
	}
	return strings.TrimSpace(string(runes)) + "…"
}

// wrap breaks a text into at most so many lines; the last one is cut.
func (s *sheet) wrap(text string, size, width float64, most int) []string {
	var lines []string
	rest := strings.Join(strings.Fields(s.writable(text)), " ")
	for len(lines) < most-1 && s.width(rest, size) > width {
		line := s.line(rest, size, width)
		lines = append(lines, strings.TrimSpace(line))
		rest = strings.TrimSpace(rest[len(line):])
	}
	return append(lines, s.cut(rest, size, width))
}

// line is as much of a text as fits, up to a place where it may break; at least one character.
func (s *sheet) line(text string, size, width float64) string {
	runes := []rune(text)
	end := 1
	for end < len(runes) && s.width(string(runes[:end+1]), size) <= width {
		end++
	}
	for at := end; at > 0; at-- {
		if at < len(runes) && breaks(runes[at-1], runes[at]) {
			return string(runes[:at])
		}
	}
	return string(runes[:end])
}

// unled are characters that no line begins with, unclosed those that none ends with.
const (
	unled    = "、。，．・：；？！」』）］｝〉》】〕”’ーぁぃぅぇぉっゃゅょァィゥェォッャュョ々…,.:;?!)]}%"
	unclosed = "「『（［｛〈《【〔“‘([{"
)

// breaks reports whether a line may end between two characters: at spaces, and around those that are written without.
func breaks(before, after rune) bool {
	if strings.ContainsRune(unled, after) || strings.ContainsRune(unclosed, before) {
		return false
	}
	return before == ' ' || wide(before) || wide(after)
}

// wide reports whether a character belongs to a script that needs no spaces.
func wide(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) || r >= 0x3000 && r <= 0x303f || r >= 0xff00 && r <= 0xffef
}
