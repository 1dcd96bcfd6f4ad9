package ablation

import (
	"math/big"
	"slices"
)

// maxConcentration is where every draw is the centre itself.
const maxConcentration = 100_000

func (r *reader) dirichlet(n *node, s Sweep) *Dirichlet {
	if n == nil {
		return nil
	}
	f := r.fields(n, "centre", "concentration", "arms", "bounds")
	r.require(n, f, "centre", "concentration", "arms")
	out := &Dirichlet{
		Centre:        r.name(f["centre"]),
		Concentration: r.number(f["concentration"], 1, span{low: 0, high: maxConcentration, above: true}),
		Arms:          int(r.whole(f["arms"], 1, 1, maxRuns)),
	}
	if out.Centre != "" {
		r.from(f["centre"], s.Schedules)
	}
	out.Bounds = r.bounds(f["bounds"], s, out.Centre)
	return out
}

// bounds are [least, largest] by source; with the centre's other sources they must leave a mixture.
func (r *reader) bounds(n *node, s Sweep, centre string) map[string]Bound {
	if n == nil {
		return nil
	}
	before, out := len(r.problems), map[string]Bound{}
	for _, e := range r.entries(n) {
		r.known(e.key, s.Sources)
		out[e.key.text] = r.bound(e.value)
	}
	i := slices.IndexFunc(s.Schedules, func(c Schedule) bool { return c.Name == centre })
	if len(r.problems) == before && n.kind == kindMapping && i >= 0 && len(s.Schedules[i].Stages) > 0 {
		r.feasible(n, s.Schedules[i].Stages[0].Mixture, out)
	}
	return out
}

func (r *reader) bound(n *node) Bound {
	otherwise := Bound{High: 1}
	if !r.is(n, kindList) {
		return otherwise
	}
	if len(n.items) != 2 {
		r.problem(n, say("has %d numbers; give the least and the largest share, such as [0.1, 0.5]", "数が %d 個あります。[0.1, 0.5] のように、最小と最大の割合を書いてください", len(n.items)))
		return otherwise
	}
	out := Bound{Low: r.share(n.items[0]), High: r.share(n.items[1])}
	if out.Low > out.High {
		r.problem(n, say("the least share is above the largest; swap them", "最小が最大を上回っています。入れ替えてください"))
		return otherwise
	}
	return out
}

// feasible refuses bounds that no shares of sum one hold to.
func (r *reader) feasible(n *node, centre Mixture, bounds map[string]Bound) {
	var low, high []float64
	for name, share := range centre {
		b, ok := bounds[name]
		if !ok {
			b = Bound{High: 1}
		}
		if share > 0 {
			low, high = append(low, b.Low), append(high, b.High)
		}
	}
	for name := range bounds {
		if centre[name] == 0 {
			r.problem(n.child(name), say("the centre gives %s no share, so that none can be drawn; give it one there", "中心の配合が %s に割合を与えていないため、引けません。中心で割合を与えてください", name))
			return
		}
	}
	one := big.NewRat(1, 1)
	switch {
	case sum(low).Cmp(one) > 0:
		r.problem(n, say("the least shares sum to %s, more than 1; lower them", "最小の割合の合計が %s で、1 を超えています。下げてください", digits(sum(low))))
	case sum(high).Cmp(one) < 0:
		r.problem(n, say("the largest shares sum to %s, less than 1; raise them", "最大の割合の合計が %s で、1 に足りません。上げてください", digits(sum(high))))
	}
}

// child is the key of a mapping, or the mapping.
func (n *node) child(key string) *node {
	for _, e := range n.entries {
		if e.key.text == key {
			return e.key
		}
	}
	return n
}
