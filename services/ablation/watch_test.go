package ablation_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/haigo-lab/haigo/services/ablation"
)

// noisy is a loss around a level that scatters by a hundredth, the same each time.
func noisy(level float64, step int64) float64 { return level + 0.01*math.Sin(float64(step*step)) }

// turning are weights that go from the first source to the second within so many steps behind a step.
func turning(within, from int64) []ablation.Weights {
	const all = 1 << 30
	table := []ablation.Weights{{W: []int64{all, 0}}}
	for i := int64(1); i <= within; i++ {
		table = append(table, ablation.Weights{FromStep: from + i - 1, W: []int64{all - all*i/within, all * i / within}})
	}
	return table
}

// entered is a ledger after an entry, without level and peak: the last word on each.
func entered(ledger []ablation.Spike, s ablation.Spike) []ablation.Spike {
	if n := len(ledger); n > 0 && ledger[n-1].Kind == s.Kind && ledger[n-1].Step == s.Step {
		ledger = ledger[:n-1]
	}
	s.Level, s.Peak = 0, 0
	return append(ledger, s)
}

func TestWatch(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	flat := func(step int64) float64 { return noisy(3, step) }
	grad := func(int64) float64 { return 0.5 }
	cases := map[string]struct {
		loss, grad func(step int64) float64
		about      ablation.Watching
		steps      int64
		every      int64            // steps from one that is logged to the next; 0: each is
		want       []ablation.Spike // without level and peak; the last word on each
	}{
		"nothing happens": {loss: flat, grad: grad, steps: 600},
		"a falling loss":  {loss: func(s int64) float64 { return noisy(2+3*math.Exp(-float64(s)/100), s) }, grad: grad, steps: 600},
		"a jump of one step": {
			loss: func(s int64) float64 { return flat(s) + map[bool]float64{true: 1.4}[s == 200] }, grad: grad, steps: 300,
			want: []ablation.Spike{{Kind: ablation.SpikeLoss, Step: 200, Until: 201, Closed: true}},
		},
		"a jump too early to be judged": {
			loss: func(s int64) float64 { return flat(s) + map[bool]float64{true: 1.4}[s == 20] }, grad: grad, steps: 300,
		},
		"a jump of the gradient norm that lasts nine steps": {
			loss: flat, grad: func(s int64) float64 { return 0.5 + map[bool]float64{true: 5}[s >= 200 && s < 209] }, steps: 300,
			want: []ablation.Spike{{Kind: ablation.SpikeGrad, Step: 200, Until: 209, Closed: true}},
		},
		"a jump that stays is the new level": {
			loss: func(s int64) float64 { return flat(s) + map[bool]float64{true: .5}[s >= 200] }, grad: grad, steps: 800,
			want: []ablation.Spike{{Kind: ablation.SpikeLoss, Step: 200}},
		},
		"a jump of 250 steps": {
			loss: func(s int64) float64 { return flat(s) + map[bool]float64{true: .5}[s >= 200 && s < 450] }, grad: grad, steps: 800,
			want: []ablation.Spike{{Kind: ablation.SpikeLoss, Step: 200, Until: 450, Closed: true}},
		},
		"a jump from the level of the last 128 steps, of which each fourth is logged": {
			loss: func(s int64) float64 {
				return noisy(4-math.Min(1, math.Max(0, float64(s-600)/400)), s) + map[bool]float64{true: .5}[s == 1160]
			}, grad: grad, steps: 1200, every: 4,
			want: []ablation.Spike{{Kind: ablation.SpikeLoss, Step: 1160, Until: 1164, Closed: true}},
		},
		"a jump from the last 32 that were logged, where these are more than 128 steps": {
			loss: func(s int64) float64 { return flat(s) + map[bool]float64{true: .5}[s == 400] }, grad: grad, steps: 500, every: 10,
			want: []ablation.Spike{{Kind: ablation.SpikeLoss, Step: 400, Until: 410, Closed: true}},
		},
		"not a number": {
			loss: func(s int64) float64 { return map[bool]float64{true: nan, false: flat(s)}[s >= 100] }, grad: grad, steps: 120,
			want: []ablation.Spike{{Kind: ablation.SpikeNonfinite, Step: 100}},
		},
		"an infinite gradient that passes": {
			loss: flat, grad: func(s int64) float64 { return map[bool]float64{true: math.Inf(1), false: .5}[s == 100] }, steps: 120,
			want: []ablation.Spike{{Kind: ablation.SpikeNonfinite, Step: 100, Until: 101, Closed: true}},
		},
		"a nat above the best for 200 steps": {
			loss: func(s int64) float64 { return flat(s) + 1.5*math.Min(1, math.Max(0, float64(s-300)/1000)) }, grad: grad, steps: 1600,
			want: []ablation.Spike{{Kind: ablation.SpikeAway, Step: 962}},
		},
		"a nat above the best for 200 steps, of which each tenth is logged": {
			loss: func(s int64) float64 { return flat(s) + map[bool]float64{true: 1.5}[s > 350] }, grad: grad, steps: 560, every: 10,
			want: []ablation.Spike{{Kind: ablation.SpikeLoss, Step: 360}, {Kind: ablation.SpikeAway, Step: 360}},
		},
		"another text, at a level of its own": {
			loss: func(s int64) float64 { return flat(s) - map[bool]float64{true: 2.5}[s <= 300] }, grad: grad,
			about: ablation.Watching{Weights: turning(1, 300)}, steps: 900,
		},
		"another text, and then a nat above its best": {
			loss: func(s int64) float64 {
				return flat(s) - map[bool]float64{true: 2.5}[s <= 300] + map[bool]float64{true: 1.5}[s > 500]
			}, grad: grad,
			about: ablation.Watching{Weights: turning(1, 300)}, steps: 720,
			want: []ablation.Spike{{Kind: ablation.SpikeLoss, Step: 501}, {Kind: ablation.SpikeAway, Step: 501}},
		},
		"a drift to another text": {
			loss: func(s int64) float64 { return flat(s) - 2.5*(1-math.Min(1, float64(s)/1000)) }, grad: grad,
			about: ablation.Watching{Weights: turning(1000, 1)}, steps: 1400,
		},
		"a nat above the best during a drift": {
			loss: func(s int64) float64 {
				return flat(s) - 2.5*(1-math.Min(1, float64(s)/1000)) + map[bool]float64{true: 1.5}[s > 500]
			}, grad: grad,
			about: ablation.Watching{Weights: turning(1000, 1)}, steps: 705,
			want: []ablation.Spike{{Kind: ablation.SpikeLoss, Step: 501}, {Kind: ablation.SpikeAway, Step: 501}},
		},
		"high during the warm-up only": {
			loss: func(s int64) float64 {
				return map[bool]float64{true: 8 - float64(s)/100, false: flat(s)}[s > 1 && s < 400]
			}, grad: grad,
			about: ablation.Watching{Warmup: 400}, steps: 600,
		},
		"stuck at the unigram entropy": {
			loss: flat, grad: grad, about: ablation.Watching{Warmup: 50, Unigram: 3.02}, steps: 300,
			want: []ablation.Spike{{Kind: ablation.SpikeStuck, Step: 51}},
		},
		"stuck, then learning": {
			loss: func(s int64) float64 { return flat(s) - math.Max(0, float64(s-300)/1000) }, grad: grad,
			about: ablation.Watching{Warmup: 50, Unigram: 3}, steps: 600,
			want: []ablation.Spike{{Kind: ablation.SpikeStuck, Step: 51, Until: 414, Closed: true}},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var w ablation.Watch
			var got []ablation.Spike
			for step := max(c.every, 1); step <= c.steps; step += max(c.every, 1) {
				for _, s := range w.Observe(c.about, step, c.loss(step), c.grad(step)) {
					got = entered(got, s)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("ledger (-want +got):\n%s", diff)
			}
		})
	}
}

