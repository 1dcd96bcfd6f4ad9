package corpus

import (
	"math/bits"
	"slices"
	"unicode"
	"unicode/utf8"
)

// gramUnits is how many units make a gram: words where words are spaced, else characters.
const gramUnits = 13

const (
	gramBase = 0x9e3779b97f4a7c15
	mixPrime = 0xd6e8feb86659fd93
)

// oldest and oldestOfFew are what the unit that leaves a gram, or the fewest units of a short one, was multiplied by.
var oldest, oldestOfFew = power(gramUnits), power(fewest)

func power(n int) uint64 {
	power := uint64(1)
	for range n {
		power *= gramBase
	}
	return power
}

// mix is a hash that goes on with x.
func mix(hash, x uint64) uint64 {
	hash = (hash ^ x) * mixPrime
	return hash ^ hash>>32
}

// gramsOf are the hashes of a text's 13-grams, in order, in the memory of space. What isn't a letter or a digit parts units
// and has no part in them, and case and width don't count: two copies of a text that were cleaned differently have the
// same grams.
func gramsOf(text []byte, space []uint64) []uint64 { return grams(firstUnits(text, space)) }

// firstUnits are a text's units after a 0, in the memory of space: nothing leaves the first gram.
func firstUnits(text []byte, space []uint64) []uint64 { return units(text, append(space[:0], 0)) }

// grams puts grams in the place of units.
func grams(all []uint64) []uint64 {
	if len(all) <= gramUnits {
		return all[:0]
	}
	sum := uint64(0) // of the last 13 units, each times a power of gramBase by its age
	for _, unit := range all[1:gramUnits] {
		sum = sum*gramBase + unit
	}
	for i, unit := range all[gramUnits:] {
		sum = sum*gramBase + unit - all[i]*oldest
		all[i] = settled(sum)
	}
	return all[:len(all)-gramUnits]
}

func settled(sum uint64) uint64 { return (sum ^ sum>>29) * mixPrime }

// fewest is how many units of a text are looked for where it has fewer than a gram: what is shorter stands everywhere.
const fewest = 5

// sumOf is that of a few units, as in grams.
func sumOf(units []uint64) uint64 {
	sum := uint64(0)
	for _, unit := range units {
		sum = sum*gramBase + unit
	}
	return sum
}

// units appends the hash of each unit of the text.
func units(text []byte, out []uint64) []uint64 {
	var w word
	for i := 0; i < len(text); {
		if text[i] < utf8.RuneSelf {
			run := text[i:min(i+longestRun, len(text))]
			n := 0
			out, w, n = asciiUnits(slices.Grow(out, len(run)/2+1), run, w)
			i += n
			continue
		}
		if r := threeBytes(text[i:]); r >= 0x3041 && r <= 0x9fff && r != '・' && (r <= 0x30ff || r >= 0x3400) {
			// Kana and kanji, before all others.
			out, w = append(w.end(out), mix(0, uint64(r))), word{}
			if i += 3; i < len(text) {
				i += int(gap[text[i]])
			}
			continue
		}
		kind, r, size := unitAt(text[i:])
		i += size
		switch kind {
		case inWord:
			w = w.add(r)
		case aUnit:
			out, w = append(w.end(out), mix(0, uint64(r))), word{}
		default:
			out, w = w.end(out), word{}
		}
	}
	return w.end(out)
}

// longestRun bounds the ASCII for which room is made at once.
const longestRun = 4 << 10

// word is what was read of a word. Each letter is a number of its own, turned by its place.
type word struct {
	hash  uint64
	there uint64 // 1 where there is a word
}

func (w word) add(r rune) word {
	letter := mix(gramBase, uint64(r))
	if r < utf8.RuneSelf {
		letter = asciiLetters[r]
	}
	return word{bits.RotateLeft64(w.hash, letterTurn) ^ letter, 1}
}

// end appends the word, if there is one.
func (w word) end(out []uint64) []uint64 {
	if w.there == 0 {
		return out
	}
	return append(out, mix(0, w.hash))
}

const letterTurn = 9

// asciiUnits appends the words that end in the ASCII that the text begins with, and says how many bytes that is. The
// word that w is goes on in it. There must be room for a word every other byte. No branch depends on where words end,
// which a processor can't foresee.
func asciiUnits(out []uint64, text []byte, w word) ([]uint64, word, int) {
	room, n := out[len(out):cap(out)], uint64(0)
	for i, b := range text {
		if b >= utf8.RuneSelf {
			return out[:len(out)+int(n)], w, i
		}
		letter := asciiLetters[b]
		there := letter >> 63
		room[n] = mix(0, w.hash)
		n += w.there &^ there
		w = word{(bits.RotateLeft64(w.hash, letterTurn) ^ letter) & -there, there}
	}
	return out[:len(out)+int(n)], w, len(text)
}

// asciiLetters are the numbers of letters and digits, the same for both cases and with the highest bit set; 0 for all
// else.
var asciiLetters = func() (letters [utf8.RuneSelf]uint64) {
	for b := range letters {
		if r := rune(b); unicode.IsLetter(r) || unicode.IsDigit(r) {
			letters[b] = mix(gramBase, uint64(unicode.ToLower(r))) | 1<<63
		}
	}
	return letters
}()

// gap is 1 for what parts units in ASCII.
var gap = func() (gaps [256]uint8) {
	for b, letter := range asciiLetters {
		if letter == 0 {
			gaps[b] = 1
		}
	}
	return gaps
}()

// threeBytes is the character of three bytes that valid UTF-8 begins with, 0 where it begins with another.
func threeBytes(text []byte) rune {
	if len(text) < 3 || text[0]&0xf0 != 0xe0 {
		return 0
	}
	return rune(text[0]&0x0f)<<12 | rune(text[1]&0x3f)<<6 | rune(text[2]&0x3f)
}

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
		if narrow := r - 0xff10 + '0'; asciiLetters[narrow] != 0 {
			return inWord, narrow
		}
	case r >= 0xff66 && r <= 0xff9f:
		return aUnit, r
	}
	return between, 0
}

// sketchGrams is how many grams stand for a text: a half of them is told from a quarter nineteen times of twenty.
const sketchGrams = 32

// sketch is the grams of smallest hash of a text's parts, each once, in order, and the parts that have fewer units than a gram
// but not too few to be looked for. The space may be used again.
func sketch(space []uint64, parts ...[]byte) (p probe, used []uint64) {
	var all []uint64
	for _, part := range parts {
		space = firstUnits(part, space)
		if n := len(space) - 1; n >= fewest && n < gramUnits {
			p.short = append(p.short, slices.Clone(space[1:]))
		}
		all = append(all, grams(space)...)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	p.grams = slices.Clone(all[:min(len(all), sketchGrams)])
	return p, space
}
