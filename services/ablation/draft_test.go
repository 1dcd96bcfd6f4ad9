package ablation_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/ablation"
)

func TestReadDraft(t *testing.T) {
	t.Parallel()
	const text = "name: Wrong\nsources: [ja, en]\nrecipe: {tokens: 60M, nobody: knows}\nschedules:\n  a: {stages: [{until: 1.0, mixture: {ja: 0.5, en: 0.30}}]}\n"
	d, ok := ablation.ReadDraft([]byte(text))
	if !ok {
		t.Fatal(d.Problems)
	}
	want := map[string]string{
		"name": "Wrong", "sources/0": "ja", "sources/1": "en", "recipe/tokens": "60M", "recipe/nobody": "knows",
		"schedules/a/stages/0/until": "1.0", "schedules/a/stages/0/mixture/ja": "0.5", "schedules/a/stages/0/mixture/en": "0.30",
	}
	if diff := cmp.Diff(want, d.Texts); diff != "" {
		t.Error(diff)
	}
	if got := d.Sweep.Schedules[0].Stages[0].Mixture["en"]; got != .3 {
		t.Errorf("the share is %v, want what is written", got)
	}
	var fields []string
	for _, p := range d.Problems {
		fields = append(fields, p.Field)
	}
	if diff := cmp.Diff([]string{"name", "recipe.nobody", "schedules.a.stages[0].mixture"}, fields); diff != "" {
		t.Error(diff)
	}
	if d, ok := ablation.ReadDraft([]byte("name: [")); ok || len(d.Problems) != 1 {
		t.Errorf("a broken text: %v, %v", ok, d.Problems)
	}
}
