package analysis

import (
	"math"
	"slices"
)

// HalvingLeast is how many arms must have got to a rung before any is stopped at it.
const HalvingLeast = 4

// Contender is an arm at a rung of successive halving.
type Contender struct {
	Value  float64 // lower is better; NaN: not there yet
	Exempt bool    // it can't be judged here: its mixture still changes
	Repeat bool    // it reads text so often that it leads early and falls back late
}

// Halve reports which arms end at a rung: those that are not among the best part keep of all that got there, rounded up. An
// exempt arm never ends. One that repeats its text may end, but takes no place away from others: leading early is no merit of it.
func Halve(arms []Contender, keep float64) []bool {
	ends := make([]bool, len(arms))
	var there []float64
	for _, a := range arms {
		if !math.IsNaN(a.Value) && !a.Exempt && !a.Repeat {
			there = append(there, a.Value)
		}
	}
	if len(there) < HalvingLeast {
		return ends
	}
	slices.Sort(there)
	last := there[max(1, int(math.Ceil(keep*float64(len(there))-1e-9)))-1]
	for i, a := range arms {
		ends[i] = !math.IsNaN(a.Value) && !a.Exempt && a.Value > last
	}
	return ends
}
