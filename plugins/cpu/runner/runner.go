package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/haigo-lab/haigo/plugins/cpu/kernel"
	"github.com/haigo-lab/haigo/plugins/cpu/machine"
	"github.com/haigo-lab/haigo/plugins/trainer/rows"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// Options says where a run is and who runs it.
type Options struct {
	Dir     string // the attempt's folder, with spec.json
	Rows    string // folder of cached rows
	Program spec.Program
}

// ErrFailed is the error of a run that finished as failed; events.jsonl says why.
var ErrFailed = errors.New("the run failed")

// Run trains to the end, or until ctx ends or the attempt's stop file appears: then it writes a checkpoint and leaves.
// It returns nil where the events end in finished with another outcome than failed. An attempt that already finished is
// left alone.
func Run(ctx context.Context, o Options) error {
	a, err := openAttempt(o)
	if err != nil {
		return err
	}
	if a == nil {
		return nil
	}
	finished := a.run(ctx)
	err = errors.Join(a.events.Append(finished), a.events.Close())
	if err != nil {
		return fmt.Errorf("the run ended (%s: %s), but that couldn't be written: %w", finished.Outcome, finished.Reason, err)
	}
	if finished.Outcome == spec.OutcomeFailed {
		return fmt.Errorf("%w: %s", ErrFailed, finished.Reason)
	}
	return nil
}

// PrepareRows is the part before the training: it makes the rows of the attempt's sources. What stands in its way
// finishes the attempt.
func PrepareRows(ctx context.Context, o Options) error {
	s, _, err := readSpec(o.Dir)
	if err != nil {
		return err
	}
	cause := rows.PrepareAll(ctx, s, o.Dir, o.Rows)
	if cause == nil {
		return nil
	}
	events, err := spec.OpenEvents(o.Dir, s.Attempt)
	if err != nil {
		return errors.Join(cause, err)
	}
	return errors.Join(cause, events.Append(ended(ctx, s, cause)), events.Close())
}

// ended is the last word of an attempt that came to an end before its first step.
func ended(ctx context.Context, s *spec.Spec, cause error) spec.Finished {
	if ctx.Err() != nil {
		return left(startStep(s), spec.Say("asked to stop while rows were prepared", "行を作っている間に停止を求められました"))
	}
	return failed(startStep(s), cause)
}

// startStep is the number of steps that lie behind a spec's attempt.
func startStep(s *spec.Spec) int64 {
	if r := s.Checkpoint.ResumeFrom; r != nil {
		return r.Step
	}
	return 0
}

func readSpec(dir string) (s *spec.Spec, digest string, err error) {
	data, err := os.ReadFile(filepath.Join(dir, spec.SpecFile))
	if err != nil {
		return nil, "", fmt.Errorf("read spec: %w", err)
	}
	s, err = spec.DecodeSpec(data)
	if err != nil {
		return nil, "", fmt.Errorf("read %s: %w", spec.SpecFile, err)
	}
	return s, spec.Digest(data), nil
}

// attempt is one start of a run.
type attempt struct {
	Options
	spec    *spec.Spec
	digest  string // of spec.json
	events  *spec.EventWriter
	started time.Time
}

// openAttempt is nil without an error where the attempt has finished already.
func openAttempt(o Options) (*attempt, error) {
	s, digest, err := readSpec(o.Dir)
	if err != nil {
		return nil, err
	}
	last, err := spec.LastEvent(filepath.Join(o.Dir, spec.EventsFile))
	if err != nil {
		return nil, err
	}
	if last != nil && last.Finished != nil {
		return nil, nil
	}
	events, err := spec.OpenEvents(o.Dir, s.Attempt)
	if err != nil {
		return nil, err
	}
	return &attempt{Options: o, spec: s, digest: digest, events: events, started: time.Now()}, nil
}

// run does everything between the first event and the last, which it returns.
func (a *attempt) run(ctx context.Context) spec.Finished {
	step := startStep(a.spec)
	session, err := a.open(ctx)
	if err == nil {
		defer session.sources.Close()
		var f spec.Finished
		if f, err = session.train(ctx); err == nil {
			return f
		}
		step = session.step
	}
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return left(step, spec.Say("asked to stop before the first step", "最初のステップの前に停止を求められました"))
	}
	return failed(step, err)
}

// failed is the last word of an attempt that an error ended.
func failed(step int64, err error) spec.Finished {
	f := finished(spec.OutcomeFailed, step, explained(err))
	f.Retriable = retriable(err)
	return f
}

// peakTakes is how long a segment's start looks for how fast its threads multiply: what they reach later is a share of that.
const peakTakes = 20 * time.Millisecond

// begin writes the started event.
func (a *attempt) begin(set *kernel.Set) error {
	e := spec.Started{
		Trainer: a.Program, Device: machine.Processor(), ISA: string(set.ISA()), Threads: Threads(a.spec), SpecSHA256: a.digest,
	}
	if rounding := set.BF16(); rounding != nil && a.spec.Precision == spec.PrecisionBF16 {
		set = rounding
	}
	e.PeakFLOPs = spec.Real(set.Peak(e.Threads, peakTakes))
	if r := a.spec.Checkpoint.ResumeFrom; r != nil {
		e.ResumedFrom = &r.Step
	}
	return a.events.Append(e)
}
