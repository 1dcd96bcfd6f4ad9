package sampler

import "math/bits"

// Tags keep the streams of one key apart: the third counter word.
const (
	tagPick    = 1 // which source a row comes from, in multinomial mode
	tagPermute = 2 // order of rows inside a source; the source's number stands above it
)

// Philox is Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3; 2011), keyed by the
// low and the high word of key.
func Philox(key uint64, c0, c1, c2, c3 uint32) [4]uint32 {
	k0, k1 := uint32(key), uint32(key>>32)
	for range 10 {
		h0, l0 := bits.Mul32(c0, 0xD2511F53)
		h1, l1 := bits.Mul32(c2, 0xCD9E8D57)
		c0, c1, c2, c3 = h1^c1^k0, l1, h0^c3^k1, l0
		k0 += 0x9E3779B9
		k1 += 0xBB67AE85
	}
	return [4]uint32{c0, c1, c2, c3}
}
