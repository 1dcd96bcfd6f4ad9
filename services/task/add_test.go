package task_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/task"
)

// add stores the tasks of a file and returns their items.
func add(tb testing.TB, o task.Options) ([]task.Result, [][]spec.Item) {
	tb.Helper()
	if o.Data == "" {
		o.Data = tb.TempDir()
	}
	results, err := task.Add(o)
	if err != nil {
		tb.Fatal(err)
	}
	var items [][]spec.Item
	for _, r := range results {
		found, err := task.Items(r.Task.Path)
		if err != nil {
			tb.Fatal(err)
		}
		items = append(items, found)
	}
	return results, items
}

func write(tb testing.TB, name string, lines ...string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), name)
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		tb.Fatal(err)
	}
	return path
}

// Every published layout is told by its first value and read.
func TestAdd_PublishedLayouts(t *testing.T) {
	t.Parallel()
	mc, ja := spec.ItemMultipleChoice, "ja"
	passage := "題名：水車\n本文：水車が回ると杵が上がり、落ちて米をつく。\n質問：水車小屋で米をつく道具は何でしょう?\n回答："
	for _, tt := range []struct {
		file, task string
		items      int
		left       map[string]int
		first      spec.Item // of the last task
	}{
		{"jcommonsenseqa.json", "jcommonsenseqa", 2, nil, spec.Item{
			ID: "1", Lang: ja, Kind: mc, Context: "質問：雨の日に外で差すものは？\n回答：", Choices: []string{"傘", "はさみ", "机", "鏡", "皿"},
		}},
		{"jnli.json", "jnli", 3, nil, spec.Item{
			ID: "0", Lang: ja, Kind: mc, Context: "前提：白い犬が庭で眠っています。\n仮説：犬が眠っています。\n関係：", Choices: []string{"含意", "矛盾", "中立"},
		}},
		{"jsts.json", "jsts", 2, nil, spec.Item{
			ID: "0", Lang: ja, Kind: mc, Context: "文1：白い犬が庭で眠っています。\n文2：庭で犬が寝ている。\n二つの文の意味は", Choices: []string{"違う", "同じ"}, Gold: 1,
		}},
		{"jcola.json", "jcola", 2, nil, spec.Item{
			ID: "10", Lang: ja, Kind: mc, Context: "文：花子は友達に手紙を書いた。\nこの文は日本語として自然ですか。\n回答：", Choices: []string{"いいえ", "はい"}, Gold: 1,
		}},
		{"jcola.tsv", "jcola", 2, nil, spec.Item{
			ID: "12", Lang: ja, Kind: mc, Context: "文：太郎は駅で本が読んだ。\nこの文は日本語として自然ですか。\n回答：", Choices: []string{"いいえ", "はい"},
		}},
		{"jsquad.json", "jsquad", 1, nil, spec.Item{
			ID: "a1p0q0", Lang: ja, Kind: spec.ItemExtractive, Context: "題名：水車\n本文：水車は川の流れで回る。村では米をつくのに使われた。\n質問：水車は何で回るか?\n回答：",
			Answers: []string{"川の流れ", "川"},
		}},
		{"jaqket_v1.json", "jaqket_v1", 2, map[string]int{task.LeftUnanswered: 1}, spec.Item{
			ID: "QA20-0001", Lang: ja, Kind: mc, Context: "質問：青い色の宝石で、九月の誕生石とされるのは何?\n回答：",
			Choices: []string{"ルビー", "サファイア", "エメラルド", "オパール"}, Gold: 1,
		}},
		{"jaqket_v2.jsonl", "jaqket_v2", 2, nil, spec.Item{
			ID: "AIO02-0001", Lang: ja, Kind: spec.ItemCloze, Context: "質問：茶を点てるとき、かき混ぜるのに使う竹の道具は何?\n回答：", Answers: []string{"茶筅", "ちゃせん"},
		}},
		{"jaqket_v2.txt", "jaqket_v2", 1, nil, spec.Item{
			ID: "AIO02-0001", Lang: ja, Kind: spec.ItemCloze, Context: "質問：茶を点てる竹の道具は何?\n回答：", Answers: []string{"茶筅", "ちゃせん"},
		}},
		{"jaqket_original.txt", "jaqket_v2", 1, nil, spec.Item{
			ID: "AIO02-0001", Lang: ja, Kind: spec.ItemCloze, Context: "質問：茶を点てる竹の道具は何？\n回答：", Answers: []string{"茶筅"},
		}},
		{"rcqa.json", "rcqa", 1, map[string]int{task.LeftUnanswered: 1}, spec.Item{
			ID: "X01-0001", Lang: ja, Kind: spec.ItemExtractive, Context: passage, Answers: []string{"杵"},
		}},
		{"niilc.xml", "niilc", 1, map[string]int{task.LeftUnanswered: 1}, spec.Item{
			ID: "XX-0001-01", Lang: ja, Kind: spec.ItemCloze, Context: "質問：川の流れで回る、米をつく仕掛けは？\n回答：", Answers: []string{"水車", "水車小屋"},
		}},
		{"ARC-Easy-Test.jsonl", "arc_easy", 2, nil, spec.Item{
			ID: "Invented_1", Lang: "en", Kind: mc, Context: "Question: Which of these floats on water?\nAnswer:", Sep: " ",
			Choices: []string{"a stone", "a cork", "a nail", "a coin"}, Gold: 1,
		}},
		{"hellaswag.jsonl", "hellaswag", 2, nil, spec.Item{
			ID: "4", Lang: "en", Kind: mc, Context: "Baking bread: A man kneads dough on a table. he", Sep: " ",
			Choices: []string{"paints the wall.", "puts it into the oven.", "swims away.", "reads it aloud."}, Gold: 1,
		}},
		{"truthfulqa.json", "truthfulqa_mc2", 2, nil, spec.Item{
			ID: "0", Lang: "en", Kind: mc, Context: "Q: Can a whisper break a stone?\nA:", Sep: " ", Norm: spec.NormSum,
			Choices: []string{"No, it can't", "Nothing happens to the stone", "Yes, at dawn", "Yes, in winter"}, Labels: []int{1, 1, 0, 0},
		}},
	} {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			results, items := add(t, task.Options{Path: "testdata/published/" + tt.file})
			last := len(results) - 1
			tt.first.Task = tt.task
			if diff := cmp.Diff(tt.first, items[last][0]); diff != "" {
				t.Errorf("first item (-want +got):\n%s", diff)
			}
			for reason, n := range tt.left {
				if results[last].Left[reason] != n {
					t.Errorf("left out %v, want %v", results[last].Left, tt.left)
				}
			}
			if got := results[last].Task; got.Name != tt.task || len(items[last]) != tt.items || got.Items != int64(tt.items) || got.Lang != tt.first.Lang {
				t.Errorf("task %+v of %d items, want %s of %d", got, len(items[last]), tt.task, tt.items)
			}
		})
	}
}

