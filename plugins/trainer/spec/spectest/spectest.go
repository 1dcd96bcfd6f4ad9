// Package spectest has a spec for tests to start from.
package spectest

import (
	"strings"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// Spec is a small valid spec that uses every part of the format: two sources, a table of two entries, sets and their
// unions, a task, a resume, both interventions. Its files don't exist. Each call makes a new one.
func Spec() *spec.Spec {
	from := int64(12)
	digest := func(c string) string { return strings.Repeat(c, 64) }
	return &spec.Spec{
		SpecVersion: spec.Version, RunID: "01JD9V7Q", Attempt: 2, Kind: spec.KindPretrain,
		Mode: spec.ModeExact, MixSeed: 0x0123456789abcdef, DataSeed: 0xfedcba9876543210, InitSeed: 7,
		Steps: 20, BatchRows: 4, RowTokens: 32,
		Sources: []spec.Source{
			{Name: "web-ja", Lang: "ja", Manifest: "/data/sources/web-ja/1/manifest.json", ManifestSHA256: digest("1"), Rows: 90},
			{Name: "web-en", Lang: "en", Manifest: "/data/sources/web-en/1/manifest.json", ManifestSHA256: digest("2")},
		},
		Weights: []spec.Weights{
			{FromStep: 0, W: []int64{spec.WeightTotal / 4, spec.WeightTotal / 4 * 3}},
			{FromStep: 10, W: []int64{spec.WeightTotal, 0}},
		},
		Tokenizer: spec.Tokenizer{Kind: spec.TokenizerBytes},
		Model: spec.Model{
			Layers: 2, Width: 32, Heads: 2, KVHeads: 2, FFN: 88, Vocab: 257, Tied: true, RopeBase: 10000, NormEps: 1e-5,
		},
		Init: &spec.Init{Path: "../../other/checkpoints/step-000000100-a0001", ManifestSHA256: digest("3")},
		Optimizer: spec.Optimizer{
			PeakLR: 3e-3, FinalLRFraction: 0.1, WarmupSteps: 2, Decay: spec.DecayCosine, DecaySteps: 18,
			Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, WeightDecay: 0.1, Clip: 1,
		},
		Precision: spec.PrecisionFP32,
		Log:       spec.Log{EverySteps: 2},
		Eval: spec.Eval{
			EverySteps: 5,
			Sets: []spec.Set{
				{Name: "web-ja", Path: "/data/sources/web-ja/1/heldout.jsonl", SHA256: digest("4")},
				{Name: "ja", UnionOf: []string{"web-ja"}},
			},
			Tasks: []spec.Task{{Name: "next-sentence", Path: "/data/tasks/next.jsonl", SHA256: digest("5")}},
		},
		Checkpoint:    spec.Checkpoint{EverySteps: 10, Keep: 2, ResumeFrom: &spec.Resume{Step: 10, Path: "../checkpoints/step-000000010-a0001"}},
		Interventions: []spec.Intervention{{FromStep: &from, LRScale: 0.5}, {Skip: &[2]int64{13, 15}}},
		OnNonfinite:   spec.NonfiniteStop,
		Resources:     spec.Resources{Threads: 2, Devices: []int{0}, MemoryBytes: 1 << 30, WalltimeS: 600},
		Extra:         map[string]any{"isa": "avx2"},
	}
}
