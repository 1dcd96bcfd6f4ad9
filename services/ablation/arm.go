package ablation

import (
	"fmt"
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
