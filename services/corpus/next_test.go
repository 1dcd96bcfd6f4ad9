package corpus_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/corpus"
	"github.com/haigo-lab/haigo/services/task"
)

// sentence is an invented one, unlike any of another number, with a length that varies.
func sentence(lang string, i int) string {
	digits := strings.Split(fmt.Sprintf("%04d", i), "")
	words := map[string][]string{
		"ja":   {"山", "川", "空", "海", "森", "道", "町", "村", "雪", "花"},
		"en":   {"hill", "river", "sky", "sea", "wood", "road", "town", "village", "snow", "flower"},
		"code": {"hill", "river", "sky", "sea", "wood", "road", "town", "village", "snow", "flower"},
	}[lang]
	var b strings.Builder
	for _, d := range digits {
		b.WriteString(words[d[0]-'0'] + map[string]string{"ja": "の", "en": " and ", "code": "_"}[lang])
	}
	switch lang {
	case "ja":
		return b.String() + strings.Repeat("向こうに", i%4+1) + "何かが見える。"
	case "en":
		return "The " + b.String() + strings.Repeat("far ", i%5) + "beyond are quiet."
	}
	return strings.Repeat("\t", i%3) + b.String() + " := compute(x)"
}

// articles are invented documents of n sentences each, all different.
func articles(lang string, documents, n int) []string {
	joint := map[string]string{"ja": "", "en": " ", "code": "\n"}[lang]
	var texts []string
	for d := range documents {
		var sentences []string
		for s := range n {
			sentences = append(sentences, sentence(lang, d*n+s))
		}
		texts = append(texts, strings.Join(sentences, joint))
	}
	return texts
}

func nextSentence(t testing.TB, dir string, o corpus.NextSentenceOptions) (ablation.Task, []spec.Item) {
	t.Helper()
	made, err := corpus.NextSentence(context.Background(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	items, err := task.Items(made.Path)
	if err != nil {
		t.Fatal(err)
	}
	return made, items
}

func TestLaw_NextSentence(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"ja", "en", "code"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			texts := articles(lang, 16, 10)
			source := heldoutSource(t, t.TempDir(), lang, texts...)
			rapid.Check(t, func(rt *rapid.T) {
				o := corpus.NextSentenceOptions{
					Items:       rapid.IntRange(1, 100).Draw(rt, "items"),
					Seed:        spec.Seed(rapid.Uint64().Draw(rt, "seed")),
					WindowBytes: rapid.IntRange(180, 400).Draw(rt, "window"),
					SetBytes:    rapid.Int64Range(1, 40_000).Draw(rt, "set"),
				}
				task, items := nextSentence(t, source.Dir, o)
				if len(items) != o.Items || task.Items != int64(o.Items) || task.Chance != 0.25 || task.Lang != lang {
					rt.Fatalf("%d items of %d, task %+v", len(items), o.Items, task)
				}
				golds := [4]int{}
				for _, item := range items {
					golds[item.Gold]++
					checkNext(rt, item, texts, o.WindowBytes)
				}
				for _, n := range golds {
					if n < o.Items/4 || n > (o.Items+3)/4 {
						rt.Fatalf("gold positions %v of %d items", golds, o.Items)
					}
				}
			})
		})
	}
}

// checkNext checks an item against the documents it was made of: the right choice follows the context in one of them, the
// wrong ones come from three others, and all fit the window.
func checkNext(rt *rapid.T, item spec.Item, texts []string, window int) {
	home := -1
	for i, text := range texts {
		if strings.Contains(text, item.Context+item.Sep+item.Choices[item.Gold]) {
			home = i
		}
	}
	if home < 0 || item.Context == "" || !utf8.ValidString(item.Context) {
		rt.Fatalf("in no document: %q, then %q", item.Context, item.Choices[item.Gold])
	}
	seen := map[int]bool{}
	for _, choice := range item.Choices {
		if n := len(item.Context) + len(item.Sep) + len(choice); n > window {
			rt.Fatalf("%d bytes in a window of %d: %+v", n, window, item)
		}
		for i, text := range texts {
			if strings.Contains(text, choice) {
				seen[i] = true
			}
		}
	}
	if len(item.Choices) != 4 || len(seen) != 4 {
		rt.Fatalf("choices of documents %v, want four: %+v", seen, item)
	}
}

