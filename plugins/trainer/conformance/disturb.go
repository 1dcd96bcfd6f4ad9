package conformance

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// disturbances: whatever happens to a run, the next attempt goes on with what the undisturbed run had.
func (s *suite) disturbances(t *testing.T) {
	long := s.longRun(t)
	whole := s.run(t, long)
	s.verify(t, whole)
	if f := whole.finished(t); f.Outcome != spec.OutcomeCompleted {
		t.Fatalf("undisturbed run: %+v", f)
	}
	t.Run("again", func(t *testing.T) { s.again(t, whole) })
	t.Run("stop and resume", func(t *testing.T) { s.stopAndResume(t, whole) })
	t.Run("kill and resume", func(t *testing.T) { s.killAndResume(t, whole) })
	t.Run("kill before a checkpoint", func(t *testing.T) { s.killEarly(t, whole) })
	t.Run("damaged checkpoint", func(t *testing.T) { s.damage(t, whole) })
	t.Run("resume at the end", func(t *testing.T) { s.resumeAtEnd(t, whole) })
	t.Run("branch", func(t *testing.T) { s.branch(t, whole) })
	t.Run("weights", func(t *testing.T) { s.weights(t, whole) })
}

// first is the first attempt of another run of the same spec.
func first(whole *attempt, run string) *spec.Spec {
	v := *whole.spec
	v.RunID = run
	return &v
}

// next is a further attempt, from a checkpoint of the one before; nil begins anew.
func next(a *attempt, from *spec.Saved) *spec.Spec {
	v := *a.spec
	v.Attempt++
	v.Checkpoint.ResumeFrom = nil
	if from != nil {
		v.Checkpoint.ResumeFrom = &spec.Resume{Step: from.Step, Path: spec.Resolve(a.dir, from.Path)}
	}
	return &v
}

// checkpoints is what the attempt saved, oldest first.
func (a *attempt) checkpoints() (list []*spec.Saved) {
	for _, line := range a.lines {
		if line.Checkpoint != nil {
			list = append(list, line.Checkpoint)
		}
	}
	return list
}

// again: the same spec in another run gives the same points.
func (s *suite) again(t *testing.T, whole *attempt) {
	a := s.run(t, first(whole, "again"))
	s.verify(t, a)
	s.same(t, whole, a)
}

func (s *suite) stopAndResume(t *testing.T, whole *attempt) {
	a, passed := s.stopped(t, whole)
	s.verify(t, a)
	f := a.finished(t)
	if f.Outcome != spec.OutcomeStopped || f.Step < passed || f.Step >= a.spec.Steps {
		t.Fatalf("finished: %+v, asked to stop after step %d of %d", f, passed, a.spec.Steps)
	}
	s.same(t, whole, a)
	saved := a.checkpoints()
	b := s.run(t, next(a, saved[len(saved)-1]))
	s.continued(t, whole, b)
}

// stopped is an attempt that was asked to stop in its middle, after a step that it had passed. One that trained to its end says
// nothing against the trainer, which may have been there before a busy machine let this process ask: another one is asked, sooner,
// and so on a few times.
func (s *suite) stopped(t *testing.T, whole *attempt) (a *attempt, passed int64) {
	t.Helper()
	for try := range int64(20) {
		a = s.start(t, first(whole, fmt.Sprintf("stopped-%d", try)))
		passed = max(whole.spec.Steps/4/(try+1), whole.spec.Checkpoint.EverySteps+1)
		if !s.reach(t, a, func(e spec.Event) bool { return e.Metrics != nil && e.Metrics.Step >= passed }) {
			t.Fatalf("the attempt ended before step %d", passed)
		}
		put(t, filepath.Join(a.dir, spec.StopFile), nil)
		s.end(t, a)
		if a.finished(t).Outcome != spec.OutcomeCompleted {
			break
		}
	}
	return a, passed
}

func (s *suite) killAndResume(t *testing.T, whole *attempt) {
	a := s.start(t, first(whole, "killed"))
	after := whole.spec.Checkpoint.EverySteps*3 + 1
	s.reach(t, a, func(e spec.Event) bool { return e.Metrics != nil && e.Metrics.Step > after })
	s.Engine.Kill(t, a.dir)
	s.end(t, a)
	saved := a.checkpoints()
	if len(saved) < 3 {
		t.Fatalf("%d checkpoints before step %d", len(saved), after)
	}
	s.same(t, whole, a)
	s.continued(t, whole, s.run(t, next(a, saved[1])))
}

// killEarly kills while nothing is saved yet: the next attempt begins anew.
func (s *suite) killEarly(t *testing.T, whole *attempt) {
	a := s.start(t, first(whole, "killed-early"))
	s.reach(t, a, func(e spec.Event) bool { return e.Plan != nil })
	s.Engine.Kill(t, a.dir)
	s.end(t, a)
	s.continued(t, whole, s.run(t, next(a, nil)))
}

