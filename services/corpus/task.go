package corpus

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

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// Kinds of task items that can be scored.
const (
	KindMultipleChoice = "multiple_choice"
	KindCloze          = "cloze"
	KindExtractive     = "extractive"
)

const (
	itemsFile = "items.jsonl"
	taskFile  = "task.json"
)

// taskRecord is task.json: a task version and how it was made.
type taskRecord struct {
	Name           string    `json:"name"`
	Lang           string    `json:"lang"`
	Kind           string    `json:"kind"`
	Items          int64     `json:"items"`
	Chance         spec.Real `json:"chance"`
	SHA256         string    `json:"sha256"` // of items.jsonl
	Source         string    `json:"source"`
	ManifestSHA256 string    `json:"manifest_sha256"`
	Seed           spec.Seed `json:"seed"`
	WindowBytes    int       `json:"window_bytes"`
	// ScoredItems are of documents that the source's set scores too: there were too few others.
	ScoredItems int64 `json:"scored_items"`
}

// OpenTask reads the task version in dir. A folder without task.json is ablation.ErrNotFound.
func OpenTask(dir string) (ablation.Task, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return ablation.Task{}, fmt.Errorf("open task: %w", err)
	}
	path := filepath.Join(dir, taskFile)
	record, err := spec.ReadFile[taskRecord](path)
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
		Name: record.Name, Version: record.SHA256[:8], Lang: record.Lang, Kind: record.Kind, Items: record.Items,
		Chance: float64(record.Chance), Source: record.Source, SourceSHA256: record.ManifestSHA256, SHA256: record.SHA256,
		Path: filepath.Join(dir, itemsFile), CreatedAt: info.ModTime().UTC(),
	}, nil
}

// ListTasks is every task version in the data folder, by name, newest first within a name.
func ListTasks(data string) ([]ablation.Task, error) {
	root := filepath.Join(data, "tasks")
	found, err := fs.Glob(os.DirFS(root), "[a-z0-9]*/*/"+taskFile)
	if err != nil {
		return nil, fmt.Errorf("list tasks: %w", err)
	}
	var tasks []ablation.Task
	for _, path := range found {
		task, err := OpenTask(filepath.Join(root, filepath.Dir(path)))
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

// FindTask is one version of a task, the newest where version is "". There being none is ablation.ErrNotFound.
func FindTask(data, name, version string) (ablation.Task, error) {
	tasks, err := ListTasks(data)
	if err != nil {
		return ablation.Task{}, err
	}
	for _, task := range tasks {
		if task.Name == name && (version == "" || task.Version == version) {
			return task, nil
		}
	}
	return ablation.Task{}, fmt.Errorf("task %s %s: %w", name, version, ablation.ErrNotFound)
}

// Items reads a task's items and checks them as CheckItems does. Unknown fields are an error.
func Items(path string) ([]spec.Item, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("task items: %w", err)
	}
	var items []spec.Item
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	for decoder.More() {
		var item spec.Item
		if err := decoder.Decode(&item); err != nil {
			return nil, fmt.Errorf("task items: %s, item %d: %w", path, len(items)+1, err)
		}
		items = append(items, item)
	}
	if err := CheckItems(items); err != nil {
		return nil, fmt.Errorf("task items: %s: %w", path, err)
	}
	return items, nil
}

// writeTask stores items under DATA/tasks/NAME/VERSION, unless that version is there already.
func writeTask(data string, record taskRecord, items []spec.Item) (ablation.Task, error) {
	dir, err := temporary(filepath.Join(data, "tasks"), record.Name)
	if err != nil {
		return ablation.Task{}, err
	}
	defer os.RemoveAll(dir)
	if record.SHA256, err = writeItems(dir, items); err != nil {
		return ablation.Task{}, err
	}
	if err := spec.WriteFile(filepath.Join(dir, taskFile), record); err != nil {
		return ablation.Task{}, err
	}
	home := filepath.Join(data, "tasks", record.Name, record.SHA256[:8])
	if _, err := settle(dir, home, taskFile); err != nil {
		return ablation.Task{}, err
	}
	task, err := OpenTask(home)
	if err == nil && task.SHA256 != record.SHA256 {
		return ablation.Task{}, fmt.Errorf("version %s of task %s is taken by other items: %w",
			task.Version, task.Name, ablation.ErrConflict)
	}
	return task, err
}

func writeItems(dir string, items []spec.Item) (digest string, err error) {
	s, err := createShard(dir, itemsFile)
	if err != nil {
		return "", err
	}
	defer s.abandon()
	for _, item := range items {
		if err := s.writeJSON(item); err != nil {
			return "", err
		}
	}
	err = s.finish()
	return s.SHA256, err
}
