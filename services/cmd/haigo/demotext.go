package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/corpus"
	"github.com/haigo-lab/haigo/services/corpus/demotext"
)

// demoSource is the text of one of the demo's sources.
type demoSource struct {
	name, lang string
	path       string
	origin     []spec.Origin // nil for the user's own folder
}

// bringText adds the demo's sources and tasks, from the user's folders where they are given.
func (a *app) bringText(e *env, own map[string]string) error {
	sources, err := a.demoSources(e, own)
	if err != nil {
		return err
	}
	for _, s := range sources {
		fmt.Fprintf(e.stderr, "Reading %s from %s\n", s.name, s.path)
		result, err := corpus.Add(e.ctx, corpus.Options{
			Data: a.data, Name: s.name, Lang: s.lang, Paths: []string{s.path}, Share: demoShare, Origin: s.origin,
		})
		if err != nil {
			return fmt.Errorf("read %s: %w", s.name, err)
		}
		for _, p := range result.Problems {
			fmt.Fprintln(e.stderr, p)
		}
		if err := a.store.PutSource(e.ctx, result.Source); err != nil {
			return err
		}
		if s.lang == "code" {
			continue
		}
		// Contexts and choices fit the demo's rows of 256 bytes, so that nothing is cut off.
		task, err := corpus.NextSentence(e.ctx, result.Dir, corpus.NextSentenceOptions{Items: demoItems, WindowBytes: demoWindow, SetBytes: demoSetBytes})
		if bad := (*ablation.Invalid)(nil); errors.As(err, &bad) {
			return invalidFlag("--text", fmt.Sprintf("%s has too few sentences that follow each other to make a task of: name a folder with more documents of running text with --text %s=DIR", s.path, s.name))
		}
		if err != nil {
			return fmt.Errorf("make the next-sentence task of %s: %w", s.name, err)
		}
		if err := a.store.PutTask(e.ctx, task); err != nil {
			return err
		}
	}
	return nil
}

func noDemoSource(name string) error {
	return invalidFlag("--text", fmt.Sprintf("the demo has the sources ja, en and code, not %s; write --text ja=DIR", name))
}

// sameText refuses folders that a demo which has begun did not read: its text is fixed.
func (a *app) sameText(e *env, sweep ablation.Sweep, own map[string]string) error {
	sources, err := a.store.SweepSources(e.ctx, sweep.Name)
	if err != nil {
		return err
	}
	for name, dir := range own {
		i := slices.IndexFunc(sources, func(s ablation.Source) bool { return s.Name == name })
		if i < 0 {
			return noDemoSource(name)
		}
		path, err := filepath.Abs(dir)
		if err != nil {
			return err
		}
		if !slices.Contains(sources[i].Origin, ablation.Origin{Path: path}) {
			return invalidFlag("--text", fmt.Sprintf("sweep %s in %s has begun with other text for %s; give the demo another folder: --data DIR",
				sweep.Name, a.data, name))
		}
	}
	return nil
}

// The demo holds out enough for its scored sets and, apart from them, its tasks: items to see some points of accuracy by,
// few enough to score at every evaluation. demoSetBytes is recipe.eval.set_bytes of schedules/demo.yaml.
const (
	demoShare    = 0.04
	demoItems    = 200
	demoWindow   = 127
	demoSetBytes = 64 << 10
)

// demoSources are ja, en and code: the user's folders, the rest fetched.
func (a *app) demoSources(e *env, own map[string]string) ([]demoSource, error) {
	names := []string{"ja", "en", "code"}
	for name, dir := range own {
		if !slices.Contains(names, name) {
			return nil, noDemoSource(name)
		}
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return nil, invalidFlag("--text", fmt.Sprintf("%s is no folder that can be read; name a folder of text files", dir))
		}
	}
	fetched := map[string]demotext.Text{}
	missing := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return own[name] != "" })
	if len(missing) > 0 {
		texts, err := demotext.Fetch(e.ctx, a.data, missing, func(line string) { fmt.Fprintln(e.stderr, line) })
		if err != nil {
			return nil, err
		}
		for _, t := range texts {
			fetched[t.Lang] = t
		}
	}
	var out []demoSource
	for _, name := range names {
		if dir, ok := own[name]; ok {
			path, err := filepath.Abs(dir)
			if err != nil {
				return nil, err
			}
			out = append(out, demoSource{name: name, lang: name, path: path})
			continue
		}
		out = append(out, demoSource{name, name, fetched[name].Dir, fetched[name].Origin})
	}
	return out, nil
}
