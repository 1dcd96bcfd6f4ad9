package ablation

import (
	"regexp"
	"slices"
	"strconv"
)

func (r *reader) design(n *node, s Sweep) Design {
	out := Design{}
	if len(s.Schedules) > 0 {
		out.Baseline = s.Schedules[0].Name
	}
	if n == nil {
		return out
	}
	f := r.fields(n, "baseline", "control", "grid")
	out.Control = r.choice(f["control"], "", ControlMatched)
	out.Grid = r.grid(f["grid"], s)
	if baseline := r.name(f["baseline"]); baseline != "" {
		r.baseline(f["baseline"], s, out)
		out.Baseline = baseline
	}
	return out
}

// baseline must be an arm's name, as far as the document can tell.
func (r *reader) baseline(n *node, s Sweep, d Design) {
	var arms []string
	for _, c := range s.Schedules {
		arms = append(arms, c.Name)
		if d.Control == ControlMatched && c.Changes() {
			arms = append(arms, matchedName(c.Name))
		}
	}
	if d.Grid != nil {
		for _, v := range d.Grid.Values {
			arms = append(arms, d.Grid.arm(v))
		}
	}
	if len(arms) > 0 && !slices.Contains(arms, n.text) {
		r.problem(n, say("no arm is named %s; %s", "%s という名前のアームはありません。%s", n.text, didYouMean(n.text, arms)))
	}
}

var ofPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

func (r *reader) grid(n *node, s Sweep) *Grid {
	if n == nil {
		return nil
	}
	f := r.fields(n, "of", "values", "from")
	r.require(n, f, "of", "values", "from")
	g := &Grid{
		Of:     r.matching(f["of"], "", ofPattern, Label{EN: "a language such as ja, or a source's name", JA: "ja のような言語か、データソースの名前"}),
		Values: r.values(f["values"]),
		From:   r.name(f["from"]),
	}
	if g.From != "" {
		r.from(f["from"], s.Schedules)
	}
	return g
}

func (r *reader) values(n *node) []float64 {
	if n == nil {
		return nil
	}
	var out []float64
	for _, item := range r.list(n) {
		before := len(r.problems)
		v := r.share(item)
		switch {
		case len(r.problems) > before:
		case slices.ContainsFunc(out, func(w float64) bool { return near(v, w) }):
			r.twice(item)
		default:
			out = append(out, v)
		}
	}
	return out
}

// from must be a listed schedule with one mixture: a grid of a schedule that changes would not be one of shares.
func (r *reader) from(n *node, schedules []Schedule) {
	var listed []string
	for _, c := range schedules {
		listed = append(listed, c.Name)
		if c.Name != n.text {
			continue
		}
		if c.Changes() {
			r.problem(n, say("%s changes over the run; take a schedule with one mixture", "%s は途中で変わります。配合が 1 つのスケジュールを選んでください", n.text))
		}
		return
	}
	if len(schedules) > 0 {
		r.problem(n, say("unknown schedule %s; %s", "不明な配合スケジュール %s。%s", strconv.Quote(n.text), didYouMean(n.text, listed)))
	}
}
