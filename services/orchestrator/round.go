package orchestrator

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis/decision"
	"github.com/haigo-lab/haigo/services/analysis/evidence"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// planned is a sweep that plans itself, with what its next round is decided from.
type planned struct {
	evidence.Runs
	version string
	purse   purse
}

// ready reports whether all runs have ended, of a sweep that still runs and plans.
func (v *planned) ready() bool {
	return v.Sweep.State == ablation.SweepRunning && v.Sweep.Planning() && v.Sweep.Counts.Queued+v.Sweep.Counts.Running == 0
}

// next is the sweep's next round: the verdict after a confirmation, else what the finished runs propose.
func (v *planned) next() ablation.Round {
	out := ablation.Round{Number: len(v.Sweep.Rounds) + 1, Read: ablation.RoundRead{Version: v.version, Counts: v.Sweep.Counts}}
	m, err := evidence.New(v.Runs, evidence.Aim{})
	out.Read.Digest = m.Digest()
	if last := v.Sweep.Rounds[len(v.Sweep.Rounds)-1]; last.Kind == ablation.RoundConfirm {
		out.Kind, out.Reason, out.Verdict = ablation.RoundVerdict, last.Reason, v.verdict(last, m.Goal)
		return out
	}
	var o decision.Outlook
	if err == nil {
		o, err = m.Decide(v.Sweep.Design.Adaptive.Batch + v.lost())
	}
	if err != nil {
		return v.give(out, err)
	}
	s := sight{planned: v, Evidence: m, Outlook: o}
	seen := s.sum()
	out.Sight = &seen
	return s.round(out)
}

// give ends a sweep about which nothing can be said.
func (v *planned) give(out ablation.Round, err error) ablation.Round {
	out.Kind, out.Reason, out.Verdict = ablation.RoundVerdict, ablation.ReasonFew, &ablation.Verdict{}
	out.Message = ablation.Said("%s", "%s", err.Error())
	var bad *ablation.Invalid
	if errors.As(err, &bad) && len(bad.Problems) > 0 {
		out.Message = bad.Problems[0].Message
	}
	return out
}

// lost is how many arms no run of which completed.
func (v *planned) lost() int {
	n := 0
	for _, a := range v.Arms {
		if !slices.ContainsFunc(v.Results, func(r ablation.Result) bool { return r.Run.Arm == a.Name && r.Run.State == ablation.RunCompleted }) {
			n++
		}
	}
	return n
}

// sight is what the analysis makes of a sweep's finished runs.
type sight struct {
	*planned
	evidence.Evidence
	decision.Outlook
}

// alike is from which total variation on two mixtures aren't the same.
const alike = 0.005

// armOf is the arm of a mixture, "" where none is nearly it.
func (s *sight) armOf(run table.Run) string {
	tried, _ := mixtures(s.Sweep, s.Runs.Arms)
	at, least := "", alike
	for i, t := range tried {
		if d := decision.Apart(t, run); d < least {
			at, least = s.Runs.Arms[i].Name, d
		}
	}
	return at
}

// best is the baseline of the best mixture that was run.
func (s *sight) best() (decision.Baseline, bool) {
	i := slices.IndexFunc(s.Baselines, func(b decision.Baseline) bool { return b.Name == decision.BaselineBestSeen })
	if i < 0 {
		return decision.Baseline{}, false
	}
	return s.Baselines[i], true
}

func (s *sight) sum() ablation.Sight {
	out := ablation.Sight{
		Objective: s.Goal.String(), Mixtures: len(s.Outlook.Arms), Value: interval(s.Value), Gain: ablation.Real(s.Gain()), Noise: ablation.Real(s.Noise()),
		Recommended: stagesOf(s.Sweep, s.Run, s.Shares),
	}
	if b, ok := s.best(); ok {
		out.BestSeen, out.Improvement = s.armOf(b.Run), interval(b.Improvement)
	}
	return out
}

func interval(v decision.Interval) ablation.Interval {
	return ablation.Interval{Mean: ablation.Real(v.Mean), Low: ablation.Real(v.Low), High: ablation.Real(v.Top)}
}

