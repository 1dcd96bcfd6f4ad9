package ablation

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// maxMixtures of a design, before limits leave any out: above it somebody has mistyped.
const maxMixtures = 100_000

// lattice adds an arm for each point of the simplex lattice, first source lowest first.
func (b *armBuilder) lattice(l Lattice) {
	kept, whole, ok := b.outside(l)
	if !ok {
		return
	}
	m, n := &made{key: DesignLattice}, 0
	mixed := append(slices.Clone(l.Of), kept.read(b.sources)...)
	named := l.readable(whole)
	l.each(func(parts []int) {
		n++
		mixture, name, label := Mixture{}, fmt.Sprintf("lattice-%03d", n), oneText(fmt.Sprint("#", n))
		for source, share := range kept {
			mixture[source] = share
		}
		for k, source := range l.Of {
			mixture[source] = whole * float64(parts[k]) / float64(l.Points-1)
		}
		if named {
			name, label = l.name(mixture)
		}
		b.offer(m, name, label, mixture, mixed)
	})
	b.settle(m)
}

// outside is what the sources that aren't in the lattice keep, and what is left to be split.
func (b *armBuilder) outside(l Lattice) (kept Mixture, whole float64, ok bool) {
	if l.From == "" {
		return nil, 1, true
	}
	from, ok := b.from("design.lattice.from", l.From)
	kept, whole = Mixture{}, 1
	for _, name := range from.read(b.sources) {
		if !slices.Contains(l.Of, name) {
			kept[name] = from[name]
			whole = tidy(whole - from[name])
		}
	}
	if ok && whole <= tolerance {
		b.problem("design.lattice.from", say("%s leaves nothing for %s to share; take another schedule", "%s では、%s で分け合う割合が残りません。別のスケジュールを選んでください", l.From, strings.Join(l.Of, ", ")))
		return nil, 0, false
	}
	return kept, whole, ok
}

// count is the number of points, at most just above the largest that is allowed: (points − 1 + q − 1) choose (q − 1).
func (l Lattice) count() int64 {
	n, k := int64(l.Points-1), int64(len(l.Of)-1)
	count := int64(1)
	for i := int64(1); i <= min(n, k); i++ {
		if count > math.MaxInt64/(n+k) {
			return math.MaxInt64
		}
		count = count * (n + k - min(n, k) + i) / i
	}
	return count
}

// each calls f with every split of points − 1 parts among the sources, in lexicographic order.
func (l Lattice) each(f func(parts []int)) {
	parts := make([]int, len(l.Of))
	var deal func(k, left int)
	deal = func(k, left int) {
		if k == len(parts)-1 {
			parts[k] = left
			f(parts)
			return
		}
		for parts[k] = 0; parts[k] <= left; parts[k]++ {
			deal(k+1, left-parts[k])
		}
	}
	deal(0, l.Points-1)
}

// Names of percentages are for a few sources and steps that whole percents tell apart.
const (
	readableSources = 4
	readableStep    = .005
)

func (l Lattice) readable(whole float64) bool {
	longest := 0
	for _, source := range l.Of {
		longest += len(source) + len("33.3-")
	}
	return len(l.Of) <= readableSources && longest <= 40 && whole/float64(l.Points-1) >= readableStep
}

// name is the shares in percent: ja50-en25-code25.
func (l Lattice) name(m Mixture) (string, Label) {
	var name, label []string
	for _, source := range l.Of {
		if m[source] > 0 {
			text := strings.TrimSuffix(fmt.Sprintf("%.1f", m[source]*100), ".0")
			name, label = append(name, source+text), append(label, source+" "+text)
		}
	}
	text := strings.Join(label, " · ")
	return strings.Join(name, "-"), oneText(text)
}
