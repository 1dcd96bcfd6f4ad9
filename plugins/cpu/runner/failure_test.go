package runner_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/haigo-lab/haigo/plugins/cpu/runner"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

func TestRun_FailsWithAReason(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	// What no check lets through, so that only programmers meet it, is said in English alone.
	within := map[string]bool{"source 0 has a weight and no row": true, `instruction set "mmx" is not to be had here`: true}
	for want, change := range map[string]func(s *spec.Spec){
		"source ja has 3 rows, the spec says 7":          func(s *spec.Spec) { s.Sources[0].Rows = 7; s.RowTokens = 2000 },
		"source 0 has a weight and no row":               func(s *spec.Spec) { s.RowTokens, s.Model.Layers = 9000, 1 },
		"takes about":                                    func(s *spec.Spec) { s.RowTokens = 1 << 17 },
		"resources.memory_bytes: is 1000, the run takes": func(s *spec.Spec) { s.Resources.MemoryBytes = 1000 },
		"no such file":                                   func(s *spec.Spec) { s.Eval.Sets[0].Path += "x" },
		"has SHA-256 ":                                   func(s *spec.Spec) { s.Eval.Tasks[0].SHA256 = strings.Repeat("0", 64) },
		"bf16 needs a processor with avx512_bf16": func(s *spec.Spec) {
			s.Precision, s.Extra = spec.PrecisionBF16, map[string]any{"isa": "go"}
		},
		`instruction set "mmx" is not to be had here`:     func(s *spec.Spec) { s.Extra = map[string]any{"isa": "mmx"} },
		"the source was changed, add it as a new version": func(s *spec.Spec) { s.Sources[1].ManifestSHA256 = strings.Repeat("1", 64) },
		"the checkpoint of step 4 is passed over":         resumeFrom(&spec.Saved{Step: 4, Path: "../checkpoints/gone"}),
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			dir := l.start(t, strings.Map(letters, want), 1, func(s *spec.Spec) {
				s.Sources, s.Eval.Sets, s.Eval.Tasks = clone(s.Sources), clone(s.Eval.Sets), clone(s.Eval.Tasks)
				change(s)
			})
			err := runner.Run(context.Background(), l.options(dir))
			if !errors.Is(err, runner.ErrFailed) {
				t.Fatalf("got %v, want %v", err, runner.ErrFailed)
			}
			if end := lastEvent(events(t, dir)).Finished; end.Outcome != spec.OutcomeFailed || !strings.Contains(end.Reason, want) {
				t.Errorf("got %+v, want failed: %s", end, want)
			} else if end.ReasonJA == "" && !within[want] {
				t.Errorf("%q has no Japanese", end.Reason)
			}
		})
	}
}

func clone[T any](list []T) []T { return append([]T(nil), list...) }

func letters(r rune) rune {
	if r >= 'a' && r <= 'z' {
		return r
	}
	return -1
}

func TestPrepareRows_FinishesTheAttemptThatItCantHelp(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	dir := l.start(t, "rows", 1, nil)
	if err := os.Remove(l.base.Sources[1].Manifest); err != nil {
		t.Fatal(err)
	}
	if err := runner.PrepareRows(context.Background(), l.options(dir)); err == nil {
		t.Error("rows of a missing source were made")
	}
	if end := lastEvent(events(t, dir)).Finished; end == nil || !strings.HasPrefix(end.Reason, "source en: ") {
		t.Errorf("got %+v, want a failure of source en", end)
	}
}

func TestRun_RefusesAnotherVersion(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	dir := l.start(t, "version", 1, func(s *spec.Spec) { s.SpecVersion = 2 })
	err := runner.Run(context.Background(), l.options(dir))
	if want := "this program reads version 1"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}
