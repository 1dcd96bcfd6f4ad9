package ablation_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/ablation"
)

// whole is a sweep file with every key.
const whole = `
name: ja-en-order-12m
question: 総量が同じなら、英語を先に学ぶ順序は効くか   # headline
sources: [web-ja, {name: web-en, version: 7c41e09b}, misc]
recipe:
  trainer: cpu
  shape: {layers: 4, width: 128, heads: 4, ffn: 352}
  tokenizer: bytes
  tokens: 60M
  row_tokens: 128
  batch_rows: 16
  precision: bf16
  optimizer: {peak_lr: 3e-3, warmup: 1.5%, decay: linear, final_lr: 0.2, weight_decay: 0, clip: 2}
  eval: {every: 600k, items: 300}
  checkpoint: {every: 12.5%, keep: 3}
  on_divergence: report
  max_epochs: 20
schedules:
  ja57:
    label: {ja: 日本語中心, en: Japanese-centred}
    stages: [{until: 1.0, mixture: {web-ja: 0.57, web-en: 0.31, misc: 0.12}}]
  ja33:
    label: 英語中心
    stages: [{until: 60M, mixture: {web-ja: 0.33, web-en: 0.55, misc: 0.12}}]
  en-then-ja:
    stages:
      - {until: 0.3, mixture: {web-ja: 0.20, web-en: 0.68, misc: 0.12}}
      - {until: 42M, mixture: {web-ja: 0.60, web-en: 0.28, misc: 0.12}, ramp: linear}
      - {until: 1, mixture: {web-ja: 0.60, web-en: 0.28, misc: 0.12}}
design:
  baseline: ja33
  control: matched
  grid: {of: ja, values: [0.3, 0.4, 0.57, 0.125], from: ja33}
seeds: [2, 1, 5]
seed: 20261123
tasks: [jcommonsenseqa, arc-easy]
budget: {yen: 2400, gpu_hours: 8, runs_at_once: 2}
recurrence: {cron: "0 22 * * *", zone: Asia/Tokyo, missed: skip}
`

func TestParseSweep_every_key(t *testing.T) {
	t.Parallel()
	got, err := ablation.ParseSweep([]byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	seed := uint64(20261123)
	mix := func(ja, en, misc float64) ablation.Mixture {
		return ablation.Mixture{"web-ja": ja, "web-en": en, "misc": misc}
	}
	want := ablation.Sweep{
		Name:     "ja-en-order-12m",
		Question: "総量が同じなら、英語を先に学ぶ順序は効くか",
		Sources:  []ablation.SourceRef{{Name: "web-ja"}, {Name: "web-en", Version: "7c41e09b"}, {Name: "misc"}},
		Recipe: ablation.Recipe{
			Trainer: "cpu", Shape: ablation.Shape{Layers: 4, Width: 128, Heads: 4, FFN: 352}, Tokenizer: "bytes",
			Tokens: 60_000_000, RowTokens: 128, BatchRows: 16, Precision: "bf16",
			Optimizer: ablation.Optimizer{
				PeakLR: 3e-3, Warmup: ablation.Amount{Fraction: 0.015}, Decay: "linear", FinalLR: 0.2, Clip: 2, Beta2: 0.95,
			},
			Left:       ablation.Left{Beta2: true, ZLoss: true},
			Eval:       ablation.Amount{Tokens: 600_000},
			SetBytes:   49_504, // three sources, 101 times: 15M
			Items:      300,
			Checkpoint: ablation.Checkpoint{Every: ablation.Amount{Fraction: 0.125}, Keep: 3},
			Divergence: ablation.Divergence{Policy: ablation.DivergenceReport}, MaxEpochs: 20, ShareTrunks: true,
		},
		Schedules: []ablation.Schedule{
			{
				Name: "ja57", Label: ablation.Label{JA: "日本語中心", EN: "Japanese-centred"},
				Stages: []ablation.Stage{{Until: ablation.Amount{Fraction: 1}, Mixture: mix(0.57, 0.31, 0.12), Ramp: "none"}},
			},
			{
				Name: "ja33", Label: ablation.Label{JA: "英語中心", EN: "英語中心"},
				Stages: []ablation.Stage{{Until: ablation.Amount{Tokens: 60_000_000}, Mixture: mix(0.33, 0.55, 0.12), Ramp: "none"}},
			},
			{Name: "en-then-ja", Stages: []ablation.Stage{
				{Until: ablation.Amount{Fraction: 0.3}, Mixture: mix(0.2, 0.68, 0.12), Ramp: "none"},
				{Until: ablation.Amount{Tokens: 42_000_000}, Mixture: mix(0.6, 0.28, 0.12), Ramp: "linear"},
				{Until: ablation.Amount{Fraction: 1}, Mixture: mix(0.6, 0.28, 0.12), Ramp: "none"},
			}},
		},
		Design: ablation.Design{
			Baseline: "ja33", Control: "matched",
			Grid: &ablation.Grid{Of: "ja", Values: []float64{0.3, 0.4, 0.57, 0.125}, From: "ja33"},
		},
		Seeds: []int64{1, 2, 5}, Seed: &seed, Tasks: []string{"jcommonsenseqa", "arc-easy"},
		Budget:     ablation.Budget{Yen: 2400, GPUHours: 8, RunsAtOnce: 2},
		Recurrence: &ablation.Recurrence{Cron: "0 22 * * *", Zone: "Asia/Tokyo", Missed: "skip"},
		Document:   whole,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseSweep_defaults(t *testing.T) {
	t.Parallel()
	got, err := ablation.ParseSweep([]byte(`
name: small
sources: [ja, en]
recipe: {tokens: 1.5B}
schedules:
  half:
    stages: [{until: 1.0, mixture: {ja: 0.5, en: 0.5}}]
`))
	if err != nil {
		t.Fatal(err)
	}
	want := ablation.Recipe{
		Shape: ablation.Shape{Preset: "1m"}, Tokenizer: "bytes",
		Tokens: 1_500_000_000, RowTokens: 256, BatchRows: 32, Precision: "fp32",
		Optimizer: ablation.Optimizer{
			Warmup: ablation.Amount{Fraction: 0.02}, Decay: "cosine", FinalLR: 0.1, WeightDecay: 0.1, Clip: 1, Beta2: 0.95,
		},
		Left:       ablation.Left{BatchRows: true, Beta2: true, ZLoss: true},
		Eval:       ablation.Amount{Fraction: 0.05},
		EvalOpen:   true,
		SetBytes:   ablation.DefaultSetBytes,
		ItemsOpen:  true,
		Checkpoint: ablation.Checkpoint{Every: ablation.Amount{Fraction: 0.1}, Keep: 2},
		Divergence: ablation.Divergence{Policy: ablation.DivergenceStop}, MaxEpochs: 16, ShareTrunks: true,
	}
	if diff := cmp.Diff(want, got.Recipe); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int64{1, 2, 3}, got.Seeds); diff != "" {
		t.Error(diff)
	}
	if got.Design.Baseline != "half" {
		t.Errorf("baseline is %q, want the first schedule", got.Design.Baseline)
	}
}
