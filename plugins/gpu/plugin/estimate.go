package plugin

import (
	"strings"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// logits is how many of a run's logits are in memory at once at most; step.py has the same number.
const logits = 1 << 27

// memory is about what a run takes on its device: fp32 weights, moments and gradients of what is trained, weights of what isn't, what
// the layers keep for the backward pass, and logits with their gradient.
func memory(s *spec.Spec) int64 {
	m, tokens, size := s.Model, s.TokensPerStep(), int64(4)
	if s.Precision == spec.PrecisionBF16 {
		size = 2
	}
	state := 20 * spec.Trainable(s)
	if s.Tune != nil && s.Tune.LoRA != nil {
		state += 4 * spec.Parameters(m)
	}
	layers := tokens * size * int64(m.Layers) * int64(12*m.Width+4*m.FFN)
	return state + layers + 12*min(tokens*int64(m.Vocab), 2*logits)
}

// Dense peaks in floating point operations a second, from the makers' data sheets, and what a processor's thread is taken to
// do. Only estimates of time come from them.
const threadFLOPs = 2e10

var peaks = []struct {
	name       string
	bf16, fp32 float64
}{
	{"H100", 989e12, 67e12},
	{"H200", 989e12, 67e12},
	{"B200", 2250e12, 80e12},
	{"A100", 312e12, 19.5e12},
	{"L40S", 362e12, 91e12},
	{"L4", 121e12, 30e12},
	{"RTX 4090", 165e12, 83e12},
}

// speed estimates tokens a second of one run, 0 where nothing is known of the device.
func speed(s *spec.Spec, d trainer.Device) float64 {
	if d.Threads > 0 {
		return threadFLOPs * float64(Threads(s)) / spec.FLOPsPerToken(s)
	}
	for _, p := range peaks {
		if !strings.Contains(d.Name, p.name) {
			continue
		}
		peak := p.bf16
		if s.Precision != spec.PrecisionBF16 {
			peak = p.fp32
		}
		return peak * utilisation(s.Model.Width) / spec.FLOPsPerToken(s)
	}
	return 0
}

// most is how many runs share a process at most: more would save nothing, and leave more slots idle at a sweep's end.
const most = 64

// together is how many runs are trained fastest at once on a device. On a card tokens in flight count, by a model of its kernels
// that nobody has measured yet: 128k of them keep it busy where layers are narrow, half as many where they aren't, and a run whose
// own steps are as long gains nothing. On a processor four at once had 0.3 to 0.4 of the tokens a second of one (bench/pack_speed.py,
// two shapes, one thread).
func together(s *spec.Spec, d trainer.Device) int {
	if d.Threads > 0 {
		return 1
	}
	busy := int64(128 << 10)
	if s.Model.Width > 256 {
		busy = 64 << 10
	}
	n := min(most, busy/s.TokensPerStep())
	if d.MemoryBytes > 0 {
		n = min(n, d.MemoryBytes*9/10/memory(s))
	}
	return int(max(1, n))
}

// utilisation is what small models are predicted to reach of a card's peak: narrow ones wait for memory. It is a model of
// kernels, not a measurement.
func utilisation(width int) float64 {
	switch {
	case width <= 128:
		return 0.12
	case width <= 256:
		return 0.2
	case width <= 512:
		return 0.3
	}
	return 0.4
}