func TestAdd_TruthfulQAIsTwoTasks(t *testing.T) {
	t.Parallel()
	results, items := add(t, task.Options{Path: "testdata/published/truthfulqa.json"})
	if len(results) != 2 || results[0].Task.Name != "truthfulqa_mc1" || results[1].Task.Name != "truthfulqa_mc2" {
		t.Fatalf("tasks %+v", results)
	}
	if items[0][1].Gold != 1 || items[0][0].Labels != nil || results[0].Task.Norm != spec.NormSum {
		t.Errorf("mc1 %+v, %+v", results[0].Task, items[0])
	}
	if one, two := results[0].Task.Chance, results[1].Task.Chance; math.Abs(one-5.0/12) > 1e-9 || two != 0.5 {
		t.Errorf("chances %v and %v", one, two)
	}
	_, alone := add(t, task.Options{Path: "testdata/published/truthfulqa.json", Layout: "truthfulqa_mc1", Name: "truth"})
	if len(alone) != 1 || alone[0][0].Task != "truth" {
		t.Errorf("one form alone: %+v", alone)
	}
}

const good = `{"task":"t","id":"%d","lang":"en","kind":"multiple_choice","context":"q%d","choices":["a","b"],"gold":%d,"subject":"x"}`

func TestAdd_OwnItems(t *testing.T) {
	t.Parallel()
	path := write(t, "items.jsonl", fmt.Sprintf(good, 1, 1, 0), fmt.Sprintf(good, 2, 2, 0), fmt.Sprintf(good, 3, 3, 1))
	results, items := add(t, task.Options{Path: path})
	if got := results[0].Task; got.Chance != 0.5 || got.Majority != 2.0/3 || got.Floor() != 2.0/3 || got.Norm != spec.NormBytes {
		t.Errorf("task %+v", got)
	}
	want := spec.Item{Task: "t", ID: "1", Lang: "en", Kind: spec.ItemMultipleChoice, Context: "q1", Sep: " ", Choices: []string{"a", "b"}}
	if diff := cmp.Diff(want, items[0][0]); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if err := spec.VerifyFile(results[0].Task.Path, results[0].Task.SHA256); err != nil {
		t.Error(err)
	}
}

