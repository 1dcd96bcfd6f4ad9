package ablation

import "slices"

// WeightTotal is what the integer weights of one step sum to (sampler v1).
const WeightTotal = 1 << 30

// Quantise turns shares that are not negative, with a sum above zero, into integers that sum to [WeightTotal]: floors,
// and the units that remain to the largest remainders, ties to the lower index (sampler v1, "Definition").
func Quantise(shares []float64) []int64 {
	var sum float64
	for _, s := range shares {
		sum += s
	}
	exact, weights, order := make([]float64, len(shares)), make([]int64, len(shares)), make([]int, len(shares))
	left := int64(WeightTotal)
	for k, s := range shares {
		exact[k] = s / sum * WeightTotal
		weights[k] = int64(exact[k])
		left -= weights[k]
		order[k] = k
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return compare(float64(weights[a])-exact[a], float64(weights[b])-exact[b])
	})
	for _, k := range order[:left] {
		weights[k]++
	}
	return weights
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
