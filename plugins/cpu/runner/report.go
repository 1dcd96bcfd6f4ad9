package runner

import "github.com/haigo-lab/haigo/plugins/trainer/spec"

// report writes the events that are due at the present step.
func (s *session) report(o outcome) error {
	if s.due(s.spec.Log.Every()) {
		if err := s.metrics(o); err != nil {
			return err
		}
	}
	if s.spec.Eval.DueAt(s.step, s.spec.Steps) {
		if err := s.score(); err != nil {
			return err
		}
	}
	if s.due(s.spec.Log.Every()) {
		if err := s.events.Append(spec.Usage{Step: s.step, Rows: s.bySource(s.usage)}); err != nil {
			return err
		}
	}
	if s.spec.Checkpoint.DueAt(s.step, s.spec.Steps) {
		return s.save()
	}
	return nil
}

// due says whether the present step is a multiple of every, or the last; 0 means the last alone.
func (s *session) due(every int64) bool {
	return s.step == s.spec.Steps || every > 0 && s.step%every == 0
}

func (s *session) metrics(o outcome) error {
	speed := float64(s.steps*s.spec.TokensPerStep()) / s.seconds
	s.steps, s.seconds = 0, 0
	return s.events.Append(spec.Metrics{Step: s.step, Tokens: s.tokens(), Values: map[string]spec.Real{
		"loss": spec.Real(o.Loss), "grad_norm": spec.Real(o.GradNorm), "lr": spec.Real(o.rate), "tokens_per_s": spec.Real(speed),
	}})
}

func (s *session) tokens() int64 { return s.step * s.spec.TokensPerStep() }
