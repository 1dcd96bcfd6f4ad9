package ablation

import (
	"cmp"
	"math"
	"slices"
)

// WeightTotal is what the integer weights of one step sum to (sampler v1).
const WeightTotal = 1 << 30

// Quantise turns shares that are not negative, with a sum above zero, into integers that sum to [WeightTotal]: floors,
// and the units that remain to the largest remainders, ties to the lower index (sampler v1, "Definition").
func Quantise(shares []float64) []int64 {
	var total float64
	for _, s := range shares {
		total += s
	}
	out, rest, left := make([]int64, len(shares)), make([]float64, len(shares)), int64(WeightTotal)
	for k, s := range shares {
		part := s / total * WeightTotal
		floor := math.Floor(part)
		out[k], rest[k] = int64(floor), part-floor
		left -= out[k]
	}
	largest(out, rest, left)
	return out
}

// largest gives what is left, one each, to the largest remainders; ties to the lower index.
func largest[R cmp.Ordered](out []int64, rest []R, left int64) {
	order := make([]int, len(out))
	for k := range order {
		order[k] = k
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rest[b], rest[a]) })
	for _, k := range order[:left] {
		out[k]++
	}
}
