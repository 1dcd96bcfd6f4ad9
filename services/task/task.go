package task

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

const (
	itemsFile = "items.jsonl"
	taskFile  = "task.json"
)

// Origin says how a version's items were made. The zero value says nothing.
type Origin struct {
	Source         string // whose held-out text they were made from
	ManifestSHA256 string // of the source version
	Seed           spec.Seed
	WindowBytes    int
	ScoredItems    int64  // of documents that the source's set scores too: there were too few others
	Layout         string // of the published file
	File           string // its name
	FileSHA256     string
	Shots          int      // examples before each item
	Examples       []string // texts that stand before items, each followed by an empty line
}

// record is task.json.
type record struct {
	Name           string    `json:"name"`
	Lang           string    `json:"lang"`
	Kind           string    `json:"kind"`
	Norm           string    `json:"norm,omitempty"`
	Items          int64     `json:"items"`
	Chance         spec.Real `json:"chance"`
	Majority       spec.Real `json:"majority" spec:"optional"`
	SHA256         string    `json:"sha256"` // of items.jsonl
	Source         string    `json:"source,omitempty"`
	ManifestSHA256 string    `json:"manifest_sha256,omitempty"`
	Seed           spec.Seed `json:"seed,omitempty"`
	WindowBytes    int       `json:"window_bytes,omitempty"`
	ScoredItems    int64     `json:"scored_items,omitempty"`
	Layout         string    `json:"layout,omitempty"`
	File           string    `json:"file,omitempty"`
	FileSHA256     string    `json:"file_sha256,omitempty"`
	Shots          int       `json:"shots,omitempty"`
	Examples       []string  `json:"examples,omitempty"` // texts
}

// Put checks items and stores them under DATA/tasks/NAME/VERSION, NAME being the items' task; items that are there
// already become the newest version of their task. Items with problems are *ablation.Invalid.
func Put(data string, items []spec.Item, o Origin) (ablation.Task, error) {
	if err := refuse(Check(placed(items))); err != nil {
		return ablation.Task{}, err
	}
	lines, err := encode(items)
	if err != nil {
		return ablation.Task{}, fmt.Errorf("put task %s: %w", items[0].Task, err)
	}
	r := record{
		Name: items[0].Task, Lang: items[0].Lang, Kind: items[0].Kind, Norm: normOf(items[0]), Items: int64(len(items)),
		Chance: spec.Real(Chance(items)), Majority: spec.Real(Majority(items)), SHA256: spec.Digest(lines),
		Source: o.Source, ManifestSHA256: o.ManifestSHA256, Seed: o.Seed, WindowBytes: o.WindowBytes, ScoredItems: o.ScoredItems,
		Layout: o.Layout, File: o.File, FileSHA256: o.FileSHA256, Shots: o.Shots, Examples: o.Examples,
	}
	home, err := store(filepath.Join(data, "tasks", r.Name), lines, r)
	if err != nil {
		return ablation.Task{}, fmt.Errorf("put task %s: %w", r.Name, err)
	}
	task, err := Open(home)
	if err == nil && task.SHA256 != r.SHA256 {
		return ablation.Task{}, fmt.Errorf("version %s of task %s is taken by other items: %w", task.Version, task.Name, ablation.ErrConflict)
	}
	return task, err
}

// encode writes items as lines, with no more escapes than JSON needs.
func encode(items []spec.Item) ([]byte, error) {
	var lines bytes.Buffer
	encoder := json.NewEncoder(&lines)
	encoder.SetEscapeHTML(false)
	for _, item := range items {
		if err := encoder.Encode(item); err != nil {
			return nil, err
		}
	}
	return lines.Bytes(), nil
}

// store writes a version beside its place and renames it there. Where it is already, its record's time becomes now.
func store(parent string, lines []byte, r record) (home string, err error) {
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(parent, ".new-*")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	err = errors.Join(os.Chmod(dir, 0o755), spec.WriteBytes(filepath.Join(dir, itemsFile), lines), spec.WriteFile(filepath.Join(dir, taskFile), r))
	if err != nil {
		return "", err
	}
	home = filepath.Join(parent, r.SHA256[:8])
	err = os.Rename(dir, home)
	if errors.Is(err, fs.ErrExist) {
		now := time.Now()
		return home, os.Chtimes(filepath.Join(home, taskFile), now, now)
	}
	return home, err
}

// Open reads the task version in dir. A folder without task.json is ablation.ErrNotFound.
func Open(dir string) (ablation.Task, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return ablation.Task{}, fmt.Errorf("open task: %w", err)
	}
	path := filepath.Join(dir, taskFile)
	r, err := spec.ReadFile[record](path)
	if errors.Is(err, fs.ErrNotExist) {
		return ablation.Task{}, fmt.Errorf("open task %s: no %s: %w", dir, taskFile, ablation.ErrNotFound)
	}
	if err != nil {
		return ablation.Task{}, fmt.Errorf("open task: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return ablation.Task{}, fmt.Errorf("open task: %w", err)
	}
	return ablation.Task{
		Name: r.Name, Version: r.SHA256[:8], Lang: r.Lang, Kind: r.Kind, Norm: r.Norm, Items: r.Items,
		Chance: float64(r.Chance), Majority: float64(r.Majority), Source: r.Source, SourceSHA256: r.ManifestSHA256,
		SHA256: r.SHA256, Path: filepath.Join(dir, itemsFile), CreatedAt: info.ModTime().UTC(),
	}, nil
}

// List is every task version in the data folder, by name, newest first within a name.
func List(data string) ([]ablation.Task, error) {
	root := filepath.Join(data, "tasks")
	found, err := fs.Glob(os.DirFS(root), "[a-z0-9]*/[a-z0-9]*/"+taskFile)
	if err != nil {
		return nil, fmt.Errorf("list tasks: %w", err)
	}
	var tasks []ablation.Task
	for _, path := range found {
		task, err := Open(filepath.Join(root, filepath.Dir(path)))
		if err != nil {
			return nil, fmt.Errorf("list tasks: %w", err)
		}
		tasks = append(tasks, task)
	}
	slices.SortStableFunc(tasks, func(a, b ablation.Task) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), b.CreatedAt.Compare(a.CreatedAt))
	})
	return tasks, nil
}

// Items reads a stored task's items and checks them as [Check] does.
func Items(path string) ([]spec.Item, error) {
	found, err := itemsOf(path, filepath.Base(path))
	if err != nil {
		return nil, err
	}
	return bare(found), nil
}
