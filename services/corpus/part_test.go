package corpus_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/corpus"
)

func TestPart(t *testing.T) {
	t.Parallel()
	whole := add(t, corpus.Options{Paths: []string{files(t, map[string]string{"a.jsonl": lines(t, "text", essays(3, 400)...)})}, Share: .05})
	data := filepath.Dir(filepath.Dir(filepath.Dir(whole.Dir)))
	part := func(name string, bytes int64) corpus.Result {
		t.Helper()
		got, err := corpus.Part(t.Context(), corpus.PartOptions{Data: data, Of: whole.Source, Name: name, Bytes: bytes})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	small, large := part("web-ja-part", 40_000), part("web-ja-part", 90_000)
	if small.Bytes > 40_000 || small.Bytes < 37_000 || large.Bytes < 85_000 || small.Lang != whole.Lang || !small.PartOf(whole.Source) || whole.PartOf(small.Source) {
		t.Errorf("%+v, %+v", small.Source, large.Source)
	}
	text := func(s corpus.Result, file string) string {
		t.Helper()
		data, err := os.ReadFile(filepath.Join(s.Dir, file))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	if text(small, "heldout.jsonl") != text(whole, "heldout.jsonl") {
		t.Error("runs on a part would be scored on other text")
	}
	all := sorted(t, large.Dir)
	for _, document := range sorted(t, small.Dir) {
		if _, in := slices.BinarySearch(all, document); !in {
			t.Fatal("a smaller part is no part of the larger one")
		}
	}
	if again := part("web-ja-part", 40_000); !again.Existed || again.Version != small.Version {
		t.Errorf("the same part again is %s, was %s", again.Version, small.Version)
	}
	if everything := part("web-ja-whole", 1<<40); everything.Bytes != whole.Bytes || everything.Documents != whole.Documents {
		t.Errorf("a part as large as the whole has %d of %d bytes", everything.Bytes, whole.Bytes)
	}
	for _, o := range []corpus.PartOptions{{Name: "p", Bytes: 10}, {Name: "p"}, {Name: "P", Bytes: 40_000}} {
		o.Data, o.Of = data, whole.Source
		var bad *ablation.Invalid
		if _, err := corpus.Part(t.Context(), o); !errors.As(err, &bad) || bad.Problems[0].Message.JA == "" {
			t.Errorf("%s, %d bytes: %v", o.Name, o.Bytes, err)
		}
	}
}