// round is a batch while batches are left, promise something and can be paid; then the confirmation.
func (s *sight) round(out ablation.Round) ablation.Round {
	proposals := s.proposals()
	left := s.purse.after(s.Sweep.Confirming())
	room := left.runs(math.MaxInt32)
	switch a := s.Sweep.Design.Adaptive; {
	case s.Sweep.RoundsOf(ablation.RoundBatch) >= a.Rounds:
		out.Reason = ablation.ReasonRounds
	case s.enough() || len(proposals) == 0:
		out.Reason = ablation.ReasonEnough
	case room < len(s.Sweep.Seeds):
		out.Reason = left.lacks(len(s.Sweep.Seeds))
	default:
		out.Kind = ablation.RoundBatch
		most := min(len(proposals), a.Batch, room/len(s.Sweep.Seeds))
		for i, p := range proposals[:most] {
			name := unique(fmt.Sprintf("round-%d-%d", out.Number, i+1), s.Runs.Arms)
			arm := ablation.RoundArm{Name: name, Role: ablation.RoleExplore, Stages: stagesOf(s.Sweep, p.Run, s.Shares), PBetter: ablation.Real(p.PBetter)}
			if p.Confirm {
				arm.Role = ablation.RoleRecommended
			}
			out.Arms = append(out.Arms, arm)
		}
		return out
	}
	return s.confirm(out)
}

// proposals are those that no arm is nearly: one that was run and didn't complete would hardly do so now.
func (s *sight) proposals() []decision.Proposal {
	return slices.DeleteFunc(slices.Clone(s.Next), func(p decision.Proposal) bool { return s.armOf(p.Run) != "" })
}

// enough reports whether no further batch is worth its runs: what the best mixture in reach is expected to have over the recommended
// one is less than the confirmation's seeds can show. Batches for a front look for more than that.
func (s *sight) enough() bool {
	a := s.Sweep.Design.Adaptive
	if len(a.Front) > 0 {
		return false
	}
	seeds := float64(max(1, a.Confirm, len(s.Sweep.Seeds)))
	return s.Gain() <= cmp.Or(a.Enough, s.Noise()/math.Sqrt(seeds)) // false where the noise isn't known
}

// confirm gives fresh seeds to the recommended mixture and what it is compared with; where there is nothing to compare, or nothing
// left to pay it, it is the verdict.
func (s *sight) confirm(out ablation.Round) ablation.Round {
	all := s.contenders()
	most := s.purse.runs(math.MaxInt32)
	for _, a := range all {
		if len(a.Stages) > 0 {
			most -= len(s.Sweep.Seeds)
		}
	}
	seeds := min(s.Sweep.Design.Adaptive.Confirm, most/len(all))
	if len(all) == 1 || seeds < 1 {
		out.Kind, out.Verdict = ablation.RoundVerdict, &ablation.Verdict{Stages: out.Sight.Recommended}
		if len(all[0].Stages) == 0 {
			out.Verdict.Take = all[0].Name
		}
		if seeds < s.Sweep.Design.Adaptive.Confirm {
			out.Reason = cmp.Or(s.purse.lacks(len(all)*s.Sweep.Design.Adaptive.Confirm), ablation.ReasonBudget)
		}
		return out
	}
	out.Kind = ablation.RoundConfirm
	fresh := s.Sweep.FreshSeeds(seeds)
	for i := range all {
		all[i].Seeds = fresh
	}
	out.Arms = all
	return out
}

// contenders are the recommended mixture and what it is compared with, each once, the recommended first.
func (s *sight) contenders() []ablation.RoundArm {
	out := []ablation.RoundArm{{Name: s.armOf(s.Run), Role: ablation.RoleRecommended}}
	if out[0].Name == "" {
		out[0].Name = unique("recommended", s.Runs.Arms)
		out[0].Stages = stagesOf(s.Sweep, s.Run, s.Shares)
	}
	add := func(name, role string) {
		if name != "" && !slices.ContainsFunc(out, func(a ablation.RoundArm) bool { return a.Name == name }) {
			out = append(out, ablation.RoundArm{Name: name, Role: role})
		}
	}
	if b, ok := s.best(); ok {
		add(s.armOf(b.Run), ablation.RoleBestSeen)
	}
	if i := s.Sweep.Baseline(s.Runs.Arms, 0); i >= 0 {
		add(s.Runs.Arms[i].Name, ablation.RoleBaseline)
	}
	if run, asked := s.control(); asked {
		name := s.armOf(run)
		add(cmp.Or(name, unique(out[0].Name+"-matched", s.Runs.Arms)), ablation.RoleControl)
		if last := &out[len(out)-1]; name == "" {
			last.Stages = stagesOf(s.Sweep, run, s.Shares)
		}
	}
	return out
}

// control is the constant mixture of what the recommended schedule reads over a run, where controls are asked for and it changes:
// without it nobody would know whether the order matters, or that mixture alone.
func (s *sight) control() (run table.Run, asked bool) {
	whole := make([]float64, len(s.Sweep.Sources))
	for p, phase := range s.Run.Shares {
		for j, w := range phase {
			whole[j] += s.Shares[p] * w
		}
	}
	run = s.Run
	run.Shares = slices.Repeat([][]float64{whole}, len(s.Run.Shares))
	return run, s.Sweep.Design.Control == ablation.ControlMatched && decision.Apart(run, s.Run) > alike
}
