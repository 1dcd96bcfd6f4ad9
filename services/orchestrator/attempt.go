package orchestrator

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/engine"
	"github.com/haigo-lab/haigo/services/postgres"
)

// open opens the next attempt in the store, which fences it, and starts it.
func (d *drive) open(ctx context.Context) error {
	number := d.run.Progress.Attempt + 1
	s, err := d.spec(ctx, number)
	if ctx.Err() != nil {
		return err
	}
	if errors.Is(err, trainer.ErrUnready) || errors.Is(err, errNoFolder) {
		return d.hold(ctx, err)
	}
	cleared := clearFrom(spec.RunDir(d.Data, d.run.ID), number)
	if errors.Is(cleared, errTrainsOn) {
		return cleared // taken up again when the claim has run out
	}
	data, encodeErr := encode(s)
	next := ablation.Attempt{
		RunID: d.run.ID, Number: number, Host: d.Holder.Host, Engine: d.Engines[0].Name(), SpecSHA256: spec.Digest(data),
	}
	opened, openErr := d.Store.OpenAttempt(ctx, d.claim, next)
	if openErr != nil {
		return fmt.Errorf("open attempt %d: %w", number, openErr)
	}
	d.follow(opened)
	if err := errors.Join(err, encodeErr, cleared); err != nil {
		return d.fail(ctx, err)
	}
	return d.launch(ctx, s, data)
}

// start starts an attempt that was opened but never handed to the engine, or never got as far as a process.
func (d *drive) start(ctx context.Context) error {
	s, err := d.spec(ctx, d.attempt.Number)
	if err != nil && ctx.Err() != nil {
		return err
	}
	if errors.Is(err, trainer.ErrUnready) || errors.Is(err, errNoFolder) {
		return d.delay(ctx, err)
	}
	if err != nil {
		return d.fail(ctx, err)
	}
	data, err := encode(s)
	if err != nil {
		return d.fail(ctx, err)
	}
	return d.launch(ctx, s, data)
}

func encode(s *spec.Spec) ([]byte, error) {
	if s == nil {
		return nil, nil
	}
	return spec.Encode(s)
}

// launch plans the attempt, writes its folder and submits it. What stands in the way fails the run, with the reason.
func (d *drive) launch(ctx context.Context, s *spec.Spec, data []byte) error {
	start, err := d.prepare(ctx, s, data)
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		if errors.Is(err, trainer.ErrUnready) {
			return d.delay(ctx, err)
		}
		return d.fail(ctx, err)
	}
	handle, err := d.submit(ctx, start)
	if errors.Is(err, engine.ErrAway) {
		return d.delay(ctx, err)
	}
	if errors.Is(err, engine.ErrFull) {
		d.again = time.Now().Add(awayFor)
		return nil
	}
	if errors.Is(err, postgres.ErrLost) || ctx.Err() != nil {
		return err
	}
	if err != nil {
		return d.fail(ctx, fmt.Errorf("start training: %w", err))
	}
	d.handle = handle
	d.Log.Info("Started a run's attempt", "run_id", d.run.ID, "attempt", d.attempt.Number)
	return d.persist(ctx, func(ctx context.Context) error {
		return d.Store.SetHandle(ctx, d.claim, d.attempt.Number, handle.JSON())
	})
}

// starter hands an attempt that was made ready to its engine.
type starter func(ctx context.Context) (engine.Handle, error)

// submit starts the attempt. That may take longer than the claim lasts, which is renewed meanwhile.
func (d *drive) submit(ctx context.Context, start starter) (handle engine.Handle, err error) {
	submitted := make(chan struct{})
	go func() {
		defer close(submitted)
		handle, err = start(ctx)
	}()
	tick := time.NewTicker(renewEvery)
	defer tick.Stop()
	for {
		select {
		case <-submitted:
			return handle, err
		case <-tick.C:
			if lost := d.renew(ctx); lost != nil {
				<-submitted
				return nil, lost
			}
		}
	}
}

// key is the same for every submission of one attempt, and no other's: a sweep that was deleted and is started again, or is in
// another database too, has runs of the same ids.
func (d *drive) key() string {
	return fmt.Sprintf("%s-a%04d-%x", d.run.ID, d.attempt.Number, d.attempt.StartedAt.UnixMicro())
}

