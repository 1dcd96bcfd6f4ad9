package runner

import (
	"context"
	"math"
	"time"

	"github.com/haigo-lab/haigo/plugins/cpu/lm"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// train makes the steps that are left; the error is of something that must not happen in a sound run.
func (s *session) train(ctx context.Context) (spec.Finished, error) {
	if s.step == 0 && s.spec.Checkpoint.ResumeFrom == nil && s.spec.Eval.DueAt(0, s.spec.Steps) {
		if err := s.score(); err != nil {
			return spec.Finished{}, err
		}
	}
	for s.step < s.spec.Steps {
		if reason := s.stopReason(ctx); reason != nil {
			return s.stop(reason)
		}
		result, diverged, err := s.advance()
		if err != nil {
			return spec.Finished{}, err
		}
		if diverged {
			return s.diverge(result)
		}
		if err := s.report(result); err != nil {
			return spec.Finished{}, err
		}
	}
	return finished(spec.OutcomeCompleted, s.step, spec.Say("all steps are done", "すべてのステップが終わりました")), nil
}

// outcome is what a step gave.
type outcome struct {
	lm.Result
	rate float64 // learning rate of the update, 0 where there was none
}

// advance makes one step. It makes no update where the step is skipped, or where it diverged and the run is to stop.
func (s *session) advance() (o outcome, diverged bool, err error) {
	began := time.Now()
	batch, from, err := s.feed.next()
	if err != nil {
		return o, false, err
	}
	o.Result = s.trainer.Gradient(batch)
	if skipped(s.spec.Interventions, s.step) {
		s.step++
		s.count(began)
		return o, false, nil
	}
	for _, k := range from {
		s.usage[k]++
	}
	o.rate = learningRate(s.spec, s.step)
	diverged = s.spec.OnNonfinite == spec.NonfiniteStop && !(finite(o.Loss) && finite(o.GradNorm))
	if !diverged {
		s.trainer.Update(adamW(s.spec.Optimizer), o.rate)
	}
	s.step++
	s.count(began)
	return o, diverged, nil
}

func (s *session) count(began time.Time) {
	s.seconds += time.Since(began).Seconds()
	s.steps++
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
