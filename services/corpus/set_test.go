package corpus_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/corpus"
)

// heldoutSource is a source version for evaluation only.
func heldoutSource(t testing.TB, data, lang string, texts ...string) corpus.Result {
	t.Helper()
	dir := files(t, map[string]string{"a.jsonl": lines(t, "text", texts...)})
	return add(t, corpus.Options{Data: data, Lang: lang, Paths: []string{dir}, Role: ablation.RoleHeldout})
}

func TestHeldoutSet(t *testing.T) {
	t.Parallel()
	var texts []string
	for i := range 60 {
		texts = append(texts, fmt.Sprintf("%02d %s", i, strings.Repeat("x", 97)))
	}
	texts = append(texts, strings.Repeat("long ", 400))
	data := t.TempDir()
	source := heldoutSource(t, data, "en", texts...)
	set, err := corpus.HeldoutSet(source.Dir, 1050)
	if err != nil {
		t.Fatal(err)
	}
	if set.Documents != 10 || set.Bytes != 1000 {
		t.Errorf("%d documents, %d bytes, want 10 of 100 bytes", set.Documents, set.Bytes)
	}
	if err := spec.VerifyFile(set.Path, set.SHA256); err != nil {
		t.Error(err)
	}
	if got, want := set.Path, filepath.Join(data, "sets", set.SHA256+".jsonl"); got != want {
		t.Errorf("path %s, want %s", got, want)
	}

	got := textsOf(documents(t, set.Path))
	if !slices.IsSortedFunc(got, byHash) {
		t.Error("documents aren't in the order of their hashes")
	}
	slices.SortFunc(texts[:60], byHash)
	if !slices.Equal(got, texts[:10]) {
		t.Error("the set isn't the ten documents of smallest hash that fit")
	}
	if again, err := corpus.HeldoutSet(source.Dir, 1050); err != nil || again != set {
		t.Errorf("made again: %+v (%v), want %+v", again, err, set)
	}
	if whole, err := corpus.HeldoutSet(source.Dir, 0); err != nil || whole.Documents != 61 {
		t.Errorf("within the default limit: %+v (%v), want all documents", whole, err)
	}
	entries, err := os.ReadDir(filepath.Join(data, "sets"))
	if err != nil || len(entries) != 2 {
		t.Errorf("sets folder holds %v (%v), want two files", entries, err)
	}
}

func byHash(a, b string) int {
	switch x, y := hashOf(a), hashOf(b); {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

func TestHeldoutSet_IsNeverEmpty(t *testing.T) {
	t.Parallel()
	source := heldoutSource(t, t.TempDir(), "en", strings.Repeat("long ", 100), strings.Repeat("longer ", 100))
	set, err := corpus.HeldoutSet(source.Dir, 10)
	if err != nil || set.Documents != 1 || set.Bytes != 10 {
		t.Errorf("%+v (%v), want ten bytes of the document of smallest hash", set, err)
	}
}

func TestHeldoutSet_NoSource(t *testing.T) {
	t.Parallel()
	if _, err := corpus.HeldoutSet(filepath.Join(t.TempDir(), "sources", "a", "b"), 0); !errors.Is(err, ablation.ErrNotFound) {
		t.Errorf("error %v, want ErrNotFound", err)
	}
}
