package ablation

import (
	"cmp"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
)

// grid adds an arm for each value whose mixture isn't there already.
func (b *armBuilder) grid(g Grid) {
	from, ok := b.from("design.grid.from", g.From)
	of := b.members(g.Of)
	if ok && len(of) == 0 {
		b.unknown("design.grid.of", g.Of)
		return
	}
	m := &made{key: DesignGrid}
	for j, v := range g.Values {
		if ok && !b.share(m, g, from, v) {
			b.problem(fmt.Sprintf("design.grid.values[%d]", j), noProportions(g, v))
		}
	}
	b.settle(m)
}

// share offers the mixture with one share of a grid; false where from gives no proportions to keep.
func (b *armBuilder) share(m *made, g Grid, from Mixture, v float64) bool {
	mixture, ok := from.with(b.members(g.Of), v)
	if ok {
		b.offer(m, g.arm(v), g.label(v), mixture, from.read(b.sources))
	}
	return ok
}

func noProportions(g Grid, v float64) Label {
	return say("%s gives no proportions to keep for a share of %v of %s; take another schedule in from",
		"%[1]s からは、%[3]s の割合を %[2]v にしたときに保つ比率が決まりません。from に別のスケジュールを選んでください", g.From, v, g.Of)
}

// from is the one mixture of a listed schedule.
func (b *armBuilder) from(field, name string) (Mixture, bool) {
	i := slices.IndexFunc(b.sweep.Schedules, func(c Schedule) bool { return c.Name == name })
	if i < 0 || len(b.sweep.Schedules[i].Stages) == 0 {
		b.problem(field, say("no schedule with a mixture is named %s; take one of those listed under schedules: %s",
			"%s という名前で配合のあるスケジュールはありません。schedules にある名前を選んでください：%s", name, b.withMixture()))
		return nil, false
	}
	return b.sweep.Schedules[i].Stages[0].Mixture, true
}

// withMixture are the schedules that have a mixture.
func (b *armBuilder) withMixture() string {
	var names []string
	for _, s := range b.sweep.Schedules {
		if len(s.Stages) > 0 {
			names = append(names, s.Name)
		}
	}
	return cmp.Or(strings.Join(names, ", "), "—")
}

func (b *armBuilder) unknown(field, of string) {
	b.problem(field, say("%s is neither a source of the sweep nor a language of one; known are %s",
		"%s はデータソースでも、その言語でもありません。使えるのは %s です", of, strings.Join(b.sources, ", ")))
}

// members are the sources of a language, or the source of that name.
func (b *armBuilder) members(of string) []string {
	if slices.Contains(b.sources, of) {
		return []string{of}
	}
	return slices.DeleteFunc(slices.Clone(b.sources), func(name string) bool { return b.langs[name] != of })
}

// read are the sources that have a share, in order.
func (m Mixture) read(sources []string) []string {
	return slices.DeleteFunc(slices.Clone(sources), func(name string) bool { return m[name] == 0 })
}

// with is the mixture with a share for the members together; members keep their proportions, and so do the others. It
// fails where there are none to keep.
func (m Mixture) with(members []string, share float64) (Mixture, bool) {
	var inside, outside float64
	for _, name := range slices.Sorted(maps.Keys(m)) { // sums depend on the order
		v := m[name]
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
	return oneText(text)
}

// percent is a share in percent without trailing zeros.
func percent(v float64) string {
	return digits(new(big.Rat).Mul(decimal(v), big.NewRat(100, 1)))
}
