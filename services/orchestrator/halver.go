package orchestrator

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"slices"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis"
	"github.com/haigo-lab/haigo/services/postgres"
)

const halveEvery = 5 * time.Second

// manyEpochs is how often a source is read before an arm's early lead says nothing: repeated text is learnt fast, and forgotten
// to generalise.
const manyEpochs = 4

// Halver stops runs early, as their sweeps say. Any number of them may share a database: what is said of a run at a rung is said
// once. It keeps nothing in memory.
type Halver struct {
	Store *postgres.Store
	Log   *slog.Logger
}

// Run looks until ctx ends.
func (h *Halver) Run(ctx context.Context) error {
	return lookEach(ctx, halveEvery, h.Log, "Could not see to early stopping, will look again", h.HalveOnce)
}

// HalveOnce judges every run that has got to a rung since it was last judged.
func (h *Halver) HalveOnce(ctx context.Context) error {
	sweeps, err := h.Store.Halving(ctx)
	errs := []error{err}
	for _, s := range sweeps {
		errs = append(errs, h.halve(ctx, s))
	}
	return errors.Join(errs...)
}

// halving is one sweep that is looked at.
type halving struct {
	sweep  ablation.Sweep
	arms   []ablation.Arm
	runs   []ablation.Run
	judged map[string]int
	plans  map[string]ablation.RunPlan
	curves map[string][]ablation.Curve // by run
	of     []int                       // by arm: its matched control; -1: none
}

func (h *Halver) halve(ctx context.Context, s ablation.Sweep) error {
	v := halving{sweep: s, curves: map[string][]ablation.Curve{}}
	var err error
	if v.runs, err = h.Store.Runs(ctx, s.Name); err != nil {
		return err
	}
	if v.judged, err = h.Store.Judged(ctx, s.Name); err != nil {
		return err
	}
	if len(v.due()) == 0 {
		return nil
	}
	if err := h.read(ctx, &v); err != nil {
		return err
	}
	for _, d := range v.due() {
		stop, known := v.verdict(d)
		if !known {
			continue // it was not scored there yet
		}
		if err := h.Store.Judge(ctx, d.run.ID, d.rung, stop); err != nil {
			return err
		}
		if stop {
			v.end(d.run)
			h.Log.Info("Stopped a run early", "run_id", d.run.ID, "sweep", s.Name, "at", s.EarlyStop.At[d.rung])
		}
	}
	return nil
}

// due is a run at a rung where nothing was said of it.
type due struct {
	run  ablation.Run
	rung int
}

// due are the running runs that have passed a rung, with the highest that they have passed.
func (v *halving) due() (all []due) {
	for _, r := range v.runs {
		if r.State != ablation.RunRunning || v.sweep.Confirms(r) {
			continue
		}
		for rung := len(v.sweep.EarlyStop.At) - 1; rung >= 0; rung-- {
			if r.Progress.Step < v.step(r, rung) {
				continue
			}
			if last, ok := v.judged[r.ID]; !ok || last < rung {
				all = append(all, due{r, rung})
			}
			break
		}
	}
	return all
}

// end notes that a run was stopped, for those that are judged after it.
func (v *halving) end(r ablation.Run) {
	if i := slices.IndexFunc(v.runs, func(o ablation.Run) bool { return o.ID == r.ID }); i >= 0 {
		v.runs[i].State = ablation.RunStopping
	}
}

// step is where a rung of a run lies.
func (v *halving) step(r ablation.Run, rung int) int64 {
	return v.sweep.EarlyStop.Step(rung, r.Steps)
}

func (h *Halver) read(ctx context.Context, v *halving) (err error) {
	if v.arms, err = h.Store.Arms(ctx, v.sweep.Name); err != nil {
		return err
	}
	for i := range v.arms {
		v.of = append(v.of, v.sweep.Control(v.arms, i))
	}
	if v.plans, err = h.Store.RunPlans(ctx, v.sweep.Name); err != nil {
		return err
	}
	ids := make([]string, len(v.runs))
	for i, r := range v.runs {
		ids[i] = r.ID
	}
	metrics := v.sweep.EarlyStop.By
	if len(metrics) == 0 {
		names, err := h.Store.MetricNames(ctx, ids)
		if err != nil {
			return err
		}
		metrics = slices.DeleteFunc(names, func(name string) bool {
			return !slices.Contains([]string{ablation.BPB("ja"), ablation.BPB("en"), ablation.BPB("code")}, name)
		})
	}
	for _, metric := range metrics {
		curves, err := h.Store.Curves(ctx, ids, metric, 0, math.MaxInt64, halvePoints)
		if err != nil {
			return err
		}
		for _, c := range curves {
			v.curves[c.RunID] = append(v.curves[c.RunID], c)
		}
	}
	return nil
}

