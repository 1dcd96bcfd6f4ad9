package ablation_test

import (
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
