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

func TestRecipe_Fit(t *testing.T) {
	t.Parallel()
	type fitted struct {
		BatchRows    int
		Beta2, ZLoss float64
	}
	open := ablation.Left{BatchRows: true, Beta2: true, ZLoss: true}
	for _, v := range []struct {
		name       string
		tokens     int64
		left       ablation.Left
		stepTokens int64
		want       fitted
	}{
		{"a long run has the size's steps", 100_000_000, open, 16 << 10, fitted{64, 0.99, 1e-5}},
		{"a shorter one half as long ones", 5_000_000, open, 16 << 10, fitted{32, 0.995, 1e-5}},
		{"a short one never less than a quarter", 1_000_000, open, 16 << 10, fitted{16, 0.9975, 1e-5}},
		{"a step has a row", 100_000_000, open, 100, fitted{1, 0.99, 1e-5}},
		{"what the document says stays", 100_000_000, ablation.Left{}, 16 << 10, fitted{32, 0.9, 0.1}},
		{"its own batch makes beta2 for that", 100_000_000, ablation.Left{Beta2: true}, 16 << 10, fitted{32, 0.995, 0.1}},
	} {
		r := ablation.Recipe{Tokens: v.tokens, RowTokens: 256, BatchRows: 32, Left: v.left, Optimizer: ablation.Optimizer{Beta2: 0.9, ZLoss: 0.1}}
		r.Fit(v.stepTokens, 0.99, 1e-5)
		if got := (fitted{r.BatchRows, r.Optimizer.Beta2, r.Optimizer.ZLoss}); got != v.want {
			t.Errorf("%s: got %+v, want %+v", v.name, got, v.want)
		}
	}
	r := ablation.Recipe{Tokens: 1e8, RowTokens: 256, BatchRows: 32, Left: open, Optimizer: ablation.Optimizer{Beta2: ablation.DefaultBeta2}}
	r.Fit(0, 0, 0)
	if r.BatchRows != 32 || r.Optimizer.Beta2 != ablation.DefaultBeta2 || r.Optimizer.ZLoss != 0 {
		t.Errorf("a shape that says nothing: %+v", r)
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
