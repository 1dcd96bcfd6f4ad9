package enginetest_test

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/rows/rowstest"
	"github.com/haigo-lab/haigo/plugins/trainer/sampler"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/engine"
	"github.com/haigo-lab/haigo/services/engine/enginetest"
	"github.com/haigo-lab/haigo/services/trainers"
)

const examples = "../../../plugins/command/examples"

// TestExample_bigram trains with the example in sh and awk: undisturbed, and stopped and taken up again.
func TestExample_bigram(t *testing.T) {
	t.Parallel()
	x := &example{T: t, name: "bigram", host: exampleHost(t, "bigram"), data: t.TempDir()}
	s := x.spec()
	const longer = 4 // or it is done before it can be asked to stop
	s.Steps, s.Weights[1].FromStep = longer*s.Steps, longer*s.Weights[1].FromStep
	s.Eval.EverySteps, s.Checkpoint.EverySteps = longer*s.Eval.EverySteps, longer*s.Checkpoint.EverySteps
	x.goesOn(s)
}

// torchrun is that of the environment which make bench-cpu sets up.
const torchrun = "../../../bin/torch/bin/torchrun"

// TestExample_gpt trains with the example for torchrun, two processes on this machine's processor, in the same way.
func TestExample_gpt(t *testing.T) {
	t.Parallel()
	program, err := filepath.Abs(torchrun)
	if _, gone := os.Stat(torchrun); err != nil || gone != nil {
		t.Skip("not run: the example for torchrun (PyTorch is 5 GB; make bin/torch/.ready brings it)")
	}
	host := exampleHost(
		t, "gpt",
		"/usr/local/bin:", filepath.Dir(program)+":/usr/local/bin:",
		"nproc-per-node=auto", "nproc-per-node=2",
		"can: [", "deterministic: true\ncan: [",
	)
	x := &example{T: t, name: "gpt", host: host, data: t.TempDir()}
	s := x.spec()
	s.Optimizer.PeakLR, s.Optimizer.Clip, s.Resources.Threads = 0.01, 1, 1
	x.goesOn(s)
}

