package sampler

import "math/bits"

// Permute is a keyed bijection of [0, n): where position p of an epoch of a source lands. A six-round Feistel network on
// the smallest even number of bits that holds n-1, walked along its cycle until the image is below n.
func Permute(seed uint64, source, epoch uint32, n, p uint64) uint64 {
	h := max(1, uint(bits.Len64(n-1)+1)/2)
	mask := uint32(1)<<h - 1
	for x := p; ; {
		l, r := uint32(x>>h), uint32(x)&mask
		for round := range uint32(6) {
			l, r = r, l^(Philox(seed, r, round, tagPermute|source<<8, epoch)[0]&mask)
		}
		if x = uint64(l)<<h | uint64(r); x < n {
			return x
		}
	}
}
