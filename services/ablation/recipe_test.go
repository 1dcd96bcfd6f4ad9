package ablation_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/ablation"
)

func TestRecipe_steps(t *testing.T) {
	t.Parallel()
	type steps struct{ Steps, Eval, Checkpoint, Warmup, Decay int64 }
	recipe := func(tokens int64, every, warmup ablation.Amount, decay string) ablation.Recipe {
		return ablation.Recipe{
			Tokens: tokens, RowTokens: 10, BatchRows: 10, Eval: every, Checkpoint: ablation.Checkpoint{Every: every},
			Optimizer: ablation.Optimizer{Warmup: warmup, Decay: decay},
		}
	}
	tests := []struct {
		name   string
		recipe ablation.Recipe
		want   steps
	}{
		{"fractions of the budget", recipe(100_000, fraction(0.05), fraction(0.02), "cosine"), steps{1000, 50, 50, 20, 980}},
		{"a budget one token over a step", recipe(99_901, fraction(0.5), fraction(0), "linear"), steps{1000, 500, 500, 0, 1000}},
		{"tokens round up to a step", recipe(100_000, ablation.Amount{Tokens: 101}, ablation.Amount{Tokens: 1}, "cosine"), steps{1000, 2, 2, 1, 999}},
		{"a hundredth of three steps", recipe(300, fraction(0.01), fraction(0.01), "cosine"), steps{3, 1, 1, 1, 2}},
		{"a warm-up longer than the run", recipe(300, fraction(1), ablation.Amount{Tokens: 1e6}, "cosine"), steps{3, 3, 3, 3, 0}},
		{"wsd decays over the last fifth", recipe(100_000, fraction(0.1), fraction(0.02), "wsd"), steps{1000, 100, 100, 20, 200}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := tt.recipe
			got := steps{r.Steps(), r.EvalEvery(), r.CheckpointEvery(), r.WarmupSteps(), r.DecaySteps()}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAmount_Of(t *testing.T) {
	t.Parallel()
	tests := []struct {
		amount ablation.Amount
		budget int64
		want   int64
	}{
		{fraction(0.1), 1000, 100},
		{fraction(0.07), 100, 7}, // 0.07 × 100 is more than 7 in binary
		{fraction(1. / 3), 1000, 334},
		{fraction(1), 1e15, 1e15},
		{ablation.Amount{Tokens: 1e15}, 10, 1e15},
		{ablation.Amount{}, 1000, 0},
	}
	for _, tt := range tests {
		if got := tt.amount.Of(tt.budget); got != tt.want {
			t.Errorf("%+v of %d: got %d, want %d", tt.amount, tt.budget, got, tt.want)
		}
	}
}

// The trainer scores a token at a third of the cost of training on one.
func TestParseSweep_scoresWithinATenth(t *testing.T) {
	t.Parallel()
	for _, tokens := range []int64{2_000_000, 10_000_000, 100_000_000, 2_000_000_000} {
		s, err := ablation.ParseSweep(fmt.Appendf(nil, "name: a\nsources: [ja, en, code]\nrecipe: {tokens: %d}\n"+
			"schedules: {s: {stages: [{until: 1, mixture: {ja: 0.5, en: 0.3, code: 0.2}}]}}\n", tokens))
		if err != nil {
			t.Fatal(err)
		}
		times := 2 + (s.Recipe.Steps()-1)/s.Recipe.EvalEvery()
		scored := float64(times*3*s.Recipe.SetBytes) / 3
		if share := scored / (scored + float64(tokens)); share > 0.1 {
			t.Errorf("%d tokens: %.1f%% of the time is scoring %d bytes of a source %d times", tokens, 100*share, s.Recipe.SetBytes, times)
		}
	}
}
