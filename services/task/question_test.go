package task_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/task"
)

// TestQuestions: neither examples nor the words of a prompt are an item's own, whether we or somebody else put them there.
func TestQuestions(t *testing.T) {
	t.Parallel()
	var lines string
	for i := range 5 {
		lines += fmt.Sprintf(`{"q_id": %d, "question": "第%d問、山の数は？", "choice0": "東%[1]d", "choice1": "西", "choice2": "南", "choice3": "北", "choice4": "中", "label": 0}`+"\n", i, i)
	}
	path := write(t, "valid.json", lines)
	for _, shots := range []int{0, 2} {
		o := task.Options{Data: t.TempDir(), Path: path, Shots: shots}
		if shots > 0 {
			o.Fewshot = path
		}
		results, err := task.Add(o)
		if err != nil {
			t.Fatal(err)
		}
		questions, err := task.Questions(results[0].Task)
		if err != nil {
			t.Fatal(err)
		}
		for i, got := range questions {
			want := task.Question{Parts: []string{fmt.Sprintf("第%d問、山の数は？", i)}, Answer: fmt.Sprintf("東%d", i)}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%d shots, item %d (-want +got):\n%s", shots, i, diff)
			}
		}
	}
}

func TestQuestions_Parts(t *testing.T) {
	t.Parallel()
	item := func(id, context, gold string) spec.Item {
		return spec.Item{Task: "own", ID: id, Lang: "en", Kind: spec.ItemMultipleChoice, Context: context, Choices: []string{gold, "maybe"}}
	}
	stored, err := task.Put(t.TempDir(), []spec.Item{
		item("1", "Read this.\nPassage: It rains.\nIt pours.\nQ: What falls?\nA:", "yes"),
		item("2", "Read this.\nPassage: It snows.\nQ: What is white?\nA:", "yes"),
		item("3", "", "The dog barks."),
	}, task.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := task.Questions(stored)
	if err != nil {
		t.Fatal(err)
	}
	want := []task.Question{
		{Parts: []string{"It rains.\nIt pours.", "What falls?"}}, {Parts: []string{"It snows.", "What is white?"}}, {Answer: "The dog barks."},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
