package chart

import (
	"math"
	"slices"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis"
)

// Data is a sweep as it stands: what its figures are drawn from.
type Data struct {
	Sweep   ablation.Sweep
	Arms    []ablation.Arm // in order
	Runs    []ablation.Run
	Sources []ablation.Source // in the sweep's order
	Tasks   []ablation.Task
	Results []ablation.Result
	Items   []ablation.ItemScores // of completed runs, for [Statements] and [NewMatrix] alone; nil where not read
	Spikes  []ablation.Spike      // the ledger of the run that [RunCurve] is of, in its order; nil where not read
}

// scores are a metric's values at the end of completed runs.
func (d Data) scores(metric string) analysis.Scores { return analysis.Of(d.Arms, d.Results, metric) }

// arm is the index of the arm of that name, -1 where there is none.
func (d Data) arm(name string) int {
	return slices.IndexFunc(d.Arms, func(a ablation.Arm) bool { return a.Name == name })
}

// HeldOut is a held-out set: of a source, or of a language, whose name it has then.
type HeldOut struct{ Name, Lang string }

// Sets are the held-out sets of a sweep, those of languages first.
func (d Data) Sets() []HeldOut {
	var langs, sources []HeldOut
	for _, l := range []string{"ja", "en", "code"} {
		if slices.ContainsFunc(d.Sources, func(s ablation.Source) bool { return s.Lang == l }) {
			langs = append(langs, HeldOut{l, l})
		}
	}
	for _, s := range d.Sources {
		if s.Name != s.Lang {
			sources = append(sources, HeldOut{s.Name, s.Lang})
		}
	}
	return append(langs, sources...)
}

// tokens of a finished run of an arm.
func (d Data) tokens(a ablation.Arm) int64 {
	r := d.Sweep.Recipe.For(a)
	return r.Steps() * r.TokensPerStep()
}

// Lengths are the tokens of finished runs, each once, from the shortest.
func (d Data) Lengths() []int64 {
	var out []int64
	for _, a := range d.Arms {
		out = append(out, d.tokens(a))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// longest is the tokens of the longest finished run.
func (d Data) longest() int64 {
	all := d.Lengths()
	if len(all) == 0 {
		return 0
	}
	return all[len(all)-1]
}

// lengths is how many tokens finished runs have seen: 60M, or 30M to 60M.
func (d Data) lengths() ablation.Label {
	all := d.Lengths()
	switch len(all) {
	case 0:
		return say("%s", "%s", Count(0))
	case 1:
		return say("%s", "%s", Count(all[0]))
	}
	return say("%s〜%s", "%s to %s", Count(all[0]), Count(d.longest()))
}

// Models are the arms' shapes, each once, in order of arms.
func (d Data) Models() []ablation.Shape {
	var out []ablation.Shape
	for _, a := range d.Arms {
		if shape := d.Sweep.Recipe.For(a).Shape; !slices.Contains(out, shape) {
			out = append(out, shape)
		}
	}
	return out
}

// peers reports whether two arms' runs have one length and size.
func (d Data) peers(a, b int) bool { return d.Arms[a].Peer(d.Arms[b]) }

// sources are their names, in the sweep's order.
func (d Data) sources() []string {
	names := make([]string, len(d.Sources))
	for i, s := range d.Sources {
		names[i] = s.Name
	}
	return names
}

// order is how languages are stacked, from the bottom.
var order = []string{"ja", "en", "code", "other"}

// languages are those of the sources, in the order of stacking; the rest is other.
func (d Data) languages() []string {
	return slices.DeleteFunc(slices.Clone(order), func(lang string) bool {
		return !slices.ContainsFunc(d.Sources, func(s ablation.Source) bool { return stacked(s.Lang) == lang })
	})
}

// languageWords is what the languages are called.
func (d Data) languageWords() map[string]ablation.Label {
	words := map[string]ablation.Label{}
	for _, lang := range d.languages() {
		words[lang] = language(lang)
	}
	return words
}

// stacked is the language as which a source is drawn.
func stacked(lang string) string {
	if slices.Contains(order, lang) {
		return lang
	}
	return "other"
}

// pointWords are the kinds of points of a figure of arms.
func pointWords() map[string]ablation.Label {
	return map[string]ablation.Label{"seed": say("シード", "seed"), "mean": say("平均", "mean"), "left": say("除外", "left out")}
}

// cell is a number of a table; one that isn't known is nil.
func cell(v float64) any {
	if math.IsNaN(v) {
		return nil
	}
	return ablation.Real(v)
}

// pointer to a copy, for fields that may be absent.
func pointer[T any](v T) *T { return &v }
