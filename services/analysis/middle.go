package analysis

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Middle is the median of a few values, with an interval that needs no assumption on how they are spread: its ends are two of the
// values, as far from the lowest as from the highest.
type Middle struct {
	N      int     `json:"n"`
	Median float64 `json:"median"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
	Sure   float64 `json:"sure"` // how often such an interval holds the median: Level at least, less where there are fewer than five values
}

// MiddleOf is the median of values, the zero Middle of none.
func MiddleOf(values []float64) Middle {
	n := len(values)
	if n == 0 {
		return Middle{}
	}
	sorted := slices.Sorted(slices.Values(values))
	m := Middle{N: n, Median: (sorted[(n-1)/2] + sorted[n/2]) / 2}
	below := distuv.Binomial{N: float64(n), P: .5} // values below the median
	cut := 0                                       // values that lie outside on either side
	for 2*cut+2 < n && 1-2*below.CDF(float64(cut+1)) >= Level {
		cut++
	}
	m.Low, m.High, m.Sure = sorted[cut], sorted[n-1-cut], max(0, 1-2*below.CDF(float64(cut)))
	if math.Abs(m.Sure) < 1e-12 {
		m.Sure = 0
	}
	return m
}
