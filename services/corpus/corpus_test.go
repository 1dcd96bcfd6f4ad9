package corpus_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/corpus"
)

var update = flag.Bool("update", false, "rewrite golden files")

// files writes a folder of files by their slash-separated names.
func files(t testing.TB, contents map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range contents {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func gz(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func zst(t testing.TB, text string) string {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return string(w.EncodeAll([]byte(text), nil))
}

// lines are JSON lines with the texts in the given column.
func lines(t testing.TB, column string, texts ...string) string {
	t.Helper()
	var b strings.Builder
	for _, text := range texts {
		line, err := json.Marshal(map[string]string{column: text})
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(line, '\n'))
	}
	return b.String()
}

// add calls Add into a fresh data folder unless the options name one.
func add(t testing.TB, o corpus.Options) corpus.Result {
	t.Helper()
	if o.Data == "" {
		o.Data = t.TempDir()
	}
	if o.Name == "" {
		o.Name = "web"
	}
	if o.Lang == "" {
		o.Lang = "en"
	}
	result, err := corpus.Add(context.Background(), o)
	if err != nil {
		t.Fatalf("add: %v", err)
	}
	return result
}

// documents reads a file of a source version.
func documents(t testing.TB, path string) []spec.Document {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []spec.Document
	for decoder := json.NewDecoder(bytes.NewReader(data)); decoder.More(); {
		var d spec.Document
		if err := decoder.Decode(&d); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all = append(all, d)
	}
	return all
}

func heldout(t testing.TB, dir string) []spec.Document {
	t.Helper()
	return documents(t, filepath.Join(dir, "heldout.jsonl"))
}

func training(t testing.TB, dir string) []spec.Document {
	t.Helper()
	m, _, err := spec.ReadManifest(filepath.Join(dir, spec.ManifestFile))
	if err != nil {
		t.Fatal(err)
	}
	var all []spec.Document
	for _, file := range m.Files {
		all = append(all, documents(t, filepath.Join(dir, file.Path))...)
	}
	return all
}

// everything is all documents, training first.
func everything(t testing.TB, dir string) []spec.Document {
	t.Helper()
	return append(training(t, dir), heldout(t, dir)...)
}
