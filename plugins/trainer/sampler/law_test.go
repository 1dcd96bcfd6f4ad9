package sampler_test

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/haigo-lab/haigo/plugins/trainer/sampler"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// shares draws weights that sum to the total; some are zero.
func shares(t *rapid.T, sources int) []int64 {
	w := make([]int64, sources)
	left := int64(spec.WeightTotal)
	for _, k := range rapid.Permutation(upTo(sources)).Draw(t, "order")[1:] {
		if rapid.Bool().Draw(t, "on") {
			w[k] = rapid.Int64Range(0, left).Draw(t, "weight")
			left -= w[k]
		}
	}
	last := rapid.IntRange(0, sources-1).Draw(t, "rest")
	w[last] += left
	return w
}

func upTo(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}

// config draws a small run: any mode, few sources of few rows, so that epochs turn, and a table that switches sources
// on and off.
func config(t *rapid.T) sampler.Config {
	c := sampler.Config{
		Mode:      rapid.SampledFrom([]string{spec.ModeExact, spec.ModeMultinomial}).Draw(t, "mode"),
		MixSeed:   rapid.Uint64().Draw(t, "mix seed"),
		DataSeed:  rapid.Uint64().Draw(t, "data seed"),
		Steps:     rapid.Int64Range(1, 60).Draw(t, "steps"),
		BatchRows: rapid.IntRange(1, 24).Draw(t, "batch rows"),
		Sizes:     rapid.SliceOfN(rapid.Int64Range(1, 70), 1, 6).Draw(t, "sizes"),
	}
	for from := int64(0); from < c.Steps; from += rapid.Int64Range(1, 20).Draw(t, "hold") {
		c.Weights = append(c.Weights, spec.Weights{FromStep: from, W: shares(t, len(c.Sizes))})
	}
	return c
}

func plan(t rapid.TB, c sampler.Config) *sampler.Plan {
	t.Helper()
	p, err := sampler.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func cursor(t rapid.TB, p *sampler.Plan, step int64) *sampler.Cursor {
	t.Helper()
	c, err := p.At(step)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// rest is the rows of every step from the cursor on.
func rest(c *sampler.Cursor) [][]int64 {
	var steps [][]int64
	for batch, ok := c.Next(); ok; batch, ok = c.Next() {
		steps = append(steps, slices.Clone(batch.Rows))
	}
	return steps
}

// TestLaw_distance: in exact mode cumulative counts stay within two rows of the table's integral, plus one for every
// step at which a source is switched off. It prints the largest distance seen while none was.
func TestLaw_distance(t *testing.T) {
	t.Parallel()
	for name, table := range map[string]func(r *rand.Rand, steps int64, sources int) []spec.Weights{
		"ramps": ramp, "other weights at every step": jumps, "sources switched on and off": switches,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var most float64
			rapid.Check(t, func(t *rapid.T) {
				r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
				c := sampler.Config{Mode: spec.ModeExact, Steps: 1 + r.Int64N(800), BatchRows: 1 + r.IntN(64)}
				c.Sizes = slices.Repeat([]int64{1000}, 1+r.IntN(12))
				c.Weights = table(r, c.Steps, len(c.Sizes))
				far, bound := plan(t, c).MaxDeviation()
				if far > bound {
					t.Fatalf("%.4f rows from the table, more than %v", far, bound)
				}
				if bound == 2 {
					most = max(most, far)
				}
			})
			t.Logf("largest distance from the table while no source is switched off: %.4f rows", most)
		})
	}
}

func ramp(r *rand.Rand, steps int64, sources int) (table []spec.Weights) {
	from, to := positive(r, sources), positive(r, sources)
	for s := range steps {
		f, w := float64(s)/float64(steps), make([]float64, sources)
		for k := range w {
			w[k] = (1-f)*from[k] + f*to[k]
		}
		table = append(table, spec.Weights{FromStep: s, W: quantise(w)})
	}
	return table
}

func jumps(r *rand.Rand, steps int64, sources int) (table []spec.Weights) {
	for s := range steps {
		table = append(table, spec.Weights{FromStep: s, W: quantise(positive(r, sources))})
	}
	return table
}

func switches(r *rand.Rand, steps int64, sources int) (table []spec.Weights) {
	for s := int64(0); s < steps; s += 1 + r.Int64N(20) {
		w := positive(r, sources)
		for k := range w[1:] {
			w[k] *= float64(r.IntN(2))
		}
		table = append(table, spec.Weights{FromStep: s, W: quantise(w)})
	}
	return table
}

// positive draws weights of very different sizes, none of them zero.
func positive(r *rand.Rand, n int) []float64 {
	w := make([]float64, n)
	for k := range w {
		w[k] = math.Exp(-6 * r.Float64())
	}
	return w
}

// TestLaw_resume: a run resumed at any step reads the rows of the undisturbed one.
func TestLaw_resume(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := plan(t, config(t))
		all := rest(cursor(t, p, 0))
		at := rapid.Int64Range(0, p.Steps()).Draw(t, "resumed at")
		c := cursor(t, p, at)
		if diff := cmp.Diff(all[at:], append([][]int64{}, rest(c)...)); diff != "" {
			t.Errorf("rows from step %d (-undisturbed +resumed):\n%s", at, diff)
		}
		if end := cursor(t, p, p.Steps()); !slices.Equal(end.Drawn(), c.Drawn()) || !slices.Equal(end.Residual(), c.Residual()) {
			t.Errorf("at the end: drawn %v and %v, residual %v and %v", end.Drawn(), c.Drawn(), end.Residual(), c.Residual())
		}
	})
}

