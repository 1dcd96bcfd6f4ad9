package orchestrator

import (
	"context"
	"fmt"
	"math"
	"path/filepath"

	"github.com/haigo-lab/haigo/plugins/trainer/sampler"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// health is what a drive knows of its run's loss, and what it found.
type health struct {
	watch    *ablation.Watch // nil before it was read from the store
	about    ablation.Watching
	spec     *spec.Spec
	rows     map[string]int64 // n_k by source, from the plan
	policy   ablation.Divergence
	diverged *ablation.Spike // the divergence that nothing was done about yet
}

// observe shows the batch's loss and gradient norm to the watch and puts what it finds into the batch, and what the runner itself
// ended for as diverged: its last word, where the batch ends with one.
func (d *drive) observe(b *ablation.Batch, last *spec.Finished) {
	h := &d.health
	if b.Segment != nil {
		h.watch.Resume(len(d.run.Interventions), resumedFrom(b.Segment))
		b.Segment.PeakFLOPs = d.Devices.Peak(b.Segment.Device, h.spec.Precision, b.Segment.PeakFLOPs)
	}
	if b.Plan != nil {
		h.about.Unigram, h.rows = b.Plan.UnigramNats, b.Plan.Rows
	}
	found := h.look(b.Points)
	for i := range found {
		h.enter(&found[i]) // before a batch that was read late hides that it had begun
	}
	found = latest(found)
	if last != nil && last.Outcome == spec.OutcomeDiverged && h.diverged == nil {
		unknown := ablation.Real(math.NaN())
		own := ablation.Spike{Round: h.watch.Round, Kind: ablation.SpikeTrainer, Step: max(0, min(last.Step, d.run.Steps)), Level: unknown, Peak: unknown}
		h.enter(&own)
		found = append(found, own)
	}
	for i := range found {
		found[i].Rows = h.read(found[i].Step)
	}
	b.Spikes = found
	if b.Segment != nil || len(b.Points) > 0 {
		now := h.watch.Clone()
		b.Watch = &now
	}
}

// resumedFrom is the step behind which a segment begins.
func resumedFrom(s *ablation.Segment) int64 {
	if s.ResumedFrom == nil {
		return 0
	}
	return *s.ResumedFrom
}

// recall reads what the store remembers of the run's loss: all of the watch as far as events are stored, so that whoever
// goes on finds the same.
func (d *drive) recall(ctx context.Context) error {
	if d.health.watch != nil {
		return nil
	}
	watch, err := d.Store.Watch(ctx, d.run.ID)
	if err != nil {
		return err
	}
	sweep, err := d.Store.Sweep(ctx, d.run.Sweep)
	if err != nil {
		return err
	}
	s, err := spec.ReadFile[spec.Spec](filepath.Join(d.dir(), spec.SpecFile))
	if err != nil {
		return fmt.Errorf("read the attempt's spec: %w", err)
	}
	d.health.policy, d.health.spec = sweep.Recipe.Divergence, s
	d.health.about.Warmup = s.Optimizer.WarmupSteps
	for _, w := range s.Weights {
		d.health.about.Weights = append(d.health.about.Weights, ablation.Weights{FromStep: w.FromStep, W: w.W})
	}
	if plan, err := d.Store.RunPlan(ctx, d.run.ID); err == nil {
		d.health.about.Unigram, d.health.rows = plan.UnigramNats, plan.Rows
	}
	d.health.watch = &watch
	return d.pending(ctx)
}

// pending finds a divergence that was stored and that nobody did anything about before this worker came.
func (d *drive) pending(ctx context.Context) error {
	spikes, err := d.Store.Spikes(ctx, d.run.ID)
	if err != nil {
		return err
	}
	for i, s := range spikes {
		if s.Pending() && s.Round == len(d.run.Interventions) {
			d.health.diverged = &spikes[i]
			return nil
		}
	}
	return nil
}

// look feeds the watch with what each step logged; a step without a loss says nothing, unless its gradient's norm isn't finite.
func (h *health) look(points []ablation.Point) (found []ablation.Spike) {
	for i := 0; i < len(points); {
		step := points[i].Step
		var loss, grad *ablation.Real
		for ; i < len(points) && points[i].Step == step; i++ {
			switch points[i].Metric {
			case ablation.MetricLoss:
				loss = &points[i].Value
			case ablation.MetricGradNorm:
				grad = &points[i].Value
			}
		}
		if grad == nil {
			grad = new(ablation.Real)
		}
		if loss == nil && finite(*grad) {
			continue
		}
		if loss == nil {
			loss = new(ablation.Real) // its norm alone says enough
		}
		found = append(found, h.watch.Observe(h.about, step, float64(*loss), float64(*grad))...)
	}
	return found
}

func finite(v ablation.Real) bool { return !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) }

