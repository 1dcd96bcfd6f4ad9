package ablation

// mostSkipped bounds the steps that a rollback leaves out; PaLM left out five hundred at most.
const mostSkipped = 100_000

// divergence is stop, report, or {rollback: TIMES} with lr or skip.
func (r *reader) divergence(n *node) Divergence {
	if n == nil || n.kind != kindMapping {
		return Divergence{Policy: r.choice(n, DivergenceStop, DivergenceStop, DivergenceReport)}
	}
	f := r.fields(n, "rollback", "lr", "skip")
	r.require(n, f, "rollback")
	if f["lr"] != nil && f["skip"] != nil {
		r.problem(f["skip"], say("a rollback either scales the learning rate or skips steps; give lr or skip, not both",
			"巻き戻しでは、学習率を下げるかステップを飛ばすかのどちらかです。lr と skip は一方だけにしてください"))
	}
	out := Divergence{Policy: DivergenceRollback, Times: int(r.whole(f["rollback"], 1, 1, 100))}
	if f["skip"] != nil {
		out.Skip = r.whole(f["skip"], 100, 1, mostSkipped)
		return out
	}
	out.LR = r.number(f["lr"], 0.5, span{low: 0, high: 1, above: true})
	return out
}
