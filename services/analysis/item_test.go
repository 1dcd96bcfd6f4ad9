package analysis_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis"
)

var itemArms = []ablation.Arm{{Name: "a"}, {Name: "b"}}

// answered are runs of both arms; each value of nats is an item's, of one byte, right where it is below 1.
func answered(replicate int64, a, b []float64) (runs []ablation.Run, scores []ablation.ItemScores) {
	for i, nats := range [][]float64{a, b} {
		run := ablation.Run{ID: fmt.Sprintf("%s%d", itemArms[i].Name, replicate), Arm: itemArms[i].Name, Replicate: replicate, State: ablation.RunCompleted}
		s := ablation.ItemScores{RunID: run.ID, Task: "t"}
		for k, n := range nats {
			v := ablation.ItemScore{ID: fmt.Sprint(k), Nats: n * math.Ln2, Bytes: 1, Exact: math.NaN(), F1: math.NaN()}
			if n < 1 {
				v.Accuracy = 1
			}
			s.Items = append(s.Items, v)
		}
		runs, scores = append(runs, run), append(scores, s)
	}
	return runs, scores
}

func TestAnswers_Difference(t *testing.T) {
	t.Parallel()
	runs, scores := answered(1, []float64{0.5, 0.5, 0.5, 2, 0.5, 0.5}, []float64{2, 2, 2, 2, 0.5, 2})
	d := analysis.AnswersOf(itemArms, runs, scores, "t").Difference(0, 1)
	if d.Items != 6 || d.Pairs != 1 || math.Abs(d.Bits.Mean+1) > 1e-12 || d.Bits.Verdict != analysis.Lower {
		t.Errorf("%+v", d)
	}
	// Six differences: -1.5 four times, 0 twice; sd 0.774597, t(0.95, 5) 2.015048.
	if want := 2.015048 * 0.774597 / math.Sqrt(6); math.Abs(d.Bits.Half-want) > 1e-5 {
		t.Errorf("half width %v, want %v", d.Bits.Half, want)
	}
	if math.Abs(d.Accuracy.Mean-4.0/6) > 1e-12 || math.Abs(d.McNemar-0.125) > 1e-12 {
		t.Errorf("accuracy %+v, McNemar %v, want 2 × 0.5⁴", d.Accuracy, d.McNemar)
	}
}

func TestAnswers_SeedsMakeNoItems(t *testing.T) {
	t.Parallel()
	one, scores := answered(1, []float64{0.5, 0.7, 3}, []float64{2, 0.5, 2})
	two, more := answered(2, []float64{0.5, 0.7, 3}, []float64{2, 0.5, 2})
	single := analysis.AnswersOf(itemArms, one, scores, "t").Difference(0, 1)
	both := analysis.AnswersOf(itemArms, slices.Concat(one, two), slices.Concat(scores, more), "t").Difference(0, 1)
	if both.Pairs != 2 || !math.IsNaN(both.McNemar) || math.Abs(both.Bits.Half-single.Bits.Half) > 1e-12 || math.Abs(both.Accuracy.Half-single.Accuracy.Half) > 1e-12 {
		t.Errorf("twice the same: %+v, once: %+v", both, single)
	}
}

func TestAnswers_Unknown(t *testing.T) {
	t.Parallel()
	runs, scores := answered(1, []float64{0.5}, []float64{2})
	for name, d := range map[string]analysis.Paired{
		"another task":  analysis.AnswersOf(itemArms, runs, scores, "u").Difference(0, 1),
		"one item":      analysis.AnswersOf(itemArms, runs, scores, "t").Difference(0, 1),
		"no pair":       analysis.AnswersOf(itemArms, runs[:1], scores, "t").Difference(0, 1),
		"unknown items": analysis.AnswersOf(itemArms, runs, nil, "t").Difference(0, 1),
	} {
		if d.Bits.Verdict != analysis.Unknown || d.Accuracy.Verdict != analysis.Unknown {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

// Where two arms are alike, nine intervals in ten hold 0, and pairing makes them far narrower than unpaired ones.
func TestAnswers_Coverage(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	const times, items = 600, 80
	bits, right := 0, 0
	for range times {
		a, b := make([]float64, items), make([]float64, items)
		for k := range a {
			hard := r.ExpFloat64()
			a[k], b[k] = hard+0.1*r.NormFloat64(), hard+0.1*r.NormFloat64()
		}
		runs, scores := answered(1, a, b)
		d := analysis.AnswersOf(itemArms, runs, scores, "t").Difference(0, 1)
		if !d.Bits.Verdict.Decided() {
			bits++
		}
		if !d.Accuracy.Verdict.Decided() {
			right++
		}
	}
	if share := float64(bits) / times; share < 0.86 || share > 0.94 {
		t.Errorf("%.3f of the intervals of bits hold 0", share)
	}
	if share := float64(right) / times; share < 0.86 || share > 0.97 {
		t.Errorf("%.3f of the intervals of accuracy hold 0", share)
	}
}
