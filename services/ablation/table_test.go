package ablation_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/haigo-lab/haigo/plugins/trainer/sampler"
	"github.com/haigo-lab/haigo/services/ablation"
)

var order = []string{"ja", "en", "code"}

func fraction(f float64) ablation.Amount { return ablation.Amount{Fraction: f} }

func stage(until ablation.Amount, ja, en, code float64, ramp ablation.Ramp) ablation.Stage {
	return ablation.Stage{Until: until, Mixture: ablation.Mixture{"ja": ja, "en": en, "code": code}, Ramp: ramp}
}

func TestQuantise(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		shares []float64
		want   []int64
	}{
		{"the sampler's vector", []float64{0.5, 0.3, 0.2}, []int64{536870912, 322122547, 214748365}},
		{"one source", []float64{1}, []int64{1 << 30}},
		{"thirds give the odd unit to the first", []float64{1, 1, 1}, []int64{357913942, 357913941, 357913941}},
		{"a source that is off stays off", []float64{0.1, 0, 0.9}, []int64{107374182, 0, 966367642}},
		{"shares need not sum to one", []float64{5, 3, 2}, []int64{536870912, 322122547, 214748365}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, ablation.Quantise(tt.shares)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSchedule_At_boundaries(t *testing.T) {
	t.Parallel()
	ramp := func(kind ablation.Ramp) ablation.Schedule {
		return ablation.Schedule{Stages: []ablation.Stage{
			stage(fraction(0.1), 1, 0, 0, ablation.RampNone),
			stage(ablation.Amount{Tokens: 300}, 0, 1, 0, kind),
			stage(fraction(1), 0.5, 0, 0.5, ablation.RampNone),
		}}
	}
	step, linear, cosine := ramp(ablation.RampNone), ramp(ablation.RampLinear), ramp(ablation.RampCosine)
	tests := []struct {
		name     string
		schedule ablation.Schedule
		tokens   int64
		want     ablation.Mixture
	}{
		{"before the first token", step, -1, ablation.Mixture{"ja": 1}},
		{"the first token", step, 0, ablation.Mixture{"ja": 1}},
		{"one before a step", step, 99, ablation.Mixture{"ja": 1}},
		{"on a step", step, 100, ablation.Mixture{"en": 1}},
		{"one after a step", step, 101, ablation.Mixture{"en": 1}},
		{"one before the end of the stage", step, 299, ablation.Mixture{"en": 1}},
		{"on the end of the stage", step, 300, ablation.Mixture{"ja": 0.5, "code": 0.5}},
		{"the last token", step, 999, ablation.Mixture{"ja": 0.5, "code": 0.5}},
		{"on the budget", step, 1000, ablation.Mixture{"ja": 0.5, "code": 0.5}},
		{"past the budget", step, 5000, ablation.Mixture{"ja": 0.5, "code": 0.5}},
		{"one before a linear ramp", linear, 99, ablation.Mixture{"ja": 1}},
		{"on a linear ramp's first token", linear, 100, ablation.Mixture{"ja": 1}},
		{"one after", linear, 101, ablation.Mixture{"ja": 0.995, "en": 0.005}},
		{"half of a linear ramp", linear, 200, ablation.Mixture{"ja": 0.5, "en": 0.5}},
		{"one before the end of a linear ramp", linear, 299, ablation.Mixture{"ja": 0.005, "en": 0.995}},
		{"on the end of a linear ramp", linear, 300, ablation.Mixture{"ja": 0.5, "code": 0.5}},
		{"a quarter of a cosine ramp", cosine, 150, ablation.Mixture{"ja": (1 + math.Sqrt2/2) / 2, "en": (1 - math.Sqrt2/2) / 2}},
		{"half of a cosine ramp", cosine, 200, ablation.Mixture{"ja": 0.5, "en": 0.5}},
		{"no stage", ablation.Schedule{}, 0, ablation.Mixture{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, tt.schedule.At(tt.tokens, 1000), nearly()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func nearly() cmp.Option {
	return cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-12 })
}

func TestSchedule_Table_rounds_boundaries_up_to_a_step(t *testing.T) {
	t.Parallel()
	recipe := ablation.Recipe{Tokens: 1000, RowTokens: 8, BatchRows: 4} // 32 steps of 32 tokens, the last one cut short
	tests := []struct {
		until ablation.Amount
		want  int64
	}{
		{ablation.Amount{Tokens: 319}, 10},
		{ablation.Amount{Tokens: 320}, 10},
		{ablation.Amount{Tokens: 321}, 11},
		{fraction(0.32), 10},
		{fraction(0.3201), 11},
		{fraction(0.96), 30}, // 960 exactly, though 0.96 isn't a binary fraction
	}
	for _, tt := range tests {
		s := ablation.Schedule{Stages: []ablation.Stage{
			stage(tt.until, 1, 0, 0, ablation.RampNone), stage(fraction(1), 0, 1, 0, ablation.RampNone),
		}}
		want := []ablation.Weights{{FromStep: 0, W: []int64{1 << 30, 0, 0}}, {FromStep: tt.want, W: []int64{0, 1 << 30, 0}}}
		if diff := cmp.Diff(want, s.Table(recipe, order)); diff != "" {
			t.Errorf("until %+v: %s", tt.until, diff)
		}
	}
}

// TestSchedule_Table_decimal_boundaries: a fraction is the decimal that was written, for every whole percent.
func TestSchedule_Table_decimal_boundaries(t *testing.T) {
	t.Parallel()
	recipe := ablation.Recipe{Tokens: 100 * 2048, RowTokens: 128, BatchRows: 16}
	for percent := int64(1); percent < 100; percent++ {
		s := parse(t, fmt.Sprintf(`
name: percent
sources: [ja, en]
recipe: {tokens: 204800, row_tokens: 128, batch_rows: 16}
schedules:
  x: {stages: [{until: 0.%02d, mixture: {ja: 1}}, {until: 1.0, mixture: {en: 1}}]}
`, percent)).Schedules[0]
		if got := s.Table(recipe, []string{"ja", "en"})[1].FromStep; got != percent {
			t.Errorf("%d%% of 100 steps begins at step %d", percent, got)
		}
	}
}

// drawSchedule is any schedule over three sources that a document could hold, for a budget.
func drawSchedule(t *rapid.T, budget int64) ablation.Schedule {
	ends := rapid.SliceOfNDistinct(rapid.Int64Range(2, budget-1), 0, 4, rapid.ID).Draw(t, "ends")
	slices.Sort(ends)
	var s ablation.Schedule
	for i, end := range append(ends, budget) {
		ramp := ablation.RampNone
		if i > 0 {
			ramp = rapid.SampledFrom([]ablation.Ramp{ablation.RampNone, ablation.RampLinear, ablation.RampCosine}).Draw(t, "ramp")
		}
		s.Stages = append(s.Stages, ablation.Stage{Until: ablation.Amount{Tokens: end}, Mixture: drawMixture(t), Ramp: ramp})
	}
	return s
}

func drawMixture(t *rapid.T) ablation.Mixture {
	parts := rapid.SliceOfN(rapid.IntRange(0, 100), 3, 3).Draw(t, "parts")
	total := parts[0] + parts[1] + parts[2]
	if total == 0 {
		parts[0], total = 1, 1
	}
	m := ablation.Mixture{}
	for k, name := range order {
		m[name] = float64(parts[k]) / float64(total)
	}
	return m
}

func drawRecipe(t *rapid.T) ablation.Recipe {
	return ablation.Recipe{
		Tokens:    rapid.Int64Range(10, 200_000).Draw(t, "tokens"),
		RowTokens: rapid.IntRange(8, 64).Draw(t, "row_tokens"),
		BatchRows: rapid.IntRange(1, 32).Draw(t, "batch_rows"),
	}
}

// rows are a table's weights at every step.
func rows(table []ablation.Weights, steps int64) [][]int64 {
	out := make([][]int64, steps)
	for i, w := range table {
		end := steps
		if i+1 < len(table) {
			end = table[i+1].FromStep
		}
		for s := w.FromStep; s < end; s++ {
			out[s] = w.W
		}
	}
	return out
}

func TestSchedule_Table_laws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		recipe := drawRecipe(t)
		s := drawSchedule(t, recipe.Tokens)
		table := s.Table(recipe, order)
		if table[0].FromStep != 0 {
			t.Fatalf("the table begins at step %d", table[0].FromStep)
		}
		for i, w := range rows(table, recipe.Steps()) {
			at := s.At(int64(i)*recipe.TokensPerStep(), recipe.Tokens)
			var sum int64
			for k, name := range order {
				sum += w[k]
				if w[k] < 0 || math.Abs(float64(w[k])/ablation.WeightTotal-at[name]) > 1e-8 {
					t.Fatalf("step %d: %s has weight %d, the schedule %v", i, name, w[k], at[name])
				}
			}
			if sum != ablation.WeightTotal {
				t.Fatalf("step %d sums to %d", i, sum)
			}
		}
		for i := 1; i < len(table); i++ {
			if table[i].FromStep <= table[i-1].FromStep || slices.Equal(table[i].W, table[i-1].W) {
				t.Fatalf("entries %d and %d aren't run-length coded", i-1, i)
			}
		}
	})
}

func TestSchedule_At_stays_on_the_simplex(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		budget := rapid.Int64Range(10, 1e12).Draw(t, "budget")
		m := drawSchedule(t, budget).At(rapid.Int64Range(-10, 2*budget).Draw(t, "tokens"), budget)
		var sum float64
		for name, share := range m {
			if share < 0 || share > 1 {
				t.Fatalf("%s has share %v", name, share)
			}
			sum += share
		}
		if math.Abs(sum-1) > 1e-9 {
			t.Fatalf("shares sum to %v", sum)
		}
	})
}

