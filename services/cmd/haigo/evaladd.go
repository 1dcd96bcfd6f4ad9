package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/task"
)

type evalAddCmd struct {
	Paths   []string `arg:"" name:"file" help:"Files and folders: plain, .gz, .zst or .xz. The name of a published layout may stand before them; without it a file's first value tells: jcommonsenseqa, jnli, jsts, jcola, jsquad, jaqket_v1, jaqket_v2, rcqa, niilc, arc, hellaswag, truthfulqa."`
	Name    string   `help:"The task's name (default: as in the items, or the layout's)."`
	Items   int      `help:"Items at most, chosen by the seed (default: all). 200 to 500 are enough for a proxy and cost little." default:"0"`
	Seed    uint64   `help:"Seed of the choice of items." default:"0"`
	Fewshot string   `help:"File of examples, in the same layout." placeholder:"FILE"`
	Shots   int      `help:"Examples before each item, the first of the file." default:"0"`
}

func (c evalAddCmd) Run(e *env) error {
	layout, paths := c.layout()
	files, err := itemFiles(paths)
	if err != nil {
		return err
	}
	a, err := open(e)
	if err != nil {
		return err
	}
	defer a.close()
	if err := a.settle(e); err != nil {
		return err
	}
	var bad ablation.Invalid
	for _, file := range files {
		err := c.add(e, a, task.Options{
			Data: a.data, Path: file, Layout: layout, Name: c.Name, Items: c.Items, Seed: spec.Seed(c.Seed), Fewshot: c.Fewshot, Shots: c.Shots,
		})
		var invalid *ablation.Invalid
		if errors.As(err, &invalid) {
			bad.Problems = append(bad.Problems, invalid.Problems...)
		} else if err != nil {
			return err
		}
	}
	if len(bad.Problems) > 0 {
		return &bad
	}
	return nil
}

func (c evalAddCmd) add(e *env, a *app, o task.Options) error {
	results, err := task.Add(o)
	if err != nil {
		return err
	}
	for _, r := range results {
		if err := a.store.PutTask(e.ctx, r.Task); err != nil {
			return err
		}
		printTask(e.stdout, r.Task)
		printLeft(e.stdout, r.Left)
	}
	return nil
}

func printLeft(w io.Writer, left map[string]int) {
	for _, reason := range slices.Sorted(maps.Keys(left)) {
		if left[reason] > 0 {
			fmt.Fprintf(w, "  left out: %s %s\n", count(int64(left[reason])), reason)
		}
	}
}

// layout is the layout that stands before the files; a file of that name is a file.
func (c evalAddCmd) layout() (layout string, paths []string) {
	if len(c.Paths) > 1 && slices.Contains(task.Layouts(), c.Paths[0]) {
		if _, err := os.Stat(c.Paths[0]); err != nil {
			return c.Paths[0], c.Paths[1:]
		}
	}
	return "", c.Paths
}

// itemFiles are the files named and those right in the folders named that may hold items, in order of names.
func itemFiles(paths []string) ([]string, error) {
	var files []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil || !info.IsDir() {
			files = append(files, path) // task says what is wrong with it
			continue
		}
		entries, err := os.ReadDir(path)
		if err != nil {
			return nil, fmt.Errorf("read folder of items: %w", err)
		}
		found := len(files)
		for _, entry := range entries {
			if entry.Type().IsRegular() && holdsItems(entry.Name()) {
				files = append(files, filepath.Join(path, entry.Name()))
			}
		}
		if len(files) == found {
			return nil, &ablation.Refusal{Kind: ablation.ErrNotFound, Message: ablation.Label{
				EN: fmt.Sprintf("no file in %s ends in .jsonl, .json, .xml, .txt or .tsv, or one of these and .gz, .zst or .xz", path),
				JA: fmt.Sprintf("%s に .jsonl、.json、.xml、.txt、.tsv（またはその .gz、.zst、.xz）のファイルがありません", path),
			}}
		}
	}
	return files, nil
}

func holdsItems(name string) bool {
	name = strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(name), ".gz"), ".zst"), ".xz")
	return !strings.HasPrefix(name, ".") && slices.Contains([]string{".jsonl", ".json", ".xml", ".txt", ".tsv"}, filepath.Ext(name))
}
