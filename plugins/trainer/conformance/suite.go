package conformance

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/sampler"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// suite is one trainer under test.
type suite struct {
	Config
	*material
	about trainer.Description
}

func newSuite(t *testing.T, c Config) *suite {
	about, err := c.Trainer.Describe(t.Context())
	if err != nil {
		t.Fatalf("describe: %v", err)
	}
	return &suite{Config: c, material: newMaterial(t), about: about}
}

// spec is a run of so many steps, at least 20, over both sources: intervals don't divide the steps, the table changes, and
// at last one source is switched off.
func (s *suite) spec(run string, steps int64) *spec.Spec {
	const d = spec.WeightTotal
	v := &spec.Spec{
		SpecVersion: spec.Version, RunID: run, Attempt: 1, Kind: spec.KindPretrain,
		Mode: spec.ModeExact, MixSeed: 0x0123456789abcdef, DataSeed: 0xfedcba9876543210, InitSeed: 0xffffffffffffffff,
		Steps: steps, BatchRows: 3, RowTokens: 48,
		Sources: s.sources[:2:2],
		Weights: []spec.Weights{
			{FromStep: 0, W: []int64{d / 2, d / 2}},
			{FromStep: steps / 3, W: []int64{d / 7, d - d/7}},
			{FromStep: steps - steps/5, W: []int64{d, 0}},
		},
		Model: spec.Model{
			Layers: 1, Width: 32, Heads: 2, KVHeads: 2, FFN: 64, Vocab: 257, Tied: true, RopeBase: 10000, NormEps: 1e-5,
		},
		Tokenizer: spec.Tokenizer{Kind: spec.TokenizerBytes},
		Optimizer: spec.Optimizer{
			PeakLR: 3e-3, FinalLRFraction: 0.1, WarmupSteps: steps / 10, Decay: spec.DecayCosine, DecaySteps: steps - steps/10,
			Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, WeightDecay: 0.1, Clip: 1,
		},
		Precision:   spec.PrecisionFP32,
		Log:         spec.Log{EverySteps: 3},
		Eval:        spec.Eval{EverySteps: 7, Sets: s.sets[:2:2], Tasks: append([]spec.Task(nil), s.tasks...)},
		Checkpoint:  spec.Checkpoint{EverySteps: 10},
		OnNonfinite: spec.NonfiniteStop,
		Resources:   spec.Resources{Threads: 1},
	}
	v.Eval.Sets = append(v.Eval.Sets, s.sets[3:]...)
	if s.Adapt != nil {
		s.Adapt(v)
	}
	return v
}

func (s *suite) rowsOf(tb testing.TB, v *spec.Spec) map[string]int64 {
	tb.Helper()
	rows := map[string]int64{}
	for k, source := range v.Sources {
		rows[source.Name] = s.count(tb, v, k)
	}
	return rows
}

func (s *suite) planOf(tb testing.TB, v *spec.Spec) *sampler.Plan {
	tb.Helper()
	var sizes []int64
	for k := range v.Sources {
		sizes = append(sizes, s.count(tb, v, k))
	}
	p, err := sampler.ForSpec(v, sizes)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// attempt is one start of a run.
type attempt struct {
	spec  *spec.Spec
	dir   string
	lines []spec.Line // what its events hold, as far as they were read
	tail  spec.Tail
}

// start asks the trainer for a plan and has it run.
func (s *suite) start(t *testing.T, v *spec.Spec) *attempt {
	t.Helper()
	data, err := spec.Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	a := s.attempt(v)
	s.Engine.Start(t, a.dir, data, s.partsOf(t, v))
	t.Cleanup(func() {
		if s.Engine.Alive(t, a.dir) {
			s.Engine.Kill(t, a.dir)
			s.end(t, a)
		}
	})
	return a
}

func (s *suite) attempt(v *spec.Spec) *attempt {
	a := &attempt{spec: v, dir: spec.AttemptDir(spec.RunDir(s.data, v.RunID), v.Attempt)}
	a.tail.Path = filepath.Join(a.dir, spec.EventsFile)
	return a
}

// partsOf is the trainer's plan of an attempt.
func (s *suite) partsOf(t *testing.T, v *spec.Spec) trainer.Plan {
	t.Helper()
	plan, err := s.Trainer.Plan(t.Context(), []trainer.Assignment{s.assignment(s.attempt(v).dir, v)})
	if err != nil {
		t.Fatalf("plan: %v", err)
	}
	return plan
}

func (s *suite) assignment(dir string, v *spec.Spec) trainer.Assignment {
	return trainer.Assignment{Spec: v, Dir: dir, Rows: spec.RowsDir(s.data)}
}

// run trains to the attempt's end.
func (s *suite) run(t *testing.T, v *spec.Spec) *attempt {
	t.Helper()
	a := s.start(t, v)
	s.end(t, a)
	return a
}

// end waits until nothing of the attempt lives, and reads all its events.
func (s *suite) end(t *testing.T, a *attempt) {
	t.Helper()
	s.wait(t, "end", func() bool { return !s.Engine.Alive(t, a.dir) })
	a.read(t)
}

// reach waits until an event is as wanted; false when the attempt ended without one.
func (s *suite) reach(t *testing.T, a *attempt, wanted func(e spec.Event) bool) (found bool) {
	t.Helper()
	seen := 0
	s.wait(t, "come so far", func() bool {
		alive := s.Engine.Alive(t, a.dir)
		a.read(t)
		for ; seen < len(a.lines); seen++ {
			found = found || wanted(a.lines[seen].Event)
		}
		return found || !alive
	})
	return found
}

func (s *suite) wait(t *testing.T, what string, so func() bool) {
	t.Helper()
	deadline, look := time.After(s.Patience), time.NewTicker(2*time.Millisecond)
	defer look.Stop()
	for !so() {
		select {
		case <-deadline:
			t.Fatalf("the attempt didn't %s within %v", what, s.Patience)
		case <-look.C:
		}
	}
}

func (a *attempt) read(t *testing.T) {
	t.Helper()
	for {
		lines, err := a.tail.Read(1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(lines) == 0 {
			return
		}
		a.lines = append(a.lines, lines...)
	}
}

// finished is the attempt's last word.
func (a *attempt) finished(t *testing.T) spec.Finished {
	t.Helper()
	if n := len(a.lines); n > 0 && a.lines[n-1].Finished != nil {
		return *a.lines[n-1].Finished
	}
	t.Fatalf("%s: the last of %d events isn't finished; the runner's last words are in stderr.log beside it", a.tail.Path, len(a.lines))
	return spec.Finished{}
}
