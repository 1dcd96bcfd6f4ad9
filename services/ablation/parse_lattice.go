package ablation

import "math"

func (r *reader) lattice(n *node, s Sweep) *Lattice {
	if n == nil {
		return nil
	}
	f := r.fields(n, "of", "step", "points", "from")
	r.require(n, f, "of")
	out := &Lattice{Of: r.mixed(f["of"], s.Sources), Points: r.points(n, f), From: r.name(f["from"])}
	if out.From != "" {
		r.from(f["from"], s.Schedules)
	}
	if count := out.count(); len(out.Of) > 1 && out.Points > 1 && count > maxMixtures {
		r.problem(n, say("%d points along an edge of %d sources make %s mixtures; at most %d: give fewer points or a larger step",
			"%[2]d 個のデータソースを 1 辺 %[1]d 点で振ると %[3]s配合になります。上限は %[4]d です。点を減らすか step を大きくしてください",
			out.Points, len(out.Of), countWord(count), maxMixtures))
	}
	return out
}

// countWord is a count, or that it is beyond counting.
func countWord(n int64) Label {
	if n == math.MaxInt64 {
		return say("more than 10^18", "10^18 以上の")
	}
	return say("%d", "%d 個の", n)
}

// mixed are the sources that a design shares out, at least two.
func (r *reader) mixed(n *node, sources []SourceRef) []string {
	out := distinct(r, n, func(item *node) string {
		name := r.name(item)
		if name != "" {
			r.known(item, sources)
		}
		return name
	})
	if n != nil && n.kind == kindList && len(n.items) == 1 {
		r.problem(n, say("one source has nothing to share with; name two or more", "1 つだけでは分け合う相手がいません。2 つ以上書いてください"))
	}
	return out
}

// points along an edge: given, or one more than the steps that make a whole.
func (r *reader) points(n *node, f map[string]*node) int {
	if f["step"] == nil && f["points"] == nil || f["step"] != nil && f["points"] != nil {
		if n.kind == kindMapping {
			r.problem(n, say("give either step, such as 0.25, or points along an edge, such as 5", "0.25 のような step か、5 のような points（1 辺の点の数）の、どちらか一方を書いてください"))
		}
		return 0
	}
	if f["points"] != nil {
		return int(r.whole(f["points"], 0, 2, 1_000_000))
	}
	step := r.number(f["step"], 0, span{low: 0, high: 1, above: true})
	if step == 0 {
		return 0
	}
	parts := math.Round(1 / step)
	if parts > 1e6 {
		r.problem(f["step"], say("%s makes more than a million points along an edge; give a larger step, such as 0.1", "%s では 1 辺の点が 100 万個を超えます。0.1 のように大きくしてください", f["step"].text))
		return 0
	}
	if math.Abs(parts*step-1) > 1e-6 {
		r.problem(f["step"], say("%s doesn't divide a whole into equal parts; give 0.5, 0.25, 0.2, 0.1, …, or points", "%s では全体を等分できません。0.5、0.25、0.2、0.1 などにするか、points を使ってください", f["step"].text))
		return 0
	}
	return int(parts) + 1
}
