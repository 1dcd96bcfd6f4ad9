package decision

import "math"

// Gain is what the best of the candidates that limits allow, whichever it is, is expected to have over the recommended mixture: the
// mean over draws of the objective, 0 where more runs could teach nothing. Those a step outside of what was tried count: batches go there.
func (d *Decision) Gain() float64 {
	sum := 0.0
	for _, row := range d.composed {
		least := row[0]
		for i, v := range row {
			if d.allowed[i] {
				least = min(least, v)
			}
		}
		sum += row[0] - least
	}
	return sum / float64(len(d.composed))
}

// Noise is the standard deviation of the objective between seeds of one mixture; NaN where no mixture was run twice.
func (d *Decision) Noise() float64 {
	squares := 0.0
	for _, t := range d.Objective.Terms {
		for _, m := range d.Detectable {
			if m.Metric == t.Metric {
				squares += t.Weight * t.Weight * m.SD * m.SD
			}
		}
	}
	return d.together * math.Sqrt(squares)
}
