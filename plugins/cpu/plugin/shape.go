package plugin

import (
	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/rows"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// shapes are named by their parameters, smallest first. Each learning rate was the best, or within noise of it, of two or
// three in short runs on Japanese, English and code, batches of 1024 tokens (docs/preset-rates); larger batches bear more.
func shapes() []trainer.Shape {
	return []trainer.Shape{
		shape("0.2m", 4, 64, 2, 176, 5e-3),
		shape("0.5m", 4, 96, 3, 256, 4e-3),
		shape("1m", 4, 128, 4, 352, 3e-3),
		shape("2m", 4, 192, 6, 512, 2e-3),
		shape("5m", 6, 256, 8, 704, 1.5e-3),
		shape("10m", 6, 384, 6, 1024, 1e-3),
		shape("20m", 6, 512, 8, 1408, 5e-4),
	}
}

func shape(name string, layers, width, heads, ffn int, peakLR float64) trainer.Shape {
	return trainer.Shape{Name: name, PeakLR: peakLR, Model: spec.Model{
		Layers: layers, Width: width, Heads: heads, KVHeads: heads, FFN: ffn, Vocab: rows.Vocabulary,
		Tied: true, RopeBase: 10000, NormEps: 1e-5,
	}}
}
