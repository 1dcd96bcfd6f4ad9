package corpus_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/corpus"
	"github.com/haigo-lab/haigo/services/task"
)

// TestAdd_LongDocuments: a cell above the bound is one row that is left out; a text within it is kept, however long its line
// of JSON becomes.
func TestAdd_LongDocuments(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{
		"a.parquet": table(t, &parquet.Zstd, wikipediaRow{Text: "one"}, wikipediaRow{Text: strings.Repeat("x", 33<<20)}, wikipediaRow{Text: "three"}),
		"b.txt":     strings.Repeat("y\n", 11<<20),
	})
	result := add(t, corpus.Options{Paths: []string{dir}, Split: corpus.SplitFile})
	if n := result.Documents + result.HeldoutDocuments; n != 3 || result.Rejected[corpus.TooLong] != 1 {
		t.Errorf("%d documents, rejected %v, want 3 and one too long", n, result.Rejected)
	}
	if got := relative(result.Problems, dir); len(got) == 0 || !strings.HasPrefix(got[0], "a.parquet:2: too_long") {
		t.Errorf("problems %v, want row 2 of a.parquet", got)
	}
}

// TestAddAll_AllOrNothing: where one group's source can't be made, none is there.
func TestAddAll_AllOrNothing(t *testing.T) {
	t.Parallel()
	rows := fmt.Sprintf("{\"text\":\"small\",\"by\":\"a\"}\n{\"text\":%q,\"by\":\"b\"}\n", strings.Repeat("long ", 30))
	data := t.TempDir()
	_, err := corpus.AddAll(t.Context(), corpus.Options{
		Data: data, Name: "mix", Lang: "en", Paths: []string{files(t, map[string]string{"a.jsonl": rows})}, By: "by", Bytes: 20,
	})
	if err == nil {
		t.Error("no error, though all of mix-b is longer than the quota")
	}
	if left, _ := os.ReadDir(filepath.Join(data, "sources")); len(left) > 0 {
		t.Errorf("the sources folder holds %v after a failure", left)
	}
}

// TestAddAll_NoName: rows of a value that can't name a source are left out, with the value, and the others are added.
func TestAddAll_NoName(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{"a.jsonl": `{"text":"one","by":"a"}` + "\n" + `{"text":"二","by":"日本語"}` + "\n"})
	all, err := corpus.AddAll(t.Context(), corpus.Options{Data: t.TempDir(), Name: "mix", Lang: "en", Paths: []string{dir}, By: "by"})
	if err != nil || len(all.Results) != 1 || all.Results[0].Name != "mix-a" {
		t.Fatalf("sources %+v (%v), want mix-a", all.Results, err)
	}
	if diff := cmp.Diff(map[string]int64{corpus.BadGroup: 1}, all.Rejected); diff != "" {
		t.Errorf("rejected (-want +got):\n%s", diff)
	}
	if got := relative(all.Problems, dir); len(got) != 1 || !strings.HasPrefix(got[0], `a.jsonl:2: bad_group: the value "日本語"`) {
		t.Errorf("problems %v", got)
	}
}

// TestAdd_LongDocumentsDontEmptyASample: what is longer than the quota is passed over, and a sample that stays small is said.
func TestAdd_LongDocumentsDontEmptyASample(t *testing.T) {
	t.Parallel()
	texts := append(essays(9, 100), strings.Repeat("long ", 10_000))
	dir := files(t, map[string]string{"a.jsonl": lines(t, "text", texts...)})
	for seed := range spec.Seed(4) {
		result := add(t, corpus.Options{Paths: []string{dir}, Bytes: 40_000, Seed: seed, Share: 0.2})
		if n := result.Bytes + result.HeldoutBytes; n < 36_000 || n > 40_000 || len(result.Notes) > 0 {
			t.Errorf("seed %d: %d bytes of 40,000, notes %v", seed, n, result.Notes)
		}
	}
	few := add(t, corpus.Options{Paths: []string{files(t, map[string]string{"a.jsonl": lines(t, "text", strings.Repeat("a", 600), strings.Repeat("b", 600))})}, Bytes: 1000})
	if !slices.ContainsFunc(few.Notes, func(p corpus.Problem) bool { return p.Reason == corpus.Underfilled && p.DetailJA != "" }) {
		t.Errorf("notes %v, want a word of a sample that is small", few.Notes)
	}
}

// TestAdd_StandIn: a source whose share holds out nothing says that its held-out document may be trained on once it grows.
func TestAdd_StandIn(t *testing.T) {
	t.Parallel()
	says := func(texts []string, share float64) bool {
		result := add(t, corpus.Options{Paths: []string{files(t, map[string]string{"a.jsonl": lines(t, "text", texts...)})}, Share: share})
		return slices.ContainsFunc(result.Notes, func(p corpus.Problem) bool {
			return p.Reason == corpus.StandIn && strings.Contains(p.Detail, "--share") && strings.Contains(p.DetailJA, "--share")
		})
	}
	if !says(essays(10, 3), 1e-9) {
		t.Error("nothing is said of the document that stands in")
	}
	if says(essays(10, 300), 0.1) {
		t.Error("a share that holds out documents is warned of")
	}
}

// TestAdd_DropsWhatRunsAreJudgedOn: held-out documents of other sources, of the same reading and of earlier ones, and items.
func TestAdd_DropsWhatRunsAreJudgedOn(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	other, quiz := essays(11, 2), essays(12, 2)
	heldoutSource(t, data, "en", other...)
	item := spec.Item{Task: "quiz", ID: "1", Lang: "en", Kind: spec.ItemCloze, Context: "Q: " + quiz[0] + "\nA:", Answers: []string{"yes"}}
	if _, err := task.Put(data, []spec.Item{item}, task.Origin{}); err != nil {
		t.Fatal(err)
	}
	texts := append(essays(13, 30), "see: "+other[0], "ask: "+quiz[0])
	dir := files(t, map[string]string{"a.jsonl": lines(t, "text", texts...)})
	result := add(t, corpus.Options{Data: data, Name: "train", Paths: []string{dir}, DropNearDuplicates: true, Share: 1e-9})
	held := textsOf(heldout(t, result.Dir))
	want := map[string]int64{corpus.HoldsHeldout: 1, corpus.HoldsItem: 1}
	if slices.Contains(held, texts[30]) || slices.Contains(held, texts[31]) {
		t.Fatal("what was planted is held out itself: plant other essays")
	}
	if diff := cmp.Diff(want, result.Rejected); diff != "" {
		t.Errorf("rejected (-want +got):\n%s", diff)
	}
}

// TestAdd_NoRows: a table of no rows is said to be empty, not rejected for nothing.
func TestAdd_NoRows(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{"a.parquet": table[wikipediaRow](t, &parquet.Zstd)})
	_, err := corpus.Add(t.Context(), corpus.Options{Data: t.TempDir(), Name: "web", Lang: "en", Paths: []string{dir}})
	if err == nil || !strings.Contains(err.Error(), "there is no row in 1 file") {
		t.Errorf("error %v, want a word of there being no row", err)
	}
}
