package ablation

import (
	"math"
	"slices"
)

// controls adds, for each schedule that changes, the constant mixture with the same weights over the run, or over the part
// of it that is its own; one for all that have the same totals.
func (b *armBuilder) controls() {
	for _, a := range slices.Clone(b.arms) {
		if a.Schedule == nil || !a.Schedule.Changes() {
			continue
		}
		from, steps := b.sweep.BranchStep(), b.sweep.Recipe.For(a).Steps()
		level := constant(totals(a.Weights, from, steps), steps-from)
		control := Arm{
			Name: matchedName(a.Name), Label: matchedLabel(a.Label), MatchedOf: a.Name, Variant: matchedVariant(a.Variant),
			Weights: b.sweep.branch().graft(level, len(b.sources)),
		}
		if !b.controlled(control) {
			b.append(control)
		}
	}
}

// Control is the index of the i-th arm's matched control, -1 where it has none. Schedules with the same totals share one, which is
// named after the first of them.
func (s Sweep) Control(arms []Arm, i int) int {
	a, steps := arms[i], s.Recipe.For(arms[i]).Steps()
	if a.Schedule == nil || !a.Schedule.Changes() {
		return -1
	}
	rows := float64(s.Recipe.BatchRows) / WeightTotal
	own := totals(a.Weights, 0, steps)
	return slices.IndexFunc(arms, func(c Arm) bool {
		return c.MatchedOf != "" && c.Like(a) && slices.EqualFunc(own, totals(c.Weights, 0, steps), func(x, y int64) bool { return math.Abs(float64(x-y))*rows < 2 })
	})
}

// controlled reports whether there is such a control already.
func (b *armBuilder) controlled(c Arm) bool {
	return slices.ContainsFunc(b.arms, func(a Arm) bool {
		return a.MatchedOf != "" && a.Like(c) && slices.EqualFunc(a.Weights, c.Weights, sameWeights)
	})
}

func sameWeights(a, b Weights) bool { return a.FromStep == b.FromStep && slices.Equal(a.W, b.W) }

func matchedVariant(v *Variant) *Variant {
	if v == nil {
		return nil
	}
	out := *v
	out.Of = matchedName(v.Of)
	return &out
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

// totals is a table's weights added up from a step to the run's end, for each source.
func totals(table []Weights, from, steps int64) []int64 {
	if len(table) == 0 {
		return nil
	}
	sums := make([]int64, len(table[0].W))
	for i, w := range table {
		length := max(0, endOf(table, i, steps)-max(from, w.FromStep))
		for k := range sums {
			sums[k] += w.W[k] * length
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
