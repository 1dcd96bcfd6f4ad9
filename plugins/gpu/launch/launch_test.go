package launch_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/haigo-lab/haigo/plugins/gpu/launch"
	"github.com/haigo-lab/haigo/plugins/trainer/rows/rowstest"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/plugins/trainer/spec/spectest"
)

// attempt is a folder with a spec that this trainer can run, but for what change does to it.
func attempt(t *testing.T, change func(*spec.Spec)) launch.Options {
	t.Helper()
	dir := t.TempDir()
	s := spectest.Spec()
	s.Tokenizer = spec.Tokenizer{Kind: spec.TokenizerBytes}
	s.Checkpoint.ResumeFrom = nil
	for i := range s.Sources {
		name := s.Sources[i].Name
		s.Sources[i] = rowstest.Write(t, filepath.Join(dir, name), name, []string{strings.Repeat(name, 5000)})
	}
	change(s)
	data, err := spec.Encode(s)
	if err := errors.Join(err, os.WriteFile(filepath.Join(dir, spec.SpecFile), data, 0o644)); err != nil {
		t.Fatal(err)
	}
	return launch.Options{Dir: dir, Rows: filepath.Join(dir, "rows"), Program: filepath.Join(dir, "haigo-gpu"), Version: "v1"}
}

func finished(t *testing.T, o launch.Options) *spec.Finished {
	t.Helper()
	last, err := spec.LastEvent(filepath.Join(o.Dir, spec.EventsFile))
	if err != nil || last == nil || last.Finished == nil {
		t.Fatalf("the last event is %+v, %v", last, err)
	}
	return last.Finished
}

// TestRun_WithoutJAX: the run says what to install, in both languages, and trains nothing.
func TestRun_WithoutJAX(t *testing.T) {
	t.Parallel()
	o := attempt(t, func(*spec.Spec) {})
	if err := launch.Run(o); err == nil {
		t.Fatal("it trained")
	}
	f := finished(t, o)
	if f.Outcome != spec.OutcomeFailed || !strings.Contains(f.Reason, "make gpu") || !strings.Contains(f.ReasonJA, "make gpu") {
		t.Errorf("got %+v", f)
	}
}

func TestRows(t *testing.T) {
	t.Parallel()
	o := attempt(t, func(*spec.Spec) {})
	if err := launch.Rows(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if made, err := filepath.Glob(filepath.Join(o.Rows, "*", spec.RowsBinFile)); err != nil || len(made) == 0 {
		t.Errorf("no rows: %v", err)
	}
	o = attempt(t, func(s *spec.Spec) { s.Sources[0].ManifestSHA256 = strings.Repeat("0", 64) })
	if err := launch.Rows(t.Context(), o); err == nil {
		t.Fatal("rows of a source that was changed")
	}
	if f := finished(t, o); f.Outcome != spec.OutcomeFailed || !strings.Contains(f.Reason, "the source was changed") {
		t.Errorf("got %+v", f)
	}
}
