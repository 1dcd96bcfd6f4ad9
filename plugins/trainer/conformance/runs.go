package conformance

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer/sampler"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// completeExact holds what was delivered against the law of the sampler, at every step.
func (s *suite) completeExact(t *testing.T) {
	v := s.spec("exact", 44)
	v.Log.EverySteps = 1
	a := s.complete(t, v)
	meter := sampler.NewMeter(s.planOf(t, v))
	for _, line := range a.lines {
		if line.Usage == nil {
			continue
		}
		delivered := make([]int64, len(v.Sources))
		for k, source := range v.Sources {
			delivered[k] = line.Usage.Rows[source.Name]
		}
		if far := meter.Observe(line.Usage.Step, delivered); far > meter.Bound() {
			t.Errorf("step %d: delivered rows are %.4f from the table, more than %v", line.Usage.Step, far, meter.Bound())
		}
	}
	t.Logf("largest distance of delivered rows from the table: %.4f rows, allowed %v", meter.Most(), meter.Bound())
}

func (s *suite) completeMultinomial(t *testing.T) {
	v := s.spec("multinomial", 44)
	v.Mode = spec.ModeMultinomial
	s.complete(t, v)
}

// complete trains undisturbed: all events are there, and something was learnt.
func (s *suite) complete(t *testing.T, v *spec.Spec) *attempt {
	t.Helper()
	a := s.run(t, v)
	s.verify(t, a)
	if f := a.finished(t); f.Outcome != spec.OutcomeCompleted || f.Step != v.Steps {
		t.Errorf("finished: %+v", f)
	}
	first, last := scores(a), spec.Real(0)
	for _, line := range a.lines {
		if line.Scores != nil {
			last = line.Scores.Values["bpb/all"]
		}
	}
	if !(last < first) {
		t.Errorf("held-out text: %v bits per byte before training, %v after", first, last)
	}
	return a
}

// scores is the first bits per byte of all held-out text.
func scores(a *attempt) spec.Real {
	for _, line := range a.lines {
		if line.Scores != nil {
			return line.Scores.Values["bpb/all"]
		}
	}
	return 0
}

// skip: skipped steps read their rows and make no update.
func (s *suite) skip(t *testing.T) {
	from := int64(20)
	v := s.spec("skip", 30)
	v.Log.EverySteps = 1
	v.Interventions = []spec.Intervention{{Skip: &[2]int64{5, 12}}, {FromStep: &from, LRScale: 0.5}}
	a := s.run(t, v)
	s.verify(t, a)
	if f := a.finished(t); f.Outcome != spec.OutcomeCompleted {
		t.Errorf("finished: %+v", f)
	}
	plain := s.spec("plain", 30)
	plain.Log.EverySteps = 1
	b := s.run(t, plain)
	for step, want := range map[int64]spec.Real{5: 1, 20: 1, 21: 0.5} {
		if got, whole := rate(a, step), rate(b, step); !near(got, want*whole) {
			t.Errorf("learning rate at step %d is %v, %v without the intervention; want %v of it", step, got, whole, want)
		}
	}
}

// rate is the learning rate that was used for a step.
func rate(a *attempt, step int64) spec.Real {
	for _, line := range a.lines {
		if line.Metrics != nil && line.Metrics.Step == step {
			return line.Metrics.Values["lr"]
		}
	}
	return 0
}

func near(a, b spec.Real) bool { return a > 0 && a-b < 1e-6*b && b-a < 1e-6*b }

// keep: only the newest checkpoints stay, and they are whole.
func (s *suite) keep(t *testing.T) {
	v := s.spec("keep", 30)
	v.Checkpoint.EverySteps, v.Checkpoint.Keep = 6, 2
	a := s.run(t, v)
	s.verify(t, a)
	entries, err := os.ReadDir(spec.CheckpointsDir(filepath.Dir(a.dir)))
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 2 {
		t.Errorf("checkpoints %v, want the newest 2", entries)
	}
	for i, step := range []int64{24, 30} {
		if _, _, err := spec.ReadCheckpoint(spec.CheckpointDir(filepath.Dir(a.dir), step, 1)); err != nil {
			t.Errorf("checkpoint %d: %v", i, err)
		}
	}
}