// goesOn trains undisturbed, and stopped and taken up again: both give the same values, and keep the contract.
func (x *example) goesOn(s *spec.Spec) {
	t := x.T
	t.Helper()
	whole := x.train(s, "whole", 1, nil, 0)
	x.verify(s, whole)
	part := x.train(s, "parted", 1, nil, 11)
	f := part[len(part)-1].Finished
	if f == nil || f.Outcome != spec.OutcomeStopped || f.Step < 11 || f.Step >= s.Steps {
		t.Fatalf("asked to stop after step 11: %+v", f)
	}
	saved := part[len(part)-2].Checkpoint
	if saved == nil || saved.Step != f.Step {
		t.Fatalf("no checkpoint before the end: %s", part[len(part)-2].Raw)
	}
	rest := x.train(s, "parted", 2, &spec.Resume{Step: saved.Step, Path: saved.Path}, 0)
	want, got := points(whole), points(rest)
	for at := range want {
		if _, given := got[at]; !given {
			delete(want, at)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || len(got) == 0 {
		t.Errorf("after resuming (-undisturbed +got)\n%s", diff)
	}
}

// exampleHost is a host of a trainer in the examples, with the files beside it; parts of its description are replaced, in pairs.
func exampleHost(t *testing.T, name string, replaced ...string) *trainers.Host {
	t.Helper()
	description, err := os.ReadFile(filepath.Join(examples, name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return enginetest.CommandHost(t, enginetest.Build(t, "../../../plugins/command"), name, strings.NewReplacer(replaced...).Replace(string(description)), os.DirFS(examples))
}

// example is a trainer of the examples and what it reads.
type example struct {
	*testing.T
	name string
	host *trainers.Host
	data string
}

func (x *example) spec() *spec.Spec {
	s := &spec.Spec{
		SpecVersion: spec.Version, RunID: "run", Attempt: 1, Kind: spec.KindPretrain, Mode: spec.ModeExact, MixSeed: 1, DataSeed: 2, InitSeed: 3,
		Steps: 60, BatchRows: 2, RowTokens: 32,
		Weights:   []spec.Weights{{FromStep: 0, W: []int64{spec.WeightTotal / 4, spec.WeightTotal / 4 * 3}}, {FromStep: 40, W: []int64{spec.WeightTotal, 0}}},
		Tokenizer: spec.Tokenizer{Kind: spec.TokenizerBytes},
		Model:     spec.Model{Layers: 1, Width: 16, Heads: 1, KVHeads: 1, FFN: 16, Vocab: 257, Tied: true, RopeBase: 10000, NormEps: 1e-5},
		Optimizer: spec.Optimizer{PeakLR: 1, Decay: spec.DecayConstant, Beta1: 0.9, Beta2: 0.95, Eps: 1e-8},
		Precision: spec.PrecisionFP32, Log: spec.Log{EverySteps: 1}, Eval: spec.Eval{EverySteps: 25}, Checkpoint: spec.Checkpoint{EverySteps: 20},
		OnNonfinite: spec.NonfiniteStop, Extra: map[string]any{},
	}
	for _, lang := range []string{"ja", "en"} {
		var texts []string
		for i := range 40 {
			texts = append(texts, fmt.Sprintf("%d: 配合 \"%s\" を変えると\t何が変わるか / what a mixture changes\n", i, lang))
		}
		s.Sources = append(s.Sources, rowstest.Write(x, filepath.Join(x.data, lang), lang, texts))
		path := filepath.Join(x.data, lang, "set.jsonl")
		s.Eval.Sets = append(s.Eval.Sets, spec.Set{Name: lang, Path: path, SHA256: rowstest.Lines(x, path, rowstest.Documents(texts[:3]...)...)})
	}
	s.Eval.Sets = append(s.Eval.Sets, spec.Set{Name: "all", UnionOf: []string{"ja", "en"}})
	return s
}

// train runs an attempt, asking it to stop once it is past a step unless that is 0, and returns its events.
func (x *example) train(of *spec.Spec, run string, number int, from *spec.Resume, stopAfter int64) []spec.Line {
	x.Helper()
	s := *of
	s.RunID, s.Attempt, s.Checkpoint.ResumeFrom = run, number, from
	report, err := x.host.Check(x.Context(), x.name, &s)
	if err != nil || len(report.Problems) > 0 {
		x.Fatalf("check: %v, %v", report.Problems, err)
	}
	dir := spec.AttemptDir(spec.RunDir(x.data, run), number)
	plan, err := x.host.Plan(x.Context(), x.name, []trainer.Assignment{{Spec: &s, Dir: dir, Rows: spec.RowsDir(x.data)}})
	if err != nil {
		x.Fatal(err)
	}
	data, err := spec.Encode(&s)
	if err != nil {
		x.Fatal(err)
	}
	if err := engine.Prepare(dir, data, plan, rand.Text()); err != nil {
		x.Fatal(err)
	}
	local := enginetest.Local(x)
	h, err := local.Submit(x.Context(), dir, run)
	if err != nil {
		x.Fatal(err)
	}
	tail, lines := spec.Tail{Path: filepath.Join(dir, spec.EventsFile)}, []spec.Line(nil)
	for ended := false; !ended; {
		statuses, err := local.Poll(x.Context(), []engine.Handle{h})
		if err != nil {
			x.Fatal(err)
		}
		ended = statuses[0].State == engine.Ended
		more, err := tail.Read(10_000)
		if err != nil {
			x.Fatal(err)
		}
		lines = append(lines, more...)
		if n := len(lines); stopAfter > 0 && n > 0 && lines[n-1].Usage != nil && lines[n-1].Usage.Step >= stopAfter {
			if err := local.Stop(x.Context(), h, time.Minute); err != nil {
				x.Fatal(err)
			}
		}
		<-time.After(time.Millisecond)
	}
	if n := len(lines); n == 0 || lines[n-1].Finished == nil {
		stderr, _ := os.ReadFile(filepath.Join(dir, spec.StderrFile))
		exit, _ := os.ReadFile(filepath.Join(dir, spec.ExitFile))
		x.Fatalf("%d events, the last isn't finished: %s\n%s", n, exit, stderr)
	}
	return lines
}

// verify holds what was written against the contract.
func (x *example) verify(s *spec.Spec, lines []spec.Line) {
	x.Helper()
	var first, last spec.Real
	for _, line := range lines {
		switch {
		case line.Plan != nil:
			x.verifyPlan(s, line.Plan)
		case line.Scores != nil && line.Scores.Step == 0:
			first = line.Scores.Values["bpb/all"]
		case line.Scores != nil:
			last = line.Scores.Values["bpb/all"]
		case line.Checkpoint != nil:
			dir := spec.Resolve(spec.AttemptDir(spec.RunDir(x.data, "whole"), 1), line.Checkpoint.Path)
			if _, digest, err := spec.ReadCheckpoint(dir); err != nil || digest != line.Checkpoint.ManifestSHA256 {
				x.Errorf("checkpoint %+v: %s, %v", line.Checkpoint, digest, err)
			}
		}
	}
	if f := lines[len(lines)-1].Finished; f.Outcome != spec.OutcomeCompleted || f.Step != s.Steps {
		x.Errorf("finished: %+v", f)
	}
	if last >= first || last <= 0 {
		x.Errorf("held-out text: %v bits per byte before training, %v after", first, last)
	}
}

func (x *example) verifyPlan(s *spec.Spec, e *spec.Plan) {
	x.Helper()
	plan, err := sampler.ForSpec(s, []int64{e.Rows["ja"], e.Rows["en"]})
	if err != nil {
		x.Fatal(err)
	}
	digests, err := plan.Digests(x.Context())
	if err != nil || digests.Plan != e.PlanSHA256 {
		x.Errorf("plan digest %s, want %s, %v", e.PlanSHA256, digests.Plan, err)
	}
}

// points are the values of every step: losses, scores and rows read.
func points(lines []spec.Line) map[string]any {
	found := map[string]any{}
	for _, line := range lines {
		switch {
		case line.Metrics != nil:
			delete(line.Metrics.Values, "tokens_per_s") // by the clock
			found[fmt.Sprint("metrics ", line.Metrics.Step)] = line.Metrics.Values
		case line.Scores != nil:
			found[fmt.Sprint("scores ", line.Scores.Step)] = line.Scores.Values
		case line.Usage != nil:
			found[fmt.Sprint("usage ", line.Usage.Step)] = line.Usage.Rows
		}
	}
	return found
}
