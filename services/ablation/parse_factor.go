package ablation

func (r *reader) oneFactor(n *node, s Sweep) *OneFactor {
	if n == nil {
		return nil
	}
	f := r.fields(n, "from", "of", "step", "values")
	r.require(n, f, "from")
	out := &OneFactor{
		From:   r.name(f["from"]),
		Of:     distinct(r, f["of"], r.of),
		Step:   r.number(f["step"], 0, span{low: 0, high: 1, above: true}),
		Values: r.values(f["values"]),
	}
	if out.From != "" {
		r.from(f["from"], s.Schedules)
	}
	if n.kind == kindMapping && (f["step"] == nil) == (f["values"] == nil) {
		r.problem(n, say("give either step, such as 0.1, or values, such as [0.2, 0.5]", "0.1 のような step か、[0.2, 0.5] のような values の、どちらか一方を書いてください"))
	}
	return out
}
