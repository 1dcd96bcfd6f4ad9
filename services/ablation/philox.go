package ablation

import "math/bits"

// philox is Philox4x32-10: 128 bits from a key and a counter (sampler v1, "Definition").
func philox(key uint64, c [4]uint32) [4]uint32 {
	k0, k1 := uint32(key), uint32(key>>32)
	for range 10 {
		h0, l0 := bits.Mul32(c[0], 0xD2511F53)
		h1, l1 := bits.Mul32(c[2], 0xCD9E8D57)
		c = [4]uint32{h1 ^ c[1] ^ k0, l1, h0 ^ c[3] ^ k1, l0}
		k0 += 0x9E3779B9
		k1 += 0xBB67AE85
	}
	return c
}

// What a replicate's seeds are for.
const (
	seedData = 1
	seedMix  = 2
	seedInit = 3
)

// replicateSeed is one of a replicate's seeds, the same for every arm, so that arms are paired within a replicate.
func replicateSeed(sweep uint64, replicate int64, use uint32) uint64 {
	x := philox(sweep, [4]uint32{uint32(replicate), 0, 0, use})
	return uint64(x[0]) | uint64(x[1])<<32
}