func TestNextSentence_PrefersDocumentsThatAreNotScored(t *testing.T) {
	t.Parallel()
	source := heldoutSource(t, t.TempDir(), "en", articles("en", 20, 10)...)
	set, err := corpus.HeldoutSet(source.Dir, 5000)
	if err != nil {
		t.Fatal(err)
	}
	scored := strings.Join(textsOf(documents(t, set.Path)), "\n")
	count := func(items int) (n int) {
		t.Helper()
		_, made := nextSentence(t, source.Dir, corpus.NextSentenceOptions{Items: items, SetBytes: 5000})
		for _, item := range made {
			if strings.Contains(scored, item.Choices[item.Gold]) {
				n++
			}
		}
		return n
	}
	if n := count(30); n != 0 {
		t.Errorf("%d of 30 items are of scored documents, though there are others", n)
	}
	if n := count(170); n == 0 {
		t.Error("no item is of a scored document, though the others don't suffice")
	}
}

func TestNextSentence_RepeatedSentencesAreNotAskedFor(t *testing.T) {
	t.Parallel()
	texts := articles("en", 8, 6)
	for i := range texts {
		texts[i] += " This manual is part of the project. It comes without any warranty."
	}
	source := heldoutSource(t, t.TempDir(), "en", texts...)
	_, items := nextSentence(t, source.Dir, corpus.NextSentenceOptions{})
	if len(items) != 40 {
		t.Errorf("%d items, want five of each document", len(items))
	}
	for _, item := range items {
		for _, choice := range item.Choices {
			if strings.Contains(choice, "warranty") || strings.Contains(choice, "manual") {
				t.Errorf("asks for %q", choice)
			}
		}
	}
}

func TestNextSentence_Refuses(t *testing.T) {
	t.Parallel()
	source := heldoutSource(t, t.TempDir(), "en", articles("en", 3, 10)...)
	for _, tt := range []struct {
		name, field string
		options     corpus.NextSentenceOptions
	}{
		{"too few documents", "source", corpus.NextSentenceOptions{}},
		{"a window for nothing", "window_bytes", corpus.NextSentenceOptions{WindowBytes: 20}},
		{"a name with spaces", "name", corpus.NextSentenceOptions{Name: "next sentence"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := corpus.NextSentence(context.Background(), source.Dir, tt.options)
			var invalid *ablation.Invalid
			if !errors.As(err, &invalid) || invalid.Problems[0].Field != tt.field {
				t.Errorf("error %v, want *ablation.Invalid about %s", err, tt.field)
			}
		})
	}
}

func TestTasks(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	source := heldoutSource(t, data, "ja", articles("ja", 10, 10)...)
	first, _ := nextSentence(t, source.Dir, corpus.NextSentenceOptions{})
	second, _ := nextSentence(t, source.Dir, corpus.NextSentenceOptions{Seed: 1})
	if again, _ := nextSentence(t, source.Dir, corpus.NextSentenceOptions{Seed: 1}); again.SHA256 != second.SHA256 {
		t.Errorf("the same seed made %s and %s", second.Version, again.Version)
	}
	if first.Name != "next-sentence-web" || first.Version == second.Version || first.Kind != spec.ItemMultipleChoice {
		t.Errorf("tasks %+v and %+v", first, second)
	}
	tasks, err := task.List(data)
	if err != nil || len(tasks) != 2 {
		t.Errorf("list %v (%v), want two", tasks, err)
	}
	found := slices.IndexFunc(tasks, func(made ablation.Task) bool { return made.Version == first.Version })
	if diff := cmp.Diff(first, tasks[found]); diff != "" {
		t.Errorf("found (-made +found):\n%s", diff)
	}
	if err := spec.VerifyFile(first.Path, first.SHA256); err != nil {
		t.Error(err)
	}
}
