// Package rowstest writes source versions, held-out sets and tasks for tests.
package rowstest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// Write writes a source version with one file a list of texts and returns its entry for a spec.
func Write(tb testing.TB, dir, name string, files ...[]string) spec.Source {
	tb.Helper()
	m := spec.Manifest{ManifestVersion: spec.ManifestVersion, Name: name, Lang: name}
	for i, texts := range files {
		path := fmt.Sprintf("train/%06d.jsonl", i)
		f := spec.File{Path: path, SHA256: Lines(tb, filepath.Join(dir, path), Documents(texts...)...)}
		for _, text := range texts {
			f.Documents++
			f.Bytes += int64(len(text))
		}
		m.Files = append(m.Files, f)
	}
	data, err := spec.EncodeManifest(&m)
	if err != nil {
		tb.Fatal(err)
	}
	path := filepath.Join(dir, spec.ManifestFile)
	put(tb, path, data)
	return spec.Source{Name: name, Lang: name, Manifest: path, ManifestSHA256: spec.Digest(data)}
}

// Documents numbers texts.
func Documents(texts ...string) []any {
	list := make([]any, len(texts))
	for i, text := range texts {
		list[i] = spec.Document{ID: fmt.Sprint(i), Text: text}
	}
	return list
}

// Lines writes values as JSON lines and returns the file's digest.
func Lines(tb testing.TB, path string, values ...any) string {
	tb.Helper()
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	for _, v := range values {
		if err := encoder.Encode(v); err != nil {
			tb.Fatal(err)
		}
	}
	put(tb, path, b.Bytes())
	return spec.Digest(b.Bytes())
}

func put(tb testing.TB, path string, data []byte) {
	tb.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		tb.Fatal(err)
	}
}

// Prose makes n texts of words from a list, so that there is something to learn.
func Prose(seed uint64, n int, words ...string) []string {
	r := rand.New(rand.NewPCG(seed, 0))
	texts := make([]string, n)
	for i := range texts {
		for range 5 + r.IntN(40) {
			texts[i] += words[r.IntN(len(words))]
		}
	}
	return texts
}
