package runner

import (
	"math"

	"github.com/haigo-lab/haigo/plugins/cpu/lm"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

func adamW(o spec.Optimizer) lm.AdamW {
	return lm.AdamW{
		Beta1: float64(o.Beta1), Beta2: float64(o.Beta2), Eps: float64(o.Eps),
		WeightDecay: float64(o.WeightDecay), Clip: float64(o.Clip),
	}
}

// learningRate is the rate of step number step (from 0): a straight rise to the peak over the warm-up, and a fall to
// the final fraction over the last decay_steps steps, which never begins before the warm-up ends; decay_steps 0 is all
// that the warm-up leaves. wsd falls in a straight line. Interventions scale it from their step on, one after the other.
func learningRate(s *spec.Spec, step int64) float64 {
	o := s.Optimizer
	peak := float64(o.PeakLR) * scaleAt(s.Interventions, step)
	if step < o.WarmupSteps {
		return peak * float64(step+1) / float64(o.WarmupSteps)
	}
	begin := o.WarmupSteps
	if o.DecaySteps > 0 {
		begin = max(begin, s.Steps-o.DecaySteps)
	}
	if step < begin {
		return peak
	}
	part := float64(step+1-begin) / float64(s.Steps-begin)
	final := float64(o.FinalLRFraction)
	return peak * (final + (1-final)*remaining(o.Decay, part))
}

// remaining is what a decay has left above its end after a part of its length.
func remaining(decay string, part float64) float64 {
	switch decay {
	case spec.DecayCosine:
		return (1 + math.Cos(math.Pi*part)) / 2
	case spec.DecayConstant:
		return 1
	}
	return 1 - part
}

func scaleAt(list []spec.Intervention, step int64) float64 {
	scale := 1.0
	for _, i := range list {
		if i.FromStep != nil && step >= *i.FromStep {
			scale *= float64(i.LRScale)
		}
	}
	return scale
}

// skipped says whether a step reads its rows and makes no update.
func skipped(list []spec.Intervention, step int64) bool {
	for _, i := range list {
		if i.Skip != nil && step >= i.Skip[0] && step < i.Skip[1] {
			return true
		}
	}
	return false
}
