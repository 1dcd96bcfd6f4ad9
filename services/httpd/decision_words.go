package httpd

import (
	"cmp"
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis/decision"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

type caveat struct {
	Warn bool
	Text string
}

// prices are those of Japanese in English and back, or of all metrics where the objective hasn't both.
func (p decisionPage) prices() []string {
	priced := slices.DeleteFunc(slices.Clone(p.outlook.Prices), func(v decision.Price) bool { return !spoken(v.Of) || !spoken(v.In) })
	if len(priced) == 0 {
		priced = p.outlook.Prices
	}
	var out []string
	for _, v := range priced {
		key := "dec.price.say"
		switch {
		case v.Held:
			key = "dec.price.held"
		case v.Gain == 0:
			key = "dec.price.end"
		case v.Cost.Mean <= 0:
			key = "dec.price.free"
		}
		out = append(out, p.words.text(key, "of", p.head(v.Of).Name, "in", p.head(v.In).Name, "c", fixed(v.Cost.Mean, 2), "lo", fixed(v.Cost.Low, 2), "hi", fixed(v.Cost.Top, 2)))
	}
	return out
}

// spoken reports whether a metric is of Japanese or English text.
func spoken(metric string) bool { return metric == ablation.BPB("ja") || metric == ablation.BPB("en") }

// goal is the objective in words: by which metrics, weighted how.
func (p decisionPage) goal() string {
	var parts []string
	even := true
	for _, t := range p.outlook.Objective.Terms {
		even = even && t.Weight == p.outlook.Objective.Terms[0].Weight
	}
	for _, t := range p.outlook.Objective.Terms {
		name := p.head(t.Metric).Name
		if !even {
			name += " " + fixed(t.Weight, 2)
		}
		parts = append(parts, name)
	}
	key := "dec.goal.weighted"
	if even && len(parts) > 1 {
		key = "dec.goal.even"
	}
	if n := len(parts); n > wordsMost {
		parts = []string{p.words.text("dec.goal.many", "n", n)}
	}
	return p.words.text(key, "m", strings.Join(parts, p.words.text("dec.comma")))
}

// mixtureWords are a run's shares in a row, those that are there, phase by phase.
func (m *decisionMaterial) mixtureWords(run table.Run) string {
	return sharesWords(m.Table.Sources, run.Shares)
}

// sharesWords are shares by phase and source in a row; what stays from phase to phase is said once.
func sharesWords(sources []string, all [][]float64) string {
	phases := make([]string, len(all))
	for i, shares := range all {
		order := largest(shares)
		var parts []string
		for k, j := range order {
			w := shares[j]
			if len(order) > wordsMost && k == wordsMost-1 {
				parts = append(parts, fmt.Sprintf("… +%d", len(order)-k))
				break
			}
			parts = append(parts, sources[j]+" "+percent(w, map[bool]int{true: 0, false: 1}[math.Abs(w*100-math.Round(w*100)) < .05]))
		}
		phases[i] = strings.Join(parts, " / ")
	}
	return strings.Join(slices.Compact(phases), " → ")
}

// wordsMost is how many of more sources, metrics or ranges a line of words names; the CSVs have all.
const wordsMost = 5

// largest are the sources that have a share, in their order, or by share where they are many.
func largest(shares []float64) []int {
	var order []int
	for j, w := range shares {
		if w >= .0005 {
			order = append(order, j)
		}
	}
	if len(order) > wordsMost {
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(shares[b], shares[a]) })
	}
	return order
}

// runGlyph is a run's mixture in the size of a word.
func (m *decisionMaterial) runGlyph(run table.Run) template.HTML {
	const steps = 1000
	langs := make([]string, len(m.Table.Sources))
	for j := range langs {
		langs[j] = m.langOf(j)
	}
	var weights []ablation.Weights
	from := 0.0
	for i, shares := range run.Shares {
		w := ablation.Weights{FromStep: int64(math.Round(from * steps)), W: make([]int64, len(shares))}
		for j, v := range shares {
			w.W[j] = int64(math.Round(v * ablation.WeightTotal))
		}
		weights, from = append(weights, w), from+m.Shares[i]
	}
	return newGlyph(weights, steps, langs).svg(40, 13)
}

func (p decisionPage) expected() string {
	var parts []string
	for _, t := range p.outlook.Objective.Terms {
		k := slices.Index(p.outlook.Fit.Table.Metrics, t.Metric)
		parts = append(parts, p.head(t.Metric).Name+" "+fixed(p.outlook.Metrics[k].Mean, 3))
	}
	return p.words.text("dec.say.expected", "m", strings.Join(parts, p.words.text("dec.comma")))
}

