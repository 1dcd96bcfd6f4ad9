package ablation

import (
	"fmt"
	"math"
)

// oneFactor adds, for each source or language, the arms in which its share alone is changed.
func (b *armBuilder) oneFactor(o OneFactor) {
	from, ok := b.from("design.one_factor.from", o.From)
	if !ok {
		return
	}
	m := &made{key: DesignOneFactor}
	for i, of := range b.factors(o, from) {
		if len(b.members(of)) == 0 {
			b.unknown(fmt.Sprintf("design.one_factor.of[%d]", i), of)
			continue
		}
		b.factor(m, o, from, of)
	}
	b.settle(m)
}

// factors are what is changed, one at a time.
func (b *armBuilder) factors(o OneFactor, from Mixture) []string {
	if len(o.Of) > 0 {
		return o.Of
	}
	return from.read(b.sources)
}

func (b *armBuilder) factor(m *made, o OneFactor, from Mixture, of string) {
	g := Grid{Of: of, From: o.From}
	for _, v := range o.levels(from, b.members(of)) {
		switch {
		case v < -tolerance || v > 1+tolerance:
			m.leave("design.one_factor.step", say("step %g", "step %g", o.Step), "")
		case !b.share(m, g, from, min(1, max(0, v))):
			b.problem("design.one_factor.from", noProportions(g, v))
		}
	}
}

// levels are the shares that a factor takes: the values but its own, or a step down and a step up.
func (o OneFactor) levels(from Mixture, members []string) []float64 {
	own := 0.0
	for _, name := range members {
		own += from[name]
	}
	if o.Step > 0 {
		return []float64{tidy(own - o.Step), tidy(own + o.Step)}
	}
	var out []float64
	for _, v := range o.Values {
		if !near(v, own) {
			out = append(out, v)
		}
	}
	return out
}

// tidy takes away what binary arithmetic has added to a decimal.
func tidy(v float64) float64 { return math.Round(v*1e12) / 1e12 }
