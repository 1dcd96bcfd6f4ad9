package analysis

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Accuracy is an arm's accuracy beside what a guess gets.
type Accuracy struct {
	N        int
	Mean     float64 // over seeds; NaN without one
	Low, Top float64 // 90% interval over items
	Values   []Value
	Verdict  Verdict // against chance: Higher, Lower, Undecided, or Unknown without a value
}

// Accuracies compares each arm's mean accuracy with chance, on a task of that many items.
func Accuracies(s Scores, chance float64, items int64) []Accuracy {
	out := make([]Accuracy, len(s.Arms))
	for i, a := range s.Arms {
		out[i] = Accuracy{N: a.N, Mean: a.Mean, Low: math.NaN(), Top: math.NaN(), Values: a.Values, Verdict: Unknown}
		if a.N > 0 && items > 0 {
			out[i].Low, out[i].Top = binomial(a.Mean, float64(items))
			out[i].Verdict = out[i].verdict(chance)
		}
	}
	return out
}

func (a Accuracy) verdict(chance float64) Verdict {
	switch {
	case a.Low > chance:
		return Higher
	case a.Top < chance:
		return Lower
	}
	return Undecided
}

// binomial is Clopper and Pearson's interval; the number right may be a mean over seeds and thus no integer.
func binomial(p, items float64) (low, top float64) {
	right, tail := p*items, (1-Level)/2
	if right > 0 {
		low = distuv.Beta{Alpha: right, Beta: items - right + 1}.Quantile(tail)
	}
	top = 1
	if right < items {
		top = distuv.Beta{Alpha: right + 1, Beta: items - right}.Quantile(1 - tail)
	}
	return low, top
}