// verdict says whether the recommended mixture beats the best that was run, and what keeps it from that.
func (p decisionPage) verdict(b decision.Baseline) []string {
	key, gain := "dec.say.same", b.Improvement
	switch b.Verdict() {
	case decision.VerdictBetter:
		key = "dec.say.better"
	case decision.VerdictSame:
		key = "dec.say.itself"
	case decision.VerdictAhead:
		key, gain = "dec.say.ahead", gain.Negated()
	}
	out := []string{p.words.text(key, "s", p.mixtureWords(b.Run), "g", minus(gain, gain.Mean), "lo", minus(gain, gain.Low), "hi", minus(gain, gain.Top))}
	if p.outlook.Beyond {
		out = append([]string{p.words.text("dec.say.beyond")}, out...)
	}
	if b.Barred && b.Ahead() {
		out = append(out, p.words.text("dec.say.barred"))
	}
	return out
}

// minus is a part of a difference, with decimals that show an interval's ends.
func minus(of decision.Interval, v float64) string {
	digits := 3
	if max(math.Abs(of.Low), math.Abs(of.Top)) < .005 {
		digits = 5
	}
	return signed(v, digits)
}

// alike says where mixtures lie that can't be told from the recommended one.
func (p decisionPage) alike() string {
	return p.words.text("dec.say.alike", "r", p.ranged(p.outlook.AsGood))
}

// optimum says where the best mixture itself may lie.
func (p decisionPage) optimum() string {
	return p.words.text("dec.say.optimum", "r", p.ranged(p.outlook.Optimum))
}

// ranged are ranges of shares in a row, phase by phase.
func (p decisionPage) ranged(phases [][]decision.Range) string {
	var parts []string
	for i, phase := range phases {
		for j, r := range phase {
			name := p.outlook.Fit.Table.Sources[j]
			if len(phases) > 1 {
				name = p.words.text("dec.in.phase", "s", name, "n", i+1)
			}
			parts = append(parts, name+" "+percent(r.Low, 0)+"–"+percent(r.Top, 0))
		}
	}
	return strings.Join(parts, p.words.text("dec.comma"))
}

func (p decisionPage) near() string {
	names := strings.Join(p.outlook.Nearest, p.words.text("dec.comma"))
	if p.outlook.Distance < 1e-6 {
		return p.words.text("dec.say.run", "n", names)
	}
	return p.words.text("dec.say.near", "n", names, "d", fixed(100*p.outlook.Distance, 0))
}

// sentence is a warning as one begins, where it doesn't begin with a source's or metric's name.
func (p decisionPage) sentence(l ablation.Label) string {
	text := l.In(p.words.lang)
	t := p.outlook.Fit.Table
	if word, _, _ := strings.Cut(text, " "); slices.Contains(t.Sources, word) || slices.Contains(t.Metrics, word) {
		return text
	}
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

// caveats are what to know before it is used: on what it stands, what was taken for granted, what is far away.
func (p decisionPage) caveats() []caveat {
	t := p.outlook.Fit.Table
	out := []caveat{{Text: p.words.text("dec.cav.from", "m", len(t.Groups()), "n", len(t.Runs))}}
	for _, l := range p.outlook.Warnings {
		out = append(out, caveat{true, p.sentence(l)})
	}
	if t.Phases == 1 {
		out = append(out, caveat{Text: p.words.text("dec.cav.order")})
	}
	for _, l := range p.outlook.Fit.Notes {
		out = append(out, caveat{Text: p.sentence(l)})
	}
	return out
}

// powers are the smallest effects that so many seeds show, and how many show the one that was asked about.
func (p decisionPage) powers() []string {
	var out []string
	for _, v := range p.outlook.Detectable {
		if math.IsNaN(v.Effect) || strings.HasSuffix(v.Metric, "/margin") {
			continue
		}
		half := v.Effect / 2
		key := "dec.power"
		seeds, runs := v.Needs(cmp.Or(p.effect, half))
		switch {
		case seeds == 0 && p.effect > 0:
			key = "dec.power.beyond"
		case p.effect > 0:
			key = "dec.power.asked"
		case seeds > 0:
			key = "dec.power.seeds"
		}
		out = append(out, p.words.text(key, "m", p.head(v.Metric).Name, "e", fixed(v.Effect, 3), "n", v.Seeds, "h", decimal(cmp.Or(p.effect, math.Round(half*1e3)/1e3)), "k", seeds, "r", runs, "most", decision.MostSeeds))
	}
	if len(out) == 0 {
		return []string{p.words.text("dec.power.none")}
	}
	return out
}

// pBest is how likely a mixture is the best of those that were run; a dash where it wasn't.
func (p decisionPage) pBest(run table.Run) string {
	for _, a := range p.outlook.Arms {
		if decision.Apart(a.Run, run) < 1e-6 {
			return fixed(a.PBest, 2)
		}
	}
	return "—"
}

func (p decisionPage) epochWords(run table.Run) string {
	var parts []string
	for _, n := range p.outlook.Fit.Epochs(run) {
		parts = append(parts, fixed(n, map[bool]int{true: 1, false: 2}[n >= 1]))
	}
	return strings.Join(parts, " / ")
}
