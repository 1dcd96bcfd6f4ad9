package corpus_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/corpus"
)

func TestVersions(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{"a.txt": "one", "b.txt": "two", "c.txt": "three"})
	o := corpus.Options{Data: t.TempDir(), Name: "web", Paths: []string{dir}}
	first := add(t, o)
	if err := os.WriteFile(filepath.Join(dir, "d.txt"), []byte("four"), 0o644); err != nil {
		t.Fatal(err)
	}
	second := add(t, o)
	if first.Existed || second.Existed || first.Version == second.Version {
		t.Fatalf("versions %s and %s, existed %t and %t", first.Version, second.Version, first.Existed, second.Existed)
	}
	// File systems may count time coarsely: put the two apart.
	past := time.Now().Add(-time.Hour)
	for i, r := range []corpus.Result{first, second} {
		at := past.Add(time.Duration(i) * time.Minute)
		if err := os.Chtimes(filepath.Join(r.Dir, spec.ManifestFile), at, at); err != nil {
			t.Fatal(err)
		}
	}
	newest := func() string {
		t.Helper()
		sources, err := corpus.List(o.Data)
		if err != nil || len(sources) != 2 {
			t.Fatalf("list %v (%v), want both", sources, err)
		}
		return sources[0].Version
	}
	if got := newest(); got != second.Version {
		t.Errorf("newest is %s, want the grown %s", got, second.Version)
	}

	if err := os.Remove(filepath.Join(dir, "d.txt")); err != nil {
		t.Fatal(err)
	}
	again := add(t, o)
	if !again.Existed || again.ManifestSHA256 != first.ManifestSHA256 {
		t.Errorf("the same text gave %s (existed %t), want %s", again.Version, again.Existed, first.Version)
	}
	if got := newest(); got != first.Version {
		t.Errorf("newest is %s, want %s, which was added last", got, first.Version)
	}
	if _, err := corpus.Open(t.TempDir()); !errors.Is(err, ablation.ErrNotFound) {
		t.Errorf("error %v, want ErrNotFound", err)
	}
	if sources, err := corpus.List(t.TempDir()); err != nil || len(sources) != 0 {
		t.Errorf("an empty data folder lists %v (%v)", sources, err)
	}
}

func TestOpen_SaysWhatAddSaid(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{"a.jsonl": lines(t, "text", "一", "二二", "三三三", "三三三")})
	result := add(t, corpus.Options{Lang: "ja", Paths: []string{dir}})
	opened, err := corpus.Open(result.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(result.Source, opened); diff != "" {
		t.Errorf("opened (-added +opened):\n%s", diff)
	}
	if got := opened.Bytes + opened.HeldoutBytes; got != 18 {
		t.Errorf("%d bytes of text, want 18", got)
	}
	if diff := cmp.Diff([]ablation.Origin{{Path: dir}}, opened.Origin); diff != "" {
		t.Errorf("origin (-want +got):\n%s", diff)
	}
}

// verify compares every file of a source version with its manifest.
func verify(dir string) error {
	m, _, err := spec.ReadManifest(filepath.Join(dir, spec.ManifestFile))
	if err != nil {
		return err
	}
	for _, file := range append(m.Files, m.Heldout) {
		if err := spec.VerifyFile(filepath.Join(dir, filepath.FromSlash(file.Path)), file.SHA256); err != nil {
			return err
		}
	}
	return nil
}

func TestSamples(t *testing.T) {
	t.Parallel()
	var texts []string
	for i := range 1000 {
		texts = append(texts, strings.Repeat("あ", i%50+1)+string(rune('a'+i%26))+strings.Repeat("い", i/50))
	}
	texts = append(texts, strings.Repeat("長", 5000))
	dir := files(t, map[string]string{"a.jsonl": lines(t, "text", texts...)})
	result := add(t, corpus.Options{Lang: "ja", Paths: []string{dir}, FileBytes: 20_000})
	all := map[string]string{}
	for _, d := range training(t, result.Dir) {
		all[d.ID] = d.Text
	}
	samples, err := corpus.Samples(result.Dir, 20)
	if err != nil {
		t.Fatal(err)
	}
	if len(samples) != 20 {
		t.Errorf("%d samples, want 20", len(samples))
	}
	seen := map[string]bool{}
	for _, s := range samples {
		if seen[s.ID] || !strings.HasPrefix(all[s.ID], s.Text) || s.Text == "" || len(s.Text) > 2048 {
			t.Errorf("sample %s of %d bytes is no start of a training document, or came twice", s.ID, len(s.Text))
		}
		seen[s.ID] = true
	}
	if again, err := corpus.Samples(result.Dir, 20); err != nil || !cmp.Equal(samples, again) {
		t.Errorf("samples change from call to call (%v)", err)
	}
	if one, err := corpus.Samples(result.Dir, 1); err != nil || len(one) != 1 {
		t.Errorf("one sample: %v (%v)", one, err)
	}
}

func TestAdd_RemovesWhatAKilledProcessLeft(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	old, young := filepath.Join(data, "sources", ".web-1"), filepath.Join(data, "sources", ".web-2")
	for _, dir := range []string{old, young} {
		if err := os.MkdirAll(filepath.Join(dir, "train"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	past := time.Now().Add(-72 * time.Hour)
	if err := os.Chtimes(old, past, past); err != nil {
		t.Fatal(err)
	}
	add(t, corpus.Options{Data: data, Paths: []string{files(t, map[string]string{"a.txt": "one"})}})
	if _, err := os.Stat(old); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there (%v)", old, err)
	}
	if _, err := os.Stat(young); err != nil {
		t.Errorf("%s may be at work: %v", young, err)
	}
	if sources, err := corpus.List(data); err != nil || len(sources) != 1 {
		t.Errorf("list %v (%v), want the finished one", sources, err)
	}
}