// continued holds an attempt that trained to the end against the undisturbed run.
func (s *suite) continued(t *testing.T, whole, a *attempt) {
	t.Helper()
	s.verify(t, a)
	if f := a.finished(t); f.Outcome != spec.OutcomeCompleted {
		t.Errorf("finished: %+v", f)
	}
	s.same(t, whole, a)
}

// damage: an attempt resumes only the checkpoint that its spec names, and that one only while it is whole. Another
// attempt may have the one before.
func (s *suite) damage(t *testing.T, whole *attempt) {
	a := s.run(t, first(whole, "damaged"))
	saved := a.checkpoints()
	newest, before := saved[len(saved)-2], saved[len(saved)-3]
	flip(t, spec.Resolve(a.dir, newest.Path))
	b := s.run(t, next(a, newest))
	untrained(t, b)
	if f := b.finished(t); f.Outcome != spec.OutcomeFailed || !f.Retriable {
		t.Errorf("finished: %+v, want failed and retriable", f)
	}
	told := false
	for _, line := range b.lines {
		told = told || line.Log != nil && line.Log.Level == "error"
	}
	if !told {
		t.Error("no log event tells of the damage")
	}
	v := next(b, nil)
	v.Checkpoint.ResumeFrom = &spec.Resume{Step: before.Step, Path: spec.Resolve(a.dir, before.Path)}
	s.continued(t, whole, s.run(t, v))
}

// flip changes one byte in the middle of a checkpoint's largest file.
func flip(t *testing.T, dir string) {
	t.Helper()
	m, _, err := spec.ReadCheckpoint(dir)
	if err != nil {
		t.Fatal(err)
	}
	largest := m.Files[0]
	for _, f := range m.Files {
		if f.Bytes > largest.Bytes {
			largest = f
		}
	}
	path := filepath.Join(dir, filepath.FromSlash(largest.Path))
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	put(t, path, data)
}

// resumeAtEnd: a runner killed between its last checkpoint and its last word has nothing left to train.
func (s *suite) resumeAtEnd(t *testing.T, whole *attempt) {
	saved := whole.checkpoints()
	a := s.run(t, next(whole, saved[len(saved)-1]))
	s.continued(t, whole, a)
}

// branch: a run that starts from a step that another kept for it has what it would have had alone. The trunk turns to
// another mixture there, and drops its other checkpoints.
func (s *suite) branch(t *testing.T, whole *attempt) {
	at := whole.spec.Steps/2 + 1
	trunk := first(whole, "trunk")
	trunk.Checkpoint.Keep, trunk.Checkpoint.KeepAt = 1, []int64{at}
	trunk.Weights = before(trunk.Weights, at)
	last := trunk.Weights[len(trunk.Weights)-1].W
	trunk.Weights = append(trunk.Weights, spec.Weights{FromStep: at, W: append(last[1:len(last):len(last)], last[0])})
	a := s.run(t, trunk)
	s.verify(t, a)
	for _, saved := range a.checkpoints() {
		if saved.Step != at {
			continue
		}
		v := first(whole, "branch")
		v.Checkpoint.ResumeFrom = &spec.Resume{Step: at, Path: spec.Resolve(a.dir, saved.Path), RunID: trunk.RunID}
		s.continued(t, whole, s.run(t, v))
		return
	}
	t.Errorf("no checkpoint at step %d", at)
}

// weights: a run that starts from another's weights scores at once what that one scored with them, and trains its own steps.
// Those of another shape are refused before the start. A trainer that starts from no weights at all says so.
func (s *suite) weights(t *testing.T, whole *attempt) {
	saved := whole.checkpoints()
	last := saved[len(saved)-1]
	v := first(whole, "from-weights")
	v.Init = &spec.Init{Path: spec.Resolve(whole.dir, last.Path), ManifestSHA256: last.ManifestSHA256}
	if s.refusesInit(t, v) {
		t.Log("this trainer starts from no weights")
		return
	}
	a := s.run(t, v)
	s.verify(t, a)
	if f := a.finished(t); f.Outcome != spec.OutcomeCompleted || f.Step != v.Steps {
		t.Errorf("finished: %+v", f)
	}
	want, got := whole.scores(last.Step), a.scores(0)
	if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
		t.Errorf("-the end of the one +the beginning of the other\n%s", diff)
	}
	other := *v
	other.Model.FFN += 32
	if !s.refusesInit(t, &other) {
		t.Error("weights of another shape are no problem to the check")
	}
}

func (s *suite) refusesInit(t *testing.T, v *spec.Spec) bool {
	t.Helper()
	return slices.ContainsFunc(s.report(t, v).Problems, func(p trainer.Problem) bool { return strings.HasPrefix(p.Field, "init") })
}

// scores are the values that an attempt scored at a step.
func (a *attempt) scores(step int64) map[string]spec.Real {
	for _, line := range a.lines {
		if line.Scores != nil && line.Scores.Step == step {
			return line.Scores.Values
		}
	}
	return nil
}

// before is the part of a table that begins before a step.
func before(table []spec.Weights, step int64) (part []spec.Weights) {
	for _, w := range table {
		if w.FromStep < step {
			part = append(part, w)
		}
	}
	return part
}
