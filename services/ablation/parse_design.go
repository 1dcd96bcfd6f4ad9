package ablation

import (
	"math"
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
	f := r.fields(n, "baseline", "control", "grid", "lattice", "dirichlet", "one_factor", "adaptive", "product", "limits")
	out.Control = r.choice(f["control"], "", ControlMatched)
	out.Grid = r.grid(f["grid"], s)
	out.Lattice = r.lattice(f["lattice"], s)
	out.Dirichlet = r.dirichlet(f["dirichlet"], s)
	out.OneFactor = r.oneFactor(f["one_factor"], s)
	out.Product = r.product(f["product"], s)
	out.Adaptive = r.adaptive(f["adaptive"], s, out)
	out.Limits = r.limits(f["limits"], out)
	r.candidates(f["product"], s, out)
	if baseline := r.name(f["baseline"]); baseline != "" {
		r.baseline(f["baseline"], s, out)
		out.Baseline = baseline
	}
	return out
}

// candidates refuses a product that would multiply a design beyond all counting; what each design makes alone is checked
// where it stands.
func (r *reader) candidates(product *node, s Sweep, d Design) {
	mixtures := int64(len(s.Schedules))
	if d.Grid != nil {
		mixtures += int64(len(d.Grid.Values))
	}
	if d.Lattice != nil && d.Lattice.count() <= maxMixtures { // more is refused where it stands
		mixtures += d.Lattice.count()
	}
	if d.Dirichlet != nil {
		mixtures += int64(d.Dirichlet.Arms)
	}
	if product != nil && mixtures*d.Product.count() > maxMixtures {
		r.problem(product, say("makes %d arms of %d mixtures; at most %d: give fewer budgets, shapes or mixtures",
			"%[2]d 個の配合から %[1]d 個のアームができます。上限は %[3]d です。予算か形か配合を減らしてください", mixtures*d.Product.count(), mixtures, maxMixtures))
	}
}

// limits need a design that they could leave something out of.
func (r *reader) limits(n *node, d Design) *Limits {
	if n == nil {
		return nil
	}
	f := r.fields(n, "min_share", "max_epochs")
	out := &Limits{
		MinShare:  r.number(f["min_share"], 0, span{low: 0, high: 1, above: true}),
		MaxEpochs: r.number(f["max_epochs"], 0, span{low: 0, high: math.Inf(1), above: true}),
	}
	if d == (Design{Baseline: d.Baseline, Control: d.Control}) {
		r.problem(n, say("limits apply to arms that a design makes, and there is none; add grid, lattice, dirichlet, one_factor, adaptive or product, or remove limits",
			"limits は実験計画が作るアームに効きますが、計画がありません。grid、lattice、dirichlet、one_factor、adaptive、product のどれかを加えるか、limits を消してください"))
	}
	return out
}

// baseline must be an arm's name, as far as the document can tell: what larger designs make is for the expansion to say.
func (r *reader) baseline(n *node, s Sweep, d Design) {
	if d.Lattice != nil || d.Dirichlet != nil || d.OneFactor != nil || d.Product != nil {
		return
	}
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
		Of:     r.of(f["of"]),
		Values: r.values(f["values"]),
		From:   r.name(f["from"]),
	}
	if g.From != "" {
		r.from(f["from"], s.Schedules)
	}
	return g
}

// of is a language or a source.
func (r *reader) of(n *node) string {
	return r.matching(n, "", ofPattern, Label{EN: "a language such as ja, or a source's name", JA: "ja のような言語か、データソースの名前"})
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