// diverge: a learning rate without measure ends as diverged, or goes on where the spec says so.
func (s *suite) diverge(t *testing.T) {
	v := s.spec("diverge", 20)
	v.Optimizer.PeakLR, v.Optimizer.WarmupSteps, v.Optimizer.Clip = 1e30, 0, 0
	v.Log.EverySteps, v.Eval.EverySteps = 5, 0
	a := s.run(t, v)
	s.verify(t, a)
	if f := a.finished(t); f.Outcome != spec.OutcomeDiverged || f.Retriable || f.Reason == "" {
		t.Errorf("finished: %+v", f)
	}
	v = s.spec("diverge-on", 20)
	v.Optimizer.PeakLR, v.Optimizer.WarmupSteps, v.Optimizer.Clip = 1e30, 0, 0
	v.OnNonfinite, v.Eval.Sets, v.Eval.Tasks = spec.NonfiniteContinue, nil, nil
	a = s.run(t, v)
	s.verify(t, a)
	if f := a.finished(t); f.Outcome != spec.OutcomeCompleted {
		t.Errorf("finished: %+v", f)
	}
}

// refuseToRun: a runner trains nothing that it doesn't know or can't read.
func (s *suite) refuseToRun(t *testing.T) {
	for name, change := range map[string]func(v *spec.Spec){
		"another count of rows":     func(v *spec.Spec) { v.Sources[0].Rows = 1 },
		"a source that was changed": func(v *spec.Spec) { v.Sources[0].ManifestSHA256 = spec.Digest(nil) },
		"a checkpoint that isn't there": func(v *spec.Spec) {
			v.Checkpoint.ResumeFrom = &spec.Resume{Step: 10, Path: "../checkpoints/step-000000010-a0009"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := s.spec("refuse-"+spec.Digest([]byte(name))[:8], 20)
			v.Sources = append([]spec.Source(nil), v.Sources...)
			change(v)
			a := s.run(t, v)
			if f := a.finished(t); f.Outcome != spec.OutcomeFailed || f.Reason == "" {
				t.Errorf("finished: %+v", f)
			}
			untrained(t, a)
		})
	}
	t.Run("a later version", func(t *testing.T) {
		v := s.spec("refuse-version", 20)
		plan := s.partsOf(t, v)
		v.SpecVersion = 2
		data, err := spec.Encode(v)
		if err != nil {
			t.Fatal(err)
		}
		a := s.attempt(v)
		s.Engine.Start(t, a.dir, data, plan)
		s.end(t, a)
		untrained(t, a)
	})
}

func untrained(t *testing.T, a *attempt) {
	t.Helper()
	for _, line := range a.lines {
		if line.Metrics != nil || line.Checkpoint != nil || line.Finished != nil && line.Finished.Outcome != spec.OutcomeFailed {
			t.Errorf("it trained: %s", line.Raw)
		}
	}
}

// longRun is a spec whose training takes long enough to be disturbed, measured on a short one by its quicker steps: a machine that
// is busy now may not be so later.
func (s *suite) longRun(t *testing.T) *spec.Spec {
	t.Helper()
	const probe, enough = 60, 400 * time.Millisecond
	v := s.spec("probe", probe)
	v.Log.EverySteps, v.Eval.EverySteps, v.Checkpoint.EverySteps = 1, 0, 0
	a := s.run(t, v)
	s.verify(t, a)
	var took []time.Duration
	var before time.Time
	for _, line := range a.lines {
		if line.Metrics == nil {
			continue
		}
		if !before.IsZero() {
			took = append(took, line.Time.Sub(before))
		}
		before = line.Time
	}
	slices.Sort(took)
	step := max(took[len(took)/4], 10*time.Microsecond)
	steps := min(max(probe, int64(enough/step)), 20_000)
	long := s.spec("undisturbed", steps/10*10)
	long.Log.EverySteps = 1
	long.Eval.EverySteps = steps/4 + 1
	long.Checkpoint.EverySteps = long.Steps / 10
	return long
}
