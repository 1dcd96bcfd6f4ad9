package stack_test

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/stack"
)

var update = flag.Bool("update", false, "write golden files")

var sources = []stack.Source{{Name: "ja", Path: "/data/ja_text_document", Tokens: 10e9}, {Name: "en", Path: "/data/en_text_document", Tokens: 900e9}, {Name: "code"}}

// orders are one mixture, English first, then Japanese without English, and samples that are documents.
var orders = map[string]stack.Order{
	"constant": {
		Title: "tri: recommended", Sources: sources, Tokens: 100e9, RowTokens: 4096, BatchRows: 1024,
		Phases: []stack.Phase{{Until: 1, Shares: []float64{.48, .4, .12}}},
	},
	"phases": {
		Title: "en-then-ja: arm step", Sources: sources, Tokens: 100e9, RowTokens: 4096, BatchRows: 768,
		Phases: []stack.Phase{{Until: .7, Shares: []float64{1. / 3, 1. / 3, 1. / 3}}, {Until: 1, Shares: []float64{.9, 0, .1}}},
	},
	"documents": {
		Title: "tri: arm even", Tokens: 1e9, RowTokens: 2048, BatchRows: 64,
		Sources: []stack.Source{{Name: "ja", Document: 512}, {Name: "en", Document: 1024}, {Name: "code"}},
		Phases:  []stack.Phase{{Until: 1. / 3, Shares: []float64{.4, .4, .2}}, {Until: 1, Shares: []float64{.4, 0, .6}}},
	},
}

func TestWrite_golden(t *testing.T) {
	t.Parallel()
	for name, order := range orders {
		for _, s := range stack.All() {
			files, err := stack.Write(s.Name, order)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range files {
				path := filepath.Join("testdata", name, f.Name)
				if *update {
					if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, f.Data, 0o644)); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), string(f.Data)); diff != "" {
					t.Errorf("%s, %s (-want +got):\n%s", name, f.Name, diff)
				}
				if strings.HasSuffix(f.Name, ".sh") {
					continue
				}
				var any map[string]any
				if err := yaml.Unmarshal(f.Data, &any); err != nil {
					t.Errorf("%s, %s is no YAML: %v", name, f.Name, err)
				}
			}
		}
	}
}

// TestWrite_traps holds every stack to what it asserts or reads otherwise than one would think.
func TestWrite_traps(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := stack.Order{Title: "t", Sources: sources, Tokens: rapid.Int64Range(1e9, 1e12).Draw(t, "tokens"), RowTokens: 4096, BatchRows: rapid.SampledFrom([]int64{1, 96, 512, 768, 4096}).Draw(t, "batch")}
		n := rapid.IntRange(1, 4).Draw(t, "phases")
		for i := range n {
			a, b := rapid.Float64Range(0, 1).Draw(t, "a"), rapid.SampledFrom([]float64{0, 0, .3, 1}).Draw(t, "b")
			o.Phases = append(o.Phases, stack.Phase{Until: float64(i+1) / float64(n), Shares: []float64{a * (1 - b), (1 - a) * (1 - b), b}})
		}
		if o.Steps() < 10000 {
			return
		}
		blends(t, o)
		durations(t, o)
		stages(t, o)
		ratios(t, o)
		rounded(t, o)
	})
}

