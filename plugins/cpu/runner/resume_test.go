package runner_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/plugins/cpu/kernel"
	"github.com/haigo-lab/haigo/plugins/cpu/runner"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// The test program is also the runner that tests kill: TestMain becomes one where this variable names a folder.
const runnerVariable = "HAIGO_TEST_RUNNER"

func TestMain(m *testing.M) {
	dir := os.Getenv(runnerVariable)
	if dir == "" {
		os.Exit(m.Run())
	}
	err := runner.Run(context.Background(), runner.Options{
		Dir: dir, Rows: spec.RowsDir(filepath.Join(dir, "../../..")), Program: program,
	})
	if err != nil {
		os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
	os.Exit(0)
}

func lastCheckpoint(all []spec.Event) (last *spec.Saved) {
	for _, e := range all {
		if e.Checkpoint != nil {
			last = e.Checkpoint
		}
	}
	return last
}

func resumeFrom(c *spec.Saved) func(s *spec.Spec) {
	return func(s *spec.Spec) {
		if c != nil {
			s.Checkpoint.ResumeFrom = &spec.Resume{Step: c.Step, Path: c.Path}
		}
	}
}

func TestRun_ResumesBitForBit(t *testing.T) {
	t.Parallel()
	for _, precision := range []string{spec.PrecisionFP32, spec.PrecisionBF16} {
		t.Run(precision, func(t *testing.T) {
			t.Parallel()
			if precision == spec.PrecisionBF16 && kernel.Best().BF16() == nil {
				t.Skip("not run: training in bf16 (not in this processor)")
			}
			resumesBitForBit(t, precision)
		})
	}
}

func resumesBitForBit(t *testing.T, precision string) {
	l := newLab(t)
	l.base.Precision = precision
	whole := l.run(t, l.start(t, "run", 1, func(s *spec.Spec) { s.Checkpoint.Keep = 0 }))
	first := lastCheckpoint(whole[:len(whole)/2])
	resumed := l.run(t, l.start(t, "run", 2, func(s *spec.Spec) {
		resumeFrom(first)(s)
		s.Resources.Threads = 2
	}))
	if diff := cmp.Diff(points(whole, first.Step), points(resumed, -1)); diff != "" {
		t.Errorf("after step %d: -undisturbed +resumed\n%s", first.Step, diff)
	}
	if got := resumed[0].Started.ResumedFrom; got == nil || *got != first.Step {
		t.Errorf("resumed from %v, want %d", got, first.Step)
	}
}

func TestRun_ResumesAfterSkippedSteps(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	skip := func(s *spec.Spec) { s.Interventions = []spec.Intervention{{Skip: &[2]int64{2, 5}}} }
	whole := l.run(t, l.start(t, "run", 1, skip))
	checkpoint := filepath.Join(spec.RunDir(l.data, "run"), "checkpoints", "step-000000008-a0001")
	resumed := l.run(t, l.start(t, "run", 2, func(s *spec.Spec) {
		skip(s)
		s.Checkpoint.ResumeFrom = &spec.Resume{Step: 8, Path: checkpoint}
	}))
	if diff := cmp.Diff(points(whole, 8), points(resumed, -1)); diff != "" {
		t.Errorf("-undisturbed +resumed\n%s", diff)
	}
}

func TestRun_StopsWithACheckpoint(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	whole := points(l.run(t, l.start(t, "whole", 1, nil)), -1)
	for name, ask := range map[string]func(dir string) context.Context{
		"a stop file": func(dir string) context.Context {
			if err := os.WriteFile(filepath.Join(dir, spec.StopFile), nil, 0o644); err != nil {
				t.Fatal(err)
			}
			return context.Background()
		},
		"a signal": func(string) context.Context {
			// The context ends while the run trains, at the first time that it looks.
			return &endsAfter{Context: context.Background(), looks: 7}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := strings.ReplaceAll(name, " ", "-")
			dir := l.start(t, run, 1, nil)
			if err := runner.Run(ask(dir), l.options(dir)); err != nil {
				t.Fatal(err)
			}
			first := events(t, dir)
			end, saved := lastEvent(first).Finished, lastCheckpoint(first)
			if end.Outcome != spec.OutcomeStopped || saved == nil || saved.Step != end.Step || end.Step >= 12 {
				t.Fatalf("got %+v with checkpoint %+v, want stopped at a checkpoint", end, saved)
			}
			second := l.run(t, l.start(t, run, 2, resumeFrom(saved)))
			got := points(first, -1)
			maps.Copy(got, points(second, -1))
			if diff := cmp.Diff(whole, got); diff != "" {
				t.Errorf("-undisturbed +stopped and resumed\n%s", diff)
			}
		})
	}
}

