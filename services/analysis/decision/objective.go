package decision

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Objective is what a mixture is chosen by: a weighted sum of metrics, minimised or maximised. Metrics are modelled one by
// one and summed after the fit.
type Objective struct {
	Max   bool
	Terms []Term // one a metric
}

// Term is one metric's weight.
type Term struct {
	Metric string
	Weight float64
}

// Mean is the unweighted mean of metrics, minimised.
func Mean(metrics []string) Objective {
	var o Objective
	for _, name := range metrics {
		o.Terms = append(o.Terms, Term{name, 1 / float64(len(metrics))})
	}
	return o
}

// Rising says of every metric that counts whether the objective wants it higher.
func (o Objective) Rising() map[string]bool {
	out := map[string]bool{}
	for _, t := range o.Terms {
		if t.Weight != 0 {
			out[t.Metric] = o.Max == (t.Weight > 0)
		}
	}
	return out
}

// String is the expression that ParseObjective reads.
func (o Objective) String() string {
	var b strings.Builder
	b.WriteString(map[bool]string{false: "min:", true: "max:"}[o.Max])
	for i, t := range o.Terms {
		sign := ""
		if i > 0 && t.Weight >= 0 {
			sign = "+"
		}
		fmt.Fprintf(&b, "%s%s*%s", sign, strconv.FormatFloat(t.Weight, 'g', 6, 64), quoted(t.Metric))
	}
	return b.String()
}

func quoted(name string) string {
	if strings.IndexFunc(name, func(r rune) bool { return !plain(r) }) < 0 {
		return name
	}
	return "`" + name + "`"
}

// plain runes of names need no backquotes.
func plain(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' || r == '/' || r == '.'
}

// ParseObjective reads min: or max: and a linear expression of metrics, such as min:0.5*bpb/ja + 0.5*bpb/en. Names with
// other characters than letters, digits, '_', '/' and '.' stand in backquotes; names of metrics that there are may stand
// without.
func ParseObjective(text string, metrics []string) (Objective, error) {
	p := &expression{metrics: slices.Clone(metrics)}
	slices.SortFunc(p.metrics, func(a, b string) int { return len(b) - len(a) })
	rest, down := strings.CutPrefix(strings.TrimSpace(text), "min:")
	if !down {
		if rest, p.objective.Max = strings.CutPrefix(strings.TrimSpace(text), "max:"); !p.objective.Max {
			return Objective{}, refuse(text, ablation.Said("must begin with min: or max:, as in min:0.5*bpb/ja+0.5*bpb/en", "min: か max: で始めてください (例: min:0.5*bpb/ja+0.5*bpb/en)"))
		}
	}
	p.rest = strings.TrimSpace(rest)
	if problem := p.sum(); problem != nil {
		return Objective{}, refuse(text, *problem)
	}
	return p.objective, nil
}

func refuse(text string, message ablation.Label) error {
	return &ablation.Invalid{Problems: []ablation.Problem{{Field: "objective", Text: text, Message: message}}}
}

// expression is what is left to read.
type expression struct {
	rest      string
	metrics   []string // longest first
	objective Objective
}

func (p *expression) sum() *ablation.Label {
	for first := true; first || p.rest != ""; first = false {
		weight := 1.0
		switch {
		case strings.HasPrefix(p.rest, "-"):
			weight = -1
			p.skip(1)
		case strings.HasPrefix(p.rest, "+"):
			p.skip(1)
		case !first:
			return label("expects + or - before %s", "%s の前に + か - が要ります", p.rest)
		}
		if problem := p.term(weight); problem != nil {
			return problem
		}
	}
	return nil
}

func label(en, ja string, args ...any) *ablation.Label {
	l := ablation.Said(en, ja, args...)
	return &l
}

func (p *expression) skip(n int) { p.rest = strings.TrimSpace(p.rest[n:]) }

// term is NAME, NUMBER * NAME or NAME * NUMBER.
func (p *expression) term(weight float64) *ablation.Label {
	name := p.name()
	if name == "" {
		n := 0
		for n < len(p.rest) && (strings.ContainsRune("0123456789.eE", rune(p.rest[n])) || n > 0 && strings.ContainsRune("eE", rune(p.rest[n-1])) && strings.ContainsRune("+-", rune(p.rest[n]))) {
			n++
		}
		v, err := strconv.ParseFloat(p.rest[:n], 64)
		if err != nil {
			return p.unknown()
		}
		weight *= v
		if p.skip(n); strings.HasPrefix(p.rest, "*") {
			p.skip(1)
		}
		if name = p.name(); name == "" {
			return p.unknown()
		}
	} else if strings.HasPrefix(p.rest, "*") {
		return label("has a weight behind %s: write the number first, as in 0.5*%[1]s", "%s の後に重みがあります。0.5*%[1]s のように数を先に書いてください", name)
	}
	for i, t := range p.objective.Terms {
		if t.Metric == name {
			p.objective.Terms[i].Weight += weight
			return nil
		}
	}
	p.objective.Terms = append(p.objective.Terms, Term{name, weight})
	return nil
}

// name is the metric that stands next, or "".
func (p *expression) name() string {
	if quoted, ok := strings.CutPrefix(p.rest, "`"); ok {
		name, _, closed := strings.Cut(quoted, "`")
		if !closed || !slices.Contains(p.metrics, name) {
			return ""
		}
		p.skip(len(name) + 2)
		return name
	}
	for _, name := range p.metrics {
		if rest, ok := strings.CutPrefix(p.rest, name); ok && name != "" && ends(rest) {
			p.skip(len(name))
			return name
		}
	}
	return ""
}

// ends reports whether a name ends before rest.
func ends(rest string) bool {
	r, _ := utf8.DecodeRuneInString(rest)
	return rest == "" || !plain(r)
}

func (p *expression) unknown() *ablation.Label {
	if p.rest == "" {
		return label("ends where a metric is expected", "指標の名前が要るところで終わっています")
	}
	return label("expects a metric at %s; metrics are %s (in backquotes where a name has other characters than letters, digits, _ / .)",
		"%s の位置に指標の名前が要ります。指標: %s (文字、数字、_ / . のほかを含む名前は ` で囲みます)", p.rest, strings.Join(p.metrics, ", "))
}
