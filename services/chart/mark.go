package chart

import (
	"slices"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Mark is how an arm is recognised, on pages and in figures: never by colour alone.
type Mark struct {
	Hue    int    `json:"hue"` // 1 to 6, 0 is grey
	Shape  string `json:"shape"`
	Hollow bool   `json:"hollow,omitempty"` // a matched control
	Dash   string `json:"dash"`             // solid, long, dashdot, short or dot
}

var (
	shapes = []string{"circle", "square", "triangle", "diamond", "down", "pentagon"}
	dashes = []string{"solid", "long", "dashdot", "short", "solid", "long"}
)

// MarkOf is the mark of the i-th of a sweep's arms. Arms take hues and shapes in order, the seventh and later are grey; a
// matched control takes its arm's, hollow and dotted.
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

// nthMark is the mark of the arm that n others come before.
func nthMark(n int) Mark {
	m := Mark{Hue: n + 1, Shape: shapes[n%len(shapes)], Dash: dashes[n%len(dashes)]}
	if m.Hue > len(shapes) {
		m.Hue = 0
	}
	return m
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
