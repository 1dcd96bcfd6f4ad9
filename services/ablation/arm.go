package ablation

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// Arm is what is compared: one schedule with one variant of the recipe; its runs differ by seed only.
type Arm struct {
	Name      string    `json:"name"`
	Label     Label     `json:"label"`
	Index     int       `json:"index"`                // order in the sweep, from 0; marks and colours follow it
	MatchedOf string    `json:"matched_of,omitempty"` // set on a matched control: the arm it controls
	Design    string    `json:"design,omitempty"`     // the key of the design that made it: grid, lattice, …; "" where it is listed
	Variant   *Variant  `json:"variant,omitempty"`    // what its recipe has instead of the sweep's; nil: nothing
	Schedule  *Schedule `json:"schedule,omitempty"`   // nil for a matched control
	Weights   []Weights `json:"weights"`
}

// Field is where the sweep file asks for the arm.
func (a Arm) Field() string {
	switch {
	case a.MatchedOf != "" && a.Variant != nil:
		return "schedules." + strings.TrimSuffix(a.Variant.Of, matchedName(""))
	case a.MatchedOf != "":
		return "schedules." + a.MatchedOf
	case a.Design == DesignGrid:
		return "design.grid.values"
	case a.Design != "":
		return "design." + a.Design
	}
	return "schedules." + a.Mixes()
}

// Changes reports whether the mixture of the arm's runs changes at a step or after it: what a run has scored there knows nothing of
// its last mixture.
func (a Arm) Changes(at int64) bool {
	return len(a.Weights) > 1 && a.Weights[len(a.Weights)-1].FromStep >= at
}

// Arms are what the sweep compares, in order: the listed schedules, those that the designs make, the matched controls;
// each mixture in all its variants. Weights are in the order of the sweep's sources, of which text has languages and
// sizes; without a seed there is no swarm. Notes say what was left out. A source that bears a language's name without
// being that language's only source, a design of what no source is, one that the limits leave nothing of, and names that
// collide are an *[Invalid].
func (s Sweep) Arms(text []Source) (arms []Arm, notes []Label, err error) {
	b := newArmBuilder(s, text)
	b.languages()
	b.listed()
	b.designs()
	if s.Design.Control == ControlMatched {
		b.controls()
	}
	b.rounds()
	b.baseline()
	return b.arms, b.notes, b.err()
}

// armBuilder collects a sweep's arms and what is wrong with them.
type armBuilder struct {
	sweep    Sweep
	langs    map[string]string
	text     map[string]Source
	before   map[string]float64 // tokens of each source that the runs begin with
	sources  []string
	variants []*Variant
	arms     []Arm
	named    map[string]bool
	constant map[string]bool // keys of the mixtures that an arm has all the time
	lengths  map[string]bool // keys of the product's arms: mixture, steps, shape and rate
	notes    []Label
	problems []Problem
}