// endsAfter is a context that ends after it was looked at a number of times.
type endsAfter struct {
	context.Context
	looks int
}

func (e *endsAfter) Err() error {
	if e.looks--; e.looks < 0 {
		return context.Canceled
	}
	return nil
}

func TestRun_StopsBeforeTheWallTimeIsOver(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	all := l.run(t, l.start(t, "slow", 1, func(s *spec.Spec) { s.Steps, s.Resources.WalltimeS = 1_000_000, 1 }))
	end := lastEvent(all).Finished
	if want := "the wall time of 1s is nearly over"; end.Outcome != spec.OutcomeStopped || end.Reason != want || end.ReasonJA != "制限時間 1s がまもなく終わります" {
		t.Errorf("got %+v, want stopped because %s", end, want)
	}
}

// Killed at any moment, the newest checkpoint that was told of and the event file are enough to go on.
func TestRun_KilledAtAnyMomentGoesOnBitForBit(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	whole := points(l.run(t, l.start(t, "whole", 1, nil)), -1)
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 0))
		if diff := cmp.Diff(whole, l.runKilled(t, fmt.Sprint("killed-", seed), r)); diff != "" {
			t.Fatalf("seed %d: -undisturbed +killed\n%s", seed, diff)
		}
	}
}

// runKilled kills three attempts and lets the fourth finish. It returns the points that count.
func (l *lab) runKilled(t *testing.T, run string, r *rand.Rand) map[string]spec.Real {
	t.Helper()
	got := map[string]spec.Real{}
	var checkpoint *spec.Saved
	for attempt := 1; ; attempt++ {
		kill := r.IntN(60)
		if attempt > 3 {
			kill = math.MaxInt
		}
		all := killAfter(t, l.start(t, run, attempt, resumeFrom(checkpoint)), kill)
		if checkpoint == nil {
			clear(got) // this attempt began at the beginning: it supersedes everything
		}
		maps.Copy(got, points(all, -1))
		if c := lastCheckpoint(all); c != nil {
			checkpoint = c
		}
		if len(all) > 0 && lastEvent(all).Finished != nil {
			return got
		}
	}
}

// killAfter runs an attempt in a process of its own, kills it outright once it has written that many events, and returns
// what it left.
func killAfter(tb testing.TB, dir string, count int) []spec.Event {
	tb.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), runnerVariable+"="+dir)
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for {
		select {
		case err := <-done:
			if err != nil {
				tb.Fatal(err)
			}
			return events(tb, dir)
		case <-look.C:
			if len(events(tb, dir)) >= count {
				_ = cmd.Process.Kill() // it may have ended by itself
				<-done
				return events(tb, dir)
			}
		}
	}
}

func TestRun_PassesADamagedCheckpointOver(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	first := lastCheckpoint(l.run(t, l.start(t, "run", 1, nil)))
	model := filepath.Join(first.Path, "model.safetensors")
	data, err := os.ReadFile(model)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)-1]++
	if err := os.WriteFile(model, data, 0o644); err != nil {
		t.Fatal(err)
	}
	dir := l.start(t, "run", 2, resumeFrom(first))
	if err := runner.Run(context.Background(), l.options(dir)); !errors.Is(err, runner.ErrFailed) {
		t.Fatalf("got %v, want %v", err, runner.ErrFailed)
	}
	all := events(t, dir)
	const want = "the checkpoint of step 12 is passed over, start from the one before: "
	end := lastEvent(all).Finished
	if end.Outcome != spec.OutcomeFailed || !end.Retriable || !strings.HasPrefix(end.Reason, want) {
		t.Errorf("got %+v, want a retriable failure: %s", end, want)
	}
	said := all[len(all)-2].Log
	if said == nil || said.Level != "error" || !strings.HasPrefix(said.Text, want) {
		t.Fatalf("got %+v, want a log event: %s", said, want)
	}
	const ja = "ステップ 12 のチェックポイントは使わず、1 つ前から始めます："
	if !strings.HasPrefix(end.ReasonJA, ja) || !strings.Contains(end.ReasonJA, "書き換えられたか、壊れています") || said.TextJA != end.ReasonJA {
		t.Errorf("says %q and %q in Japanese, want %s", end.ReasonJA, said.TextJA, ja)
	}
}

