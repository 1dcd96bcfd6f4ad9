package conformance

import (
	"fmt"
	"maps"
	"math"
	"os"
	"path"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/plugins/trainer/sampler"
	"github.com/haigo-lab/haigo/plugins/trainer/score"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// verify holds an attempt that said finished against the contract: which events, in which order, saying what.
func (s *suite) verify(t *testing.T, a *attempt) {
	t.Helper()
	f := a.finished(t)
	if diff := cmp.Diff(expected(a.spec, f), marks(a.lines)); diff != "" {
		t.Fatalf("events of %s (-want +got):\n%s", a.tail.Path, diff)
	}
	plan := s.planOf(t, a.spec)
	usage := usageOf(t, a.spec, plan)
	for _, line := range a.lines {
		if line.Attempt != a.spec.Attempt || line.Segment != 0 || line.Time.IsZero() {
			t.Errorf("event %d: attempt %d, segment %d, time %v; want attempt %d, segment 0", line.Seq, line.Attempt, line.Segment, line.Time, a.spec.Attempt)
		}
		switch {
		case line.Started != nil:
			s.verifyStarted(t, a, line.Started)
		case line.Plan != nil:
			s.verifyPlan(t, a.spec, plan, line.Plan)
		case line.Metrics != nil:
			verifyMetrics(t, a.spec, f, line.Metrics)
		case line.Scores != nil:
			s.verifyScores(t, a, line.Scores)
		case line.Usage != nil:
			if diff := cmp.Diff(usage[line.Usage.Step], line.Usage.Rows); diff != "" {
				t.Errorf("usage at step %d (-want +got):\n%s", line.Usage.Step, diff)
			}
		case line.Checkpoint != nil:
			verifySaved(t, a, line.Checkpoint)
		}
	}
}

// expected is the events that the spec and the attempt's end ask for, logs left out, as "type step".
func expected(s *spec.Spec, f spec.Finished) []string {
	list := []string{spec.EventStarted, spec.EventPlan}
	from := int64(0)
	if s.Checkpoint.ResumeFrom != nil {
		from = s.Checkpoint.ResumeFrom.Step
	} else if s.Eval.DueAt(0, s.Steps) {
		list = append(list, mark(spec.EventScores, 0))
	}
	for step := from + 1; step <= f.Step; step++ {
		if f.Outcome == spec.OutcomeDiverged && step == f.Step {
			list = append(list, mark(spec.EventMetrics, step)) // the point that isn't finite is kept, and nothing after it
			break
		}
		list = append(list, expectedAt(s, step)...)
	}
	moved := f.Step > from || s.Checkpoint.ResumeFrom == nil
	if f.Outcome == spec.OutcomeStopped && moved && !s.Checkpoint.DueAt(f.Step, s.Steps) {
		list = append(list, mark(spec.EventCheckpoint, f.Step))
	}
	return append(list, mark(spec.EventFinished, f.Step))
}

func expectedAt(s *spec.Spec, step int64) (list []string) {
	for _, v := range []struct {
		kind string
		due  bool
	}{
		{spec.EventMetrics, due(s, step, s.Log.Every())},
		{spec.EventScores, s.Eval.DueAt(step, s.Steps)},
		{spec.EventUsage, due(s, step, s.Log.Every())},
		{spec.EventCheckpoint, s.Checkpoint.DueAt(step, s.Steps)},
	} {
		if v.due {
			list = append(list, mark(v.kind, step))
		}
	}
	return list
}

func due(s *spec.Spec, step, every int64) bool {
	return step == s.Steps || every > 0 && step%every == 0
}

func mark(kind string, step int64) string { return fmt.Sprintf("%s %d", kind, step) }

// marks is the events that there are, as expected writes them.
func marks(lines []spec.Line) (list []string) {
	for _, line := range lines {
		switch {
		case line.Metrics != nil:
			list = append(list, mark(line.Type, line.Metrics.Step))
		case line.Scores != nil:
			list = append(list, mark(line.Type, line.Scores.Step))
		case line.Usage != nil:
			list = append(list, mark(line.Type, line.Usage.Step))
		case line.Checkpoint != nil:
			list = append(list, mark(line.Type, line.Checkpoint.Step))
		case line.Finished != nil:
			list = append(list, mark(line.Type, line.Finished.Step))
		case line.Log == nil:
			list = append(list, line.Type)
		}
	}
	return list
}

func (s *suite) verifyStarted(t *testing.T, a *attempt, e *spec.Started) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(a.dir, spec.SpecFile))
	if err != nil {
		t.Fatal(err)
	}
	want := &spec.Started{
		Trainer: spec.Program{Name: s.about.Name, Version: s.about.Version}, SpecSHA256: spec.Digest(data),
		Device: e.Device, Devices: e.Devices, PeakFLOPs: e.PeakFLOPs, ISA: e.ISA, Threads: e.Threads,
	}
	if r := a.spec.Checkpoint.ResumeFrom; r != nil {
		want.ResumedFrom = &r.Step
	}
	if diff := cmp.Diff(want, e); diff != "" || e.Device == "" || e.Devices < 0 || e.PeakFLOPs != 0 && !positive(e.PeakFLOPs) {
		t.Errorf("started, device %q, %d of them, peak %v (-want +got):\n%s", e.Device, e.Devices, e.PeakFLOPs, diff)
	}
}

