package ablation

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// Arms are what the sweep compares, in order: the listed schedules, the grid's values, the matched controls. Weights are
// in the order of the sweep's sources. langs has each source's language; a source that bears a language's name without
// being that language's only source, a grid of what no source is, and names that collide are an *[Invalid].
func (s Sweep) Arms(langs map[string]string) ([]Arm, error) {
	b := armBuilder{sweep: s, langs: langs, sources: names(s.Sources)}
	b.languages()
	for _, c := range s.Schedules {
		b.add(c)
	}
	if s.Design.Grid != nil {
		b.grid(*s.Design.Grid)
	}
	if s.Design.Control == ControlMatched {
		b.controls()
	}
	b.baseline()
	return b.arms, b.err()
}

// armBuilder collects a sweep's arms and what is wrong with them.
type armBuilder struct {
	sweep    Sweep
	langs    map[string]string
	sources  []string
	arms     []Arm
	problems []Problem
}

func (b *armBuilder) problem(field string, message Label) {
	b.problems = append(b.problems, b.sweep.place(field, message))
}

func (b *armBuilder) err() error {
	if len(b.problems) == 0 {
		return nil
	}
	return &Invalid{Problems: b.problems}
}

// add appends the arm of a schedule.
func (b *armBuilder) add(c Schedule) {
	b.append(Arm{Name: c.Name, Label: c.Label, Schedule: &c, Weights: c.Table(b.sweep.Recipe, b.sources)})
}

func (b *armBuilder) append(a Arm) {
	switch {
	case !namePattern.MatchString(a.Name):
		b.problem("schedules", say("the arm's name %s is too long; shorten the schedule's name", "アームの名前 %s が長すぎます。スケジュールの名前を短くしてください", a.Name))
	case slices.ContainsFunc(b.arms, func(o Arm) bool { return o.Name == a.Name }):
		b.problem("schedules", say("two arms would be named %s; rename a schedule", "%s という名前のアームが 2 つできます。スケジュールの名前を変えてください", a.Name))
	}
	a.Index = len(b.arms)
	b.arms = append(b.arms, a)
}

// languages refuses a source with a language's name that isn't that language's only source: held-out sets are named
// after both.
func (b *armBuilder) languages() {
	of := map[string][]string{}
	for _, name := range b.sources {
		of[b.langs[name]] = append(of[b.langs[name]], name)
	}
	for i, name := range b.sources {
		if own := of[name]; len(own) > 0 && !slices.Equal(own, []string{name}) {
			b.problem(fmt.Sprintf("sources[%d]", i), say("%[1]s is also the name of a language, whose sources are %[2]s; rename the source",
				"%[1]s は言語の名前でもあり、その言語のデータソースは %[2]s です。データソースの名前を変えてください", name, strings.Join(own, ", ")))
		}
	}
}

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

func (b *armBuilder) names() []string {
	out := make([]string, len(b.arms))
	for i, a := range b.arms {
		out[i] = a.Name
	}
	return out
}

func (b *armBuilder) baseline() {
	name := b.sweep.Design.Baseline
	if name != "" && !slices.ContainsFunc(b.arms, func(a Arm) bool { return a.Name == name }) {
		b.problem("design.baseline", say("no arm is named %s; %s", "%s という名前のアームはありません。%s", name, didYouMean(name, b.names())))
	}
}
