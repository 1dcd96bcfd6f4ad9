package lm_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/haigo-lab/haigo/plugins/cpu/kernel"
	"github.com/haigo-lab/haigo/plugins/cpu/lm"
)

// train does steps with batches of seed 7 and returns what each gave.
func train(t *lm.Trainer, rows, from, to int) (results []lm.Result) {
	for step := from; step < to; step++ {
		r := rand.New(rand.NewPCG(7, uint64(step)))
		results = append(results, t.Gradient(batch(r, t.Config, rows)))
		t.Update(adamW, 3e-3)
	}
	return results
}

func TestTrainer_SameBitsOnAnyNumberOfThreads(t *testing.T) {
	t.Parallel()
	onEveryPrecision(t, func(t *testing.T, c lm.Config, set *kernel.Set) {
		for _, rows := range []int{1, 9} {
			alone, many := lm.New(c, set, rows, 1, 1), lm.New(c, set, rows, 3, 1)
			if diff := cmp.Diff(train(alone, rows, 0, 4), train(many, rows, 0, 4)); diff != "" {
				t.Errorf("%d rows: -one thread +three threads\n%s", rows, diff)
			}
			for i, w := range alone.State().Weights {
				if !slices.Equal(w.Data, many.State().Weights[i].Data) {
					t.Errorf("%d rows: %s differs", rows, w.Name)
				}
			}
		}
	})
}

func TestTrainer_RestoredGoesOnToTheSameBits(t *testing.T) {
	t.Parallel()
	onEveryPrecision(t, func(t *testing.T, c lm.Config, set *kernel.Set) {
		whole := lm.New(c, set, 4, 2, 1)
		train(whole, 4, 0, 3)
		resumed := lm.New(c, set, 4, 1, 99)
		restore(resumed, whole.State())
		if diff := cmp.Diff(train(whole, 4, 3, 6), train(resumed, 4, 3, 6)); diff != "" {
			t.Errorf("-undisturbed +resumed\n%s", diff)
		}
	})
}

func restore(t *lm.Trainer, from lm.State) {
	to := t.State()
	for i := range to.Weights {
		copy(to.Weights[i].Data, from.Weights[i].Data)
		copy(to.First[i].Data, from.First[i].Data)
		copy(to.Second[i].Data, from.Second[i].Data)
	}
	t.Restored(from.Updates)
}

func TestTrainer_InstructionSetsAgree(t *testing.T) {
	t.Parallel()
	want := train(lm.New(small, mustFor(t, kernel.Portable), 4, 2, 1), 4, 0, 8)
	onEverySet(t, func(t *testing.T, set *kernel.Set) {
		got := train(lm.New(small, set, 4, 2, 1), 4, 0, 8)
		if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-5, 0)); diff != "" {
			t.Errorf("-portable +%s\n%s", set.ISA(), diff)
		}
	})
}

// Rounding to 8 bits moves gradients by a few percent and losses by far less than learning does.
func TestTrainer_BF16StaysCloseToFP32(t *testing.T) {
	t.Parallel()
	exact, rounding := lm.New(small, kernel.Best(), 4, 2, 1), lm.New(smallBF16(t), kernel.Best(), 4, 2, 1)
	want, got := train(exact, 4, 0, 1), train(rounding, 4, 0, 1)
	for i, g := range rounding.Gradients() {
		if off := distance(g.Data, exact.Gradients()[i].Data); off == 0 || off > 0.03 {
			t.Errorf("the gradient of %s is off by %.2g", g.Name, off)
		}
	}
	want, got = append(want, train(exact, 4, 1, 30)...), append(got, train(rounding, 4, 1, 30)...)
	for i := range want {
		if off := math.Abs(got[i].Loss - want[i].Loss); off > 0.02 {
			t.Errorf("step %d: loss is %g, in fp32 %g", i, got[i].Loss, want[i].Loss)
		}
	}
}

// distance is |a − b| ÷ |b|.
func distance(a, b []float32) float64 {
	var apart, size float64
	for i := range a {
		apart += math.Pow(float64(a[i]-b[i]), 2)
		size += math.Pow(float64(b[i]), 2)
	}
	return math.Sqrt(apart / size)
}

func TestTrainer_Learns(t *testing.T) {
	t.Parallel()
	onEveryPrecision(t, func(t *testing.T, c lm.Config, set *kernel.Set) {
		results := train(lm.New(c, set, 4, 2, 1), 4, 0, 30)
		first, last := results[0].Loss, results[len(results)-1].Loss
		if math.Abs(first-math.Log(257)) > 0.5 {
			t.Errorf("untrained loss is %g, want about ln 257 = %g", first, math.Log(257))
		}
		if last > 4 {
			t.Errorf("loss went from %g to %g only", first, last)
		}
	})
}

func TestTrainer_ScoreIsTheLossOfGradient(t *testing.T) {
	t.Parallel()
	onEveryPrecision(t, func(t *testing.T, c lm.Config, set *kernel.Set) {
		trainer := lm.New(c, set, 6, 2, 1)
		rows := batch(rand.New(rand.NewPCG(1, 1)), c, 6)
		var sequences []lm.Sequence
		for _, row := range rows {
			sequences = append(sequences, lm.Sequence{Tokens: row, From: 1})
		}
		total := 0.0
		for _, nats := range trainer.Score(sequences) {
			total += nats
		}
		got, want := total/float64(6*c.Context), trainer.Gradient(rows).Loss
		if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-12, 0)); diff != "" {
			t.Errorf("-loss +score\n%s", diff)
		}
	})
}

// A score is a property of its sequence: neither its neighbours nor their lengths may change a bit of it.
func TestTrainer_ScoreIgnoresGrouping(t *testing.T) {
	t.Parallel()
	onEveryPrecision(t, func(t *testing.T, c lm.Config, set *kernel.Set) {
		trainer := lm.New(c, set, 4, 2, 1)
		r := rand.New(rand.NewPCG(2, 2))
		var sequences []lm.Sequence
		for range 12 {
			n := 1 + r.IntN(c.Context+1)
			sequences = append(sequences, lm.Sequence{Tokens: batch(r, c, 1)[0][:n], From: 1 + r.IntN(n)})
		}
		together := trainer.Score(sequences)
		for i, s := range sequences {
			if alone := trainer.Score([]lm.Sequence{s}); alone[0] != together[i] {
				t.Errorf("sequence %d of %d tokens: %g alone, %g among others", i, len(s.Tokens), alone[0], together[i])
			}
		}
		if !slices.ContainsFunc(together, func(x float64) bool { return x > 0 }) {
			t.Error("every score is zero")
		}
	})
}

func TestConfig_Parameters(t *testing.T) {
	t.Parallel()
	total := 0
	for _, w := range lm.New(small, kernel.Best(), 1, 1, 1).State().Weights {
		total += len(w.Data)
	}
	if got := small.Parameters(); got != int64(total) {
		t.Errorf("got %d, the tensors have %d", got, total)
	}
}