// TestWatch_bounds: what flaps for ever doesn't fill the ledger; what it has no room for is counted.
func TestWatch_bounds(t *testing.T) {
	t.Parallel()
	var w ablation.Watch
	n := 0
	for step := int64(1); step <= 3000; step++ {
		grad := .5
		if step%3 != 0 { // stretches of two steps
			grad = math.Inf(1)
		}
		for _, s := range w.Observe(ablation.Watching{}, step, 3, grad) {
			if !s.Closed {
				n++
			}
		}
	}
	if n != 500 || w.Passed != 500 {
		t.Errorf("%d stretches were entered and %d counted, want 500 each", n, w.Passed)
	}
	w.Resume(1, 3000)
	if got := w.Observe(ablation.Watching{}, 3001, 3, math.NaN()); len(got) != 1 {
		t.Errorf("after an intervention a divergence isn't entered: %+v", got)
	}
}

// TestWatch_Resume: what a run has thrown away by going back is no level for what follows.
func TestWatch_Resume(t *testing.T) {
	t.Parallel()
	trained := func(loss func(int64) float64, steps int64) ablation.Watch {
		var w ablation.Watch
		for step := int64(1); step <= steps; step++ {
			w.Observe(ablation.Watching{}, step, loss(step), .5)
		}
		return w
	}
	learning := func(s int64) float64 { return noisy(3+5*math.Exp(-float64(s)/100), s) }
	cases := map[string]struct {
		watch ablation.Watch
		round int
		from  int64
		loss  func(int64) float64
		want  []ablation.Spike
	}{
		"from the beginning": {watch: trained(learning, 600), round: 1, loss: learning},
		"from a checkpoint":  {watch: trained(learning, 600), round: 1, from: 500, loss: learning},
		"a best loss from before the checkpoint stands": {
			watch: trained(func(s int64) float64 { return noisy(3+map[bool]float64{true: 1.5}[s > 300], s) }, 450), round: 1, from: 400,
			loss: func(s int64) float64 { return noisy(4.5, s) },
			want: []ablation.Spike{{Round: 1, Kind: ablation.SpikeLoss, Step: 401}, {Round: 1, Kind: ablation.SpikeAway, Step: 401}},
		},
		"what has lasted goes on where nothing was done about it": {
			watch: trained(func(s int64) float64 { return noisy(3+map[bool]float64{true: 1.5}[s > 350], s) }, 440), from: 400,
			loss: func(s int64) float64 { return noisy(4.5, s) },
			want: []ablation.Spike{{Kind: ablation.SpikeAway, Step: 351}},
		},
		"a jump goes on where nothing was done about it": {
			watch: trained(func(s int64) float64 { return noisy(3+map[bool]float64{true: .5}[s > 300], s) }, 350), from: 320,
			loss: func(s int64) float64 { return noisy(3+map[bool]float64{true: .5}[s <= 340], s) },
			want: []ablation.Spike{{Kind: ablation.SpikeLoss, Step: 301, Until: 341, Closed: true}},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.watch.Resume(c.round, c.from)
			var got []ablation.Spike
			for step := c.from + 1; step <= c.from+400; step++ {
				for _, s := range c.watch.Observe(ablation.Watching{}, step, c.loss(step), .5) {
					got = entered(got, s)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("ledger (-want +got):\n%s", diff)
			}
		})
	}
}

