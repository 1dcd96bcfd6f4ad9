package ablation_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/ablation"
)

const growing = `name: growing
question: はじめの問い
sources: [ja, {name: en, version: 7c41e09b}]
recipe: {tokens: 1M, optimizer: {clip: 2}}
schedules:
  a: {stages: [{until: 1.0, mixture: {ja: 0.5, en: 0.5}}]}
  b: {label: B, stages: [{until: 1.0, mixture: {ja: 0.2, en: 0.8}}]}
design: {grid: {of: ja, values: [0.3, 0.4], from: a}}
seeds: 2
tasks: [t]
`

// started is the sweep as it stands in the store: with what its start fixed.
func started(t *testing.T) ablation.Sweep {
	t.Helper()
	s := seeded(t, growing)
	s.ID, s.State = 7, ablation.SweepCompleted
	s.Sources[0].Version, s.Recipe.Trainer, s.Recipe.Optimizer.PeakLR = "00c0ffee", "cpu", 3e-3
	return s
}

func TestGrow_same_content(t *testing.T) {
	t.Parallel()
	old := started(t)
	got, err := ablation.Grow(old, parse(t, growing))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(old, got); diff != "" {
		t.Error(diff)
	}
}

func TestGrow_adds(t *testing.T) {
	t.Parallel()
	next := strings.NewReplacer(
		"はじめの問い", "あとの問い",
		"schedules:\n", "schedules:\n  a: {label: A, stages: [{until: 1.0, mixture: {ja: 0.5, en: 0.5}}]}\n  c: {stages: [{until: 1.0, mixture: {ja: 1}}]}\n",
		"  a: {stages: [{until: 1.0, mixture: {ja: 0.5, en: 0.5}}]}\n", "",
		"[0.3, 0.4]", "[0.45, 0.4, 0.3]",
		"seeds: 2", "seeds: [5, 2, 1]\nbudget: {yen: 100}\nrecurrence: {cron: 0 22 * * *}",
	).Replace(growing)
	want := started(t)
	want.Question, want.Document = "あとの問い", next
	want.Schedules[0].Label = ablation.Label{JA: "A", EN: "A"}
	want.Schedules = append(want.Schedules, ablation.Schedule{Name: "c", Stages: []ablation.Stage{
		{Until: fraction(1), Mixture: ablation.Mixture{"ja": 1}, Ramp: ablation.RampNone},
	}})
	want.Design.Grid.Values = []float64{0.3, 0.4, 0.45}
	want.Seeds = []int64{1, 2, 5}
	want.Budget.Yen = 100
	want.Recurrence = &ablation.Recurrence{Cron: "0 22 * * *", Zone: "Asia/Tokyo", Missed: "skip"}

	got, err := ablation.Grow(started(t), parse(t, next))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("old arms keep their order: %s", diff)
	}
}

func TestGrow_refuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, old, new string
		want           []string
	}{
		{"another source", "sources: [ja,", "sources: [code, ja,", []string{"sources"}},
		{"another version", "7c41e09b", "7c41e09c", []string{"sources"}},
		{"a longer run", "tokens: 1M", "tokens: 2M", []string{"recipe.tokens"}},
		{"other settings", "clip: 2}", "clip: 3}, precision: bf16", []string{"recipe.precision", "recipe.optimizer"}},
		{"another trainer", "tokens: 1M", "tokens: 1M, trainer: gpu", []string{"recipe.trainer"}},
		{"another learning rate", "clip: 2", "clip: 2, peak_lr: 1e-3", []string{"recipe.optimizer"}},
		{"a changed mixture", "{ja: 0.2, en: 0.8}", "{ja: 0.3, en: 0.7}", []string{"schedules.b"}},
		{"a schedule removed", "  b: {label: B,", "  c: {label: B,", []string{"schedules.b"}},
		{"a grid value removed", "[0.3, 0.4]", "[0.3]", []string{"design.grid"}},
		{"another grid", "of: ja", "of: en", []string{"design.grid"}},
		{"a control", "design: {", "design: {control: matched, ", []string{"design.control"}},
		{"another baseline", "design: {", "design: {baseline: b, ", []string{"design.baseline"}},
		{"fewer seeds", "seeds: 2", "seeds: 1", []string{"seeds"}},
		{"another seed", "seeds: 2", "seeds: 2\nseed: 5", []string{"seed"}},
		{"another task", "[t]", "[t, u]", []string{"tasks"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := ablation.Grow(started(t), parse(t, strings.Replace(growing, tt.old, tt.new, 1)))
			var bad *ablation.Invalid
			if !errors.As(err, &bad) {
				t.Fatalf("got %v, want problems", err)
			}
			var fields []string
			for _, p := range bad.Problems {
				fields = append(fields, p.Field)
				if !strings.Contains(p.String(), "--as NEW") || strings.Contains(p.Message.EN, "--") || p.Line == 0 {
					t.Errorf("%s offers no way on, or stands nowhere", p)
				}
			}
			if diff := cmp.Diff(tt.want, fields); diff != "" {
				t.Error(diff)
			}
		})
	}
}
