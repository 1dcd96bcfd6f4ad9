package ablation

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// grid adds an arm for each value whose mixture isn't a listed schedule's.
func (b *armBuilder) grid(g Grid) {
	i := slices.IndexFunc(b.sweep.Schedules, func(c Schedule) bool { return c.Name == g.From })
	if i < 0 || len(b.sweep.Schedules[i].Stages) == 0 {
		b.problem("design.grid.from", say("no schedule is named %s", "%s という名前の配合スケジュールはありません", g.From))
		return
	}
	of := b.members(g.Of)
	if len(of) == 0 {
		b.problem("design.grid.of", say("%s is neither a source of the sweep nor a language of one; known are %s",
			"%s はデータソースでも、その言語でもありません。使えるのは %s です", g.Of, strings.Join(b.sources, ", ")))
		return
	}
	from := b.sweep.Schedules[i].Stages[0].Mixture
	for j, v := range g.Values {
		mixture, ok := from.with(of, v)
		if !ok {
			b.problem(fmt.Sprintf("design.grid.values[%d]", j), say("%s gives no proportions to keep for a share of %v of %s; take another schedule in from",
				"%[1]s からは、%[3]s の割合を %[2]v にしたときに保つ比率が決まりません。from に別のスケジュールを選んでください", g.From, v, g.Of))
			continue
		}
		if !b.listed(mixture) {
			b.add(Schedule{Name: g.arm(v), Label: g.label(v), Stages: []Stage{{Until: Amount{Fraction: 1}, Mixture: mixture, Ramp: RampNone}}})
		}
	}
}

// members are the sources of a language, or the source of that name.
func (b *armBuilder) members(of string) []string {
	if slices.Contains(b.sources, of) {
		return []string{of}
	}
	return slices.DeleteFunc(slices.Clone(b.sources), func(name string) bool { return b.langs[name] != of })
}

// listed reports whether a listed schedule has just this mixture all the time.
func (b *armBuilder) listed(m Mixture) bool {
	return slices.ContainsFunc(b.sweep.Schedules, func(c Schedule) bool { return !c.Changes() && c.Stages[0].Mixture.equal(m) })
}

// with is the mixture with a share for the members together; members keep their proportions, and so do the others. It
// fails where there are none to keep.
func (m Mixture) with(members []string, share float64) (Mixture, bool) {
	var inside, outside float64
	for name, v := range m {
		if slices.Contains(members, name) {
			inside += v
		} else {
			outside += v
		}
	}
	if share > 0 && inside == 0 && len(members) > 1 || share < 1 && outside == 0 {
		return nil, false
	}
	out := Mixture{}
	for name, v := range m {
		if !slices.Contains(members, name) && share < 1 {
			out[name] = v * (1 - share) / outside
		}
	}
	for _, name := range members {
		if inside > 0 {
			out[name] = m[name] * share / inside
		} else {
			out[name] = share
		}
	}
	return out, true
}

// arm names a grid's arm: FROM-OF30.
func (g Grid) arm(v float64) string {
	return g.From + "-" + strings.ToLower(g.Of) + percent(v)
}

func (g Grid) label(v float64) Label {
	text := g.Of + " " + percent(v) + "%"
	return Label{JA: text, EN: text}
}

// percent is a share in percent without trailing zeros.
func percent(v float64) string {
	return digits(new(big.Rat).Mul(decimal(v), big.NewRat(100, 1)))
}