// TestWatch_law: whoever goes on from the stored watch finds what an undisturbed one finds, wherever it was stored.
func TestWatch_law(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(rapid.Float64Range(2.9, 3.1), rapid.Float64Range(2.9, 3.1), rapid.Float64Range(2.9, 3.1), rapid.Float64Range(0, 10), rapid.SampledFrom([]float64{math.NaN(), math.Inf(1)}))
		values := rapid.SliceOfN(value, 1, 500).Draw(t, "loss")
		about := ablation.Watching{Warmup: rapid.Int64Range(0, 100).Draw(t, "warmup"), Unigram: 3}
		cut := rapid.IntRange(0, len(values)).Draw(t, "cut")
		var whole, part ablation.Watch
		for i, v := range values {
			if i == cut {
				data, err := json.Marshal(part)
				if err != nil {
					t.Fatal(err)
				}
				part = ablation.Watch{}
				if err := json.Unmarshal(data, &part); err != nil {
					t.Fatal(err)
				}
			}
			want, got := whole.Observe(about, int64(i+1), v, v), part.Observe(about, int64(i+1), v, v)
			same := cmp.Comparer(func(a, b ablation.Real) bool {
				return math.Float64bits(float64(a)) == math.Float64bits(float64(b)) || a != a && b != b
			})
			if diff := cmp.Diff(want, got, same); diff != "" {
				t.Fatalf("step %d (-whole +stored):\n%s", i+1, diff)
			}
		}
	})
}

func TestDivergence_Intervene(t *testing.T) {
	t.Parallel()
	lower := ablation.Divergence{Policy: ablation.DivergenceRollback, Times: 2, LR: .5}
	skip := ablation.Divergence{Policy: ablation.DivergenceRollback, Times: 2, Skip: 100}
	cases := map[string]struct {
		policy            ablation.Divergence
		checkpoint, steps int64
		diverged          int64
		want              ablation.Intervention
	}{
		"half the rate from the checkpoint on": {lower, 400, 1000, 500, ablation.Intervention{FromStep: 400, LRScale: .5}},
		"steps around the divergence":          {skip, 400, 1000, 500, ablation.Intervention{SkipFrom: 449, SkipTo: 549}},
		"none before the checkpoint":           {skip, 480, 1000, 500, ablation.Intervention{SkipFrom: 480, SkipTo: 580}},
		"none behind the end":                  {skip, 900, 1000, 990, ablation.Intervention{SkipFrom: 939, SkipTo: 1000}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, c.policy.Intervene(c.checkpoint, c.diverged, c.steps)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestDivergence_json: what is stored reads back, and reads as the sweep file does.
func TestDivergence_json(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]ablation.Divergence{
		`"stop"`:                    {Policy: ablation.DivergenceStop},
		`"report"`:                  {Policy: ablation.DivergenceReport},
		`{"rollback":2,"lr":0.5}`:   {Policy: ablation.DivergenceRollback, Times: 2, LR: .5},
		`{"rollback":1,"skip":200}`: {Policy: ablation.DivergenceRollback, Times: 1, Skip: 200},
	} {
		var got ablation.Divergence
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
			t.Errorf("%s reads as %+v (%v)", text, got, err)
		}
		if data, err := json.Marshal(want); err != nil || string(data) != text {
			t.Errorf("%+v is written as %s (%v)", want, data, err)
		}
	}
	if err := json.Unmarshal([]byte(`{"rollback":0}`), new(ablation.Divergence)); err == nil {
		t.Error("a rollback of no times was read")
	}
}

// What is said of a step again, as a runner may that isn't sure, counts for nothing: a lower loss isn't the run's best.
func TestWatch_saidAgain(t *testing.T) {
	t.Parallel()
	w := ablation.Watch{}
	for step := int64(1); step <= 600; step++ {
		found := w.Observe(ablation.Watching{}, step, noisy(3, step), 0.5)
		if step == 100 {
			found = append(found, w.Observe(ablation.Watching{}, 9, 1, 0.5)...)
		}
		if len(found) > 0 {
			t.Errorf("step %d: %+v", step, found)
		}
	}
}