// prepare asks the trainer about the attempt and makes its folder ready, to be started in a process of its own or in a pack.
func (d *drive) prepare(ctx context.Context, s *spec.Spec, data []byte) (starter, error) {
	name, err := d.trainerName(ctx)
	if err != nil {
		return nil, err
	}
	report, err := d.Trainers.Check(ctx, name, s)
	if err != nil {
		return nil, fmt.Errorf("check the run with trainer %s: %w", name, err)
	}
	if err := problems(report.Problems); err != nil {
		return nil, err
	}
	assignment := trainer.Assignment{Spec: s, Dir: d.dir(), Rows: spec.RowsDir(d.Data)}
	if err := os.MkdirAll(d.dir(), 0o755); err != nil {
		return nil, fmt.Errorf("make the attempt's folder: %w", err)
	}
	plan, err := d.Trainers.Plan(ctx, name, []trainer.Assignment{assignment})
	if err != nil {
		return nil, fmt.Errorf("plan the run with trainer %s: %w", name, err)
	}
	about, err := d.Trainers.Describe(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("ask trainer %s for its devices: %w", name, err)
	}
	devices, err := d.devices(about)
	if err != nil {
		return nil, err
	}
	l := launching{data, plan, devices}
	if packer, ok := d.engine.(engine.Packer); ok && about.Packs {
		pack, err := d.packOf(ctx, report, len(devices))
		if err != nil {
			return nil, err
		}
		if pack.Slots > 1 {
			return func(ctx context.Context) (engine.Handle, error) { return d.join(ctx, packer, pack, l) }, engine.PrepareMember(d.dir(), data)
		}
	}
	start := func(ctx context.Context) (engine.Handle, error) { return d.engine.Submit(ctx, d.dir(), d.key()) }
	return start, engine.Prepare(d.dir(), data, plan, rand.Text(), devices...)
}

// launching is what a process is started with.
type launching struct {
	spec    []byte
	plan    trainer.Plan
	devices []spec.LaunchDevice
}

// devices are those of which the attempt needs one: the trainer's that aren't shared, as a processor's threads are, where the
// engine is one that gives them itself. A batch system gives its own.
func (d *drive) devices(about trainer.Description) ([]spec.LaunchDevice, error) {
	giver, ok := d.engine.(interface {
		Devices(n int) ([]spec.LaunchDevice, error)
	})
	if !ok {
		return nil, nil
	}
	n := 0
	for _, v := range about.Devices {
		if v.Threads == 0 {
			n++
		}
	}
	return giver.Devices(n)
}

func problems(found []trainer.Problem) error {
	if len(found) == 0 {
		return nil
	}
	bad := &ablation.Invalid{}
	for _, p := range found {
		bad.Problems = append(bad.Problems, ablation.Problem{Field: p.Field, Message: ablation.Label{EN: p.Message, JA: p.MessageJA}})
	}
	return bad
}

func (d *drive) trainerName(ctx context.Context) (string, error) {
	var name string
	err := d.answered(ctx, func(ctx context.Context) error {
		sweep, err := d.Store.Sweep(ctx, d.run.Sweep)
		name = sweep.Recipe.Trainer
		return err
	})
	return name, err
}

// spec is what attempt number is to train, going on from the newest checkpoint that is still whole, and leaving those
// that other runs start from. A database that is away is waited for: it says nothing of the run.
func (d *drive) spec(ctx context.Context, number int) (s *spec.Spec, err error) {
	err = d.answered(ctx, func(ctx context.Context) (err error) {
		s, err = d.specOnce(ctx, number)
		return err
	})
	return s, err
}

func (d *drive) specOnce(ctx context.Context, number int) (*spec.Spec, error) {
	m, arm, err := d.material(ctx)
	if err != nil {
		return nil, err
	}
	s := m.runSpec(d.run, arm)
	s.Attempt = number
	if s.Checkpoint.KeepAt, err = d.Store.Branches(ctx, d.run.ID); err != nil {
		return nil, err
	}
	if s.Checkpoint.ResumeFrom, err = d.resume(ctx); err == nil && s.Checkpoint.ResumeFrom == nil {
		err = d.begins(ctx, s, m.sweep)
	}
	if err == nil && s.Tune != nil && s.Init == nil {
		err = d.tunes(ctx, s, m.sweep)
	}
	if err != nil {
		return nil, err
	}
	return s, d.takeOver(ctx, s)
}

// takeOver lets a run that begins with another's past go on as that one did, had it diverged there: undivided, both would
// have done the same.
func (d *drive) takeOver(ctx context.Context, s *spec.Spec) error {
	from := s.Checkpoint.ResumeFrom
	if from == nil || from.RunID == "" {
		return nil
	}
	trunk, err := d.Store.Run(ctx, from.RunID)
	if err != nil {
		return err
	}
	past := slices.DeleteFunc(trunk.Interventions, func(i ablation.Intervention) bool { return i.First() >= from.Step })
	s.Interventions = specInterventions(past)
	return nil
}

// resume finds the run's newest stored checkpoint whose files are what its event said, passing over damaged ones.
func (d *drive) resume(ctx context.Context) (*spec.Resume, error) {
	var before *int64
	for {
		c, err := d.Store.Checkpoint(ctx, d.run.ID, before)
		if c == nil || err != nil {
			return nil, err
		}
		if err := absentFolder(d.runDir()); err != nil {
			return nil, err
		}
		if path, ok := d.whole(d.run.ID, *c); ok {
			return &spec.Resume{Step: c.Step, Path: path}, nil
		}
		d.Log.Warn("Passed over a damaged checkpoint for the one before", "run_id", d.run.ID, "step", c.Step)
		before = &c.Step
	}
}