// TestSchedule_splitting_a_stage: in two at any token, a constant stage changes no weight, a linear ramp changes none by
// more than a unit.
func TestSchedule_splitting_a_stage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		recipe := drawRecipe(t)
		s := drawSchedule(t, recipe.Tokens)
		i := rapid.IntRange(0, len(s.Stages)-1).Draw(t, "stage")
		if s.Stages[i].Ramp == ablation.RampCosine {
			s.Stages[i].Ramp = ablation.RampLinear
		}
		start := int64(0)
		if i > 0 {
			start = s.Stages[i-1].Until.Tokens
		}
		if s.Stages[i].Until.Tokens-start < 2 {
			return // too short to split
		}
		at := rapid.Int64Range(start+1, s.Stages[i].Until.Tokens-1).Draw(t, "at")
		first := s.Stages[i]
		first.Until, first.Mixture = ablation.Amount{Tokens: at}, s.At(at, recipe.Tokens)
		split := ablation.Schedule{Stages: slices.Insert(slices.Clone(s.Stages), i, first)}

		most := int64(0)
		if s.Stages[i].Ramp == ablation.RampLinear {
			most = 1
		}
		before, after := rows(s.Table(recipe, order), recipe.Steps()), rows(split.Table(recipe, order), recipe.Steps())
		for step := range before {
			for k := range order {
				if d := before[step][k] - after[step][k]; d < -most || d > most {
					t.Fatalf("step %d: %s changes by %d, at most %d may", step, order[k], d, most)
				}
			}
		}
	})
}

