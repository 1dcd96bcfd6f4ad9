package ablation

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// seeds is a number of replicates, or the replicates themselves.
func (r *reader) seeds(n *node) []int64 {
	if n == nil {
		return replicates(3)
	}
	if n.kind != kindList {
		return replicates(r.whole(n, 1, 1, maxSeeds))
	}
	out := distinct(r, n, func(item *node) int64 { return r.whole(item, 0, 1, math.MaxUint32) })
	slices.Sort(out)
	return out
}

func replicates(n int64) []int64 {
	out := make([]int64, n)
	for i := range out {
		out[i] = int64(i) + 1
	}
	return out
}

// seed is 64 bits, decimal or 0x….
func (r *reader) seed(n *node) *uint64 {
	if !r.is(n, kindScalar) {
		return nil
	}
	text, base := n.text, 10
	if hex, ok := strings.CutPrefix(text, "0x"); ok {
		text, base = hex, 16
	}
	v, err := strconv.ParseUint(text, base, 64)
	if err != nil || n.quoted {
		r.problem(n, say("is %s; give a whole number from 0 to 18446744073709551615, or 0x and hex digits",
			"%s です。0 から 18446744073709551615 までの整数か、0x に続く 16 進数を書いてください", n.shown()))
		return nil
	}
	return &v
}
