package ablation

import (
	"fmt"
	"math/big"
	"strings"
)

// Variant is what an arm's recipe has instead of the sweep's: one token budget, one shape and one method of the product.
type Variant struct {
	Of     string  `json:"of"`                // the mixture's name; arms that share it differ in length and size only
	Tokens int64   `json:"tokens,omitempty"`  // per run; 0: the recipe's
	Shape  *Shape  `json:"shape,omitempty"`   // nil: the recipe's
	PeakLR float64 `json:"peak_lr,omitempty"` // 0: the recipe's
	Method *Method `json:"method,omitempty"`  // nil: the recipe's
}

// For is the recipe that an arm's runs follow.
func (r Recipe) For(a Arm) Recipe {
	v := a.Variant
	if v != nil && v.Method != nil {
		r.Method = *v.Method
	}
	if r.Method.PeakLR > 0 {
		r.Optimizer.PeakLR = r.Method.PeakLR
	}
	if v == nil {
		return r
	}
	if v.Tokens > 0 {
		r.Tokens = v.Tokens
	}
	if v.Shape != nil {
		r.Shape = *v.Shape
	}
	if v.PeakLR > 0 && r.Method.PeakLR == 0 {
		r.Optimizer.PeakLR = v.PeakLR
	}
	return r
}

// Mixes is the name that the arm has in common with its variants: its own where there are none.
func (a Arm) Mixes() string {
	if a.Variant != nil {
		return a.Variant.Of
	}
	return a.Name
}

// Peer reports whether two arms' runs have one length and one size, so that their scores differ by what they read.
func (a Arm) Peer(b Arm) bool {
	var x, y Recipe
	x, y = x.For(a), y.For(b)
	return x.Tokens == y.Tokens && x.Shape == y.Shape
}

// variants are the product's combinations, lengths first; a single nil without one.
func (p *Product) variants() []*Variant {
	if p == nil {
		return []*Variant{nil}
	}
	var out []*Variant
	for i := range max(1, len(p.Shapes)) {
		for j := range max(1, len(p.Tokens)) {
			v := Variant{}
			if i < len(p.Shapes) {
				shape := p.Shapes[i]
				v.Shape = &shape
			}
			if i < len(p.Rates) {
				v.PeakLR = p.Rates[i]
			}
			if j < len(p.Tokens) {
				v.Tokens = p.Tokens[j]
			}
			out = append(out, v.by(p.Methods)...)
		}
	}
	return out
}

// by is the variant in each of some methods.
func (v Variant) by(methods []Method) []*Variant {
	if len(methods) == 0 {
		return []*Variant{&v}
	}
	out := make([]*Variant, len(methods))
	for i := range methods {
		own := v
		own.Method = &methods[i]
		out[i] = &own
	}
	return out
}

// count is how many variants each mixture has.
func (p *Product) count() int64 {
	if p == nil {
		return 1
	}
	return int64(max(1, len(p.Shapes)) * max(1, len(p.Tokens)) * max(1, len(p.Methods)))
}

// name is the arm's: the mixture's, then the shape, the budget and the method where the product gives them: ja33-2m-t60m-lora8.
func (v *Variant) name(mixture string) string {
	if v == nil {
		return mixture
	}
	if v.Shape != nil {
		mixture += "-" + v.Shape.slug()
	}
	if v.Tokens > 0 {
		mixture += "-t" + strings.ToLower(roundCount(v.Tokens))
	}
	if v.Method != nil {
		mixture += "-" + v.Method.slug()
	}
	return mixture
}

// label adds shape, budget and method to a mixture's label.
func (v *Variant) label(l Label, mixture string) Label {
	if v == nil {
		return l
	}
	var what []string
	if v.Shape != nil {
		what = append(what, v.Shape.String())
	}
	if v.Tokens > 0 {
		what = append(what, roundCount(v.Tokens))
	}
	if v.Method != nil {
		what = append(what, v.Method.String())
	}
	if l == (Label{}) {
		l = Label{JA: mixture, EN: mixture}
	}
	text := strings.Join(what, " · ")
	return Label{JA: l.In("ja") + " · " + text, EN: l.In("en") + " · " + text}
}

// String is the preset's name, or layers × width.
func (s Shape) String() string {
	if s.Preset != "" {
		return s.Preset
	}
	return fmt.Sprintf("%d × %d", s.Layers, s.Width)
}

// slug is the shape in a name.
func (s Shape) slug() string {
	if s.Preset != "" {
		return s.Preset
	}
	return fmt.Sprintf("l%dw%dh%df%d", s.Layers, s.Width, s.Heads, s.FFN)
}

// roundCount is a number of tokens as people write one, thousands too: 600k, 30M.
func roundCount(tokens int64) string {
	text := tokenCount(new(big.Rat).SetInt64(tokens))
	if tokens >= 1000 && tokens < 1e6 && tokens%10 == 0 {
		return digits(big.NewRat(tokens, 1000)) + "k"
	}
	return text
}
