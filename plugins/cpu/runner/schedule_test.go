package runner

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

func TestLearningRate(t *testing.T) {
	t.Parallel()
	cos := func(part float64) float64 { return 0.1 + 0.9*(1+math.Cos(math.Pi*part))/2 }
	for name, c := range map[string]struct {
		decay         string
		warmup, steps int64 // of the decay
		want          []float64
	}{
		"cosine, all that is left":  {spec.DecayCosine, 2, 0, []float64{0.5, 1, cos(1. / 6), cos(2. / 6), cos(3. / 6), cos(4. / 6), cos(5. / 6), 0.1}},
		"cosine, named length":      {spec.DecayCosine, 2, 6, []float64{0.5, 1, cos(1. / 6), cos(2. / 6), cos(3. / 6), cos(4. / 6), cos(5. / 6), 0.1}},
		"never before warm-up ends": {spec.DecayLinear, 4, 8, []float64{0.25, 0.5, 0.75, 1, 0.775, 0.55, 0.325, 0.1}},
		"linear, no warm-up":        {spec.DecayLinear, 0, 4, []float64{1, 1, 1, 1, 0.775, 0.55, 0.325, 0.1}},
		"wsd":                       {spec.DecayWSD, 2, 2, []float64{0.5, 1, 1, 1, 1, 1, 0.55, 0.1}},
		"constant":                  {spec.DecayConstant, 1, 3, []float64{1, 1, 1, 1, 1, 1, 1, 1}},
		"warm-up to the end":        {spec.DecayCosine, 8, 0, []float64{0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &spec.Spec{Steps: 8, Optimizer: spec.Optimizer{
				PeakLR: 1, FinalLRFraction: 0.1, WarmupSteps: c.warmup, Decay: c.decay, DecaySteps: c.steps,
			}}
			var got []float64
			for step := range s.Steps {
				got = append(got, learningRate(s, step))
			}
			if diff := cmp.Diff(c.want, got, cmpopts.EquateApprox(1e-12, 0)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestLearningRate_ScalesMultiply(t *testing.T) {
	t.Parallel()
	two, five := int64(2), int64(5)
	s := &spec.Spec{
		Steps: 8, Optimizer: spec.Optimizer{PeakLR: 1, Decay: spec.DecayConstant},
		Interventions: []spec.Intervention{{FromStep: &two, LRScale: 0.5}, {FromStep: &five, LRScale: 0.1}},
	}
	for step, want := range map[int64]float64{1: 1, 2: 0.5, 4: 0.5, 5: 0.05, 7: 0.05} {
		if got := learningRate(s, step); got != want {
			t.Errorf("step %d: got %v, want %v", step, got, want)
		}
	}
}
