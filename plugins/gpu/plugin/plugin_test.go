package plugin_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/haigo-lab/haigo/plugins/gpu/plugin"
	"github.com/haigo-lab/haigo/plugins/gpu/venv"
	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/rows/rowstest"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/plugins/trainer/trainertest"
)

// open is the plugin of a program in an empty folder.
func open(t *testing.T) trainer.Trainer {
	t.Helper()
	return trainertest.Open(t, plugin.New(filepath.Join(t.TempDir(), "haigo-gpu"), "v1"))
}

// valid is a spec that this trainer can run: 100 tokens of ja in rows of 9.
func valid(t *testing.T) *spec.Spec {
	t.Helper()
	dir := t.TempDir()
	set := filepath.Join(dir, "set.jsonl")
	s := &spec.Spec{
		SpecVersion: spec.Version, RunID: "run", Attempt: 1, Kind: spec.KindPretrain, Mode: spec.ModeExact,
		Steps: 6, BatchRows: 4, RowTokens: 8,
		Sources:   []spec.Source{rowstest.Write(t, filepath.Join(dir, "ja"), "ja", []string{string(make([]byte, 99))})},
		Weights:   []spec.Weights{{W: []int64{spec.WeightTotal}}},
		Tokenizer: spec.Tokenizer{Kind: spec.TokenizerBytes},
		Model: spec.Model{
			Layers: 2, Width: 32, Heads: 2, KVHeads: 1, FFN: 48, Vocab: 257, Tied: true, RopeBase: 10000, NormEps: 1e-5, QKNorm: true,
		},
		Optimizer: spec.Optimizer{PeakLR: 1e-2, Decay: spec.DecayCosine, Beta1: 0.9, Beta2: 0.95, Eps: 1e-8},
		Precision: spec.PrecisionBF16, OnNonfinite: spec.NonfiniteStop,
	}
	s.Eval.Sets = []spec.Set{{Name: "ja", Path: set, SHA256: rowstest.Lines(t, set, rowstest.Documents("text")...)}}
	return s
}

// card puts an nvidia-smi on the PATH that finds one.
func card(t *testing.T, line string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "nvidia-smi"), []byte("#!/bin/sh\necho '"+line+"'\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
}

// environment makes what a program takes for CUDA wheels.
func environment(t *testing.T, program string) {
	t.Helper()
	bin := filepath.Join(venv.Beside(program), "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(filepath.Join(bin, "python"), nil, 0o755), venv.Seal(venv.Beside(program), venv.CUDA, "0.10.2")); err != nil {
		t.Fatal(err)
	}
}

