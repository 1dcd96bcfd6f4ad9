package trainers

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// listFile names the plugins of a folder.
const listFile = "plugins.yaml"

// Plugin is one entry of a plugins.yaml.
type Plugin struct {
	Name   string `yaml:"name"`   // as in a recipe's trainer
	File   string `yaml:"file"`   // absolute, or relative to the folder of plugins.yaml
	SHA256 string `yaml:"sha256"` // of the file

	args []string
}

// commandPlugin is the plugin that is no trainer by itself: every NAME.yaml in commandFolder of the data folder is one.
const (
	commandPlugin = "command"
	commandFolder = "trainers"
)

// Fault is a file that describes a trainer which isn't taken in for it: the others are all the same.
type Fault struct {
	File    string         // relative to the data folder
	Message ablation.Label // what is wrong, and what to do
}

// String is the fault in one line.
func (f Fault) String() string { return f.File + ": " + f.Message.In("en") }

// commands puts the trainers that files in the data folder describe in the place of the plugin that runs them.
func commands(plugins []Plugin, data string) ([]Plugin, []Fault, error) {
	files, err := fs.Glob(os.DirFS(data), commandFolder+"/*.yaml")
	if err != nil {
		return nil, nil, fmt.Errorf("list trainers: %w", err)
	}
	runner := Plugin{}
	if at := slices.IndexFunc(plugins, func(p Plugin) bool { return p.Name == commandPlugin }); at >= 0 {
		runner = plugins[at]
		plugins = slices.Delete(plugins, at, at+1)
	}
	var faults []Fault
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		if message := fault(name, runner, plugins); message != (ablation.Label{}) {
			faults = append(faults, Fault{filepath.Join(commandFolder, filepath.Base(file)), message})
			continue
		}
		plugins = append(plugins, Plugin{Name: name, File: runner.File, SHA256: runner.SHA256, args: []string{"--name", name, "--file", filepath.Join(data, file)}})
	}
	return plugins, faults, nil
}

// fault is what keeps a file from being a trainer, by its name.
func fault(name string, runner Plugin, plugins []Plugin) ablation.Label {
	switch {
	case runner.File == "":
		return ablation.Said("the plugin %s, which runs the trainer that this describes, isn't listed; run make build",
			"このトレーナーを動かすプラグイン %s が一覧にありません。make build を実行してください", commandPlugin)
	case !spec.ValidName(name) || name == commandPlugin:
		return ablation.Said("a trainer is named as its file; give the file another name (lower-case letters, digits, . _ -)",
			"トレーナーの名前はファイル名です。別の名前にしてください（英小文字、数字、. _ -）")
	case slices.ContainsFunc(plugins, func(p Plugin) bool { return p.Name == name }):
		return ablation.Said("there is a trainer %s already; give the file another name", "トレーナー %s はすでにあります。ファイルに別の名前を付けてください", name)
	}
	return ablation.Label{}
}

// list reads the plugins of both folders in order. A folder without plugins.yaml has none.
func list(folders ...string) ([]Plugin, error) {
	var all []Plugin
	from := map[string]string{}
	for _, folder := range folders {
		path := filepath.Join(folder, listFile)
		plugins, err := read(path)
		if err != nil {
			return nil, err
		}
		for _, p := range plugins {
			if first, twice := from[p.Name]; twice {
				return nil, fmt.Errorf("%s: trainer %s is listed in %s already; give it another name", path, p.Name, first)
			}
			from[p.Name] = path
		}
		all = append(all, plugins...)
	}
	return all, nil
}

func read(path string) ([]Plugin, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list trainers: %w", err)
	}
	var file struct {
		Plugins []Plugin `yaml:"plugins"`
	}
	if err := yaml.UnmarshalWithOptions(data, &file, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("%s: %s", path, unreadable(err))
	}
	for i, p := range file.Plugins {
		if !spec.ValidName(p.Name) || p.File == "" || !spec.ValidDigest(p.SHA256) {
			return nil, fmt.Errorf("%s: entry %d: give name (lower-case letters, digits, . _ -), file and sha256 (64 hex digits)", path, i+1)
		}
		if !filepath.IsAbs(p.File) {
			file.Plugins[i].File = filepath.Join(filepath.Dir(path), p.File)
		}
	}
	return file.Plugins, nil
}

// unreadable says where a list isn't one, and what it should look like, without the YAML library's picture of it.
func unreadable(err error) string {
	place := ""
	var broken yaml.Error
	if errors.As(err, &broken) && broken.GetToken() != nil && broken.GetToken().Position != nil {
		place = fmt.Sprintf("line %d, at %q: ", broken.GetToken().Position.Line, broken.GetToken().Value)
	}
	return place + "this isn't a list of trainers; write plugins: and below it entries with name, file and sha256, or run make build"
}
