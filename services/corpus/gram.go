package corpus

import (
	"slices"
	"unicode"
	"unicode/utf8"
)

// gramUnits is how many units make a gram: words where words are spaced, else characters.
const gramUnits = 13

// shingles goes through a text by its 13-grams. What isn't a letter or a digit parts units and has no part in them, and
// case and width don't count: two copies of a text that were cleaned differently have the same grams.
type shingles struct {
	ring  [gramUnits]uint64
	place int
	units int
	sum   uint64 // of the last units, each times a power of gramBase by its age
}

const (
	gramBase  = 0x9e3779b97f4a7c15
	wordBasis = 0xcbf29ce484222325 // FNV-1a
	wordPrime = 0x100000001b3
	mixPrime  = 0xd6e8feb86659fd93
)

// oldest is gramBase to the power of gramUnits: what the unit that leaves was multiplied by.
var oldest = func() uint64 {
	power := uint64(1)
	for range gramUnits {
		power *= gramBase
	}
	return power
}()

// push adds a unit and appends the hash of the gram that ends with it; before the thirteenth there is none.
func (g *shingles) push(out []uint64, unit uint64) []uint64 {
	unit *= mixPrime
	unit ^= unit >> 32
	g.sum = g.sum*gramBase + unit - g.ring[g.place]*oldest
	g.ring[g.place] = unit
	if g.place++; g.place == gramUnits {
		g.place = 0
	}
	if g.units++; g.units < gramUnits {
		return out
	}
	return append(out, (g.sum^g.sum>>29)*mixPrime)
}

// all appends the hash of each gram of the text, in order.
func (g *shingles) all(text []byte, out []uint64) []uint64 {
	*g = shingles{}
	word := uint64(wordBasis)
	for i := 0; i < len(text); {
		b := text[i]
		kind, r, size := between, rune(0), 1
		if b < utf8.RuneSelf {
			if folded := asciiUnit[b]; folded != 0 {
				word = (word ^ uint64(folded)) * wordPrime
				i++
				continue
			}
		} else {
			if r = threeBytes(text[i:]); r >= 0x3041 && r <= 0x9fff && r != '・' && (r <= 0x30ff || r >= 0x3400) {
				kind, size = aUnit, 3 // kana and kanji, before all others
			} else if kind, r, size = unitAt(text[i:]); kind == inWord {
				word = (word ^ uint64(r)) * wordPrime
				i += size
				continue
			}
		}
		i += size
		if word != wordBasis {
			out, word = g.push(out, word), wordBasis
		}
		if kind == aUnit {
			out = g.push(out, uint64(r))
		}
	}
	if word != wordBasis {
		out = g.push(out, word)
	}
	return out
}

// threeBytes is the character of three bytes that valid UTF-8 begins with, 0 where it begins with another.
func threeBytes(text []byte) rune {
	if len(text) < 3 || text[0]&0xf0 != 0xe0 {
		return 0
	}
	return rune(text[0]&0x0f)<<12 | rune(text[1]&0x3f)<<6 | rune(text[2]&0x3f)
}

// asciiUnit is the lower-case form of letters and digits, 0 for all else.
var asciiUnit = func() (units [utf8.RuneSelf]byte) {
	for b := range units {
		if r := rune(b); unicode.IsLetter(r) || unicode.IsDigit(r) {
			units[b] = byte(unicode.ToLower(r))
		}
	}
	return units
}()

// What a character beyond ASCII is to grams.
const (
	between = iota // parts units
	inWord
	aUnit // of its own
)

func unitAt(text []byte) (kind int, folded rune, size int) {
	r, size := utf8.DecodeRune(text)
	kind, folded = unitOf(r)
	return kind, folded, size
}

func unitOf(r rune) (kind int, folded rune) {
	switch {
	case r < 0x2000:
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
			return inWord, unicode.ToLower(r)
		}
	case r == '々', r >= 0x20000 && r <= 0x3ffff, r >= 0xf900 && r <= 0xfaff:
		return aUnit, r
	case r >= 0xac00 && r <= 0xd7a3:
		return inWord, r
	case r >= 0xff10 && r <= 0xff5a:
		if folded := asciiUnit[r-0xff10+'0']; folded != 0 {
			return inWord, rune(folded)
		}
	case r >= 0xff66 && r <= 0xff9f:
		return aUnit, r
	}
	return between, 0
}

// sketchGrams is how many grams stand for a text: a half of them is told from a quarter nineteen times of twenty.
const sketchGrams = 32

// sketch is the grams of smallest hash, each once, in order; none where the text has fewer than 13 units. The space may
// be used again.
func sketch(text []byte, space []uint64) (grams, used []uint64) {
	var g shingles
	space = g.all(text, space[:0])
	slices.Sort(space)
	all := slices.Compact(space)
	return slices.Clone(all[:min(len(all), sketchGrams)]), space
}