// halvePoints is about how many buckets of a curve are read; evaluations are fewer.
const halvePoints = 4096

// verdict is whether a run ends at a rung; known is false where it has no score there.
func (v *halving) verdict(d due) (stop, known bool) {
	own := slices.IndexFunc(v.arms, func(a ablation.Arm) bool { return a.Name == d.run.Arm })
	if own < 0 || math.IsNaN(v.value(d.run, d.rung)) {
		return false, false
	}
	var peers []analysis.Contender
	at := -1
	for i, a := range v.arms {
		if !a.Peer(v.arms[own]) {
			continue
		}
		if i == own {
			at = len(peers)
		}
		peers = append(peers, analysis.Contender{Value: v.mean(a, d.rung), Exempt: v.exempt(i, d.rung), Repeat: v.repeats(a)})
	}
	return analysis.Halve(peers, v.sweep.EarlyStop.Keep)[at], true
}

// exempt arms are never stopped at a rung: those whose score there is from before their last mixture, the baseline, which all are
// compared with, and what a schedule that goes on is compared with, its matched control.
func (v *halving) exempt(i, rung int) bool {
	return v.arms[i].Changes(v.scored(v.arms[i], rung)) || v.sweep.Baseline(v.arms, i) == i || v.controls(i)
}

// scored is the earliest step at which a run of an arm was evaluated for what is judged at a rung.
func (v *halving) scored(a ablation.Arm, rung int) int64 {
	at := int64(math.MaxInt64)
	for _, r := range v.runs {
		if r.Arm != a.Name || r.Progress.Step < v.step(r, rung) {
			continue
		}
		for _, c := range v.curves[r.ID] {
			if b := evaluated(c, v.step(r, rung)); b != nil {
				at = min(at, b.ToStep)
			}
		}
	}
	return at
}

// evaluated is a curve's newest evaluation up to a step; nil: there is none.
func evaluated(c ablation.Curve, to int64) (found *ablation.Bucket) {
	for i, b := range c.Buckets {
		if !b.Superseded && b.N > 0 && b.ToStep <= to {
			found = &c.Buckets[i]
		}
	}
	return found
}

// controls reports whether an arm is the matched control of a schedule with a run that goes on or was completed.
func (v *halving) controls(control int) bool {
	ended := []ablation.RunState{ablation.RunStopping, ablation.RunStopped, ablation.RunDiverged, ablation.RunFailed}
	return slices.ContainsFunc(v.runs, func(r ablation.Run) bool {
		i := slices.IndexFunc(v.arms, func(a ablation.Arm) bool { return a.Name == r.Arm })
		return i >= 0 && v.of[i] == control && !slices.Contains(ended, r.State)
	})
}

// mean is an arm's score at a rung, over its runs that have got there.
func (v *halving) mean(a ablation.Arm, rung int) float64 {
	sum, n := 0.0, 0
	for _, r := range v.runs {
		if value := v.value(r, rung); r.Arm == a.Name && !math.IsNaN(value) {
			sum, n = sum+value, n+1
		}
	}
	return sum / float64(n)
}

// value is a run's score at its newest evaluation up to a rung, lower being better; NaN before it is there.
func (v *halving) value(r ablation.Run, rung int) float64 {
	to := v.step(r, rung)
	if r.Progress.Step < to || len(v.curves[r.ID]) == 0 {
		return math.NaN()
	}
	sum := 0.0
	for _, c := range v.curves[r.ID] {
		last := math.NaN()
		if b := evaluated(c, to); b != nil {
			last = b.Mean()
		}
		if !analysis.LowerIsBetter(c.Metric) {
			last = -last
		}
		sum += last / float64(len(v.curves[r.ID]))
	}
	return sum
}

// repeats reports whether an arm reads some source more often than says anything early.
func (v *halving) repeats(a ablation.Arm) bool {
	planned := ablation.PlannedRows(a.Weights, v.sweep.Recipe.For(a).Steps(), v.sweep.Recipe.BatchRows)
	for _, r := range v.runs {
		plan, ok := v.plans[r.ID]
		if !ok || r.Arm != a.Name {
			continue
		}
		for k, source := range v.sweep.Sources {
			if n := plan.Rows[source.Name]; n > 0 && k < len(planned) && float64(planned[k]) > manyEpochs*float64(n) {
				return true
			}
		}
	}
	return false
}
