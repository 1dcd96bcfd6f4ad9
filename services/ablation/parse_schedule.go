package ablation

import (
	"math"
	"math/big"
	"slices"
)

// schedules reads the arms that are listed. Stages are checked against the sweep's sources and token budget, unless
// those are themselves wrong.
func (r *reader) schedules(n *node, s Sweep) []Schedule {
	if n == nil {
		return nil
	}
	entries := r.entries(n)
	if n.kind == kindMapping && len(n.entries) == 0 {
		r.problem(n, say("there is no schedule; give at least one", "配合スケジュールがありません。1 つ以上書いてください"))
	}
	var out []Schedule
	for _, e := range entries {
		r.named(e.key) // one that can't be its name still shows what it mixes
		f := r.fields(e.value, "label", "stages")
		r.require(e.value, f, "stages")
		out = append(out, Schedule{Name: e.key.text, Label: r.label(f["label"]), Stages: r.stages(f["stages"], s)})
	}
	return out
}

// label is one text for both languages, or one each.
func (r *reader) label(n *node) Label {
	if n == nil || n.kind != kindMapping {
		text := r.text(n)
		return Label{JA: text, EN: text}
	}
	f := r.fields(n, "ja", "en")
	return Label{JA: r.text(f["ja"]), EN: r.text(f["en"])}
}

func (r *reader) stages(n *node, s Sweep) []Stage {
	if n == nil {
		return nil
	}
	var out []Stage
	w := walk{reader: r, recipe: s.Recipe}
	items := r.list(n)
	for i, item := range items {
		f := r.fields(item, "until", "mixture", "ramp")
		r.require(item, f, "until", "mixture")
		stage := Stage{
			Until:   w.until(f["until"], i == len(items)-1),
			Mixture: r.mixture(f["mixture"], s.Sources),
			Ramp:    Ramp(r.choice(f["ramp"], string(RampNone), string(RampNone), string(RampLinear), string(RampCosine))),
		}
		if i == 0 && stage.Ramp != RampNone {
			r.problem(f["ramp"], say("the first stage has no mixture before it to ramp from; remove ramp", "最初の段階には、移り始める元の配合がありません。ramp を消してください"))
		}
		out = append(out, stage)
	}
	return out
}

// walk follows the ends of a schedule's stages.
type walk struct {
	*reader
	recipe Recipe
	end    *big.Rat // of the stage before, in tokens; nil at first
}

func (w *walk) until(n *node, last bool) Amount {
	before := len(w.problems)
	a := w.interval(n, Amount{Fraction: 1})
	if n == nil || len(w.problems) > before || w.recipe.Tokens <= 1 {
		return a
	}
	start, end, whole := w.end, a.exact(w.recipe.Tokens), new(big.Rat).SetInt64(w.recipe.Tokens)
	w.end = end
	switch {
	case end.Cmp(whole) > 0:
		w.problem(n, say("ends at %s tokens, past the budget of %s; end it by 1.0", "%s トークンで終わり、予算の %s を超えています。1.0 以内にしてください", tokenCount(end), tokenCount(whole)))
	case start != nil && end.Cmp(start) <= 0:
		w.problem(n, say("ends at %s tokens, not after the stage before it (%s); let until increase", "%s トークンで終わり、前の段階の終わり（%s）より後になっていません。until は増やしていってください", tokenCount(end), tokenCount(start)))
	case last && end.Cmp(whole) < 0:
		w.problem(n, say("the last stage ends at %s of %s tokens; end it with until: 1.0", "最後の段階が %[2]s トークン中 %[1]s で終わっています。until: 1.0 にしてください", tokenCount(end), tokenCount(whole)))
	case steps(end, w.recipe) == steps(start, w.recipe):
		w.problem(n, say("is shorter than a step (%d tokens) and would never be read; make it longer, or the steps shorter",
			"1 ステップ（%d トークン）より短く、一度も使われません。段階を長くするか、ステップを短くしてください", w.recipe.TokensPerStep()))
	}
	return a
}

// steps is how many whole steps it takes to reach a number of tokens.
func steps(tokens *big.Rat, r Recipe) int64 {
	if tokens == nil {
		return 0
	}
	return ceil(new(big.Rat).Quo(tokens, new(big.Rat).SetInt64(r.TokensPerStep())))
}

// tolerance is how far from one the shares of a mixture may sum.
const tolerance = 1e-9

func (r *reader) mixture(n *node, sources []SourceRef) Mixture {
	if n == nil {
		return nil
	}
	before, out := len(r.problems), Mixture{}
	var shares []float64
	whole := n.kind == kindMapping
	for _, e := range r.entries(n) {
		r.known(e.key, sources)
		share := r.share(e.value)
		shares, out[e.key.text] = append(shares, share), share
		whole = whole && e.value.kind != kindBad
	}
	if len(r.problems) == before && whole {
		r.complete(n, sum(shares))
	}
	return out
}

// known reports a source that the sweep doesn't list.
func (r *reader) known(key *node, sources []SourceRef) {
	if len(sources) == 0 || slices.ContainsFunc(sources, func(s SourceRef) bool { return s.Name == key.text }) {
		return
	}
	r.problem(key, say("unknown source %s, which sources doesn't list; %s", "%s は sources にありません。%s", key.text, didYouMean(key.text, names(sources))))
}

func names(sources []SourceRef) []string {
	out := make([]string, len(sources))
	for i, s := range sources {
		out[i] = s.Name
	}
	return out
}

// complete reports shares that don't sum to one, and by how much.
func (r *reader) complete(n *node, total *big.Rat) {
	rest := new(big.Rat).Sub(big.NewRat(1, 1), total)
	if f, _ := rest.Float64(); math.Abs(f) <= tolerance {
		return
	}
	if rest.Sign() > 0 {
		r.problem(n, say("shares sum to %s; %s is missing to make 1: raise a share by that", "割合の合計が %s です。1 に %s 足りません。その分をどれかに足してください", digits(total), digits(rest)))
		return
	}
	r.problem(n, say("shares sum to %s; %s is too much to make 1: lower a share by that", "割合の合計が %s です。1 より %s 多くなっています。その分をどれかから減らしてください", digits(total), digits(rest.Neg(rest))))
}