func write(t *rapid.T, name string, o stack.Order) []stack.File {
	files, err := stack.Write(name, o)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// blends: every weight above 0, and an even number of words.
func blends(t *rapid.T, o stack.Order) {
	phases := strings.Split(string(write(t, "megatron", o)[0].Data), "--data-path ")[1:]
	if len(phases) != len(o.Phases) {
		t.Fatalf("%d phases", len(phases))
	}
	for k, phase := range phases {
		words, sum := strings.Fields(phase[:strings.Index(phase, ")")]), 0.0
		for i := 0; i+1 < len(words); i += 2 {
			w, err := strconv.ParseFloat(words[i], 64)
			if err != nil || w <= 0 {
				t.Fatalf("phase %d: weight %s", k, words[i])
			}
			sum += w
		}
		if len(words)%2 != 0 || math.Abs(sum-1) > 1e-9 {
			t.Fatalf("phase %d: %d words, weights sum to %v", k, len(words), sum)
		}
	}
}

// durations sum to max_duration.
func durations(t *rapid.T, o stack.Order) {
	var file struct {
		Max       string `yaml:"max_duration"`
		Callbacks struct {
			Learning struct {
				Duration string
				Schedule []struct{ Duration string }
			} `yaml:"curriculum_learning"`
		}
	}
	if err := yaml.Unmarshal(write(t, "llm-foundry", o)[0].Data, &file); err != nil {
		t.Fatal(err)
	}
	tokens := func(s string) int64 {
		n, err := strconv.ParseInt(strings.TrimSuffix(s, "tok"), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if len(o.Phases) == 1 {
		return
	}
	sum := tokens(file.Callbacks.Learning.Duration)
	for _, s := range file.Callbacks.Learning.Schedule {
		sum += tokens(s.Duration)
	}
	if sum != tokens(file.Max) {
		t.Fatalf("durations sum to %d, the run is %s", sum, file.Max)
	}
}

// stages begin on blocks.
func stages(t *rapid.T, o stack.Order) {
	if len(o.Phases) == 1 {
		return
	}
	var file struct {
		Data struct {
			Weights [][]any `yaml:"train_weights"`
		}
	}
	if err := yaml.Unmarshal(write(t, "levanter", o)[0].Data, &file); err != nil {
		t.Fatal(err)
	}
	for _, stage := range file.Data.Weights {
		step, err := strconv.ParseInt(fmt.Sprint(stage[0]), 10, 64)
		if err != nil || step*o.BatchRows%2048 != 0 {
			t.Fatalf("a stage begins at step %v of %d sequences (%v)", stage[0], o.BatchRows, err)
		}
	}
}

// ratios sum to 1.
func ratios(t *rapid.T, o stack.Order) {
	for _, f := range write(t, "olmo", o) {
		var file struct {
			Sources []struct {
				Ratio float64 `yaml:"target_ratio"`
			}
		}
		if err := yaml.Unmarshal(f.Data, &file); err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for _, s := range file.Sources {
			sum += s.Ratio
		}
		if math.Abs(sum-1) > 1e-9 {
			t.Fatalf("%s: ratios sum to %v", f.Name, sum)
		}
	}
}

// rounded: every file says what was rounded, or that nothing was, and what to beware of.
func rounded(t *rapid.T, o stack.Order) {
	o.Warnings = []string{"it leans on the models' form"}
	for _, s := range stack.All() {
		for _, f := range write(t, s.Name, o) {
			if says, nothing := strings.Contains(string(f.Data), "\n# Rounded: "), strings.Contains(string(f.Data), "\n# Nothing was rounded."); says == nothing {
				t.Fatalf("%s, %s: says what was rounded %t, that nothing was %t", s.Name, f.Name, says, nothing)
			}
			if !strings.Contains(string(f.Data), "\n# Warning: it leans on the models' form\n") {
				t.Fatalf("%s, %s doesn't warn", s.Name, f.Name)
			}
			if whole := o.Tokens%(o.RowTokens*o.BatchRows) == 0; !whole && !strings.Contains(string(f.Data), fmt.Sprintf("%d tokens were asked for", o.Tokens)) {
				t.Fatalf("%s, %s doesn't say that the run became longer", s.Name, f.Name)
			}
		}
	}
}

// TestWrite_documents: as many tokens come of each source as it is to give, whatever the length of its samples.
func TestWrite_documents(t *testing.T) {
	t.Parallel()
	files, err := stack.Write("llm-foundry", orders["documents"])
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Loader struct {
			Dataset struct {
				Streams map[string]struct{ Proportion float64 }
			}
		} `yaml:"train_loader"`
	}
	if err := yaml.Unmarshal(files[0].Data, &file); err != nil {
		t.Fatal(err)
	}
	tokens, sum := map[string]float64{}, 0.0
	for name, length := range map[string]float64{"ja": 512, "en": 1024, "code": 2048} {
		tokens[name] = length * file.Loader.Dataset.Streams[name].Proportion
		sum += tokens[name]
	}
	for name, want := range map[string]float64{"ja": .4, "en": .4, "code": .2} {
		if got := tokens[name] / sum; math.Abs(got-want) > 1e-4 {
			t.Errorf("%s gives %.4f of the tokens, want %.1f", name, got, want)
		}
	}
}

func TestWrite_bad(t *testing.T) {
	t.Parallel()
	good := orders["constant"]
	for name, change := range map[string]func(*stack.Order){
		"no tokens": func(o *stack.Order) { o.Tokens = 0 },
		"a space": func(o *stack.Order) {
			o.Sources = []stack.Source{{Name: "ja", Path: "/my data"}, sources[1], sources[2]}
		},
		"half a share": func(o *stack.Order) { o.Phases = []stack.Phase{{Until: 1, Shares: []float64{.2, .2, .1}}} },
		"no phases":    func(o *stack.Order) { o.Phases = nil },
		"too short":    func(o *stack.Order) { o.Tokens = 1; o.Phases = orders["phases"].Phases },
	} {
		o := good
		change(&o)
		var bad *ablation.Invalid
		if _, err := stack.Write("megatron", o); !errors.As(err, &bad) || bad.Problems[0].Message.JA == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := stack.Write("torch", good); err == nil || !strings.Contains(err.Error(), "megatron") {
		t.Errorf("an unknown stack: %v", err)
	}
}
