package runner_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/plugins/cpu/runner"
	"github.com/haigo-lab/haigo/plugins/trainer/rows/rowstest"
	"github.com/haigo-lab/haigo/plugins/trainer/sampler"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// lab is a data folder with two sources, their sets and a task.
type lab struct {
	data string
	base spec.Spec
}

var program = spec.Program{Name: "cpu", Version: "test"}

func newLab(tb testing.TB) *lab {
	tb.Helper()
	data := tb.TempDir()
	ja := rowstest.Prose(1, 60, "配合", "の", "比率", "を", "学ぶ", "。")
	en := rowstest.Prose(2, 60, "the ", "mix ", "of ", "text ", "is learnt", ". ")
	set := func(name string, texts []string) spec.Set {
		path := filepath.Join(data, name+".jsonl")
		return spec.Set{Name: name, Path: path, SHA256: rowstest.Lines(tb, path, rowstest.Documents(texts...)...)}
	}
	task := filepath.Join(data, "next.jsonl")
	taskSHA := rowstest.Lines(tb, task, items()...)
	return &lab{data: data, base: spec.Spec{
		SpecVersion: spec.Version, RunID: "run", Attempt: 1, Kind: spec.KindPretrain, Mode: spec.ModeExact,
		MixSeed: 1, DataSeed: 2, InitSeed: 3, Steps: 12, BatchRows: 4, RowTokens: 24,
		Sources: []spec.Source{
			rowstest.Write(tb, filepath.Join(data, "sources/ja/1"), "ja", ja),
			rowstest.Write(tb, filepath.Join(data, "sources/en/1"), "en", en),
		},
		Weights:   []spec.Weights{{FromStep: 0, W: []int64{spec.WeightTotal / 4, spec.WeightTotal / 4 * 3}}},
		Tokenizer: spec.Tokenizer{Kind: spec.TokenizerBytes},
		Model: spec.Model{
			Layers: 2, Width: 32, Heads: 2, KVHeads: 2, FFN: 48, Vocab: 257, Tied: true, RopeBase: 10000, NormEps: 1e-5,
		},
		Optimizer: spec.Optimizer{
			PeakLR: 1e-2, FinalLRFraction: 0.1, WarmupSteps: 2, Decay: spec.DecayCosine,
			Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, WeightDecay: 0.1, Clip: 1,
		},
		Precision: spec.PrecisionFP32,
		Log:       spec.Log{EverySteps: 1},
		Eval: spec.Eval{
			EverySteps: 5,
			Sets: []spec.Set{
				set("web-ja", ja[:3]), set("web-en", en[:4]), {Name: "all", UnionOf: []string{"web-ja", "web-en"}},
			},
			Tasks: []spec.Task{{Name: "next", Path: task, SHA256: taskSHA}},
		},
		Checkpoint:  spec.Checkpoint{EverySteps: 4, Keep: 2},
		OnNonfinite: spec.NonfiniteStop,
		Resources:   spec.Resources{Threads: 1},
	}}
}

func items() (list []any) {
	for i := range 5 {
		list = append(list, spec.Item{
			Task: "next", ID: fmt.Sprint(i), Lang: "ja", Kind: "multiple_choice", Context: strings.Repeat("配合の", i),
			Choices: []string{"比率", "xyzxyz"}, Gold: i % 2,
		})
	}
	return list
}

// start writes an attempt's spec.json and returns its folder. Each run has its own.
func (l *lab) start(tb testing.TB, run string, attempt int, change func(s *spec.Spec)) string {
	tb.Helper()
	s := l.base
	s.RunID, s.Attempt = run, attempt
	if change != nil {
		change(&s)
	}
	data, err := spec.Encode(&s)
	if err != nil {
		tb.Fatal(err)
	}
	dir := spec.AttemptDir(spec.RunDir(l.data, run), attempt)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, spec.SpecFile), data, 0o644); err != nil {
		tb.Fatal(err)
	}
	return dir
}

func (l *lab) options(dir string) runner.Options {
	return runner.Options{Dir: dir, Rows: spec.RowsDir(l.data), Program: program}
}

// run runs an attempt that must not fail and returns its events.
func (l *lab) run(tb testing.TB, dir string) []spec.Event {
	tb.Helper()
	if err := runner.Run(context.Background(), l.options(dir)); err != nil {
		tb.Fatal(err)
	}
	return events(tb, dir)
}

func events(tb testing.TB, dir string) (all []spec.Event) {
	tb.Helper()
	tail := spec.Tail{Path: filepath.Join(dir, spec.EventsFile)}
	lines, err := tail.Read(1 << 20)
	if err != nil {
		tb.Fatal(err)
	}
	for _, l := range lines {
		all = append(all, l.Event)
	}
	return all
}

