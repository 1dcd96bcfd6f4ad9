package demotext

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// Text is the demo's text in one language.
type Text struct {
	Lang      string        `json:"lang"` // ja, en or code
	Dir       string        `json:"-"`    // folder of .txt files, absolute
	Bytes     int64         `json:"bytes"`
	Documents int64         `json:"documents"`
	Origin    []spec.Origin `json:"origin"` // packages with version and licence
}

// doneFile says that a folder is complete. It is written last.
const doneFile = "demo-text.json"

// formatVersion counts changes of what is fetched and how it is stripped; another number fetches again.
const formatVersion = 3

type done struct {
	FormatVersion int    `json:"format_version"`
	Texts         []Text `json:"texts"`
}

// origins of the prose, best first.
type origin struct {
	name  string
	fetch func(ctx context.Context, langs []string, work, into string, say func(string)) ([]Text, error)
	// least is the text without which a language is no use, in bytes.
	least int64
}

// Fetch returns the demo's text in langs, some of ja, en and code, from DATA/demo-text, and fills that folder the first
// time: minutes at most, some 95 MB of packages for prose, nothing but the installed Go for code. Later calls need no
// network. The folder appears whole or not at all. say, which may be nil, gets one line for each step.
//
// Where neither apt nor npm can bring prose, the error says why and names the way around.
func Fetch(ctx context.Context, data string, langs []string, say func(string)) ([]Text, error) {
	if say == nil {
		say = func(string) {}
	}
	home, err := filepath.Abs(filepath.Join(data, "demo-text"))
	if err != nil {
		return nil, fmt.Errorf("demo text: %w", err)
	}
	if texts, err := stored(home, langs); err == nil {
		return texts, nil
	}
	work, err := workFolder(data)
	if err != nil {
		return nil, fmt.Errorf("demo text: %w", err)
	}
	defer os.RemoveAll(work)
	if err := fill(ctx, langs, work, filepath.Join(work, "demo-text"), say); err != nil {
		return nil, fmt.Errorf("demo text: %w", err)
	}
	if err := replace(filepath.Join(work, "demo-text"), home); err != nil {
		return nil, fmt.Errorf("demo text: %w", err)
	}
	return stored(home, langs)
}

// stored reads a complete folder of this format that has all of langs.
func stored(home string, langs []string) ([]Text, error) {
	data, err := os.ReadFile(filepath.Join(home, doneFile))
	if err != nil {
		return nil, err
	}
	var record done
	if err := json.Unmarshal(data, &record); err != nil || record.FormatVersion != formatVersion {
		return nil, fs.ErrNotExist
	}
	var texts []Text
	for _, text := range record.Texts {
		text.Dir = filepath.Join(home, text.Lang)
		if slices.Contains(langs, text.Lang) {
			texts = append(texts, text)
		}
	}
	if len(texts) < len(langs) {
		return nil, fs.ErrNotExist
	}
	return texts, nil
}

func workFolder(data string) (string, error) {
	if err := os.MkdirAll(data, 0o755); err != nil {
		return "", err
	}
	data, err := filepath.Abs(data)
	if err != nil {
		return "", err
	}
	if err := removeAbandoned(data); err != nil {
		return "", err
	}
	return os.MkdirTemp(data, ".demo-text-")
}

// removeAbandoned removes work folders that a killed process left. Fetching takes minutes: an hour is long ago.
func removeAbandoned(data string) error {
	entries, err := os.ReadDir(data)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || !strings.HasPrefix(entry.Name(), ".demo-text-") || time.Since(info.ModTime()) < time.Hour {
			continue
		}
		if err := os.RemoveAll(filepath.Join(data, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

func fill(ctx context.Context, langs []string, work, into string, say func(string)) error {
	prose := slices.DeleteFunc(slices.Clone(langs), func(lang string) bool { return lang == "code" })
	var texts []Text
	if len(prose) > 0 {
		var err error
		if texts, err = fetchProse(ctx, prose, work, into, say); err != nil {
			return err
		}
	}
	if len(prose) < len(langs) {
		code, err := fetchCode(ctx, into, say)
		if err != nil {
			return err
		}
		texts = append(texts, code)
	}
	return spec.WriteFile(filepath.Join(into, doneFile), done{FormatVersion: formatVersion, Texts: texts})
}

// fetchProse tries the origins in turn.
func fetchProse(ctx context.Context, langs []string, work, into string, say func(string)) ([]Text, error) {
	var failures []error
	for _, o := range []origin{
		{name: "apt", fetch: fetchDebian, least: 4 << 20},
		{name: "npm", fetch: fetchNPM, least: 64 << 10},
	} {
		texts, err := o.fetch(ctx, langs, work, into, say)
		if err == nil {
			err = enough(texts, o.least)
		}
		if err == nil {
			return texts, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		say(fmt.Sprintf("%s can't bring the text: %v", o.name, err))
		failures = append(failures, fmt.Errorf("%s: %w", o.name, err))
		if err := os.RemoveAll(into); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("no package client could bring text (give your own: haigo demo --text ja=DIR --text en=DIR):\n%w",
		errors.Join(failures...))
}

func enough(texts []Text, least int64) error {
	for _, text := range texts {
		if text.Bytes < least {
			return fmt.Errorf("only %d bytes of %s, needs %d", text.Bytes, text.Lang, least)
		}
	}
	return nil
}

// replace puts a finished folder into place. What stands there is of another format or incomplete.
func replace(folder, home string) error {
	if err := os.RemoveAll(home); err != nil {
		return err
	}
	err := os.Rename(folder, home)
	if errors.Is(err, fs.ErrExist) {
		return nil // another process was faster
	}
	return err
}
