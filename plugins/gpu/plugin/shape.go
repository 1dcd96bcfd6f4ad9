package plugin

import (
	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/rows"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// shapes are named by their parameters, smallest first. The first two are the CPU trainer's of these names, so that its small
// sweeps, the demo's among them, run here unchanged; of the others the embedding isn't counted, and what they learn by is by their size
// as OLMo-core's ladder takes it, not measured here: half of DataDecide's learning rate 0.0047·(N/108M)^(-1/3) (arXiv 2504.11393);
// about 2048·160·(N/108M)^(2/3) tokens a step, to a power of two; beta2 0.99, z-loss 1e-5.
func shapes() []trainer.Shape {
	return []trainer.Shape{
		plain(shape("0.2m", 4, 64, 2, 176, 5e-3)),
		plain(shape("0.5m", 4, 96, 3, 256, 4e-3)),
		sized(shape("1m", 5, 128, 2, 384, 1.1e-2), 16<<10),
		sized(shape("5m", 6, 256, 4, 704, 6.6e-3), 32<<10),
		sized(shape("20m", 6, 512, 8, 1408, 4.2e-3), 128<<10),
		sized(shape("60m", 8, 768, 12, 2048, 2.9e-3), 256<<10),
		sized(shape("150m", 12, 1024, 16, 2816, 2.1e-3), 512<<10),
	}
}

func shape(name string, layers, width, heads, ffn int, peakLR float64) trainer.Shape {
	return trainer.Shape{Name: name, PeakLR: peakLR, Model: spec.Model{
		Layers: layers, Width: width, Heads: heads, KVHeads: heads, FFN: ffn, Vocab: rows.Vocabulary,
		Tied: true, RopeBase: 10000, NormEps: 1e-5, QKNorm: true,
	}}
}

// usualStep is how many tokens the steps of any size have at least where they are cut to fit a device, and usualRow a row of them.
const usualStep, usualRow = 8 << 10, 256

// fitting is how many tokens a step of a shape has, halved until a run in fp32 takes no more than two thirds of the memory of the
// largest device.
func fitting(shape trainer.Shape, devices []trainer.Device) int64 {
	most, n := int64(0), shape.StepTokens
	for _, d := range devices {
		most = max(most, d.MemoryBytes)
	}
	takes := func() int64 {
		return memory(&spec.Spec{Model: shape.Model, Precision: spec.PrecisionFP32, BatchRows: int(n / usualRow), RowTokens: usualRow})
	}
	for most > 0 && n > usualStep && takes() > most/3*2 {
		n /= 2
	}
	return n
}

// sized is a shape with the tokens of its steps.
func sized(s trainer.Shape, tokens int64) trainer.Shape {
	s.StepTokens, s.Beta2, s.ZLoss = tokens, 0.99, 1e-5
	return s
}

// plain is a shape without norms of queries and keys.
func plain(s trainer.Shape) trainer.Shape {
	s.Model.QKNorm = false
	return s
}
