package table

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
)

// mostCuts is how many phases a sweep is cut into at most; schedules that move all the time are cut evenly instead.
const mostCuts = 8

// Sweep is a sweep's finished runs as a table, and the phases' shares of the tokens. Phases begin wherever an arm changes
// its mixture, as fractions of the run; where that is too often, as with ramps, they are even, and a phase's mixture is the
// mean over it. Plans are by run id: of a run that isn't there, or whose plan doesn't say, the parameters aren't known.
func Sweep(s ablation.Sweep, arms []ablation.Arm, results []ablation.Result, plans map[string]ablation.RunPlan) (Table, []float64) {
	t := Table{Metrics: measured(results)}
	for _, source := range s.Sources {
		t.Sources = append(t.Sources, source.Name)
	}
	byName := map[string]ablation.Arm{}
	for _, a := range arms {
		byName[a.Name] = a
	}
	cuts := cutsOf(s, arms)
	t.Phases = len(cuts)
	for _, r := range results {
		arm, ok := byName[r.Run.Arm]
		if !ok || r.Run.State != ablation.RunCompleted {
			continue
		}
		plan := plans[r.Run.ID]
		run := Run{ID: r.Run.Name, Parameters: float64(plan.Parameters), Tokens: float64(cmp.Or(plan.Tokens, r.Run.Progress.Tokens))}
		from := 0.0
		for _, to := range cuts {
			run.Shares = append(run.Shares, over(arm.Weights, from*float64(r.Run.Steps), to*float64(r.Run.Steps), r.Run.Steps))
			from = to
		}
		for _, name := range t.Metrics {
			run.Values = append(run.Values, valueOf(r, name))
		}
		t.Runs = append(t.Runs, run)
	}
	shares, from := make([]float64, len(cuts)), 0.0
	for p, to := range cuts {
		shares[p], from = to-from, to
	}
	return t, shares
}

// Phases are an arm's mixtures, by phase and source, and where each phase ends as a fraction of the run. A ramp is cut evenly,
// each piece with its mean mixture.
func Phases(s ablation.Sweep, a ablation.Arm) (shares [][]float64, ends []float64) {
	ends = cutsOf(s, []ablation.Arm{a})
	steps, from := s.Recipe.For(a).Steps(), 0.0
	for _, to := range ends {
		shares = append(shares, over(a.Weights, from*float64(steps), to*float64(steps), steps))
		from = to
	}
	return shares, ends
}

// measured are the score metrics that any run has, in order: all but what is logged while a run trains.
func measured(results []ablation.Result) []string {
	names := map[string]bool{}
	for _, r := range results {
		for name := range r.Values {
			if r.Run.State == ablation.RunCompleted && !logged(name) {
				names[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// logged reports whether a metric is of a run's training, and no score.
func logged(name string) bool {
	own := []string{ablation.MetricLoss, ablation.MetricGradNorm, ablation.MetricLR, ablation.MetricTokensPerS, ablation.MetricMFU, ablation.MetricSeconds}
	return slices.Contains(own, name) || strings.HasPrefix(name, ablation.Rows(""))
}

func valueOf(r ablation.Result, name string) float64 {
	if v, ok := r.Values[name]; ok {
		return float64(v)
	}
	return math.NaN()
}

// cutsOf are where phases end, as fractions of a run; the last is 1.
func cutsOf(s ablation.Sweep, arms []ablation.Arm) []float64 {
	at := map[float64]bool{1: true}
	for _, a := range arms {
		steps := float64(s.Recipe.For(a).Steps())
		for _, w := range a.Weights {
			if w.FromStep > 0 && float64(w.FromStep) < steps {
				at[math.Round(float64(w.FromStep)/steps*1000)/1000] = true
			}
		}
	}
	if len(at) <= mostCuts {
		return slices.Sorted(maps.Keys(at))
	}
	even := make([]float64, mostCuts)
	for p := range even {
		even[p] = float64(p+1) / mostCuts
	}
	return even
}

// over is the mean mixture between two places of a run, which may lie within a step.
func over(table []ablation.Weights, from, to float64, steps int64) []float64 {
	out := make([]float64, len(table[0].W))
	for i, w := range table {
		end := float64(steps)
		if i+1 < len(table) {
			end = float64(table[i+1].FromStep)
		}
		n := min(to, end) - max(from, float64(w.FromStep))
		if n <= 0 {
			continue
		}
		for k, v := range w.W {
			out[k] += n * float64(v) / ablation.WeightTotal / (to - from)
		}
	}
	return out
}
