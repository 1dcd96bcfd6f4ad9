package corpus

import (
	"encoding/binary"
	"unicode/utf8"
)

// invalidUTF8 is where data stops being UTF-8, -1 where it doesn't.
func invalidUTF8(data []byte) int {
	if validUTF8(data) {
		return -1
	}
	for i := 0; ; {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size <= 1 {
			return i
		}
		i += size
	}
}

// What a character may still need, as places in the numbers of utf8Steps.
const (
	broken = 6 * iota // whatever comes
	whole             // nothing: here the next begins
	oneMore
	twoMore
	threeMore
	afterE0 // the second byte of some is bound: no character is written in more bytes than it needs,
	afterED // and none is half of a pair
	afterF0
	afterF4
)

// utf8Steps has a number for each byte: what a character needs after it, six bits for each thing that it may have needed
// before it.
var utf8Steps = func() (steps [256]uint64) {
	set := func(first, last byte, before, after uint64) {
		for b := int(first); b <= int(last); b++ {
			steps[b] |= after << before
		}
	}
	set(0x00, 0x7f, whole, whole)
	set(0xc2, 0xdf, whole, oneMore)
	set(0xe1, 0xef, whole, twoMore)
	set(0xf1, 0xf3, whole, threeMore)
	steps[0xe0], steps[0xed] = afterE0<<whole, afterED<<whole
	steps[0xf0], steps[0xf4] = afterF0<<whole, afterF4<<whole
	set(0x80, 0xbf, oneMore, whole)
	set(0x80, 0xbf, twoMore, oneMore)
	set(0x80, 0xbf, threeMore, twoMore)
	set(0xa0, 0xbf, afterE0, oneMore)
	set(0x80, 0x9f, afterED, oneMore)
	set(0x90, 0xbf, afterF0, twoMore)
	set(0x80, 0x8f, afterF4, twoMore)
	return steps
}()

// validUTF8 is utf8.Valid, several times as fast for Japanese between marks of ASCII: a shift a byte, and no branch on
// what it is.
func validUTF8(data []byte) bool {
	needs := uint64(whole)
	for len(data) >= 64 {
		block := data[:64]
		if data = data[64:]; needs&63 == whole && allASCII(block) {
			continue
		}
		for _, b := range block {
			needs = utf8Steps[b] >> (needs & 63)
		}
	}
	for _, b := range data {
		needs = utf8Steps[b] >> (needs & 63)
	}
	return needs&63 == whole
}

func allASCII(block []byte) bool {
	all := uint64(0)
	for ; len(block) >= 8; block = block[8:] {
		all |= binary.LittleEndian.Uint64(block)
	}
	return all&highBits == 0
}
