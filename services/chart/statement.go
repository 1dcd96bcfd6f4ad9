package chart

import (
	"math"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis"
)

// Statement is one thing that can be said so far, or can't be told yet. Where it is of two arms, it has their differences.
type Statement struct {
	A, B   int // indexes of arms, -1 where it isn't of a pair
	Text   Sentence
	JA, EN *analysis.Difference // A minus B in bits per byte; nil where it isn't of a pair
	Bound  float64              // ends of one scale, ±Bound, for the differences of all statements
}

// Sentence is a text in both languages, in pieces.
type Sentence struct {
	JA []Span `json:"ja"`
	EN []Span `json:"en"`
}

// Span is a piece of a sentence; a strong one is a figure that the eye looks for.
type Span struct {
	Text   string `json:"text"`
	Strong bool   `json:"strong,omitempty"`
}

// In is the sentence in lang, "ja" or "en".
func (s Sentence) In(lang string) []Span {
	if lang == "ja" {
		return s.JA
	}
	return s.EN
}

// Statements says what the completed runs show: every arm against the baseline, every schedule against its matched
// control, who is beaten on both languages, and tasks against chance. It never calls a difference that its interval
// doesn't hold.
func Statements(d Data) []Statement {
	w := speaker{tradeoff: newTradeoff(d)}
	for _, p := range d.pairs() {
		w.compare(p)
	}
	w.beaten()
	for _, t := range d.Tasks {
		w.chance(t)
		w.compareItems(t)
	}
	if len(w.said) == 0 {
		w.say(say("まだ何も言えない。二つのアームで同じシードのランが完了すると、ここに差が出る。",
			"Nothing can be said yet. The first difference comes when two arms have completed runs of one seed."))
	}
	return w.scaled()
}

// pair is two arms worth comparing.
type pair struct {
	a, b    int
	control bool // b has a's totals without its order
}

// pairs are the arms against the baseline of their length and size, in order, then schedules against their controls.
func (d Data) pairs() []pair {
	var out, controls []pair
	for i, a := range d.Arms {
		if a.MatchedOf != "" {
			continue
		}
		if base := d.Sweep.Baseline(d.Arms, i); base >= 0 && i != base {
			out = append(out, pair{i, base, false})
		}
		if c := d.Sweep.Control(d.Arms, i); c >= 0 {
			controls = append(controls, pair{i, c, true})
		}
	}
	return append(out, controls...)
}

type speaker struct {
	tradeoff
	said []Statement
}

func (w *speaker) say(text ablation.Label) {
	w.said = append(w.said, Statement{A: -1, B: -1, Text: sentence(text)})
}

func (w *speaker) compare(p pair) {
	if p.a < 0 {
		return
	}
	ja, en := w.ja.Difference(p.a, p.b), w.en.Difference(p.a, p.b)
	if ja.N == 0 || en.N == 0 {
		return
	}
	text := join(w.fact(p, ja, en), direction(ja, en), doubt(p, ja, en))
	w.said = append(w.said, Statement{A: p.a, B: p.b, Text: sentence(text), JA: &ja, EN: &en})
}

// fact states the two mean differences.
func (w *speaker) fact(p pair, ja, en analysis.Difference) ablation.Label {
	a := subject(armLabel(w.Arms[p.a]))
	if p.control {
		return say("総量が同じ対照に比べて、%sは日本語で %s、英語で %s。", "Against its matched control, %s gives %s on Japanese, %s on English.", a, strong(ja.Mean), strong(en.Mean))
	}
	return say("%sは日本語で %s、英語で %s。", "%s: %s on Japanese, %s on English.", a, strong(ja.Mean), strong(en.Mean))
}

// direction says in how many pairs the signs agree; one pair has nothing to agree with.
func direction(ja, en analysis.Difference) ablation.Label {
	switch {
	case ja.N < 2 || en.N < 2:
		return ablation.Label{}
	case ja.SameSign && en.SameSign && ja.N == 2:
		return say("2組すべてで同じ向き。", "Same direction in both pairs.")
	case ja.SameSign && en.SameSign:
		return say("%d組すべてで同じ向き。", "Same direction in all %d pairs.", ja.N)
	case ja.SameSign:
		return say("英語は組によって向きが違う。", "On English the pairs point both ways.")
	case en.SameSign:
		return say("日本語は組によって向きが違う。", "On Japanese the pairs point both ways.")
	}
	return say("どちらも組によって向きが違う。", "On both the pairs point both ways.")
}

