package conformance

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

// material is the text that the suite's runs read, in a data folder of its own.
type material struct {
	data    string
	sources []spec.Source
	tokens  []int64 // of each source's training text, separators included
	sets    []spec.Set
	bytes   map[string]int64 // of each set's documents
	tasks   []spec.Task
	items   map[string][]string // ids, by task

	taskValues map[string][]string // the metrics that a task has, without their prefix
}

// newMaterial writes two sources of a few rows, so that epochs turn, and a third that has no whole row.
func newMaterial(tb testing.TB) *material {
	m := &material{
		data: tb.TempDir(), bytes: map[string]int64{}, items: map[string][]string{}, taskValues: map[string][]string{},
	}
	m.add(tb, "notes-ja", "ja", documents(japanese, 1, 30), documents(japanese, 2, 4))
	m.add(tb, "notes-en", "en", documents(english, 3, 30), documents(english, 4, 4))
	m.add(tb, "scrap", "other", []string{"x"}, []string{"y"})
	m.sets = append(m.sets,
		spec.Set{Name: "ja", UnionOf: []string{"notes-ja"}}, spec.Set{Name: "all", UnionOf: []string{"notes-en", "notes-ja"}})
	m.bytes["ja"], m.bytes["all"] = m.bytes["notes-ja"], m.bytes["notes-ja"]+m.bytes["notes-en"]
	m.addChoices(tb)
	m.addSpans(tb)
	return m
}

// add writes one source version of two files.
func (m *material) add(tb testing.TB, name, lang string, train, heldout []string) {
	dir := spec.SourceDir(m.data, name, "1")
	manifest := spec.Manifest{ManifestVersion: spec.ManifestVersion, Name: name, Lang: lang}
	for i, texts := range [][]string{train[:len(train)/2], train[len(train)/2:]} {
		manifest.Files = append(manifest.Files, m.file(tb, dir, fmt.Sprintf("train/%06d.jsonl", i), texts))
	}
	manifest.Heldout = m.file(tb, dir, "heldout.jsonl", heldout)
	data, err := spec.EncodeManifest(&manifest)
	if err != nil {
		tb.Fatal(err)
	}
	path := filepath.Join(dir, spec.ManifestFile)
	put(tb, path, data)
	m.sources = append(m.sources, spec.Source{Name: name, Lang: lang, Manifest: path, ManifestSHA256: spec.Digest(data)})
	m.tokens = append(m.tokens, manifest.Files[0].Bytes+manifest.Files[1].Bytes+int64(len(train)))
	m.sets = append(m.sets, spec.Set{Name: name, Path: filepath.Join(dir, "heldout.jsonl"), SHA256: manifest.Heldout.SHA256})
	m.bytes[name] = manifest.Heldout.Bytes
}

func (m *material) file(tb testing.TB, dir, path string, texts []string) spec.File {
	f := spec.File{Path: path, Documents: int64(len(texts))}
	lines := make([]any, len(texts))
	for i, text := range texts {
		lines[i] = spec.Document{ID: fmt.Sprint(i), Text: text}
		f.Bytes += int64(len(text))
	}
	f.SHA256 = putLines(tb, filepath.Join(dir, path), lines)
	return f
}

// addChoices writes a four-way choice of what follows.
func (m *material) addChoices(tb testing.TB) {
	r := rand.New(rand.NewPCG(5, 1))
	var items []spec.Item
	for i := range 8 {
		item := spec.Item{Kind: spec.ItemMultipleChoice, Context: "1: the ", Sep: "quiet ", Gold: i % 4}
		for range 4 {
			item.Choices = append(item.Choices, sentence(english, r))
		}
		items = append(items, item)
	}
	m.addTask(tb, "follow", items, "bpb", "accuracy", "margin")
}

// addSpans writes questions whose answer stands in their context.
func (m *material) addSpans(tb testing.TB) {
	r := rand.New(rand.NewPCG(6, 1))
	var items []spec.Item
	for range 4 {
		word := english[1][r.IntN(len(english[1]))]
		items = append(items, spec.Item{
			Kind: spec.ItemExtractive, Context: "the " + word + "waits for winter. what waits?", Sep: " ", Answers: []string{"the " + word, word},
		})
	}
	m.addTask(tb, "find", items, "bpb", "exact", "f1")
}

func (m *material) addTask(tb testing.TB, name string, items []spec.Item, values ...string) {
	lines := make([]any, len(items))
	for i, item := range items {
		item.Task, item.ID, item.Lang = name, fmt.Sprint(i), "en"
		m.items[name], lines[i] = append(m.items[name], item.ID), item
	}
	path := filepath.Join(m.data, "tasks", name+".jsonl")
	m.tasks = append(m.tasks, spec.Task{Name: name, Path: path, SHA256: putLines(tb, path, lines)})
	m.taskValues[name] = values
}

// rows is n_k of a source for rows of so many tokens.
func (m *material) rows(k, rowTokens int) int64 { return m.tokens[k] / int64(rowTokens+1) }

func putLines(tb testing.TB, path string, lines []any) (digest string) {
	var b bytes.Buffer
	for _, v := range lines {
		if err := json.NewEncoder(&b).Encode(v); err != nil {
			tb.Fatal(err)
		}
	}
	put(tb, path, b.Bytes())
	return spec.Digest(b.Bytes())
}

func put(tb testing.TB, path string, data []byte) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		tb.Fatal(err)
	}
}
