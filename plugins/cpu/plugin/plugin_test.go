package plugin_test

import (
	"context"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/haigo-lab/haigo/plugins/cpu/kernel"
	"github.com/haigo-lab/haigo/plugins/cpu/plugin"
	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/rows/rowstest"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/plugins/trainer/trainertest"
)

func open(t *testing.T) trainer.Trainer {
	t.Helper()
	return trainertest.Open(t, plugin.New("/opt/haigo-cpu", "v1"))
}

// valid is a spec that this trainer can run: 100 tokens of ja and 40 of en, in rows of 9.
func valid(t *testing.T) *spec.Spec {
	t.Helper()
	dir := t.TempDir()
	set := filepath.Join(dir, "set.jsonl")
	s := &spec.Spec{
		SpecVersion: spec.Version, RunID: "run", Attempt: 1, Kind: spec.KindPretrain, Mode: spec.ModeExact,
		Steps: 6, BatchRows: 4, RowTokens: 8,
		Sources: []spec.Source{
			rowstest.Write(t, filepath.Join(dir, "ja"), "ja", []string{string(make([]byte, 99))}),
			rowstest.Write(t, filepath.Join(dir, "en"), "en", []string{string(make([]byte, 39))}),
		},
		Weights: []spec.Weights{
			{FromStep: 0, W: []int64{spec.WeightTotal / 4, spec.WeightTotal / 4 * 3}}, {FromStep: 4, W: []int64{spec.WeightTotal, 0}},
		},
		Tokenizer: spec.Tokenizer{Kind: spec.TokenizerBytes},
		Model: spec.Model{
			Layers: 2, Width: 32, Heads: 2, KVHeads: 2, FFN: 48, Vocab: 257, Tied: true, RopeBase: 10000, NormEps: 1e-5,
		},
		Optimizer: spec.Optimizer{PeakLR: 1e-2, Decay: spec.DecayCosine, Beta1: 0.9, Beta2: 0.95, Eps: 1e-8},
		Precision: spec.PrecisionFP32, OnNonfinite: spec.NonfiniteStop, Resources: spec.Resources{Threads: 2},
	}
	s.Eval.Sets = []spec.Set{{Name: "ja", Path: set, SHA256: rowstest.Lines(t, set, rowstest.Documents("text")...)}}
	return s
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	got, err := open(t).Describe(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != "cpu" || got.Version != "v1" || got.Unit != "row" || !got.Deterministic || !got.NativeSchedules || got.Packs {
		t.Errorf("got %+v", got)
	}
	if len(got.Devices) != 1 || got.Devices[0].Threads != runtime.NumCPU() || got.Devices[0].Name == "" {
		t.Errorf("devices are %+v", got.Devices)
	}
	if fast := kernel.Best().BF16() != nil; got.Precisions[0] != spec.PrecisionFP32 || slices.Contains(got.Precisions, spec.PrecisionBF16) != fast {
		t.Errorf("precisions are %v; bf16 is there: %t", got.Precisions, fast)
	}
	if len(got.ISAs) != len(kernel.Available()) || got.ISAs[0] != string(kernel.Best().ISA()) {
		t.Errorf("instruction sets are %v", got.ISAs)
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

func TestCheck_ReportsWhatARunTakes(t *testing.T) {
	t.Parallel()
	got, err := open(t).Check(context.Background(), valid(t))
	if err != nil {
		t.Fatal(err)
	}
	want := trainer.Report{
		Parameters: 257*32 + 2*(4*32*32+3*32*48+2*32) + 32,
		Rows:       map[string]int64{"ja": 11, "en": 4},
		Epochs:     map[string]float64{"ja": (4 + 8) / 11., "en": 12 / 4.},
	}
	want.FLOPsPerToken = float64(6*want.Parameters + 6*2*32*9)
	ignore := cmpopts.IgnoreFields(trainer.Report{}, "TokensPerS", "MemoryBytes")
	if diff := cmp.Diff(want, got, ignore, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if got.TokensPerS <= 0 || got.MemoryBytes < 4*got.Parameters {
		t.Errorf("%g tokens/s in %d bytes", got.TokensPerS, got.MemoryBytes)
	}
}

// TestCheck_NamesWhoTunes: what this trainer can't do, another can.
func TestCheck_NamesWhoTunes(t *testing.T) {
	t.Parallel()
	s := valid(t)
	s.Kind, s.Tune = spec.KindTune, &spec.Tune{Method: spec.MethodFull, AnswerAfter: spec.AnswerAfter}
	s.Init = &spec.Init{Path: "/nowhere", ManifestSHA256: s.Sources[0].ManifestSHA256}
	report, err := open(t).Check(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(report.Problems, func(p spec.Problem) bool { return p.Field == "kind" })
	if i < 0 || !strings.Contains(report.Problems[i].Message, "trainer: gpu") || !strings.Contains(report.Problems[i].MessageJA, "trainer: gpu") {
		t.Errorf("got %v", report.Problems)
	}
}

func TestCheck_NamesTheField(t *testing.T) {
	t.Parallel()
	client := open(t)
	for field, change := range map[string]func(s *spec.Spec){
		"init": func(s *spec.Spec) {
			s.Kind, s.Tune = spec.KindTune, &spec.Tune{Method: spec.MethodFull, AnswerAfter: spec.AnswerAfter}
		},
		"init.path": func(s *spec.Spec) { s.Init = &spec.Init{Path: "/nowhere", ManifestSHA256: s.Sources[0].ManifestSHA256} },
		"precision": func(s *spec.Spec) {
			s.Precision, s.Extra = spec.PrecisionBF16, map[string]any{"isa": "go"}
		},
		"model.kv_heads": func(s *spec.Spec) { s.Model.KVHeads = 1 },
		"model.qk_norm":  func(s *spec.Spec) { s.Model.QKNorm = true },
		"model.tied":     func(s *spec.Spec) { s.Model.Tied = false },
		"model.width":    func(s *spec.Spec) { s.Model.Width = 0 },
		"tokenizer.kind": func(s *spec.Spec) {
			s.Tokenizer = spec.Tokenizer{Kind: spec.TokenizerFile, Path: "t", SHA256: s.Sources[0].ManifestSHA256}
		},
		"optimizer.decay_steps":      func(s *spec.Spec) { s.Optimizer.Decay = spec.DecayWSD },
		"extra.isa":                  func(s *spec.Spec) { s.Extra = map[string]any{"isa": 7} },
		"sources[0].manifest":        func(s *spec.Spec) { s.Sources[0].Manifest += "x" },
		"sources[1].manifest_sha256": func(s *spec.Spec) { s.Sources[1].ManifestSHA256 = s.Eval.Sets[0].SHA256 },
		"sources[1].rows":            func(s *spec.Spec) { s.Sources[1].Rows = 5 },
		"sources[1]":                 func(s *spec.Spec) { s.RowTokens = 50 },
		"eval":                       func(s *spec.Spec) { s.Eval.Sets[0].Path += "x" },
		"resources.memory_bytes":     func(s *spec.Spec) { s.Resources.MemoryBytes = 1 << 10 },
		"model":                      func(s *spec.Spec) { s.Model.Width, s.Model.FFN = 1<<16, 1<<18 },
	} {
		s := valid(t)
		change(s)
		report, err := client.Check(context.Background(), s)
		if err != nil {
			t.Fatal(err)
		}
		if len(report.Problems) != 1 || report.Problems[0].Field != field {
			t.Errorf("%s: got %v", field, report.Problems)
		}
	}
}

func TestPlan(t *testing.T) {
	t.Parallel()
	s := valid(t)
	s.Checkpoint.ResumeFrom = &spec.Resume{Step: 2, Path: "../checkpoints/x"}
	got, err := open(t).Plan(context.Background(), []trainer.Assignment{{Spec: s, Dir: "/data/runs/run/attempt-0002", Rows: "/data/rows"}})
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"GOMAXPROCS": "2"}
	want := trainer.Plan{Parts: []spec.Part{
		{Name: "rows", Argv: []string{"/opt/haigo-cpu", "rows", "--rows", "/data/rows"}, Env: env, Dir: ".", StartStep: 2, EndStep: 2},
		{Name: "run", Argv: []string{"/opt/haigo-cpu", "run", "--rows", "/data/rows"}, Env: env, Dir: ".", StartStep: 2, EndStep: 6},
	}}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestPlan_TakesOneRun(t *testing.T) {
	t.Parallel()
	s := valid(t)
	a := trainer.Assignment{Spec: s, Dir: "/d", Rows: "/r"}
	if _, err := open(t).Plan(context.Background(), []trainer.Assignment{a, a}); err == nil {
		t.Error("two runs in one process were planned")
	}
}