// doubt says what the intervals don't hold, or what a control proves.
func doubt(p pair, ja, en analysis.Difference) ablation.Label {
	both := ja.Verdict.Decided() && en.Verdict.Decided()
	switch {
	case ja.Verdict == analysis.Unknown || en.Verdict == analysis.Unknown:
		return say("シードが足りず区間が出せないため、まだ言えない。", "Too few seeds for an interval: not yet shown.")
	case both && p.control:
		return say("順序は効いている。", "Order matters.")
	case both:
		return ablation.Label{}
	case ja.Verdict.Decided():
		return say("ただし英語の差は 90%% 区間が 0 を含み、区別できない。", "On English the 90%% interval holds 0: they cannot be told apart.")
	case en.Verdict.Decided():
		return say("ただし日本語の差は 90%% 区間が 0 を含み、区別できない。", "On Japanese the 90%% interval holds 0: they cannot be told apart.")
	}
	return say("ただしどちらも 90%% 区間が 0 を含み、まだ区別できない。", "Both 90%% intervals hold 0: they cannot be told apart yet.")
}

// beaten names the arms that another one beats on both languages.
func (w *speaker) beaten() {
	var names []ablation.Label
	for i, s := range w.standings {
		if s == analysis.Beaten {
			names = append(names, armLabel(w.Arms[i]))
		}
	}
	if len(names) > 0 {
		w.say(say("%sは、両方の言語でほかのアームに負けている。", "Beaten by another arm on both languages: %s.", subject(list(names))))
	}
}

// chance says of a task which arms answer better than one would who knows nothing.
func (w *speaker) chance(t ablation.Task) {
	var seen, above []ablation.Label
	below := false
	for i, a := range w.accuracies(t) {
		below = below || a.Verdict == analysis.Lower
		if a.N > 0 {
			seen = append(seen, armLabel(w.Arms[i]))
		}
		if a.Verdict == analysis.Higher {
			above = append(above, armLabel(w.Arms[i]))
		}
	}
	name, level := same(t.Name), floor(t, 0)
	switch {
	case len(seen) == 0:
	case len(above) == 0 && below:
		w.say(say("%s の正答率が%sより高いアームはない。", "On %s no arm is more accurate than %s.", name, level))
	case len(above) == 0:
		w.say(say("%s の正答率は、どのアームも%sと区別できない。", "On %s no arm's accuracy can be told from %s.", name, level))
	case len(above) == len(seen):
		w.say(say("%s の正答率は、どのアームも%sより高い。", "On %s every arm is more accurate than %s.", name, level))
	default:
		w.say(say("%s の正答率が%sより高いのは、%sだけ。", "On %s only these are more accurate than %s: %s.", name, level, subject(few(above))))
	}
}

// scaled gives all statements one scale that holds every interval and every pair.
func (w *speaker) scaled() []Statement {
	bound := 0.0
	for _, s := range w.said {
		for _, d := range []*analysis.Difference{s.JA, s.EN} {
			if d != nil {
				bound = max(bound, reach(*d))
			}
		}
	}
	for i := range w.said {
		w.said[i].Bound = even(bound)
	}
	return w.said
}

// even is the number at or above v whose half has one digit: 2, 4, 6, 8 or 10 times a power of ten; 0 of none.
func even(v float64) float64 {
	if !(v > 0) {
		return 0
	}
	exponent := math.Floor(math.Log10(v))
	for _, m := range []float64{2, 4, 6, 8} {
		if bound := decimal(m, exponent); bound >= v {
			return bound
		}
	}
	return decimal(10, exponent)
}

// reach is how far from 0 a difference's drawing goes. An interval from very few pairs can dwarf everything: past three
// times the pairs themselves it runs out of the drawing.
func reach(d analysis.Difference) float64 {
	pairs := math.Abs(d.Mean)
	for _, p := range d.Pairs {
		pairs = max(pairs, math.Abs(p.Value))
	}
	if end := math.Abs(d.Mean) + d.Half; end > pairs {
		return min(end, 3*pairs)
	}
	return pairs
}

// marker frames the strong pieces of a text while it is put together.
const marker = "\x00"

// strong is a difference as a strong piece of a text.
func strong(v float64) string { return marker + Signed(v, 3) + marker }

func sentence(l ablation.Label) Sentence { return Sentence{spans(l.JA), spans(l.EN)} }

func spans(text string) []Span {
	var out []Span
	for i, piece := range strings.Split(text, marker) {
		if piece != "" {
			out = append(out, Span{piece, i%2 == 1})
		}
	}
	return out
}