// points are the values of metrics and scores after a step, by name and step, less the speed.
func points(all []spec.Event, after int64) map[string]spec.Real {
	found := map[string]spec.Real{}
	add := func(step int64, values map[string]spec.Real) {
		for name, v := range values {
			if step > after && name != "tokens_per_s" {
				found[fmt.Sprintf("%s@%d", name, step)] = v
			}
		}
	}
	for _, e := range all {
		if e.Metrics != nil {
			add(e.Metrics.Step, e.Metrics.Values)
		}
		if e.Scores != nil {
			add(e.Scores.Step, e.Scores.Values)
		}
		if e.Usage != nil {
			for source, n := range e.Usage.Rows {
				add(e.Usage.Step, map[string]spec.Real{"rows/" + source: spec.Real(n)})
			}
		}
	}
	return found
}

// outline is the sequence of events, as TYPE@STEP.
func outline(all []spec.Event) (lines []string) {
	for _, e := range all {
		switch {
		case e.Metrics != nil:
			lines = append(lines, fmt.Sprintf("metrics@%d", e.Metrics.Step))
		case e.Scores != nil:
			lines = append(lines, fmt.Sprintf("scores@%d", e.Scores.Step))
		case e.Usage != nil:
			lines = append(lines, fmt.Sprintf("usage@%d", e.Usage.Step))
		case e.Checkpoint != nil:
			lines = append(lines, fmt.Sprintf("checkpoint@%d", e.Checkpoint.Step))
		case e.Finished != nil:
			lines = append(lines, fmt.Sprintf("finished@%d %s", e.Finished.Step, e.Finished.Outcome))
		default:
			lines = append(lines, e.Type)
		}
	}
	return lines
}

func lastEvent(all []spec.Event) spec.Event { return all[len(all)-1] }

