package chart

import (
	"slices"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Mark is how an arm is recognised, on pages and in figures: never by colour alone.
type Mark struct {
	Hue    int    `json:"hue"` // 1 to 6; 0, of devices and in shares of earlier versions, is grey
	Shape  string `json:"shape"`
	Hollow bool   `json:"hollow,omitempty"` // a matched control
	Dash   string `json:"dash"`             // solid, long, dashdot, short, longdots, mixed; of a matched control dot
}

const hues = 6

var (
	shapes = []string{"circle", "square", "triangle", "diamond", "down", "pentagon", "star", "plus", "left", "right", "hourglass", "bar"}
	dashes = []string{"solid", "long", "dashdot", "short", "longdots", "mixed"}
)

// MarkOf is the mark of the i-th of a sweep's arms; a matched control takes its arm's, hollow and dotted.
func MarkOf(arms []ablation.Arm, i int) Mark {
	of := arms[i]
	if of.MatchedOf != "" {
		if j := slices.IndexFunc(arms, func(a ablation.Arm) bool { return a.Name == of.MatchedOf }); j >= 0 {
			m := MarkOf(arms, j)
			m.Hollow, m.Dash = true, "dot"
			return m
		}
	}
	n := 0
	for _, a := range arms[:i] {
		if a.MatchedOf == "" {
			n++
		}
	}
	return nthMark(n)
}

// nthMark is the mark of the arm that n others come before. Twelve differ in their shapes alone, 36 in shape and dash, so
// that nobody needs to tell colours apart; 432 differ in all three.
func nthMark(n int) Mark {
	return Mark{Hue: n%hues + 1, Shape: shapes[(n+n/36)%len(shapes)], Dash: dashes[(n%hues+n/hues)%len(dashes)]}
}

// marked are arms as figures name them.
func marked(arms []ablation.Arm) []Arm {
	out := make([]Arm, len(arms))
	for i, a := range arms {
		out[i] = Arm{Name: a.Name, Label: armLabel(a), Mark: MarkOf(arms, i)}
	}
	return out
}

// armLabel is the arm's label, or its name where it has none.
func armLabel(a ablation.Arm) ablation.Label {
	if a.Label == (ablation.Label{}) {
		return same(a.Name)
	}
	return ablation.Label{JA: a.Label.In("ja"), EN: a.Label.In("en")}
}