// TestLaw_split: splitting a constant stage in two changes no row.
func TestLaw_split(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := config(t)
		before := digests(t, plan(t, c))
		split := c
		split.Weights = nil
		for i, w := range c.Weights {
			end := c.Steps
			if i+1 < len(c.Weights) {
				end = c.Weights[i+1].FromStep
			}
			split.Weights = append(split.Weights, w)
			if w.FromStep+1 < end {
				at := rapid.Int64Range(w.FromStep+1, end-1).Draw(t, "split")
				split.Weights = append(split.Weights, spec.Weights{FromStep: at, W: w.W})
			}
		}
		if diff := cmp.Diff(before, digests(t, plan(t, split))); diff != "" {
			t.Errorf("digests (-whole +split):\n%s", diff)
		}
	})
}

// TestLaw_paired: arms with one data seed read the same rows of each source in the same order, whatever their tables.
func TestLaw_paired(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := config(t), config(t)
		b.Sizes, b.DataSeed = a.Sizes, a.DataSeed
		for i := range b.Weights {
			b.Weights[i].W = shares(t, len(a.Sizes))
		}
		one, two := bySource(t, plan(t, a)), bySource(t, plan(t, b))
		for k := range one {
			n := min(len(one[k]), len(two[k]))
			if !slices.Equal(one[k][:n], two[k][:n]) {
				t.Errorf("source %d: one arm reads %v, the other %v", k, one[k][:n], two[k][:n])
			}
		}
	})
}

// TestLaw_epochs: within an epoch every row of a source comes once, and Locate finds it.
func TestLaw_epochs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := config(t)
		for k, rows := range bySource(t, plan(t, c)) {
			for epoch := range slices.Chunk(rows, int(c.Sizes[k])) {
				seen := map[int64]bool{}
				for _, row := range epoch {
					if seen[row] || row < 0 || row >= c.Sizes[k] {
						t.Fatalf("source %d of %d rows: epoch %v", k, c.Sizes[k], epoch)
					}
					seen[row] = true
				}
			}
		}
	})
}

// bySource is the rows of each source in the order they are read, numbered inside the source.
func bySource(t *rapid.T, p *sampler.Plan) [][]int64 {
	rows := make([][]int64, p.Sources())
	c := cursor(t, p, 0)
	for batch, ok := c.Next(); ok; batch, ok = c.Next() {
		for i, row := range batch.Rows {
			k, inside := p.Locate(row)
			if k != int(batch.Sources[i]) {
				t.Fatalf("row %d is located in source %d, read from %d", row, k, batch.Sources[i])
			}
			rows[k] = append(rows[k], inside)
		}
	}
	return rows
}

func digests(t rapid.TB, p *sampler.Plan) sampler.Digests {
	t.Helper()
	d, err := p.Digests(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestMeter_measuresFromTheTable(t *testing.T) {
	t.Parallel()
	c := sampler.Config{
		Mode: spec.ModeExact, Steps: 3, BatchRows: 4, Sizes: []int64{9, 9},
		Weights: []spec.Weights{
			{FromStep: 0, W: []int64{spec.WeightTotal / 4, spec.WeightTotal / 4 * 3}},
			{FromStep: 2, W: []int64{0, spec.WeightTotal}},
		},
	}
	m := sampler.NewMeter(plan(t, c))
	for _, v := range []struct {
		steps     int64
		delivered []int64
		want      float64
	}{
		{1, []int64{1, 3}, 0},
		{2, []int64{4, 4}, 2}, // the table asked for 2 and 6
		{3, []int64{2, 10}, 0},
	} {
		if got := m.Observe(v.steps, v.delivered); math.Abs(got-v.want) > 1e-12 {
			t.Errorf("after %d steps: %v rows, want %v", v.steps, got, v.want)
		}
	}
	if m.Most() != 2 || m.Bound() != 3 {
		t.Errorf("most %v, bound %v; want 2 and 3", m.Most(), m.Bound())
	}
}

func TestNew_refuses(t *testing.T) {
	t.Parallel()
	half := []int64{spec.WeightTotal / 2, spec.WeightTotal / 2}
	for want, change := range map[string]func(c *sampler.Config){
		`plan rows: unknown mode ""`:                                        func(c *sampler.Config) { c.Mode = "" },
		"plan rows: 0 steps of 4 rows can't be counted":                     func(c *sampler.Config) { c.Steps = 0 },
		"plan rows: the table has no weights from step 0":                   func(c *sampler.Config) { c.Weights = nil },
		"plan rows: entry 0 of the table: 2 weights for 3 sources":          func(c *sampler.Config) { c.Sizes = []int64{1, 2, 3} },
		"plan rows: entry 0 of the table: source 1 has a weight and no row": func(c *sampler.Config) { c.Sizes[1] = 0 },
		"plan rows: entry 0 of the table: weights sum to 536870912, want 1073741824": func(c *sampler.Config) {
			c.Weights[0].W = []int64{spec.WeightTotal / 2, 0}
		},
		"plan rows: entry 1 of the table isn't after the one before": func(c *sampler.Config) {
			c.Weights = append(c.Weights, spec.Weights{W: half})
		},
	} {
		c := sampler.Config{
			Mode: spec.ModeExact, Steps: 5, BatchRows: 4, Sizes: []int64{7, 7}, Weights: []spec.Weights{{W: half}},
		}
		change(&c)
		if _, err := sampler.New(c); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func BenchmarkPlan(b *testing.B) {
	c := sampler.Config{
		Mode: spec.ModeExact, Steps: 1 << 40, BatchRows: 32, Sizes: []int64{100_000, 70_000, 30_000},
		Weights: []spec.Weights{{W: quantise([]float64{0.57, 0.31, 0.12})}},
	}
	walk := cursor(b, plan(b, c), 0)
	for b.Loop() {
		walk.Next()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/32, "ns/row")
}