// whole is where a checkpoint lies, and whether its files are what its event said.
func (d *drive) whole(run string, c ablation.SavedCheckpoint) (path string, ok bool) {
	path = checkpointFolder(d.Data, run, c)
	_, digest, err := spec.ReadCheckpoint(path)
	return path, err == nil && digest == c.ManifestSHA256
}

// end reads the attempt's last word and tells the store what it means.
func (d *drive) end(ctx context.Context) error {
	if err := d.renew(ctx); err != nil {
		return err
	}
	bad, saved, err := d.badTries(ctx)
	if err != nil {
		return err
	}
	last := d.lastWord()
	v := judge(d.run, last, d.silence(), saved || !d.asked.IsZero(), bad)
	if last == nil && v.next != ablation.RunStopped && full(d.dir()) { // which is why there is no word
		v = verdict{outcomeLost, explain(syscall.ENOSPC), ablation.RunFailed}
	}
	if done, err := d.settleDivergence(ctx, v); done || err != nil {
		return err
	}
	if v.next == ablation.RunCompleted {
		if err := d.thin(ctx); err != nil {
			return err
		}
	}
	return d.settle(ctx, v)
}

// silence is what is known of an attempt that ended without a word.
func (d *drive) silence() ablation.Label {
	trace, err := engine.ReadTrace(d.dir())
	if err == nil && !trace.Started {
		return tells(neverBegan(jobWords(d.dir())), d.said)
	}
	exit, err := spec.ReadFile[spec.Exit](filepath.Join(d.dir(), spec.ExitFile))
	if err != nil {
		exit = nil // exec was killed with its runner, or wrote what it can't have written
	}
	return tells(lost(exit), d.said)
}

// noRoom is how many bytes a runner can't even say goodbye in.
const noRoom = 64 << 10

// full reports whether a folder's disk is full.
func full(dir string) bool {
	var s unix.Statfs_t
	return unix.Statfs(dir, &s) == nil && s.Bavail*uint64(s.Bsize) < noRoom
}

// lastWord is the attempt's finished event, nil where there is none, or it may have been lost.
func (d *drive) lastWord() *spec.Finished {
	if d.cut {
		return nil
	}
	if d.damaged != nil {
		return &spec.Finished{
			Outcome: spec.OutcomeFailed, Reason: d.damaged.Error(), ReasonJA: cmp.Or(spec.InJapanese(d.damaged), "ランが書いたイベントを読めません："+d.damaged.Error()),
		}
	}
	return finished(d.dir())
}

// finished is the last event in a folder where that is a finished one, else nil.
func finished(dir string) *spec.Finished {
	last, err := spec.LastEvent(filepath.Join(dir, spec.EventsFile))
	if err != nil || last == nil {
		return nil
	}
	return last.Finished
}

// badTries counts the attempts since the newest checkpoint that failed, were lost, or left without being asked to. saved says
// that this attempt saved that one.
func (d *drive) badTries(ctx context.Context) (bad int, saved bool, err error) {
	attempts, err := d.Store.Attempts(ctx, d.run.ID)
	if err != nil {
		return 0, false, err
	}
	c, err := d.Store.Checkpoint(ctx, d.run.ID, nil)
	if err != nil {
		return 0, false, err
	}
	for _, a := range attempts {
		ill := a.Outcome == spec.OutcomeFailed || a.Outcome == outcomeLost
		if ill && a.Number != d.attempt.Number && (c == nil || a.Number > c.Attempt) {
			bad++
		}
	}
	return bad, c != nil && c.Attempt == d.attempt.Number, nil
}

// fail ends the attempt before it trained, with the reason that a person needs.
func (d *drive) fail(ctx context.Context, cause error) error {
	if err := d.bar(); err != nil {
		d.Log.Warn("Can't keep a failed attempt from beginning all the same", "run_id", d.run.ID, "attempt", d.attempt.Number, "err", err)
	}
	if err := d.settle(ctx, verdict{spec.OutcomeFailed, explain(cause), ablation.RunFailed}); err != nil {
		return errors.Join(cause, err)
	}
	return errEnded
}

// errEnded tells the drive that its claim is over already.
var errEnded = errors.New("the attempt has ended")

func (d *drive) settle(ctx context.Context, v verdict) error {
	err := d.persist(ctx, func(ctx context.Context) error {
		return d.Store.EndAttempt(ctx, d.claim, d.attempt.Number, v.outcome, v.reason, v.next)
	})
	if err == nil {
		d.Log.Info("Ended a run's attempt", "run_id", d.run.ID, "attempt", d.attempt.Number, "outcome", v.outcome, "next", v.next, "reason", v.reason.EN)
	}
	return err
}