// enter says what is done about an entry, or that something must be.
func (h *health) enter(s *ablation.Spike) {
	switch {
	case !s.Kind.Diverges() || s.Closed && s.Kind != ablation.SpikeNonfinite:
	case h.policy.Reports() && s.Kind != ablation.SpikeTrainer: // whose runner won't train on
		s.Action = ablation.ActionReported
		s.Words = ablation.Said("%s; as its recipe says, it trains on", "%s。レシピのとおり、学習は続けています", s.Said(nil))
	case h.diverged == nil:
		h.diverged = s
	}
}

// read is which rows of which sources a step read: step s finished the batch of step number s-1.
func (h *health) read(step int64) map[string][]int64 {
	sizes := make([]int64, len(h.spec.Sources))
	for i, s := range h.spec.Sources {
		sizes[i] = h.rows[s.Name]
	}
	plan, err := sampler.ForSpec(h.spec, sizes)
	if err != nil {
		return nil // a trainer that plans otherwise
	}
	cursor, err := plan.At(step - 1)
	if err != nil {
		return nil
	}
	batch, ok := cursor.Next()
	if !ok {
		return nil
	}
	read := map[string][]int64{}
	for _, row := range batch.Rows {
		k, inside := plan.Locate(row)
		name := h.spec.Sources[k].Name
		read[name] = append(read[name], inside)
	}
	return read
}

// latest keeps the last word on each entry, and what was done about it.
func latest(found []ablation.Spike) []ablation.Spike {
	type key struct {
		kind ablation.SpikeKind
		step int64
	}
	at := map[key]int{}
	var out []ablation.Spike
	for _, s := range found {
		k := key{s.Kind, s.Step}
		if i, ok := at[k]; ok {
			s.Action, s.Words = out[i].Action, out[i].Words
			out[i] = s
			continue
		}
		at[k] = len(out)
		out = append(out, s)
	}
	return out
}

// settleDivergence does what the recipe says of a run that diverged; false where that isn't what ended the attempt, or where it came to
// its last step and had recovered before: nobody may have looked meanwhile.
func (d *drive) settleDivergence(ctx context.Context, v verdict) (done bool, err error) {
	if err := d.answered(ctx, d.recall); err != nil {
		d.Log.Warn("Can't tell whether a run had diverged when it ended", "run_id", d.run.ID, "err", err)
		return false, ctx.Err()
	}
	s := d.health.diverged
	if s == nil || v.next == ablation.RunCompleted && !d.health.watch.Diverging() || d.run.State == ablation.RunStopping {
		return false, nil
	}
	s.Words = v.reason
	policy := d.health.policy
	if policy.Policy == ablation.DivergenceRollback && len(d.run.Interventions) < policy.Times {
		return true, d.rollBack(ctx, *s)
	}
	return true, d.settle(ctx, verdict{spec.OutcomeDiverged, s.Said(d.run.Interventions), ablation.RunDiverged})
}

// rollBack queues the run again from the last checkpoint before it diverged; where it diverges again before it has come as far
// as it was, that one wasn't good, and the one before is taken.
func (d *drive) rollBack(ctx context.Context, s ablation.Spike) error {
	before, err := d.goodBefore(ctx, s)
	if err != nil {
		return err
	}
	step, err := d.lastGood(ctx, before)
	if err != nil {
		return err
	}
	back := ablation.Rollback{
		Step: step, Intervention: d.health.policy.Intervene(step, s.Step, d.run.Steps), Reason: s.Said(nil),
	}
	err = d.persist(ctx, func(ctx context.Context) error {
		return d.Store.RollBack(ctx, d.claim, d.attempt.Number, back)
	})
	if err == nil {
		d.Log.Warn("Rolled a run back because it diverged", "run_id", d.run.ID, "kind", s.Kind, "step", s.Step, "to_step", step)
	}
	return err
}

// goodBefore is the step from which on no checkpoint is to be trusted.
func (d *drive) goodBefore(ctx context.Context, s ablation.Spike) (int64, error) {
	ledger, err := d.Store.Spikes(ctx, d.run.ID)
	before := s.Step
	for _, e := range ledger {
		if e.Action == ablation.ActionRolledBack && s.Step <= e.Until {
			before = min(before, e.BackTo)
		}
	}
	return before, err
}

// lastGood is the step of the newest whole checkpoint before a step, 0 where there is none.
func (d *drive) lastGood(ctx context.Context, before int64) (int64, error) {
	for {
		c, err := d.Store.Checkpoint(ctx, d.run.ID, &before)
		if err != nil || c == nil {
			return 0, err
		}
		if _, ok := d.whole(d.run.ID, *c); ok {
			return c.Step, nil
		}
		before = c.Step
	}
}
