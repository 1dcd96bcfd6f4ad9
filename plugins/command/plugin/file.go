package plugin

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// File describes a training command. Only Command must be given.
type File struct {
	Command []string          `yaml:"command"` // program and arguments; no shell reads them
	Dir     string            `yaml:"dir"`     // working folder, relative to the file; else the attempt's folder
	Env     map[string]string `yaml:"env"`     // beside what the engine gives: PATH, HOME, the devices
	Prepare bool              `yaml:"prepare"` // make rows, their order and held-out text as plain arrays before (package prepared)
	Version string            `yaml:"version"` // of the code, as its started events say

	Devices           []Device `yaml:"devices"` // where it computes; else this machine's processor
	Deterministic     bool     `yaml:"deterministic"`
	Precisions        []string `yaml:"precisions"`          // fp32, bf16; both unless given
	Can               []string `yaml:"can"`                 // of abilities(); what isn't named is refused before the start
	BytesPerParameter float64  `yaml:"bytes_per_parameter"` // of memory; 16 unless given: fp32 weights, gradients, two moments
	TokensPerS        float64  `yaml:"tokens_per_s"`        // an estimate, for plans
	Shapes            []Shape  `yaml:"shapes"`
}

// Device is a place to compute. On this machine one without threads is given to one run at a time, by CUDA_VISIBLE_DEVICES.
type Device struct {
	Name    string `yaml:"name"`
	Threads int    `yaml:"threads"`
	Memory  int64  `yaml:"memory"` // bytes
}

// Shape is a named model shape with a learning rate that was tried.
type Shape struct {
	Name     string  `yaml:"name"`
	Layers   int     `yaml:"layers"`
	Width    int     `yaml:"width"`
	Heads    int     `yaml:"heads"`
	KVHeads  int     `yaml:"kv_heads"` // as many as heads unless given
	FFN      int     `yaml:"ffn"`
	Vocab    int     `yaml:"vocab"` // 257, bytes and the separator, unless given
	Untied   bool    `yaml:"untied"`
	RopeBase float64 `yaml:"rope_base"` // 10000 unless given
	QKNorm   bool    `yaml:"qk_norm"`
	PeakLR   float64 `yaml:"peak_lr"`
}

// What a command may be able to do beside training a spec's table from its first step, and going on from a checkpoint.
const (
	canWeights       = "weights"       // start from another run's weights (init)
	canTune          = "tune"          // kind: tune
	canTasks         = "tasks"         // score evaluation tasks
	canInterventions = "interventions" // scale the learning rate, skip steps
	canMultinomial   = "multinomial"   // sampler mode multinomial; with prepare: true that costs nothing
	canTokenizer     = "tokenizer"     // read a tokenizer's file
)

func abilities() []string {
	return []string{canWeights, canTune, canTasks, canInterventions, canMultinomial, canTokenizer}
}

const usualBytesPerParameter = 16

// read reads a file strictly; its errors say where and what to do, in both languages.
func read(path string) (*File, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, spec.Say("the trainer's file can't be read: %w", "トレーナーのファイルを読めません：%v", err)
	}
	f := new(File)
	if err := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict()).Decode(f); err != nil && !errors.Is(err, io.EOF) {
		line, what := place(err)
		return nil, spec.Say("%s:%d: %s; keys are listed in the examples beside the program", "%s:%d：%s（書けるキーはプログラムに付属の例にあります）", path, line, what)
	}
	if at, err := f.check(); err != nil {
		return nil, spec.Say("%s:%d: %w", "%s:%d：%v", path, lineOf(data, at), err)
	}
	return f, nil
}

// lineOf is where a value stands, its path written as YAML's: $.command[2]; the file's beginning where there is none.
func lineOf(data []byte, at string) int {
	path, err := yaml.PathString(at)
	if err != nil {
		return 1
	}
	n, err := path.ReadNode(bytes.NewReader(data))
	if err != nil || n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return 1
	}
	return n.GetToken().Position.Line
}

// place is where YAML is broken, without the library's picture of it.
func place(err error) (line int, what string) {
	var broken yaml.Error
	if errors.As(err, &broken) && broken.GetToken() != nil && broken.GetToken().Position != nil {
		return broken.GetToken().Position.Line, broken.GetMessage()
	}
	return 1, err.Error()
}

// check says what is wrong, and where: the path of the value.
func (f *File) check() (at string, err error) {
	if len(f.Command) == 0 || f.Command[0] == "" {
		return "$", spec.Say("command: is missing; give program and arguments as a list: [python3, train.py, \"{spec}\"]",
			"command：がありません。プログラムと引数をリストで書いてください：[python3, train.py, \"{spec}\"]")
	}
	for i, word := range f.Command {
		if err := checkWord(word); err != nil {
			return fmt.Sprintf("$.command[%d]", i), spec.Say("command[%d]: %w", "command[%d]：%v", i, err)
		}
	}
	if i := shellCode(f.Command); i >= 0 && asksFor(f.Command[i]) != "" {
		return fmt.Sprintf("$.command[%d]", i), spec.Say("command[%d]: a shell would read what {%s} stands for as code; give it as an argument: [sh, -c, 'train \"$1\"', sh, \"{%[2]s}\"], or by env",
			"command[%d]：{%s} に入る値がシェルのコードとして読まれます。引数として渡してください（[sh, -c, 'train \"$1\"', sh, \"{%[2]s}\"]）。env で渡すこともできます", i, asksFor(f.Command[i]))
	}
	for _, name := range slices.Sorted(maps.Keys(f.Env)) {
		if name == "" || strings.ContainsAny(name, "=\x00") {
			return "$.env", spec.Say("env: %q can't be the name of a variable", "env：%q は変数の名前にできません", name)
		}
		if err := checkWord(f.Env[name]); err != nil {
			return "$.env." + name, spec.Say("env.%s: %w", "env.%s：%v", name, err)
		}
	}
	if err := among("precisions", f.Precisions, []string{spec.PrecisionFP32, spec.PrecisionBF16}); err != nil {
		return "$.precisions", err
	}
	if err := among("can", f.Can, abilities()); err != nil {
		return "$.can", err
	}
	return "$.shapes", f.checkShapes()
}

func among(key string, given, known []string) error {
	for i, v := range given {
		if !slices.Contains(known, v) {
			return spec.Say("%s[%d]: there is no %q; choose from %s", "%s[%d]：%q はありません。%s から選んでください", key, i, v, strings.Join(known, ", "))
		}
	}
	return nil
}

func (f *File) checkShapes() error {
	for i, s := range f.Shapes {
		if !spec.ValidName(s.Name) || s.Layers < 1 || s.Width < 1 || s.Heads < 1 || s.FFN < 1 || s.PeakLR <= 0 {
			return spec.Say("shapes[%d]: give name (lower-case letters, digits, . _ -), layers, width, heads, ffn and peak_lr",
				"shapes[%d]：name（英小文字、数字、. _ -）と layers、width、heads、ffn、peak_lr を書いてください", i)
		}
	}
	return nil
}

func (f *File) can(what string) bool { return slices.Contains(f.Can, what) }

func (f *File) precisions() []string {
	if len(f.Precisions) > 0 {
		return f.Precisions
	}
	return []string{spec.PrecisionFP32, spec.PrecisionBF16}
}

func (f *File) version() string {
	if f.Version != "" {
		return f.Version
	}
	return fmt.Sprintf("%.12s", spec.Digest([]byte(strings.Join(f.Command, "\x00"))))
}
