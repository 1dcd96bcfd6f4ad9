package ablation

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// made is what became of the mixtures of one design.
type made struct {
	key      string // of the design
	arms     int
	twice    []string         // mixtures that stood there already
	left     map[string]int   // how many arms each limit left out, by the limit's field in the document
	examples []string         // names of some that were left out
	values   map[string]Label // what a limit asks
}

func (m *made) leave(field string, asks Label, name string) {
	if m.left == nil {
		m.left, m.values = map[string]int{}, map[string]Label{}
	}
	m.left[field]++
	m.values[field] = asks
	if name != "" && len(m.examples) < examplesShown {
		m.examples = append(m.examples, name)
	}
}

func (m *made) leftOut() int {
	n := 0
	for _, k := range m.left {
		n += k
	}
	return n
}

// fields are the limits that left something out, the one that left out most first.
func (m *made) fields() []string {
	return slices.SortedFunc(maps.Keys(m.left), func(a, b string) int {
		return cmp.Or(cmp.Compare(m.left[b], m.left[a]), cmp.Compare(a, b))
	})
}

// settle says what was left out, and refuses a design of which nothing is left.
func (b *armBuilder) settle(m *made) {
	b.tellTwice(m)
	if m.leftOut() == 0 {
		return
	}
	var en, ja []string
	for _, field := range m.fields() {
		en = append(en, fmt.Sprintf("%d by %s", m.left[field], m.values[field].In("en")))
		ja = append(ja, fmt.Sprintf("%s で %d", m.values[field].In("ja"), m.left[field]))
	}
	if m.arms == 0 && len(m.twice) == 0 {
		field := m.fields()[0]
		b.problem(field, say("%s leaves no arm of design.%s (left out: %s); loosen it, or change the design",
			"%s のため、design.%s のアームが 1 つも残りません（除外：%s）。制限をゆるめるか、実験計画を変えてください",
			m.values[field], m.key, Label{EN: strings.Join(en, ", "), JA: strings.Join(ja, "、")}))
		return
	}
	b.note(say("design.%s leaves out %s%s", "design.%s のアームのうち、%s を除きました%s", m.key,
		Label{EN: strings.Join(en, ", "), JA: strings.Join(ja, "、")}, m.named()))
}

// named are names of what was left out, for the end of a sentence.
func (m *made) named() Label {
	if len(m.examples) == 0 {
		return Label{}
	}
	return say(" (%s)", "（%s）", some(m.examples, m.leftOut()))
}

func (b *armBuilder) tellTwice(m *made) {
	if len(m.twice) == 0 {
		return
	}
	b.note(say("design.%s makes mixtures that are there already; each is trained once: %s",
		"design.%s の次のものはすでにあるので、1 つにまとめました：%s", m.key, some(m.twice, len(m.twice))))
}

// examplesShown is how many names a note has room for.
const examplesShown = 5

// some are the first few of count names.
func some(names []string, count int) string {
	text := strings.Join(names[:min(len(names), examplesShown)], ", ")
	if count > examplesShown {
		text += fmt.Sprintf(", … (%d)", count)
	}
	return text
}

func (b *armBuilder) note(l Label) { b.notes = append(b.notes, l) }

// tooSmall reports whether a source that the design mixes has less than the least share.
func (b *armBuilder) tooSmall(m Mixture, mixed []string) bool {
	l := b.sweep.Design.Limits
	return l != nil && slices.ContainsFunc(mixed, func(name string) bool { return m[name] < l.MinShare-tolerance })
}

// tooOften reports whether one mixture all the time would read a source more often than the limit allows.
func (b *armBuilder) tooOften(m Mixture, r Recipe) bool {
	l := b.sweep.Design.Limits
	if l == nil || l.MaxEpochs == 0 {
		return false
	}
	rows := float64((r.Steps() - b.sweep.BranchStep()) * int64(r.BatchRows))
	for _, name := range b.sources {
		source, known := b.text[name]
		if known && math.Ceil(m[name]*rows-1e-6) > l.MaxEpochs*float64(source.Rows(r.RowTokens))-b.before[name]/float64(r.RowTokens) {
			return true
		}
	}
	return false
}

// readBefore is how many tokens of each source the sweep's runs begin with, the most of any seed.
func (s Sweep) readBefore() map[string]float64 {
	out := map[string]float64{}
	for _, p := range s.Parents {
		if p.Past == nil {
			continue
		}
		for name, tokens := range p.read() {
			out[name] = max(out[name], float64(tokens))
		}
	}
	return out
}

// repeats is tooOften of any schedule.
func (b *armBuilder) repeats(a Arm) bool {
	l, r := b.sweep.Design.Limits, b.sweep.Recipe.For(a)
	if l == nil || l.MaxEpochs == 0 {
		return false
	}
	if !a.Schedule.Changes() {
		return b.tooOften(a.Schedule.Stages[0].Mixture, r)
	}
	own := PlannedRows(a.Weights, r.Steps(), r.BatchRows)
	for k, rows := range PlannedRows(a.Weights, b.sweep.BranchStep(), r.BatchRows) {
		source, known := b.text[b.sources[k]]
		if known && float64(own[k]-rows) > l.MaxEpochs*float64(source.Rows(r.RowTokens))-b.before[source.Name]/float64(r.RowTokens) {
			return true
		}
	}
	return false
}

func (l *Limits) asksShare() Label { return say("min_share %g", "min_share %g", l.MinShare) }

func (l *Limits) asksEpochs() Label { return say("max_epochs %g", "max_epochs %g", l.MaxEpochs) }
