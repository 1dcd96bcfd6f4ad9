package sampler

import "github.com/haigo-lab/haigo/plugins/trainer/spec"

// total is what the weights of a step sum to: 2^30.
const total = spec.WeightTotal

// Apportion splits the rows of one step among the sources by exact largest remainders and carries what is left over in
// residual, which it changes; counts receives the split. Residuals are in units of 1/2^30 row. A source with weight zero
// gets no row, and its residual is dropped: switched off, it never leaks one.
func Apportion(rows int64, w, residual, counts []int64) {
	var sum int64
	for k := range w {
		counts[k] = 0
		if w[k] > 0 {
			residual[k] += rows * w[k]
			counts[k] = max(0, residual[k]>>30) // arithmetic shift: floor
			residual[k] -= counts[k] * total
		} else {
			residual[k] = 0
		}
		sum += counts[k]
	}
	for ; sum < rows; sum++ {
		k := most(w, residual)
		counts[k]++
		residual[k] -= total
	}
	for ; sum > rows; sum-- {
		k := least(w, residual, counts)
		counts[k]--
		residual[k] += total
	}
}

// most is the source owed most; the first of equals.
func most(w, residual []int64) int {
	best := -1
	for k := range w {
		if w[k] > 0 && (best < 0 || residual[k] > residual[best]) {
			best = k
		}
	}
	return best
}

// least is the source owed least of those with a row to give back; the last of equals.
func least(w, residual, counts []int64) int {
	best := -1
	for k := range w {
		if w[k] > 0 && counts[k] > 0 && (best < 0 || residual[k] <= residual[best]) {
			best = k
		}
	}
	return best
}