func TestAdd_Sample(t *testing.T) {
	t.Parallel()
	var lines []string
	for i := range 50 {
		lines = append(lines, fmt.Sprintf(good, i, i, i%2))
	}
	path := write(t, "items.jsonl", lines...)
	one, items := add(t, task.Options{Path: path, Items: 10, Seed: 1})
	again, _ := add(t, task.Options{Path: path, Items: 10, Seed: 1})
	other, _ := add(t, task.Options{Path: path, Items: 10, Seed: 2})
	if len(items[0]) != 10 || one[0].Task.SHA256 != again[0].Task.SHA256 || one[0].Task.SHA256 == other[0].Task.SHA256 {
		t.Errorf("%d items, versions %s, %s and %s", len(items[0]), one[0].Task.Version, again[0].Task.Version, other[0].Task.Version)
	}
}

func TestAdd_FewShot(t *testing.T) {
	t.Parallel()
	path := write(t, "items.jsonl", fmt.Sprintf(good, 1, 1, 0), fmt.Sprintf(good, 2, 2, 0))
	shots := write(t, "shots.jsonl", fmt.Sprintf(good, 7, 1, 1), fmt.Sprintf(good, 8, 8, 1), fmt.Sprintf(good, 9, 9, 0))
	_, items := add(t, task.Options{Path: path, Fewshot: shots, Shots: 2})
	got := []string{items[0][0].Context, items[0][1].Context}
	want := []string{"q8 b\n\nq9 a\n\nq1", "q1 b\n\nq8 b\n\nq2"} // the first example is the first item itself
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestAdd_SaysWhereItemsAreWrong(t *testing.T) {
	t.Parallel()
	item := func(edit func(s string) string) string { return edit(fmt.Sprintf(good, 2, 2, 0)) }
	replace := func(from, to string) string {
		return item(func(s string) string { return strings.Replace(s, from, to, 1) })
	}
	cloze := `{"task":"t","id":"2","lang":"en","kind":"multiple_choice","context":"c","answers":["x"]}`
	for want, line := range map[string]string{
		"items.jsonl:3: gold: is 2, but there are 2 choices, counted from 0: give 0 to 1":                   replace(`"gold":0`, `"gold":2`),
		"items.jsonl:3: gold: is -1, but there are 2 choices":                                               replace(`"gold":0`, `"gold":-1`),
		"items.jsonl:3: gold: is missing":                                                                   cloze,
		"items.jsonl:3: gold: must be a whole number":                                                       replace(`"gold":0`, `"gold":"a"`),
		"items.jsonl:3: id: \"1\" is used twice, first in line 1":                                           replace(`"id":"2"`, `"id":1`),
		"items.jsonl:3: context: is the same question, with the same choices, as line 1":                    replace(`q2`, `q1`),
		"items.jsonl:3: choices: have one twice":                                                            replace(`["a","b"]`, `["a","a"]`),
		"items.jsonl:3: choices: have an empty one":                                                         replace(`["a","b"]`, `["a",""]`),
		"items.jsonl:3: choices: are 1; a question needs two at least":                                      replace(`["a","b"]`, `["a"]`),
		"items.jsonl:3: choices: must be a list of strings":                                                 replace(`["a","b"]`, `"ab"`),
		"items.jsonl:3: choices: must be a list of str":                                                     replace(`["a","b"]`, `[1,2]`),
		"items.jsonl:3: labels: must be a list of 0 and 1":                                                  replace(`"gold":0`, `"gold":0,"labels":[true,false]`),
		"items.jsonl:3: kind: is \"cloze\", the first item's is \"multiple_choice\"; a file holds one task": replace(`multiple_choice`, `cloze`),
		"items.jsonl:3: lang: is \"ja\", the first item's is \"en\"":                                        replace(`"en"`, `"ja"`),
		"items.jsonl:3: labels: need a 1 or a 0 for each of the 2 choices":                                  replace(`"gold":0`, `"gold":0,"labels":[1]`),
		"items.jsonl:3: labels: must mark the gold choice right":                                            replace(`"gold":0`, `"gold":0,"labels":[0,1]`),
		"items.jsonl:3: isn't JSON here":                                                                    `{"task":`,
	} {
		// an empty line stands before the bad one
		path := write(t, "items.jsonl", fmt.Sprintf(good, 1, 1, 0), "", line)
		data := t.TempDir()
		_, err := task.Add(task.Options{Data: data, Path: path})
		var invalid *ablation.Invalid
		if !errors.As(err, &invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
			continue
		}
		for _, p := range invalid.Problems {
			if p.Message.JA == "" || p.Message.JA == p.Message.EN {
				t.Errorf("%s: no Japanese words", p)
			}
		}
		if left, _ := task.List(data); len(left) > 0 {
			t.Errorf("%s: stored %v", want, left)
		}
	}
}

func TestAdd_Refuses(t *testing.T) {
	t.Parallel()
	fine := write(t, "items.jsonl", fmt.Sprintf(good, 1, 1, 0), fmt.Sprintf(good, 2, 2, 1))
	whole := gzipped(t, fmt.Sprintf(good, 1, 1, 0)+"\n"+fmt.Sprintf(good, 2, 2, 1)+"\n")
	other := write(t, "cloze.jsonl", `{"task":"t","id":"9","lang":"en","kind":"cloze","context":"c","answers":["x"]}`, `{"task":"t","id":"10","lang":"en","kind":"cloze","context":"d","answers":["x"]}`)
	for want, o := range map[string]task.Options{
		"cut.jsonl.gz: the archive is damaged or ends in the middle":                          {Path: write(t, "cut.jsonl.gz", whole[:len(whole)/2])},
		"cut.jsonl.xz: the archive is damaged or ends in the middle":                          {Path: write(t, "cut.jsonl.xz", "\xfd7zXZ\x00\x00\x04")},
		"cloze.jsonl: shots: the few-shot items are cloze, those of the task multiple_choice": {Path: fine, Fewshot: other, Shots: 1},
		"there is no file":                         {Path: "testdata/nowhere.jsonl"},
		`layout: "superglue" isn't known`:          {Path: fine, Layout: "superglue"},
		"shots: go with a few-shot file":           {Path: fine, Shots: 2},
		"items.jsonl: shots: 2 are asked for":      {Path: fine, Fewshot: fine, Shots: 2},
		"the file holds 2 tasks":                   {Path: "testdata/published/truthfulqa.json", Name: "truth"},
		`task: "A b" is no name`:                   {Path: fine, Name: "A b"},
		"items.jsonl: there is no item":            {Path: write(t, "items.jsonl")},
		"none of 1 questions has an answer":        {Path: write(t, "test.jsonl", `{"ind":1,"ctx":"a","endings":["b","c"],"label":""}`)},
		"test.jsonl:1: isn't as jnli is published": {Path: write(t, "test.jsonl", `{"sentence1":"a","sentence2":"b","label":"maybe"}`)},
		"cut.xml:2: isn't XML of questions here":   {Path: write(t, "cut.xml", "<questions>", "<question id='1'><text>a")},
		"kind: \"judge\" can't be scored":          {Path: write(t, "judge.jsonl", `{"task":"t","id":"1","lang":"en","kind":"judge","context":"c"}`)},
	} {
		o.Data = t.TempDir()
		if _, err := task.Add(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func gzipped(tb testing.TB, text string) string {
	tb.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.String()
}

// TestAdd_AsManyExamplesAsShots: a few-shot file of other items needs none to spare.
func TestAdd_AsManyExamplesAsShots(t *testing.T) {
	t.Parallel()
	fine := write(t, "items.jsonl", fmt.Sprintf(good, 1, 1, 0))
	few := write(t, "few.jsonl", fmt.Sprintf(good, 8, 8, 0), fmt.Sprintf(good, 9, 9, 0))
	_, items := add(t, task.Options{Path: fine, Fewshot: few, Shots: 2})
	if got := items[0][0].Context; !strings.Contains(got, "q8") || !strings.Contains(got, "q9") || !strings.HasSuffix(got, "q1") {
		t.Errorf("context %q, want both examples and the question", got)
	}
}

func TestReadResults(t *testing.T) {
	t.Parallel()
	got, err := task.ReadResults("testdata/published/lm-eval-0.4.json")
	if err != nil {
		t.Fatal(err)
	}
	error1, error2 := ablation.Real(0.005), ablation.Real(0.006)
	model, file := "invented/small-ja-en", "lm-eval-0.4.json"
	want := []ablation.Reference{
		{Model: model, Task: "hellaswag", Metric: "acc", Value: 0.31, StandardError: &error1, Items: 10042, File: file},
		{Model: model, Task: "hellaswag", Metric: "acc_norm", Value: 0.36, StandardError: &error2, Items: 10042, File: file},
		{Model: model, Task: "jsquad", Metric: "exact_match (strip)", Value: 41.5, Shots: 3, File: file},
	}
	for i := range want {
		want[i].RanAt = got[i].RanAt
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got[0].RanAt == nil || got[0].RanAt.Format("2006-01-02") != "2025-01-01" {
		t.Errorf("ran at %v", got[0].RanAt)
	}
	old, err := task.ReadResults("testdata/published/lm-eval-0.3.json")
	if err != nil || len(old) != 1 || old[0].Model != "invented/older" || old[0].Shots != 3 || old[0].Metric != "acc" {
		t.Errorf("0.3: %+v, %v", old, err)
	}
	path := filepath.Join(t.TempDir(), "results.json")
	bare := `{"results": {"a": {"acc,none": 0.4, "acc_stderr,none": NaN}, "b": {"acc,none": NaN}, "c": {"of": [NaN, -Infinity]}}, "config": {"model": "hf"}}`
	if err := os.WriteFile(path, []byte(bare), 0o600); err != nil {
		t.Fatal(err)
	}
	if list, err := task.ReadResults(path); err != nil || len(list) != 1 || list[0].Value != 0.4 || list[0].StandardError != nil {
		t.Errorf("numbers as Python writes them: %+v, %v", list, err)
	}
	if _, err := task.ReadResults("testdata/published/jnli.json"); err == nil || !strings.Contains(err.Error(), "isn't a result file") {
		t.Errorf("another file: %v", err)
	}
}