func TestPlannedRows_vectors(t *testing.T) {
	t.Parallel()
	constant := []ablation.Weights{{W: []int64{536870912, 322122547, 214748365}}}
	var got [][]int64
	for steps := int64(1); steps <= 6; steps++ {
		got = append(got, ablation.PlannedRows(constant, steps, 8))
	}
	want := [][]int64{{4, 2, 2}, {8, 5, 3}, {12, 7, 5}, {16, 10, 6}, {20, 12, 8}, {24, 14, 10}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("constant weights: %s", diff)
	}

	var table []ablation.Weights
	for s := range int64(64) {
		f, fourth := min(1, float64(s)/40), 0.05
		if s < 10 {
			fourth = 0
		}
		table = append(table, ablation.Weights{FromStep: s, W: ablation.Quantise([]float64{0.7*(1-f) + 0.1*f, 0.2, 0.1*(1-f) + 0.7*f, fourth})})
	}
	if diff := cmp.Diff([]int64{290, 197, 496, 41}, ablation.PlannedRows(table, 64, 16)); diff != "" {
		t.Errorf("the sampler's plan: %s", diff)
	}
}

func TestPlannedRows_law(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		recipe := drawRecipe(t)
		table := drawSchedule(t, recipe.Tokens).Table(recipe, order)
		steps := rapid.Int64Range(0, recipe.Steps()).Draw(t, "steps")
		planned := ablation.PlannedRows(table, steps, recipe.BatchRows)
		var total int64
		integral, offs := make([]float64, len(order)), 0.0
		every := rows(table, recipe.Steps())
		for s := range steps {
			off := false
			for k := range order {
				integral[k] += float64(every[s][k]) * float64(recipe.BatchRows) / ablation.WeightTotal
				off = off || s > 0 && every[s-1][k] > 0 && every[s][k] == 0
			}
			if off {
				offs++
			}
		}
		for k, n := range planned {
			total += n
			if math.Abs(float64(n)-integral[k]) > 2+offs {
				t.Fatalf("%s: %d rows are planned, the table asks for %.3f", order[k], n, integral[k])
			}
		}
		if total != steps*int64(recipe.BatchRows) {
			t.Fatalf("%d rows are planned of %d", total, steps*int64(recipe.BatchRows))
		}
	})
}

// TestPlannedRows_are_the_samplers: what the plan promises is what a trainer's sampler deals out, to the row.
func TestPlannedRows_are_the_samplers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		recipe := drawRecipe(t)
		table := drawSchedule(t, recipe.Tokens).Table(recipe, order)
		want, residual, counts := make([]int64, len(order)), make([]int64, len(order)), make([]int64, len(order))
		for _, w := range rows(table, recipe.Steps()) {
			sampler.Apportion(int64(recipe.BatchRows), w, residual, counts)
			for k, n := range counts {
				want[k] += n
			}
		}
		if diff := cmp.Diff(want, ablation.PlannedRows(table, recipe.Steps(), recipe.BatchRows)); diff != "" {
			t.Fatal(diff)
		}
	})
}
