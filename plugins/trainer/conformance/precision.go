package conformance

import (
	"slices"
	"testing"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// precisions: a trainer trains in each precision that it names, resumes to the same bits, and refuses the others. One
// that names none is asked for nothing.
func (s *suite) precisions(t *testing.T) {
	usual := s.spec("precision", 24).Precision
	for _, p := range []string{spec.PrecisionFP32, spec.PrecisionBF16} {
		v := s.spec("precision-"+p, 24)
		v.Precision = p
		switch has := slices.Contains(s.about.Precisions, p); {
		case has && p != usual:
			t.Run(p, func(t *testing.T) { s.precision(t, v) })
		case !has && len(s.about.Precisions) > 0:
			t.Run("without "+p, func(t *testing.T) { s.refusesPrecision(t, v) })
		}
	}
}

func (s *suite) precision(t *testing.T, v *spec.Spec) {
	if problems := s.report(t, v).Problems; len(problems) > 0 {
		t.Fatalf("problems of a precision that the trainer names: %v", problems)
	}
	whole := s.complete(t, v)
	s.continued(t, whole, s.run(t, next(whole, whole.checkpoints()[0])))
}

func (s *suite) refusesPrecision(t *testing.T, v *spec.Spec) {
	for _, p := range s.report(t, v).Problems {
		if p.Field == "precision" && p.Message != "" {
			return
		}
	}
	t.Error("a precision that the trainer doesn't name is no problem to it")
}
