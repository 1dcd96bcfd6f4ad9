package task_test

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/task"
)

// A smaller part is part of a larger one, whatever is added to the task, and is the same bytes whenever it is made.
func TestPart(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	ids := func(of, items int) (ids []string) {
		var list []spec.Item
		for i := range of {
			list = append(list, spec.Item{
				Task: "sums", ID: fmt.Sprint("q", i), Lang: "en", Kind: spec.ItemCloze, Context: fmt.Sprintf("%d and one are ", i), Answers: []string{fmt.Sprint(i + 1)},
			})
		}
		whole, err := task.Put(data, list, task.Origin{})
		if err != nil {
			t.Fatal(err)
		}
		part, err := task.Part(whole, int64(items))
		if err != nil {
			t.Fatal(err)
		}
		again, err := task.Part(whole, int64(items))
		if err != nil || again != part {
			t.Fatalf("%+v, then %+v (%v)", part, again, err)
		}
		content, err := os.ReadFile(part.Path)
		if err != nil || spec.Digest(content) != part.SHA256 {
			t.Fatalf("%s has the digest %s, said to be %s (%v)", part.Path, spec.Digest(content), part.SHA256, err)
		}
		asked, err := task.Items(part.Path)
		if err != nil || int64(len(asked)) != part.Items {
			t.Fatalf("%d items, said to be %d (%v)", len(asked), part.Items, err)
		}
		for _, item := range asked {
			ids = append(ids, item.ID)
		}
		return ids
	}
	few, more := ids(40, 5), ids(40, 20)
	if len(few) != 5 || len(more) != 20 || !slices.Equal(more[:5], few) {
		t.Errorf("5 items are %v, 20 are %v", few, more)
	}
	if all := ids(40, 0); len(all) != 40 {
		t.Errorf("all are %d", len(all))
	}
	if all := ids(40, 99); len(all) != 40 {
		t.Errorf("of 99 at most there are %d", len(all))
	}
	for _, id := range ids(41, 5) {
		if id != "q40" && !slices.Contains(few, id) {
			t.Errorf("an item more brings %s, which isn't the new one", id)
		}
	}
}
