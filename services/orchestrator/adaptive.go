package orchestrator

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis/decision"
	"github.com/haigo-lab/haigo/services/analysis/surrogate"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// noiseSeeds is how many seeds the baseline of a sweep that plans itself has at least, so that it is known what seeds hide.
const noiseSeeds = 3

// adapt gives a sweep that plans itself its first round. It is made from the document and its sources alone: a preview, a start and
// the same file anywhere make the same runs.
func (r *resolved) adapt() error {
	a := r.Sweep.Design.Adaptive
	if a == nil {
		return nil
	}
	if err := r.hasObjective(a.Objective); err != nil {
		return err
	}
	if err := r.hasFront(a.Front); err != nil {
		return err
	}
	if len(r.Sweep.Rounds) > 0 {
		return nil
	}
	arms, _, err := r.Sweep.Arms(r.Sources)
	if err != nil {
		return err
	}
	tried, shares := mixtures(r.Sweep, arms)
	chosen := decision.Fill(tried, r.room(shares), a.Start, *r.Sweep.Seed)
	if n := len(tried) + len(chosen); n < surrogate.Fewest {
		return r.placed(invalid("design.adaptive.bounds", "",
			fmt.Sprintf("bounds and limits leave room for %d mixtures in all, and at least %d are needed; loosen them", n, surrogate.Fewest),
			fmt.Sprintf("範囲と制限に収まる配合が全部で %d 種類しかなく、少なくとも %d 種類が要ります。範囲か制限をゆるめてください", n, surrogate.Fewest)))
	}
	r.Sweep.Rounds = []ablation.Round{r.firstRound(arms, chosen, shares)}
	return nil
}

// firstRound are the chosen mixtures, and seeds of the baseline that tell the noise.
func (r *resolved) firstRound(arms []ablation.Arm, chosen []table.Run, shares []float64) ablation.Round {
	out := ablation.Round{Number: 1, Kind: ablation.RoundStart}
	for i, run := range chosen {
		name := unique(fmt.Sprintf("start-%d", i+1), arms)
		out.Arms = append(out.Arms, ablation.RoundArm{Name: name, Role: ablation.RoleExplore, Stages: stagesOf(r.Sweep, run, shares)})
	}
	base := r.Sweep.Baseline(arms, 0)
	if n := noiseSeeds - len(r.Sweep.Seeds); n > 0 && base >= 0 {
		out.Arms = append(out.Arms, ablation.RoundArm{Name: arms[base].Name, Role: ablation.RoleBaseline, Seeds: r.Sweep.FreshSeeds(n)})
	}
	return out
}

// stagesOf are a run's phases as a schedule. They end at the very steps at which the sweep's other arms change, or each would
// make phases of its own: where these are known by parts of a thousand, a whole number of steps is meant.
func stagesOf(s ablation.Sweep, run table.Run, shares []float64) []ablation.Stage {
	out := ablation.StagesOf(sourceNames(s), run.Shares, ends(shares))
	for i := range out[:len(out)-1] {
		step := int64(math.Round(out[i].Until.Fraction * float64(s.Recipe.Steps())))
		if out[i].Until.Steps(s.Recipe) != step {
			out[i].Until = ablation.Amount{Tokens: step * s.Recipe.TokensPerStep()}
		}
	}
	return out
}

func sourceNames(s ablation.Sweep) []string {
	out := make([]string, len(s.Sources))
	for i, ref := range s.Sources {
		out[i] = ref.Name
	}
	return out
}

// unique is a name that no arm has.
func unique(name string, arms []ablation.Arm) string {
	taken := func(name string) bool {
		return slices.ContainsFunc(arms, func(a ablation.Arm) bool { return a.Name == name })
	}
	out := name
	for n := 2; taken(out); n++ {
		out = fmt.Sprintf("%s-%d", name, n)
	}
	return out
}

// mixtures are the arms as the analysis sees them, one each, and the phases' shares of the tokens.
func mixtures(s ablation.Sweep, arms []ablation.Arm) ([]table.Run, []float64) {
	asked := make([]ablation.Result, len(arms))
	for i, a := range arms {
		asked[i].Run = ablation.Run{Name: a.Name, Arm: a.Name, Steps: s.Recipe.For(a).Steps(), State: ablation.RunCompleted}
	}
	t, shares := table.Sweep(s, arms, asked, nil)
	return t.Runs, shares
}

// ends are where phases end, as fractions of a run.
func ends(shares []float64) []float64 {
	out, sum := make([]float64, len(shares)), 0.0
	for i, s := range shares {
		sum += s
		out[i] = sum
	}
	return out
}

// room is where the first mixtures may lie: within the bounds and limits, and no source more often than the recipe lets it be read.
func (r *resolved) room(shares []float64) decision.Room {
	names, mixed, a := sourceNames(r.Sweep), r.Sweep.Mixed(), r.Sweep.Design.Adaptive
	out := decision.Room{Sources: len(names), Phases: len(shares), Shares: shares, Least: make([]float64, len(names)), Most: make([]float64, len(names))}
	for j, name := range names {
		if !slices.Contains(mixed, name) {
			continue
		}
		out.Mixed = append(out.Mixed, j)
		out.Most[j] = 1
		if b, bound := a.Bounds[name]; bound {
			out.Least[j], out.Most[j] = b.Low, b.High
		}
		if l := r.Sweep.Design.Limits; l != nil {
			out.Least[j] = max(out.Least[j], l.MinShare)
		}
		if r.Sources[j].Role == ablation.RoleHeldout {
			out.Most[j] = 0
		}
	}
	out.Allows = func(run table.Run) bool { return r.readable(run, shares) }
	return out
}

// readable reports whether a run would read no source too often; shares are its phases' of the tokens.
func (r *resolved) readable(run table.Run, shares []float64) bool {
	rows := float64(r.Sweep.Recipe.Steps() * int64(r.Sweep.Recipe.BatchRows))
	for j, source := range r.Sources {
		share := 0.0
		for p, phase := range run.Shares {
			share += shares[p] * phase[j]
		}
		if have := float64(source.Rows(r.Sweep.Recipe.RowTokens)); share*rows > r.Sweep.MostEpochs()*have {
			return false
		}
	}
	return true
}

// hasObjective refuses an objective of metrics that the sweep's runs won't have.
func (r *resolved) hasObjective(text string) error {
	if text == "" {
		return nil
	}
	_, err := decision.ParseObjective(text, r.metrics())
	var bad *ablation.Invalid
	if errors.As(err, &bad) {
		for i := range bad.Problems {
			bad.Problems[i].Field = "design.adaptive.objective"
		}
	}
	return r.placed(err)
}

// hasFront refuses a front of metrics that the sweep's runs won't have.
func (r *resolved) hasFront(names []string) error {
	metrics := r.metrics()
	for _, name := range names {
		if !slices.Contains(metrics, name) {
			list := strings.Join(metrics, ", ")
			return r.placed(invalid("design.adaptive.front", name, name+" is no metric of these runs; metrics are "+list, name+" はこれらのランの指標ではありません。指標: "+list))
		}
	}
	return nil
}

// metrics are those that the sweep's runs will have, in order.
func (r *resolved) metrics() []string {
	var metrics []string
	for _, s := range r.Sources {
		metrics = append(metrics, ablation.BPB(s.Name), ablation.BPB(s.Lang))
	}
	for _, t := range r.Tasks {
		metrics = append(metrics, ablation.TaskBPB(t.Name), ablation.TaskAccuracy(t.Name), ablation.TaskF1(t.Name))
	}
	slices.Sort(metrics)
	return slices.Compact(metrics)
}