func newArmBuilder(s Sweep, text []Source) *armBuilder {
	b := &armBuilder{
		sweep: s, sources: names(s.Sources), langs: map[string]string{}, text: map[string]Source{}, before: s.readBefore(),
		variants: s.Design.Product.variants(), named: map[string]bool{}, constant: map[string]bool{}, lengths: map[string]bool{},
	}
	for _, source := range text {
		b.langs[source.Name], b.text[source.Name] = source.Lang, source
	}
	return b
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

// listed adds the schedules that the document lists. They stay whatever the limits say, but for variants of them.
func (b *armBuilder) listed() {
	m := &made{key: DesignProduct}
	for _, c := range b.sweep.Schedules {
		b.add(m, c, "")
		if !c.Changes() && len(c.Stages) > 0 {
			b.constant[b.key(c.Stages[0].Mixture)] = true
		}
	}
	b.settle(m)
}

// designs adds what each of the designs makes.
func (b *armBuilder) designs() {
	d := b.sweep.Design
	if d.Grid != nil {
		b.grid(*d.Grid)
	}
	if d.Lattice != nil {
		b.lattice(*d.Lattice)
	}
	if d.OneFactor != nil {
		b.oneFactor(*d.OneFactor)
	}
	if d.Dirichlet != nil {
		b.dirichlet(*d.Dirichlet)
	}
}

// offer adds a design's mixture unless it is there already or a limit leaves it out. mixed are the sources that the
// design gives shares to.
func (b *armBuilder) offer(m *made, name string, label Label, mixture Mixture, mixed []string) {
	key := b.key(mixture)
	switch {
	case b.constant[key]:
		m.twice = append(m.twice, name)
		return
	case b.tooSmall(mixture, mixed):
		m.leave("design.limits.min_share", b.sweep.Design.Limits.asksShare(), name)
		return
	}
	b.constant[key] = true
	b.add(m, Schedule{Name: name, Label: label, Stages: []Stage{{Until: Amount{Fraction: 1}, Mixture: mixture, Ramp: RampNone}}}, m.key)
}

// key is equal for mixtures that differ by no more than arithmetic does.
func (b *armBuilder) key(m Mixture) string {
	var out strings.Builder
	for _, name := range b.sources {
		fmt.Fprintf(&out, "%.0f,", math.Floor(m[name]*1e8+.25))
	}
	return out.String()
}

// add appends the arms of a schedule: one a variant.
func (b *armBuilder) add(m *made, c Schedule, design string) {
	for _, v := range b.variants {
		a := Arm{Name: v.name(c.Name), Label: v.label(c.Label, c.Name), Design: design, Schedule: &c}
		if v != nil {
			own := *v
			own.Of = c.Name
			a.Variant = &own
		}
		if v != nil && b.same(a) {
			m.twice = append(m.twice, a.Name)
			continue
		}
		a.Weights = b.sweep.branch().graft(c.Table(b.sweep.Recipe.For(a), b.sources), len(b.sources))
		if (design != "" || v != nil) && b.repeats(a) {
			m.leave("design.limits.max_epochs", b.sweep.Design.Limits.asksEpochs(), a.Name)
			continue
		}
		m.arms++
		b.append(a)
	}
}

// same reports whether the mixture has an arm of the arm's steps, shape, method and rate already: budgets round up to whole steps.
func (b *armBuilder) same(a Arm) bool {
	r := b.sweep.Recipe.For(a)
	key := fmt.Sprintf("%s %d %#v %#v %g", a.Mixes(), r.Steps(), r.Shape, r.Method, r.Optimizer.PeakLR)
	seen := b.lengths[key]
	b.lengths[key] = true
	return seen
}

func (b *armBuilder) append(a Arm) {
	switch {
	case !namePattern.MatchString(a.Name):
		b.problem("schedules", say("the arm's name %s is too long; shorten the schedule's name", "アームの名前 %s が長すぎます。スケジュールの名前を短くしてください", a.Name))
	case b.named[a.Name]:
		b.problem("schedules", say("two arms would be named %s; rename a schedule", "%s という名前のアームが 2 つできます。スケジュールの名前を変えてください", a.Name))
	}
	a.Index, b.named[a.Name] = len(b.arms), true
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
			b.problem(fmt.Sprintf("sources[%d]", i), say("%[1]s is also the name of a language, whose sources are %[2]s; add its text again under another name, or leave it or the others out of sources",
				"%[1]s は言語の名前でもあり、その言語のデータソースは %[2]s です。このデータソースを別の名前で追加し直すか、sources からどちらかを外してください", name, strings.Join(own, ", ")))
		}
	}
}

// baseline must be an arm, or a mixture of which every variant is one.
func (b *armBuilder) baseline() {
	name := b.sweep.Design.Baseline
	is := func(a Arm) bool { return a.Name == name || a.Mixes() == name }
	if name == "" || slices.ContainsFunc(b.arms, is) {
		return
	}
	known := map[string]bool{}
	for _, a := range b.arms {
		known[a.Mixes()] = true
	}
	b.problem("design.baseline", say("no arm is named %s; %s", "%s という名前のアームはありません。%s", name, didYouMean(name, slices.Sorted(maps.Keys(known)))))
}
