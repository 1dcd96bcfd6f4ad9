package score_test

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/haigo-lab/haigo/plugins/trainer/score"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

var near = cmp.Comparer(func(a, b spec.Real) bool { return math.Abs(float64(a-b)) < 1e-9 })

func real(v float64) *spec.Real {
	r := spec.Real(v)
	return &r
}

func TestItem(t *testing.T) {
	t.Parallel()
	bits := func(b float64) float64 { return b * math.Ln2 }
	for name, c := range map[string]struct {
		item    spec.Item
		answers []score.Likelihood
		given   *string
		want    spec.ItemScore
	}{
		"per byte": {
			item:    spec.Item{ID: "1", Choices: []string{"a", "bb"}, Gold: 1},
			answers: []score.Likelihood{{bits(3), 1}, {bits(4), 2}},
			want:    spec.ItemScore{ID: "1", Nats: spec.Real(bits(4)), Bytes: 2, Margin: real(1), Accuracy: real(1)},
		},
		"by sum": {
			item:    spec.Item{ID: "1", Choices: []string{"a", "bb"}, Gold: 1, Norm: spec.NormSum},
			answers: []score.Likelihood{{bits(3), 1}, {bits(4), 2}},
			want:    spec.ItemScore{ID: "1", Nats: spec.Real(bits(4)), Bytes: 2, Margin: real(-1), Accuracy: real(0)},
		},
		"a tie is wrong": {
			item:    spec.Item{ID: "1", Choices: []string{"a", "b"}},
			answers: []score.Likelihood{{bits(3), 1}, {bits(3), 1}},
			want:    spec.ItemScore{ID: "1", Nats: spec.Real(bits(3)), Bytes: 1, Margin: real(0), Accuracy: real(0)},
		},
		"several right": {
			item:    spec.Item{ID: "1", Choices: []string{"a", "b", "c"}, Gold: 0, Labels: []int{1, 1, 0}, Norm: spec.NormSum},
			answers: []score.Likelihood{{bits(2), 1}, {bits(2), 1}, {bits(1), 1}},
			want:    spec.ItemScore{ID: "1", Nats: spec.Real(bits(2)), Bytes: 1, Margin: real(-1), Accuracy: real(0.5)},
		},
		"the easiest reference": {
			item:    spec.Item{ID: "1", Kind: spec.ItemGeneration, Answers: []string{"a", "bb"}},
			answers: []score.Likelihood{{bits(3), 1}, {bits(4), 2}},
			want:    spec.ItemScore{ID: "1", Nats: spec.Real(bits(4)), Bytes: 2},
		},
		"extractive": {
			item:    spec.Item{ID: "1", Kind: spec.ItemExtractive, Answers: []string{"東京都", "東京"}},
			answers: []score.Likelihood{{bits(3), 9}},
			given:   new(string),
			want:    spec.ItemScore{ID: "1", Nats: spec.Real(bits(3)), Bytes: 9, Exact: real(0), F1: real(0)},
		},
	} {
		if diff := cmp.Diff(c.want, score.Item(c.item, c.answers, c.given), near); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestItem_ComparesAnswers(t *testing.T) {
	t.Parallel()
	item := spec.Item{Kind: spec.ItemExtractive, Answers: []string{"東京都", "Tokyo"}}
	for given, want := range map[string][2]float64{
		"東京都":     {1, 1},
		"「東京都」。":  {1, 1},
		"ＴＯＫＹＯ":   {1, 1},
		"東京":      {0, 0.8},
		"東東東京":    {0, 4.0 / 7},
		"大阪":      {0, 0},
		"":        {0, 0},
		"to kyo!": {1, 1},
	} {
		got := score.Item(item, []score.Likelihood{{1, 1}}, &given)
		if diff := cmp.Diff([2]spec.Real{spec.Real(want[0]), spec.Real(want[1])}, [2]spec.Real{*got.Exact, *got.F1}, near); diff != "" {
			t.Errorf("%q (-want +got):\n%s", given, diff)
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"":               "",
		" 東京 ":           "東京",
		"東\xe4\xba":      "東",
		"東\xe4":          "東",
		"\xffa":          "\uFFFDa",
		"a\xf0\x9f\x98":  "a",
		"abc":            "abc",
		"ab\xe4\xba\xac": "ab京",
	} {
		if got := score.Text([]byte(given)); got != want {
			t.Errorf("%q: got %q, want %q", given, got, want)
		}
	}
}

func TestAnswers_Refuses(t *testing.T) {
	t.Parallel()
	for want, item := range map[string]spec.Item{
		"neither choices nor answers":      {},
		"gold is 2, there are 2":           {Choices: []string{"a", "b"}, Gold: 2},
		"gold is -1":                       {Choices: []string{"a", "b"}, Gold: -1},
		"there are 1 labels for 2 choices": {Choices: []string{"a", "b"}, Labels: []int{1}},
		"has an empty answer":              {Answers: []string{""}},
	} {
		if _, err := score.Answers(item); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	got := score.Values("t", []spec.ItemScore{
		{Nats: math.Ln2 * 2, Bytes: 1, Accuracy: real(1), Margin: real(2)},
		{Nats: math.Ln2 * 4, Bytes: 5, Accuracy: real(0), Margin: real(-1)},
	})
	want := map[string]spec.Real{"task/t/bpb": 1, "task/t/accuracy": 0.5, "task/t/margin": 0.5}
	if diff := cmp.Diff(want, got, near); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// The margin's sign and accuracy say the same, and the order of wrong choices never matters.
func TestItem_Law(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 6).Draw(t, "choices")
		item := spec.Item{Choices: make([]string, n), Gold: rapid.IntRange(0, n-1).Draw(t, "gold")}
		item.Norm = rapid.SampledFrom([]string{"", spec.NormBytes, spec.NormSum}).Draw(t, "norm")
		answers := make([]score.Likelihood, n)
		for i := range answers {
			answers[i] = score.Likelihood{Nats: rapid.Float64Range(0.1, 100).Draw(t, "nats"), Bytes: rapid.IntRange(1, 50).Draw(t, "bytes")}
		}
		got := score.Item(item, answers, nil)
		if (*got.Margin > 0) != (*got.Accuracy == 1) {
			t.Fatalf("margin %v, accuracy %v", *got.Margin, *got.Accuracy)
		}
		item.Labels = make([]int, n)
		item.Labels[item.Gold] = 1
		if mass := *score.Item(item, answers, nil).Accuracy; mass < 0 || mass > 1 {
			t.Fatalf("mass %v", mass)
		}
	})
}