func TestRun_WritesTheEventsThatTheSpecAsksFor(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	all := l.run(t, l.start(t, "whole", 1, func(s *spec.Spec) {
		s.Log.EverySteps, s.Eval.EverySteps, s.Checkpoint.EverySteps, s.Steps = 3, 4, 5, 10
	}))
	want := []string{
		"started", "plan", "log", "scores@0",
		"metrics@3", "usage@3", "scores@4", "checkpoint@5", "metrics@6", "usage@6", "scores@8", "metrics@9", "usage@9",
		"metrics@10", "scores@10", "usage@10", "checkpoint@10", "finished@10 completed",
	}
	if diff := cmp.Diff(want, outline(all)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestRun_SaysWhenEvaluationTakesTheTime(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	said := func(run string, steps int64) (lines []string) {
		for _, e := range l.run(t, l.start(t, run, 1, func(s *spec.Spec) { s.Steps, s.Eval.EverySteps = steps, 0 })) {
			if e.Log != nil {
				lines = append(lines, e.Log.Text)
			}
		}
		return lines
	}
	got := said("short", 4)
	if len(got) != 1 || !strings.HasPrefix(got[0], "evaluation takes about ") {
		t.Errorf("got %q, want one line about evaluation", got)
	}
	if got := said("long", 150); len(got) > 0 {
		t.Errorf("got %q of a run that mostly trains", got)
	}
}

func TestRun_PlanIsTheSamplers(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	dir := l.start(t, "plan", 1, nil)
	got := l.run(t, dir)[1].Plan
	plan, err := sampler.ForSpec(&l.base, []int64{got.Rows["ja"], got.Rows["en"]})
	if err != nil {
		t.Fatal(err)
	}
	digests, err := plan.Digests(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	config := runner.Config(&l.base)
	want := &spec.Plan{
		Rows: got.Rows, PlanSHA256: digests.Plan, BlockSHA256: digests.Blocks,
		Parameters: config.Parameters(), FLOPsPerToken: spec.Real(config.FLOPsPerToken()), UnigramNats: got.UnigramNats,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if got.UnigramNats < 2 || got.UnigramNats > 5 {
		t.Errorf("a byte of the mixture has an entropy of %v nats", got.UnigramNats)
	}
}

func TestRun_SameBitsOnTwoThreads(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	threads := func(n int) []spec.Event {
		return l.run(t, l.start(t, fmt.Sprint("threads-", n), 1, func(s *spec.Spec) { s.Resources.Threads = n }))
	}
	if diff := cmp.Diff(points(threads(1), -1), points(threads(2), -1)); diff != "" {
		t.Errorf("-one thread +two threads\n%s", diff)
	}
}

func TestRun_Learns(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	all := points(l.run(t, l.start(t, "learns", 1, func(s *spec.Spec) { s.Steps, s.BatchRows = 60, 8 })), -1)
	if before, after := all["bpb/all@0"], all["bpb/all@60"]; after > before*0.6 {
		t.Errorf("bits per byte went from %v to %v only", before, after)
	}
}

func TestRun_UnionIsSummed(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	all := l.run(t, l.start(t, "union", 1, nil))
	sizes := map[string]spec.Real{"web-ja": 0, "web-en": 0}
	for i, name := range []string{"web-ja", "web-en"} {
		data, err := os.ReadFile(l.base.Eval.Sets[i].Path)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
			_, text, _ := strings.Cut(line, `"text":"`)
			sizes[name] += spec.Real(len(text) - len(`"}`))
		}
	}
	p := points(all, -1)
	want := (p["bpb/web-ja@12"]*sizes["web-ja"] + p["bpb/web-en@12"]*sizes["web-en"]) / (sizes["web-ja"] + sizes["web-en"])
	if got := p["bpb/all@12"]; got/want-1 > 1e-12 || want/got-1 > 1e-12 {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestRun_KeepsTheNewestCheckpoints(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	dir := l.start(t, "keep", 1, func(s *spec.Spec) { s.Checkpoint.EverySteps = 2 })
	l.run(t, dir)
	entries, err := os.ReadDir(spec.CheckpointsDir(filepath.Dir(dir)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if want := []string{"step-000000010-a0001", "step-000000012-a0001"}; !slices.Equal(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
}

func TestRun_LeavesAFinishedAttemptAlone(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	dir := l.start(t, "twice", 1, nil)
	if first, second := l.run(t, dir), l.run(t, dir); len(first) != len(second) {
		t.Errorf("%d events became %d", len(first), len(second))
	}
}

func TestRun_Interventions(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	plain := l.run(t, l.start(t, "plain", 1, nil))
	six := int64(6)
	changed := l.run(t, l.start(t, "changed", 1, func(s *spec.Spec) {
		s.Interventions = []spec.Intervention{{FromStep: &six, LRScale: 0.5}, {Skip: &[2]int64{8, 10}}}
	}))
	before, after := points(plain, -1), points(changed, -1)
	for step := 1; step <= 12; step++ {
		rate := fmt.Sprintf("lr@%d", step)
		want := before[rate]
		if step > 6 {
			want /= 2
		}
		if step == 9 || step == 10 {
			want = 0
		}
		if got := after[rate]; got != want {
			t.Errorf("%s: got %v, want %v", rate, got, want)
		}
	}
	if a, b := plain[1].Plan.PlanSHA256, changed[1].Plan.PlanSHA256; a != b {
		t.Errorf("the plan changed from %s to %s", a, b)
	}
	if a, b := before["loss@7"], after["loss@7"]; a != b {
		t.Errorf("loss at step 7 changed from %v to %v before the first other update", a, b)
	}
	read := func(p map[string]spec.Real, step int) spec.Real {
		return p[fmt.Sprintf("rows/ja@%d", step)] + p[fmt.Sprintf("rows/en@%d", step)]
	}
	if got := []spec.Real{read(after, 8), read(after, 10), read(after, 12)}; !slices.Equal(got, []spec.Real{32, 32, 40}) {
		t.Errorf("rows read after 8, 10 and 12 steps are %v, want 32, 32 and 40", got)
	}
}

func TestRun_Diverges(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	wild := func(s *spec.Spec) {
		s.Optimizer.PeakLR, s.Optimizer.WeightDecay, s.Optimizer.WarmupSteps = 1e30, 1e9, 0
	}
	t.Run("stop", func(t *testing.T) {
		t.Parallel()
		all := l.run(t, l.start(t, "stop", 1, wild))
		end := lastEvent(all).Finished
		if end.Outcome != spec.OutcomeDiverged || end.Step != 2 || end.Retriable {
			t.Errorf("got %+v, want a divergence at step 2", end)
		}
		if loss, there := points(all, -1)["loss@2"]; !there || loss == loss {
			t.Errorf("the loss at step 2 is %v, want NaN on record", loss)
		}
	})
	t.Run("continue", func(t *testing.T) {
		t.Parallel()
		all := l.run(t, l.start(t, "continue", 1, func(s *spec.Spec) {
			wild(s)
			s.OnNonfinite = spec.NonfiniteContinue
		}))
		if end := lastEvent(all).Finished; end.Outcome != spec.OutcomeCompleted {
			t.Errorf("got %+v, want completed", end)
		}
		if loss := points(all, -1)["loss@12"]; loss == loss {
			t.Errorf("the last loss is %v, want NaN", loss)
		}
	})
}