func TestDescribe_WithoutJAXSaysWhatToDo(t *testing.T) {
	t.Parallel()
	got, err := open(t).Describe(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != "gpu" || got.Version != "v1" || len(got.Devices) > 0 {
		t.Errorf("got %+v", got)
	}
	if !strings.Contains(got.Absent, "make gpu") || !strings.Contains(got.AbsentJA, "make gpu") {
		t.Errorf("it isn't there because: %s / %s", got.Absent, got.AbsentJA)
	}
}

func TestDescribe_EveryShapeCanBeTrained(t *testing.T) {
	t.Parallel()
	client := open(t)
	d, err := client.Describe(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	smaller := int64(0)
	for _, shape := range d.Shapes {
		s := valid(t)
		s.Model, s.Optimizer.PeakLR = shape.Model, spec.Real(shape.PeakLR)
		report, err := client.Check(context.Background(), s)
		if err != nil {
			t.Fatal(err)
		}
		if len(report.Problems) > 0 || report.Parameters <= smaller {
			t.Errorf("%s: %d parameters after %d, problems %v", shape.Name, report.Parameters, smaller, report.Problems)
		}
		smaller = report.Parameters
	}
}

func TestCheck_NamesTheField(t *testing.T) {
	t.Parallel()
	client := open(t)
	for field, change := range map[string]func(s *spec.Spec){
		"init":      func(s *spec.Spec) { s.Kind = spec.KindTune },
		"init.path": func(s *spec.Spec) { s.Init = &spec.Init{Path: "/nowhere", ManifestSHA256: s.Sources[0].ManifestSHA256} },
		"sources[0]": func(s *spec.Spec) {
			s.Kind, s.Tune = spec.KindTune, &spec.Tune{Method: spec.MethodFull, AnswerAfter: spec.AnswerAfter}
			s.Init = &spec.Init{Path: "/nowhere", ManifestSHA256: s.Sources[0].ManifestSHA256}
		},
		"optimizer.decay_steps":  func(s *spec.Spec) { s.Optimizer.Decay = spec.DecayWSD },
		"sources[0].rows":        func(s *spec.Spec) { s.Sources[0].Rows = 5 },
		"eval.sets[0]":           func(s *spec.Spec) { s.Eval.Sets[0].Path += "x" },
		"resources.memory_bytes": func(s *spec.Spec) { s.Resources.MemoryBytes = 1 << 10 },
	} {
		s := valid(t)
		change(s)
		report, err := client.Check(context.Background(), s)
		if err != nil {
			t.Fatal(err)
		}
		named := slices.ContainsFunc(report.Problems, func(p spec.Problem) bool { return p.Field == field && p.Message != "" })
		if !named {
			t.Errorf("%s: got %v", field, report.Problems)
		}
	}
}

// TestCheck_OfACard: with CUDA wheels a card is the device, what it is thought to reach is said, and 100B parameters
// don't fit on it.
func TestCheck_OfACard(t *testing.T) {
	card(t, "NVIDIA H100 80GB HBM3, 81559, 550.54.15")
	program := filepath.Join(t.TempDir(), "haigo-gpu")
	environment(t, program)
	client := trainertest.Open(t, plugin.New(program, "v1"))
	d, err := client.Describe(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	want := []trainer.Device{{Name: "NVIDIA H100 80GB HBM3", MemoryBytes: 81559 << 20}}
	if diff := cmp.Diff(want, d.Devices); diff != "" || d.Absent != "" {
		t.Fatalf("%s: -want +got\n%s", d.Absent, diff)
	}
	s := valid(t)
	report, err := client.Check(context.Background(), s)
	if err != nil || len(report.Problems) > 0 || report.TokensPerS <= 0 {
		t.Errorf("got %+v, %v", report, err)
	}
	if report.Pack != 64 {
		t.Errorf("%d runs of 32 tokens a step share a card", report.Pack)
	}
	s.BatchRows = 1 << 13
	if report, err = client.Check(context.Background(), s); err != nil || report.Pack != 2 {
		t.Errorf("%d runs of 64k tokens a step share a card, %v", report.Pack, err)
	}
	s.Model.Layers, s.Model.Width, s.Model.FFN = 80, 10240, 28672
	report, err = client.Check(context.Background(), s)
	if err != nil || len(report.Problems) != 1 || report.Problems[0].Field != "model" {
		t.Errorf("100B parameters: got %+v, %v", report, err)
	}
}

// TestDescribe_ItsStepsFitItsCard: what a shape takes for its size can be trained in either precision.
func TestDescribe_ItsStepsFitItsCard(t *testing.T) {
	card(t, "NVIDIA H100 80GB HBM3, 81559, 550.54.15")
	program := filepath.Join(t.TempDir(), "haigo-gpu")
	environment(t, program)
	client := trainertest.Open(t, plugin.New(program, "v1"))
	d, err := client.Describe(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	steps := map[string]int64{}
	for _, shape := range d.Shapes {
		steps[shape.Name] = shape.StepTokens >> 10
		s := valid(t)
		s.Model, s.Precision, s.RowTokens, s.BatchRows = shape.Model, spec.PrecisionFP32, 256, int(max(1, shape.StepTokens/256))
		s.Sources = []spec.Source{rowstest.Write(t, filepath.Join(t.TempDir(), "ja"), "ja", []string{string(make([]byte, 999))})}
		if report, err := client.Check(context.Background(), s); err != nil || len(report.Problems) > 0 {
			t.Errorf("%s: %v, %v", shape.Name, report.Problems, err)
		}
	}
	want := map[string]int64{"0.2m": 0, "0.5m": 0, "1m": 16, "5m": 32, "20m": 128, "60m": 64, "150m": 32}
	if diff := cmp.Diff(want, steps); diff != "" {
		t.Errorf("thousands of tokens a step (-want +got):\n%s", diff)
	}
}

func TestPlan(t *testing.T) {
	t.Parallel()
	s := valid(t)
	s.Checkpoint.ResumeFrom = &spec.Resume{Step: 2, Path: "../checkpoints/x"}
	client := trainertest.Open(t, plugin.New("/opt/haigo-gpu", "v1"))
	got, err := client.Plan(context.Background(), []trainer.Assignment{{Spec: s, Dir: "/data/runs/run/attempt-0002", Rows: "/data/rows"}})
	if err != nil {
		t.Fatal(err)
	}
	want := trainer.Plan{Parts: []spec.Part{
		{Name: "rows", Argv: []string{"/opt/haigo-gpu", "rows", "--rows", "/data/rows"}, Dir: ".", StartStep: 2, EndStep: 2},
		{Name: "run", Argv: []string{"/opt/haigo-gpu", "run", "--rows", "/data/rows"}, Dir: ".", StartStep: 2, EndStep: 6},
	}}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