func TestRun_StartsFromWeights(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	first := l.run(t, l.start(t, "first", 1, nil))
	saved := lastCheckpoint(first)
	begin := func(digest string) string {
		return l.start(t, "second", 1, func(s *spec.Spec) { s.Init = &spec.Init{Path: saved.Path, ManifestSHA256: digest} })
	}
	dir := begin(strings.Repeat("0", 64))
	if err := runner.Run(context.Background(), l.options(dir)); !errors.Is(err, runner.ErrFailed) {
		t.Errorf("weights of another digest: got %v, want %v", err, runner.ErrFailed)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	second := l.run(t, begin(saved.ManifestSHA256))
	if a, b := points(first, -1)["bpb/all@12"], points(second, -1)["bpb/all@0"]; a != b {
		t.Errorf("the first run ended at %v, the second began at %v", a, b)
	}
}

// TestCheckInit: weights of another shape are refused by what differs, a change that no tensor shows included.
func TestCheckInit(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	saved := lastCheckpoint(l.run(t, l.start(t, "first", 1, nil)))
	whole := func(s *spec.Spec) { s.Init = &spec.Init{Path: saved.Path, ManifestSHA256: saved.ManifestSHA256} }
	for _, v := range []struct {
		name, field, message string
		change               func(s *spec.Spec)
	}{
		{"the same", "", "", func(*spec.Spec) {}},
		{"other rows and rates", "", "", func(s *spec.Spec) { s.BatchRows, s.Optimizer.PeakLR = 7, 1e-4 }},
		{"heads", "init", "heads 2 instead of 1", func(s *spec.Spec) { s.Model.Heads = 1 }},
		{"width and layers", "init", "layers 2 instead of 3, width 32 instead of 64", func(s *spec.Spec) { s.Model.Layers, s.Model.Width = 3, 64 }},
		{"a folder without one", "init.path", "no such file", func(s *spec.Spec) { s.Init.Path = t.TempDir() }},
		{"another digest", "init.manifest_sha256", "the checkpoint was changed", func(s *spec.Spec) { s.Init.ManifestSHA256 = strings.Repeat("0", 64) }},
	} {
		t.Run(v.name, func(t *testing.T) {
			s := l.base
			whole(&s)
			v.change(&s)
			found := runner.CheckInit(&s, "")
			if v.field == "" && len(found) == 0 {
				return
			}
			if len(found) != 1 || found[0].Field != v.field || !strings.Contains(found[0].Message, v.message) {
				t.Errorf("got %v, want %s: …%s…", found, v.field, v.message)
			}
		})
	}
}

// TestRun_BranchesBitForBit: two runs that agree up to a step share that part; the second has what it would have had alone.
func TestRun_BranchesBitForBit(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	const at = 5
	turn := func(first, second int64) func(s *spec.Spec) {
		return func(s *spec.Spec) {
			s.Weights = []spec.Weights{
				{FromStep: 0, W: []int64{first, spec.WeightTotal - first}},
				{FromStep: at, W: []int64{second, spec.WeightTotal - second}},
			}
		}
	}
	alone := turn(1<<29, 3<<28)
	whole := l.run(t, l.start(t, "alone", 1, alone))
	trunk := l.run(t, l.start(t, "trunk", 1, func(s *spec.Spec) {
		turn(1<<29, 1<<28)(s)
		s.Checkpoint.Keep, s.Checkpoint.KeepAt = 1, []int64{at}
	}))
	kept := spec.CheckpointDir(spec.RunDir(l.data, "trunk"), at, 1)
	branch := l.run(t, l.start(t, "branch", 1, func(s *spec.Spec) {
		alone(s)
		s.Checkpoint.ResumeFrom = &spec.Resume{Step: at, Path: kept, RunID: "trunk"}
	}))
	if diff := cmp.Diff(points(whole, at), points(branch, -1)); diff != "" {
		t.Errorf("after step %d: -undivided +branch\n%s", at, diff)
	}
	past := points(trunk, -1)
	maps.DeleteFunc(past, func(key string, _ spec.Real) bool { _, later := points(trunk, at)[key]; return later })
	maps.Copy(past, points(branch, -1))
	if diff := cmp.Diff(points(whole, -1), past); diff != "" {
		t.Errorf("-undivided +trunk up to step %d and branch\n%s", at, diff)
	}
}

func TestRun_RefusesACheckpointOfAnotherRun(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	saved := lastCheckpoint(l.run(t, l.start(t, "one", 1, nil)))
	dir := l.start(t, "two", 1, resumeFrom(saved))
	if err := runner.Run(t.Context(), l.options(dir)); !errors.Is(err, runner.ErrFailed) {
		t.Errorf("got %v, want %v", err, runner.ErrFailed)
	}
}
