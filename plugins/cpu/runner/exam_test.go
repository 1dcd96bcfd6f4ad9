package runner

import (
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/plugins/cpu/kernel"
	"github.com/haigo-lab/haigo/plugins/cpu/lm"
	"github.com/haigo-lab/haigo/plugins/trainer/rows"
	"github.com/haigo-lab/haigo/plugins/trainer/rows/rowstest"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

func TestWindows(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]lm.Sequence{
		"":      {{Tokens: []uint16{256, 256}, From: 1}},
		"abc":   {{Tokens: []uint16{256, 'a', 'b', 'c', 256}, From: 1}},
		"abcd":  {{Tokens: []uint16{256, 'a', 'b', 'c', 'd'}, From: 1}, {Tokens: []uint16{'d', 256}, From: 1}},
		"abcde": {{Tokens: []uint16{256, 'a', 'b', 'c', 'd'}, From: 1}, {Tokens: []uint16{'d', 'e', 256}, From: 1}},
	} {
		if diff := cmp.Diff(want, windows(text, 4)); diff != "" {
			t.Errorf("%q: -want +got\n%s", text, diff)
		}
	}
}

func TestQuestions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		item    spec.Item
		answers []string
		want    []lm.Question
	}{
		"whole":      {spec.Item{Context: "ab", Sep: " "}, []string{"cd"}, []lm.Question{ask([]uint16{256, 'a', 'b'}, " cd")}},
		"shared":     {spec.Item{Context: "ab"}, []string{"cd", "e"}, []lm.Question{ask([]uint16{256, 'a', 'b'}, "cd", "e")}},
		"no context": {spec.Item{}, []string{"cd"}, []lm.Question{ask([]uint16{256}, "cd")}},
		"cut":        {spec.Item{Context: "abcdef"}, []string{"gh"}, []lm.Question{ask([]uint16{'c', 'd', 'e', 'f'}, "gh")}},
		"cut apart": {
			spec.Item{Context: "abc"},
			[]string{"gh", "ghi"},
			[]lm.Question{ask([]uint16{256, 'a', 'b', 'c'}, "gh"), ask([]uint16{'a', 'b', 'c'}, "ghi")},
		},
		"long answer": {spec.Item{Context: "ab"}, []string{"cdefghi"}, []lm.Question{ask([]uint16{'d'}, "efghi")}},
	} {
		if diff := cmp.Diff(c.want, questions(c.item, c.answers, 6)); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}

func ask(prompt []uint16, answers ...string) lm.Question {
	q := lm.Question{Prompt: prompt}
	for _, a := range answers {
		q.Answers = append(q.Answers, rows.Encode(a))
	}
	return q
}

func openItems(tb testing.TB, items ...any) (task, error) {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "items.jsonl")
	return openTask(spec.Task{Name: "t", Path: path, SHA256: rowstest.Lines(tb, path, items...)}, "", 24)
}

func TestTask_Scores(t *testing.T) {
	t.Parallel()
	config := lm.Config{Layers: 1, Width: 32, Heads: 2, FFN: 32, Vocab: 257, Context: 24, RopeBase: 10000, NormEps: 1e-5}
	trainer := lm.New(config, kernel.Best(), 1, 1, 1)
	for _, w := range trainer.State().Weights { // far from the start, so that choices differ
		r := rand.New(rand.NewPCG(1, uint64(len(w.Data))))
		for i := range w.Data {
			w.Data[i] += float32(r.NormFloat64() * 0.3)
		}
	}
	trainer.Pack()
	opened, err := openItems(t,
		spec.Item{ID: "a", Context: "which?", Sep: " ", Choices: []string{"this", "that one"}, Gold: 1},
		spec.Item{ID: "b", Context: "which?", Choices: []string{"this", "that one", "the third"}, Gold: 0},
		spec.Item{ID: "tie", Context: "which?", Choices: []string{"same", "same"}, Gold: 0},
		spec.Item{ID: "cloze", Context: "say", Answers: []string{"it", "this"}},
		spec.Item{ID: "span", Kind: spec.ItemExtractive, Context: "where?", Answers: []string{"here"}},
		spec.Item{ID: "story", Kind: spec.ItemGeneration, Context: "tell", Answers: []string{"ab", "cde"}},
	)
	if err != nil {
		t.Fatal(err)
	}
	alone := func(context, answer string) float64 {
		tokens := append([]uint16{256}, rows.Encode(context+answer)...)
		return trainer.Score([]lm.Sequence{{Tokens: tokens, From: 1 + len(context)}})[0]
	}
	a := []float64{alone("which?", " this") / 5, alone("which?", " that one") / 9}
	b := []float64{alone("which?", "this") / 4, alone("which?", "that one") / 8, alone("which?", "the third") / 9}
	right := map[string]bool{"a": a[1] < a[0], "b": b[0] < b[1] && b[0] < b[2], "tie": false}
	margin := map[string]float64{"a": a[0] - a[1], "b": min(b[1], b[2]) - b[0], "tie": 0}
	same, cloze, span := alone("which?", "same"), alone("say", "it"), alone("where?", "here")
	easiest := min(alone("tell", "ab")/2, alone("tell", "cde")/3)
	got := opened.score(trainer)
	item := func(id string, nats float64, bytes int) spec.ItemScore {
		s := spec.ItemScore{Task: "t", ID: id, Nats: spec.Real(nats), Bytes: bytes}
		if r, there := right[id]; there {
			s.Accuracy, s.Margin = pointer(0), pointer(spec.Real(margin[id]/math.Ln2))
			if r {
				*s.Accuracy = 1
			}
		}
		return s
	}
	want := []spec.ItemScore{
		item("a", a[1]*9, 9), item("b", b[0]*4, 4), item("tie", same, 4), item("cloze", cloze, 2), item("span", span, 4),
		item("story", easiest*float64(got[5].Bytes), got[5].Bytes),
	}
	want[4].Exact, want[4].F1, want[4].Given = pointer(0), got[4].F1, got[4].Given
	if diff := cmp.Diff(want, got, approximately); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if n := len(got[4].Given); n > 3*6 {
		t.Errorf("a greedy answer of %d bytes: %q", n, got[4].Given)
	}
}

func pointer(v spec.Real) *spec.Real { return &v }

// A context that is read once for several answers is summed in another order.
var approximately = cmp.Comparer(func(a, b spec.Real) bool { return a-b < 1e-4 && b-a < 1e-4 })

func TestTask_RefusesItemsThatCantBeScored(t *testing.T) {
	t.Parallel()
	for want, item := range map[string]spec.Item{
		"has neither choices nor answers": {ID: "x", Context: "judge me"},
		"gold is 2, there are 2":          {ID: "x", Choices: []string{"a", "b"}, Gold: 2},
		"has an empty answer":             {ID: "x", Answers: []string{""}},
	} {
		if _, err := openItems(t, item); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if _, err := openItems(t); err == nil || err.Error() != "has no items" {
		t.Errorf("no items: got %v", err)
	}
}
