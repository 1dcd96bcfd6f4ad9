package decision

import (
	"math"
	"slices"

	"github.com/haigo-lab/haigo/services/analysis"
)

// choice is by how much farther from the mean the worse end of an interval lies for the best of many mixtures, of which the first is
// one, than for one that nobody chose: that far it holds of all of them together, and so of whichever is chosen (as in multiple
// comparisons with the best). Errors that are alike in all leave it at 1.
func choice(composed [][]float64, among []int) float64 {
	worst, own := slices.Repeat([]float64{math.Inf(-1)}, len(composed)), []float64(nil)
	for k, i := range among {
		z := standardised(composed, i)
		for s, v := range z {
			worst[s] = max(worst[s], v)
		}
		if k == 0 {
			own = slices.Clone(z)
		}
	}
	slices.Sort(worst)
	slices.Sort(own)
	end := (1 + analysis.Level) / 2
	if alone := quantile(own, end); alone > 0 {
		return max(1, quantile(worst, end)/alone)
	}
	return 1
}

// standardised is a column minus its mean, in its standard deviations; zeros where nothing differs.
func standardised(rows [][]float64, i int) []float64 {
	out, mean, squares := make([]float64, len(rows)), 0.0, 0.0
	for _, row := range rows {
		mean += row[i] / float64(len(rows))
	}
	for s, row := range rows {
		out[s] = row[i] - mean
		squares += out[s] * out[s]
	}
	if squares == 0 {
		return out
	}
	for s := range out {
		out[s] /= math.Sqrt(squares / float64(len(rows)))
	}
	return out
}

// eligible are the candidates that may be recommended, and the one that is.
func (d *Decision) eligible() []int {
	out := []int{0}
	for i, may := range d.within {
		if i > 0 && may {
			out = append(out, i)
		}
	}
	return out
}

// behind is a candidate's objective minus the recommended one's, which was chosen for being low.
func (d *Decision) behind(i int) Interval { return interval(d.less(i, 0)).lower(d.choice) }

// value is the recommended mixture's objective.
func (d *Decision) value() Interval {
	return interval(d.column(0)).Negated().lower(d.choice).Negated()
}

// lower is an interval whose lower end lies so many times as far from the mean.
func (v Interval) lower(times float64) Interval {
	v.Low = min(v.Low, v.Mean-times*(v.Mean-v.Low))
	return v
}
