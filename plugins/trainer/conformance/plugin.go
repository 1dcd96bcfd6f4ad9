package conformance

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

func (s *suite) describe(t *testing.T) {
	d := s.about
	if !spec.ValidName(d.Name) || d.Version == "" || d.Unit != "row" {
		t.Errorf("name %q, version %q, unit %q; want a name, a version and the unit row", d.Name, d.Version, d.Unit)
	}
	if len(d.Devices) == 0 {
		t.Error("no device: nothing can be trained here")
	}
	for _, shape := range d.Shapes {
		v := s.spec("shape", 10)
		v.Model, v.Optimizer.PeakLR = shape.Model, spec.Real(shape.PeakLR)
		if problems := v.Problems(); !spec.ValidName(shape.Name) || len(problems) > 0 {
			t.Errorf("shape %q: %v", shape.Name, problems)
		}
	}
	again, err := s.Trainer.Describe(t.Context())
	if diff := cmp.Diff(d, again); err != nil || diff != "" {
		t.Errorf("asked again: %v (-first +second):\n%s", err, diff)
	}
}

func (s *suite) check(t *testing.T) {
	v := s.spec("check", 40)
	report := s.report(t, v)
	if len(report.Problems) > 0 {
		t.Fatalf("problems of a sound spec: %v", report.Problems)
	}
	if report.Parameters <= 0 || report.FLOPsPerToken <= 0 || report.MemoryBytes <= 0 || report.TokensPerS < 0 {
		t.Errorf("parameters %d, FLOPs a token %v, memory %d, tokens/s %v", report.Parameters, report.FLOPsPerToken, report.MemoryBytes, report.TokensPerS)
	}
	if diff := cmp.Diff(s.rowsOf(t, v), report.Rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	end, err := s.planOf(t, v).At(v.Steps)
	if err != nil {
		t.Fatal(err)
	}
	for k, source := range v.Sources {
		n := float64(s.rows(k, v.RowTokens))
		want, got := float64(end.Drawn()[k])/n, report.Epochs[source.Name]
		if math.Abs(want-got)*n > 3 { // the table's integral and the rows drawn may differ so much
			t.Errorf("epochs of %s: got %v, the plan reads %v", source.Name, got, want)
		}
	}
}

// checkRefuses: every problem names the field that must change. A field may be named as a whole.
func (s *suite) checkRefuses(t *testing.T) {
	for _, v := range []struct {
		name, field string
		change      func(v *spec.Spec)
	}{
		{"a broken rule", "weights[0].w", func(v *spec.Spec) { v.Weights[0].W = []int64{1, 1} }},
		{"another version", "spec_version", func(v *spec.Spec) { v.SpecVersion = 2 }},
		{"a manifest that isn't there", "sources[1].manifest", func(v *spec.Spec) { v.Sources[1].Manifest += "x" }},
		{"a source that was changed", "sources[1].manifest_sha256", func(v *spec.Spec) { v.Sources[1].ManifestSHA256 = strings.Repeat("0", 64) }},
		{"another count of rows", "sources[0].rows", func(v *spec.Spec) { v.Sources[0].Rows = 1 }},
		{"a source with a weight and no row", "sources[1]", func(v *spec.Spec) { v.Sources[1] = s.sources[2] }},
		{"a set that was changed", "eval.sets[0].sha256", func(v *spec.Spec) { v.Eval.Sets[0].SHA256 = strings.Repeat("0", 64) }},
		{"a task that isn't there", "eval.tasks[0].path", func(v *spec.Spec) { v.Eval.Tasks[0].Path += "x" }},
		{"more memory than allowed", "resources.memory_bytes", func(v *spec.Spec) { v.Resources.MemoryBytes = 1 }},
	} {
		t.Run(v.name, func(t *testing.T) {
			changed := s.spec("refused", 40)
			if strings.HasPrefix(v.field, "eval.tasks") && len(changed.Eval.Tasks) == 0 {
				return // Adapt says that this trainer scores none
			}
			changed.Sources = append([]spec.Source(nil), changed.Sources...)
			v.change(changed)
			report := s.report(t, changed)
			for _, p := range report.Problems {
				if p.Message != "" && p.Field != "" && strings.HasPrefix(v.field, p.Field) {
					return
				}
			}
			t.Errorf("got problems %v, want one of field %s", report.Problems, v.field)
		})
	}
}

func (s *suite) report(t *testing.T, v *spec.Spec) trainer.Report {
	t.Helper()
	report, err := s.Trainer.Check(t.Context(), v)
	if err != nil {
		t.Fatalf("check: %v", err)
	}
	return report
}

// plan: the parts are programs that are there, in the order of their steps; asking launches nothing and changes nothing.
func (s *suite) plan(t *testing.T) {
	v := s.spec("plan", 40)
	v.Attempt, v.Checkpoint.ResumeFrom = 2, &spec.Resume{Step: 10, Path: "../checkpoints/step-000000010-a0001"}
	dir := t.TempDir()
	plan, err := s.Trainer.Plan(t.Context(), []trainer.Assignment{s.assignment(dir, v)})
	if err != nil {
		t.Fatalf("plan: %v", err)
	}
	again, err := s.Trainer.Plan(t.Context(), []trainer.Assignment{s.assignment(dir, v)})
	if diff := cmp.Diff(plan, again); err != nil || diff != "" {
		t.Errorf("asked again: %v (-first +second):\n%s", err, diff)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("planning wrote %v, %v", left, err)
	}
	for _, f := range plan.Files {
		if !filepath.IsLocal(f.Path) {
			t.Errorf("file %q lies outside of the attempt's folder", f.Path)
		}
	}
	step := v.Checkpoint.ResumeFrom.Step
	for _, p := range plan.Parts {
		if p.Name == "" || p.StartStep != step || p.EndStep < step {
			t.Errorf("part %q goes from step %d to %d, the one before ended at %d", p.Name, p.StartStep, p.EndStep, step)
		}
		step = p.EndStep
		if len(p.Argv) == 0 || !filepath.IsAbs(p.Argv[0]) {
			t.Errorf("part %q: %q doesn't begin with an absolute path", p.Name, p.Argv)
			continue
		}
		if info, err := os.Stat(p.Argv[0]); err != nil || info.Mode()&0o111 == 0 {
			t.Errorf("part %q: %s can't be run: %v", p.Name, p.Argv[0], err)
		}
	}
	if step != v.Steps {
		t.Errorf("the parts end at step %d of %d", step, v.Steps)
	}
}
