package corpus_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/corpus"
	"github.com/haigo-lab/haigo/services/task"
)

func TestMeasure(t *testing.T) {
	t.Parallel()
	english := "The rain of the night is in the garden and it is cold for this time of the year."
	texts := []string{"日本語の文書です。雨が降っています。", "これは二つ目の文書です。", english, "func main() { for i := 0; i < n; i++ { x[i] = y[i] + 1; } }"}
	result := add(t, corpus.Options{Lang: "ja", Paths: []string{files(t, map[string]string{"a.jsonl": lines(t, "text", texts...)})}, Share: 1e-9})
	got, err := corpus.ReadReport(result.Dir)
	if err != nil {
		t.Fatal(err)
	}
	var characters, bytes int64
	languages := map[string]int64{}
	for _, d := range training(t, result.Dir) {
		characters += int64(len([]rune(d.Text)))
		bytes += int64(len(d.Text))
		languages[corpus.LanguageOf(d.Text)]++
	}
	if got.Documents != 3 || got.Characters != characters || got.Bytes != bytes || got.Tokens["bytes"] != bytes+3 {
		t.Errorf("report %+v, want 3 documents, %d characters, %d bytes", got, characters, bytes)
	}
	for _, l := range got.Languages {
		if languages[l.Lang] != l.Documents {
			t.Errorf("%d documents in %s, want %d", l.Documents, l.Lang, languages[l.Lang])
		}
	}
	if err := os.Remove(filepath.Join(result.Dir, "report.json")); err != nil {
		t.Fatal(err)
	}
	if _, err := corpus.ReadReport(result.Dir); !errors.Is(err, ablation.ErrNotFound) {
		t.Errorf("error %v, want ErrNotFound for a version of an earlier program", err)
	}
	again, err := corpus.Measure(t.Context(), result.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, again); diff != "" {
		t.Errorf("measured again (-want +got):\n%s", diff)
	}
	if err := verify(result.Dir); err != nil {
		t.Error(err)
	}
}

// similar are texts that hold each of originals in other letters, with a word changed and others before.
func similar(originals []string) []string {
	var copies []string
	for i, text := range originals {
		words := strings.Fields(strings.ToUpper(text))
		words[0] = fmt.Sprintf("changed%d", i)
		copies = append(copies, "Copied:\n\n"+strings.Join(words, "  "))
	}
	return copies
}

