package ablation

// PlanAdaptive is what a sweep that plans itself starts with, and what it may come to.
type PlanAdaptive struct {
	StartRuns   int     `json:"start_runs"`
	Batches     int     `json:"batches"` // that may follow
	Batch       int     `json:"batch"`   // runs of each, at most
	Confirm     int     `json:"confirm"` // runs of the confirmation, at most
	MostRuns    int     `json:"most_runs"`
	MostTokens  int64   `json:"most_tokens"`
	MostFLOPs   float64 `json:"most_flops"`
	MostSeconds float64 `json:"most_seconds"` // on this machine; 0 where it can't be told
}

// adapt says how many runs may follow those that the plan begins with.
func (p *Plan) adapt(s Sweep) {
	a := s.Design.Adaptive
	if a == nil || len(p.Runs) == 0 {
		return
	}
	out := &PlanAdaptive{StartRuns: len(p.Runs), Batch: a.Batch * len(s.Seeds)}
	if s.RoundsOf(RoundConfirm) == 0 && s.Verdict() == nil {
		out.Batches = max(0, a.Rounds-s.RoundsOf(RoundBatch))
		out.Confirm = s.Confirming()
	}
	more := out.Batches*out.Batch + out.Confirm
	out.MostRuns = len(p.Runs) + more
	out.MostTokens = p.TotalTokens + int64(more)*p.Tokens
	part := float64(out.MostTokens) / float64(max(1, p.TotalTokens))
	out.MostFLOPs, out.MostSeconds = p.FLOPs*part, p.Seconds*part
	p.Adaptive = out
}
