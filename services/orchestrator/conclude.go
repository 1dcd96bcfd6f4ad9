package orchestrator

import (
	"slices"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis"
	"github.com/haigo-lab/haigo/services/analysis/decision"
)

// verdict is what the fresh seeds of a confirmation say: whether to take the recommended arm, or the best that was run before.
func (v *planned) verdict(c ablation.Round, goal decision.Objective) *ablation.Verdict {
	scores := v.fresh(c, goal)
	at := func(name string) int {
		return slices.IndexFunc(v.Arms, func(a ablation.Arm) bool { return a.Name == name })
	}
	out := &ablation.Verdict{Take: c.Arms[0].Name, Confirmed: true}
	for _, other := range c.Arms[1:] {
		d := scores.Difference(at(c.Arms[0].Name), at(other.Name))
		fresh := ablation.FreshDifference{To: other.Name, Role: other.Role, Pairs: d.N, Mean: ablation.Real(d.Mean), Half: ablation.Real(d.Half), Result: result(d, goal.Max)}
		out.Differences = append(out.Differences, fresh)
		if fresh.Result == ablation.FreshWorse && out.Confirmed {
			out.Take = other.Name
		}
		out.Confirmed = out.Confirmed && fresh.Pairs > 0 && fresh.Result != ablation.FreshWorse
	}
	if i := at(out.Take); i >= 0 && v.Arms[i].Schedule != nil {
		out.Stages = v.Arms[i].Schedule.Stages
	}
	return out
}

// composed is the name of the objective as a metric of runs.
const composed = "objective"

// fresh are the objective's values over the seeds of a confirmation.
func (v *planned) fresh(c ablation.Round, goal decision.Objective) analysis.Scores {
	var out []ablation.Result
	for _, r := range v.Results {
		i := slices.IndexFunc(c.Arms, func(a ablation.RoundArm) bool {
			return a.Name == r.Run.Arm && slices.Contains(a.Seeds, r.Run.Replicate)
		})
		if i < 0 {
			continue
		}
		sum, whole := 0.0, len(goal.Terms) > 0
		for _, t := range goal.Terms {
			value, measured := r.Values[t.Metric]
			sum, whole = sum+t.Weight*float64(value), whole && measured
		}
		r.Values = nil
		if whole {
			r.Values = map[string]ablation.Real{composed: ablation.Real(sum)}
		}
		out = append(out, r)
	}
	return analysis.Of(v.Arms, out, composed)
}

// result is what a difference of the recommended arm to another says of it.
func result(d analysis.Difference, max bool) string {
	switch {
	case d.Verdict == analysis.Unknown:
		return ablation.FreshUnknown
	case !d.Verdict.Decided():
		return ablation.FreshUndecided
	case (d.Verdict == analysis.Higher) == max:
		return ablation.FreshBetter
	}
	return ablation.FreshWorse
}