func TestAdd_NearDuplicates(t *testing.T) {
	t.Parallel()
	texts := essays(4, 500)
	first := add(t, corpus.Options{Share: 0.05, Paths: []string{files(t, map[string]string{"a.jsonl": lines(t, "text", texts...)})}})
	held := textsOf(heldout(t, first.Dir))
	report, err := corpus.ReadReport(first.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := report.Overlap[0]; got.Found != 0 || got.Documents != 0 || got.Checked != int64(len(held)) {
		t.Errorf("overlap %+v of texts that share nothing", got)
	}
	// Copies have hashes of their own: some are held out themselves.
	dir := files(t, map[string]string{"a.jsonl": lines(t, "text", texts...), "b.jsonl": lines(t, "text", similar(held)...)})
	counted := add(t, corpus.Options{Share: 0.05, Paths: []string{dir}})
	if report, err = corpus.ReadReport(counted.Dir); err != nil {
		t.Fatal(err)
	}
	copies := int64(0)
	for _, d := range training(t, counted.Dir) {
		if strings.HasPrefix(d.Text, "Copied:") {
			copies++
		}
	}
	if got := report.Overlap[0]; got.Documents < copies || copies == 0 || counted.Rejected[corpus.NearDuplicate] != 0 {
		t.Errorf("%d of %d copies are counted: %+v", got.Documents, copies, got)
	}
	dropped := add(t, corpus.Options{Share: 0.05, Paths: []string{dir}, DropNearDuplicates: true})
	if report, err = corpus.ReadReport(dropped.Dir); err != nil {
		t.Fatal(err)
	}
	if got := dropped.Rejected[corpus.NearDuplicate]; got < copies || report.Overlap[0].Found != 0 {
		t.Errorf("%d dropped, %d copies; still there: %+v", got, copies, report.Overlap[0])
	}
	if !slices.Equal(sortedHeldout(t, counted.Dir), sortedHeldout(t, dropped.Dir)) {
		t.Error("dropping near-duplicates changed what is held out")
	}
}

func sortedHeldout(t testing.TB, dir string) []string {
	t.Helper()
	return slices.Sorted(slices.Values(textsOf(heldout(t, dir))))
}

func TestMeasure_TasksAndOtherSources(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	texts := essays(5, 60)
	other := heldoutSource(t, data, "en", append(essays(6, 20), similar(texts[:2])...)...)
	source := add(t, corpus.Options{Data: data, Name: "train", Paths: []string{files(t, map[string]string{"a.jsonl": lines(t, "text", texts...)})}, Share: 1e-9})
	words := strings.Fields(texts[3] + " " + texts[4] + " " + texts[5])
	item := func(id string, words []string) spec.Item {
		return spec.Item{
			Task: "recall", ID: id, Lang: "en", Kind: spec.ItemMultipleChoice, Context: strings.Join(words[:14], " "), Sep: " ",
			Choices: []string{"no", strings.Join(words[14:16], " ")}, Gold: 1,
		}
	}
	fresh := strings.Fields(essays(8, 1)[0])
	if _, err := task.Put(data, []spec.Item{item("seen", words), item("fresh", fresh), item("short", append(strings.Fields("a b c"), "", "", "", "", "", "", "", "", "", "", "", "", ""))}, task.Origin{}); err != nil {
		t.Fatal(err)
	}
	report, err := corpus.Measure(t.Context(), source.Dir)
	if err != nil {
		t.Fatal(err)
	}
	overlap := map[string]corpus.Overlap{}
	for _, o := range report.Overlap {
		overlap[o.Name] = o
	}
	if got := overlap[other.Name]; got.Kind != corpus.OverlapHeldout || got.Checked != 22 || got.Found < 1 || got.Found > 2 || got.Version != other.Version {
		t.Errorf("overlap with another source's held-out text %+v, want two of 22", got)
	}
	if got := overlap["recall"]; got.Kind != corpus.OverlapTask || got.Found != 1 || got.Documents != 1 || got.Unchecked != 1 {
		t.Errorf("overlap with a task %+v, want one found, one too short", got)
	}
}

// TestMeasure_ShortItems: a question with fewer units than a gram is found whole, whatever stands around it there and here.
func TestMeasure_ShortItems(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	var items []spec.Item
	for i, question := range []string{"日本で一番高い山は？", "一番長い川は？", "What is the longest river of Japan?", "山は？"} {
		items = append(items, spec.Item{Task: "quiz", ID: fmt.Sprint(i), Lang: "ja", Kind: spec.ItemCloze, Context: "質問：" + question + "\n回答：", Answers: []string{fmt.Sprint(i)}})
	}
	if _, err := task.Put(data, items, task.Origin{}); err != nil {
		t.Fatal(err)
	}
	texts := []string{
		"クイズです。日本で一番、高い山は……。答えは富士山。", "日本で一番長い山は？", "So, WHAT is the longest river of Japan — the Shinano.", "山は高い。川は長い。", "held out",
	}
	result := add(t, corpus.Options{Data: data, Paths: []string{files(t, map[string]string{"a.jsonl": lines(t, "text", texts...)})}, Share: 1e-9})
	report, err := corpus.ReadReport(result.Dir)
	if err != nil {
		t.Fatal(err)
	}
	held := textsOf(heldout(t, result.Dir))[0]
	want := int64(2)
	if held == texts[0] || held == texts[2] {
		want--
	}
	if got := report.Overlap[len(report.Overlap)-1]; got.Name != "quiz" || got.Found != want || got.Documents != want || got.Checked != 3 || got.Unchecked != 1 {
		t.Errorf("overlap %+v, want %d of 3 found, in as many documents, and one too short", got, want)
	}
}

func TestLanguageOf(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"配合は日本語と英語の文章の割合です。":                                                     "ja",
		"配合比例是中文和英文文章的比例。":                                                       "zh",
		"이 문장은 한국어로 쓰여 있습니다.":                                                    "ko",
		"Это предложение написано по-русски.":                                    "ru",
		"This is the story of a town that was lost in the hills.":                "en",
		"Der Hund ist nicht in dem Haus, und die Katze schläft auf dem Dach.":    "de",
		"Le chien est dans la maison et les chats ne sont pas sur le toit.":      "fr",
		"if (x != NULL) { *p++ = f(x, y); return (a & b) | c; }\n#include <x.h>": "code",
		"zxcv qwer asdf": corpus.Undetermined,
		"12 34 --":       corpus.Undetermined,
	} {
		if got := corpus.LanguageOf(text); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}

// TestGrams: case, width, punctuation and spacing don't count; words and characters do.
func TestGrams(t *testing.T) {
	t.Parallel()
	words := "one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
	if got := corpus.Grams(words); len(got) != 2 {
		t.Errorf("%d grams of 14 words, want 2", len(got))
	}
	if got := corpus.Grams("— " + strings.ReplaceAll(strings.ToUpper(words), " ", ",\n")); !slices.Equal(got, corpus.Grams(words)) {
		t.Error("capitals and commas change grams")
	}
	japanese := "配合は日本語と英語の文章の割合です"
	if got, want := len(corpus.Grams(japanese)), len([]rune(japanese))-12; got != want {
		t.Errorf("%d grams, want %d", got, want)
	}
	if !slices.Equal(corpus.Grams("ＡＢＣ１２ "+japanese), corpus.Grams("abc12 "+japanese)) {
		t.Error("width changes grams")
	}
	rapid.Check(t, func(t *rapid.T) {
		// A gram is the same wherever it stands.
		before := rapid.SliceOfN(rapid.StringMatching(`[a-z]{1,9}`), 0, 30).Draw(t, "before")
		all := corpus.Grams(strings.Join(append(before, words), " "))
		if want := corpus.Grams(words); !slices.Equal(all[len(all)-2:], want) {
			t.Fatalf("after %v the grams differ", before)
		}
	})
}

// TestGrams_AreThoseOfTheirUnits: whatever stands between words and characters, and wherever a run of ASCII ends.
func TestGrams_AreThoseOfTheirUnits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		units := rapid.SliceOfN(rapid.StringMatching(`[a-z0-9é]{1,20}|[ぁ-んァ-ヶ一-龠ｱ-ﾝ々]`), 13, 60).Draw(t, "units")
		var text strings.Builder
		for _, unit := range units {
			if rapid.Bool().Draw(t, "other letters") {
				unit = strings.NewReplacer("a", "ａ", "B", "Ｂ", "7", "７", "é", "É").Replace(strings.ToUpper(unit))
			}
			text.WriteString(unit)
			text.WriteString(rapid.SampledFrom([]string{" ", "\n", ", \"", "。", " — ", "’", "_", strings.Repeat(" ", 5000)}).Draw(t, "between"))
		}
		if want, got := corpus.Grams(strings.Join(units, " ")), corpus.Grams(text.String()); !slices.Equal(got, want) || len(got) != len(units)-12 {
			t.Fatalf("%d grams of %q, want the %d of its units", len(got), text.String(), len(want))
		}
	})
}

func TestQuantiles(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Int64Range(1, 1<<40), 1, 300).Draw(t, "lengths")
		got := corpus.Quantiles(all)
		slices.Sort(all)
		if got.Min != all[0] || got.Max != all[len(all)-1] {
			t.Fatalf("from %d to %d, want %d to %d", got.Min, got.Max, all[0], all[len(all)-1])
		}
		for percent, q := range map[int]int64{10: got.P10, 50: got.P50, 90: got.P90, 99: got.P99} {
			exact := all[(len(all)-1)*percent/100]
			if q > exact || float64(q) < float64(exact)*0.96 {
				t.Fatalf("%d%%: %d, want %d or up to 4%% less", percent, q, exact)
			}
		}
	})
}
