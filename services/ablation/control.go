package ablation

import "slices"

// controls adds, for each schedule that changes, the constant mixture with the same weights over the run; one for all
// that have the same totals.
func (b *armBuilder) controls() {
	steps := b.sweep.Recipe.Steps()
	for _, a := range slices.Clone(b.arms) {
		if a.Schedule == nil || !a.Schedule.Changes() {
			continue
		}
		control := Arm{Name: matchedName(a.Name), Label: matchedLabel(a.Label), MatchedOf: a.Name, Weights: constant(totals(a.Weights, steps), steps)}
		if _, found := b.control(control.Weights); !found {
			b.append(control)
		}
	}
}

func (b *armBuilder) control(w []Weights) (Arm, bool) {
	for _, a := range b.arms {
		if a.MatchedOf != "" && slices.Equal(a.Weights[0].W, w[0].W) {
			return a, true
		}
	}
	return Arm{}, false
}

func matchedName(schedule string) string { return schedule + "-matched" }

func matchedLabel(l Label) Label {
	if l.JA != "" {
		l.JA += "（同量・一定）"
	}
	if l.EN != "" {
		l.EN += " (matched)"
	}
	return l
}

// totals is a table's weights added up over all steps, for each source.
func totals(table []Weights, steps int64) []int64 {
	if len(table) == 0 {
		return nil
	}
	sums := make([]int64, len(table[0].W))
	for i, w := range table {
		for k := range sums {
			sums[k] += w.W[k] * (endOf(table, i, steps) - w.FromStep)
		}
	}
	return sums
}

// constant is the one mixture that asks for the totals over a run's steps: totals ÷ steps, what remains to the largest
// remainders, ties to the lower index.
func constant(totals []int64, steps int64) []Weights {
	w, rest, left := make([]int64, len(totals)), make([]int64, len(totals)), int64(WeightTotal)
	for k, t := range totals {
		w[k], rest[k] = t/steps, t%steps
		left -= w[k]
	}
	largest(w, rest, left)
	return []Weights{{W: w}}
}
