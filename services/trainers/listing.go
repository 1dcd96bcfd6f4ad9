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

// commands puts the trainers that files in the data folder describe in the place of the plugin that runs them.
func commands(plugins []Plugin, data string) ([]Plugin, error) {
	files, err := filepath.Glob(filepath.Join(data, commandFolder, "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("list trainers: %w", err)
	}
	at := slices.IndexFunc(plugins, func(p Plugin) bool { return p.Name == commandPlugin })
	if at < 0 {
		if len(files) > 0 {
			return nil, fmt.Errorf("%s describes a trainer, and the plugin %s, which runs it, isn't listed; run make build", files[0], commandPlugin)
		}
		return plugins, nil
	}
	runner := plugins[at]
	plugins = slices.Delete(plugins, at, at+1)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		if !spec.ValidName(name) || name == commandPlugin {
			return nil, fmt.Errorf("%s: a trainer is named as its file; give the file another name (lower-case letters, digits, . _ -)", file)
		}
		if slices.ContainsFunc(plugins, func(p Plugin) bool { return p.Name == name }) {
			return nil, fmt.Errorf("%s: there is a trainer %s already; give the file another name", file, name)
		}
		plugins = append(plugins, Plugin{Name: name, File: runner.File, SHA256: runner.SHA256, args: []string{"--name", name, "--file", file}})
	}
	return plugins, nil
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