func (s *suite) verifyPlan(t *testing.T, v *spec.Spec, plan *sampler.Plan, e *spec.Plan) {
	t.Helper()
	digests, err := plan.Digests(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := &spec.Plan{
		Rows: s.rowsOf(t, v), PlanSHA256: digests.Plan, BlockSHA256: digests.Blocks,
		Parameters: e.Parameters, FLOPsPerToken: e.FLOPsPerToken, UnigramNats: e.UnigramNats,
	}
	if diff := cmp.Diff(want, e); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
	if e.Parameters <= 0 || !positive(e.FLOPsPerToken) || !positive(e.UnigramNats) {
		t.Errorf("plan: parameters %d, FLOPs a token %v, unigram nats %v", e.Parameters, e.FLOPsPerToken, e.UnigramNats)
	}
}

func verifyMetrics(t *testing.T, s *spec.Spec, f spec.Finished, e *spec.Metrics) {
	t.Helper()
	if e.Tokens != e.Step*s.TokensPerStep() {
		t.Errorf("metrics at step %d: %d tokens, want %d", e.Step, e.Tokens, e.Step*s.TokensPerStep())
	}
	for _, name := range []string{"loss", "grad_norm", "lr", "tokens_per_s"} {
		if _, given := e.Values[name]; !given {
			t.Errorf("metrics at step %d lack %s", e.Step, name)
		}
	}
	for name, value := range e.Values {
		if !spec.ValidMetric(name) || !finite(value) && f.Outcome == spec.OutcomeCompleted && s.OnNonfinite == spec.NonfiniteStop {
			t.Errorf("metrics at step %d: %q is %v", e.Step, name, value)
		}
	}
}

// verifyScores: every set and every task that is due is scored, and a union is the sum of its sets.
func (s *suite) verifyScores(t *testing.T, a *attempt, e *spec.Scores) {
	t.Helper()
	if e.Tokens != e.Step*a.spec.TokensPerStep() {
		t.Errorf("scores at step %d: %d tokens, want %d", e.Step, e.Tokens, e.Step*a.spec.TokensPerStep())
	}
	want := map[string]bool{}
	for _, set := range a.spec.Eval.Sets {
		want["bpb/"+set.Name] = true
		s.verifyUnion(t, set, e)
	}
	for _, task := range tasksAt(a.spec, e.Step) {
		for _, name := range s.taskValues[task.Name] {
			want["task/"+task.Name+"/"+name] = true
		}
	}
	got := map[string]bool{}
	for name, value := range e.Values {
		got[name] = true
		if !plausible(name, value) {
			t.Errorf("scores at step %d: %s is %v", e.Step, name, value)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("scores at step %d (-want +got):\n%s", e.Step, diff)
	}
	if e.Items != "" {
		s.verifyItems(t, a, e)
	}
}

// tasksAt is the tasks that the evaluation at a step has.
func tasksAt(s *spec.Spec, step int64) []spec.Task {
	if !s.Eval.TasksDueAt(step, s.Steps) {
		return nil
	}
	return s.Eval.Tasks
}

// plausible: every value is finite; margins have a sign, the rest is at least 0, and fractions are at most 1.
func plausible(name string, value spec.Real) bool {
	switch path.Base(name) {
	case "margin":
		return finite(value)
	case "accuracy", "exact", "f1":
		return value >= 0 && value <= 1
	}
	return finite(value) && value >= 0
}

// verifyItems: the file has one line an item, in the order of tasks and items, and the task's values follow from them.
func (s *suite) verifyItems(t *testing.T, a *attempt, e *spec.Scores) {
	t.Helper()
	scores, err := spec.ReadItemScores(spec.Resolve(a.dir, e.Items))
	if err != nil {
		t.Errorf("scores at step %d: items: %v", e.Step, err)
		return
	}
	var want, got []string
	for _, task := range tasksAt(a.spec, e.Step) {
		for _, id := range s.items[task.Name] {
			want = append(want, task.Name+" "+id)
		}
		of := slices.DeleteFunc(slices.Clone(scores), func(v spec.ItemScore) bool { return v.Task != task.Name })
		for name, value := range score.Values(task.Name, of) {
			if math.Abs(float64(value-e.Values[name])) > 1e-6 {
				t.Errorf("scores at step %d: %s is %v, its items make %v", e.Step, name, e.Values[name], value)
			}
		}
	}
	for _, v := range scores {
		got = append(got, v.Task+" "+v.ID)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("items at step %d (-want +got):\n%s", e.Step, diff)
	}
}

func (s *suite) verifyUnion(t *testing.T, set spec.Set, e *spec.Scores) {
	t.Helper()
	var bits float64
	for _, name := range set.UnionOf {
		bits += float64(e.Values["bpb/"+name]) * float64(s.bytes[name])
	}
	want, got := bits/float64(s.bytes[set.Name]), float64(e.Values["bpb/"+set.Name])
	if len(set.UnionOf) > 0 && math.Abs(want-got) > 1e-6*want {
		t.Errorf("scores at step %d: union %s has %v bits per byte, its sets make %v", e.Step, set.Name, got, want)
	}
}

// usageOf is the rows read of each source after every number of steps: the plan's, those of skipped steps left out.
func usageOf(t *testing.T, s *spec.Spec, plan *sampler.Plan) []map[string]int64 {
	t.Helper()
	cursor, err := plan.At(0)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]int64{}
	for _, source := range s.Sources {
		rows[source.Name] = 0
	}
	usage := []map[string]int64{maps.Clone(rows)}
	for batch, ok := cursor.Next(); ok; batch, ok = cursor.Next() {
		for _, k := range batch.Sources {
			if !skipped(s, batch.Step) {
				rows[s.Sources[k].Name]++
			}
		}
		usage = append(usage, maps.Clone(rows))
	}
	return usage
}

func skipped(s *spec.Spec, step int64) bool {
	return slices.ContainsFunc(s.Interventions, func(v spec.Intervention) bool {
		return v.Skip != nil && v.Skip[0] <= step && step < v.Skip[1]
	})
}

// verifySaved: a checkpoint that the spec still keeps is whole and is what its event says.
func verifySaved(t *testing.T, a *attempt, e *spec.Saved) {
	t.Helper()
	dir := spec.Resolve(a.dir, e.Path)
	if want := spec.CheckpointDir(filepath.Dir(a.dir), e.Step, a.spec.Attempt); filepath.Clean(dir) != want {
		t.Errorf("checkpoint at step %d is %s, want %s", e.Step, dir, want)
	}
	if a.spec.Checkpoint.Keep > 0 {
		return
	}
	m, digest, err := spec.ReadCheckpoint(dir)
	if err != nil {
		t.Errorf("checkpoint at step %d: %v", e.Step, err)
		return
	}
	size := int64(0)
	for _, f := range m.Files {
		size += f.Bytes
	}
	if digest != e.ManifestSHA256 || m.Step != e.Step || m.RunID != a.spec.RunID || e.Bytes < size {
		t.Errorf("checkpoint event %+v, manifest of run %s, step %d, %d bytes, SHA-256 %s", *e, m.RunID, m.Step, size, digest)
	}
}

// same holds the points of a continued attempt against the undisturbed run's. Speed and memory aside, a deterministic trainer
// gives the same bits; any trainer reads the same rows.
func (s *suite) same(t *testing.T, whole, part *attempt) {
	t.Helper()
	want, got := s.points(whole), s.points(part)
	maps.DeleteFunc(want, func(at string, _ any) bool { _, given := got[at]; return !given })
	bits := cmp.Comparer(func(a, b spec.Real) bool { return math.Float64bits(float64(a)) == math.Float64bits(float64(b)) })
	if diff := cmp.Diff(want, got, bits); diff != "" {
		t.Errorf("points (-undisturbed +disturbed):\n%s", diff)
	}
}

func (s *suite) points(a *attempt) map[string]any {
	points := map[string]any{}
	for _, line := range a.lines {
		switch {
		case line.Usage != nil:
			points[mark(line.Type, line.Usage.Step)] = line.Usage.Rows
		case !s.about.Deterministic:
		case line.Metrics != nil:
			values := maps.Clone(line.Metrics.Values)
			delete(values, "tokens_per_s")
			delete(values, "memory_bytes")
			points[mark(line.Type, line.Metrics.Step)] = values
		case line.Scores != nil:
			points[mark(line.Type, line.Scores.Step)] = line.Scores.Values
		}
	}
	return points
}

func finite(r spec.Real) bool { return !math.IsNaN(float64(r)) && !math.IsInf(float64(r), 0) }

func positive(r spec.Real) bool { return r > 0 && finite(r) }
