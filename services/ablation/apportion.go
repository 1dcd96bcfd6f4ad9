package ablation

// PlannedRows is how many rows of each source a run reads in the sampler's exact mode: what its apportionment gives,
// step by step, not an estimate. It differs from the integral of the table by less than two rows, and one more for each
// step at which a source is switched off.
func PlannedRows(table []Weights, steps int64, batchRows int) []int64 {
	if len(table) == 0 {
		return nil
	}
	n := len(table[0].W)
	rows, residual, counts := make([]int64, n), make([]int64, n), make([]int64, n)
	for i, w := range table {
		for range endOf(table, i, steps) - w.FromStep {
			apportion(int64(batchRows), w.W, residual, counts)
			for k, c := range counts {
				rows[k] += c
			}
		}
	}
	return rows
}

// apportion splits a step's rows among the sources by exact largest remainders (sampler v1). Residual, in units of
// 1/2^30 row, is carried from step to step; counts receives the split.
func apportion(rows int64, w, residual, counts []int64) {
	left := rows
	for k := range w {
		counts[k] = 0
		if w[k] == 0 {
			residual[k] = 0
			continue
		}
		residual[k] += rows * w[k]
		counts[k] = max(0, residual[k]>>30)
		residual[k] -= counts[k] * WeightTotal
		left -= counts[k]
	}
	for ; left > 0; left-- {
		give(1, pick(w, residual, func(k, best int) bool { return residual[k] > residual[best] }), residual, counts)
	}
	for ; left < 0; left++ {
		give(-1, pick(counts, residual, func(k, best int) bool { return residual[k] <= residual[best] }), residual, counts)
	}
}

func give(row int64, k int, residual, counts []int64) {
	counts[k] += row
	residual[k] -= row * WeightTotal
}

// pick is the best of the sources that are eligible: those above zero.
func pick(eligible, residual []int64, better func(k, best int) bool) int {
	best := -1
	for k := range residual {
		if eligible[k] > 0 && (best < 0 || better(k, best)) {
			best = k
		}
	}
	return best
}
