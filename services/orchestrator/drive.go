package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/engine"
	"github.com/haigo-lab/haigo/services/postgres"
)

const (
	batchPoints = 2000             // of one transaction, about
	readEvents  = 1000             // of one look at events.jsonl
	grace       = 60 * time.Second // for a runner to checkpoint and leave
	awayFor     = 5 * time.Second  // before an engine that was away is asked again
)

// drive is one claim being driven. It belongs to one goroutine.
type drive struct {
	*Worker
	claim   ablation.Claim
	run     ablation.Run
	attempt ablation.Attempt
	engine  engine.Engine  // of the attempt
	handle  engine.Handle  // nil until the engine has it
	again   time.Time      // when an attempt that couldn't be started is tried again
	absent  time.Time      // since when the attempt's folder isn't there
	delayed ablation.Label // why it couldn't, as far as that was said
	waits   bool           // the attempt waits in its engine's queue
	said    string         // of the job's end, by a batch system
	alive   bool           // the engine saw the process when it was last asked
	tail    spec.Tail
	wake    <-chan struct{}
	renewed time.Time // when the run's state was last read and the claim extended, by our clock
	woken   bool      // the run changed since
	asked   time.Time // when the runner was asked to leave; zero for not
	damaged error     // events.jsonl can't be read on
	cut     bool      // events that were stored are gone from it
	health  health
	missed  int // packs that broke down before they took the attempt
}

// drive starts or adopts the attempt, stores its events as they come and ends it. When ctx ends it lets the claim go
// and leaves the runner training, unless the worker is to stop its runners.
func (d *drive) drive(ctx context.Context) error {
	err := d.begin(ctx)
	for err == nil {
		var ended bool
		if ended, err = d.lookOnce(ctx); err != nil || ended {
			break
		}
		err = d.wait(ctx)
	}
	if errors.Is(err, errEnded) {
		return nil
	}
	if ctx.Err() != nil {
		return errors.Join(err, d.leave(context.WithoutCancel(ctx)))
	}
	return err
}

// begin adopts the attempt that isn't proved ended, or opens the next one, and makes sure that it was started.
func (d *drive) begin(ctx context.Context) error {
	d.renewed = time.Now()
	if d.claim.Attempt == nil {
		return d.open(ctx)
	}
	d.follow(*d.claim.Attempt)
	d.delayed = d.run.Message
	if len(d.attempt.Handle) == 0 {
		return d.start(ctx)
	}
	handle, err := engine.ParseHandle(d.attempt.Handle)
	if err != nil {
		return d.fail(ctx, fmt.Errorf("adopt attempt %d: %w", d.attempt.Number, err))
	}
	d.handle = handle
	d.rejoin(ctx)
	d.Log.Info("Adopted a run's attempt", "run_id", d.run.ID, "attempt", d.attempt.Number)
	return d.tellUndescribed(ctx)
}

// follow reads the attempt's events on from its stored cursor.
func (d *drive) follow(a ablation.Attempt) {
	d.waits = a.Waiting
	d.attempt, d.health = a, health{}
	d.engine = d.engineNamed(a.Engine, d.dir())
	d.tail = spec.Tail{Path: filepath.Join(d.dir(), spec.EventsFile), Cursor: spec.Cursor(a.Cursor)}
}

// engineNamed is the worker's engine of a name, for the attempt in a folder.
func (w *Worker) engineNamed(name, dir string) engine.Engine {
	i := slices.IndexFunc(w.Engines, func(e engine.Engine) bool { return e.Name() == name })
	if i < 0 {
		return undescribed{name, dir}
	}
	return w.Engines[i]
}

func (d *drive) runDir() string { return spec.RunDir(d.Data, d.run.ID) }

func (d *drive) dir() string { return spec.AttemptDir(d.runDir(), d.attempt.Number) }

// lookOnce stores what is new, renews the claim, passes on a wish to stop, and ends the attempt when its end is proved.
// The process is looked at before its events, so that an ended one has no event left unread.
func (d *drive) lookOnce(ctx context.Context) (ended bool, err error) {
	if d.gone() {
		return false, d.absence(ctx)
	}
	if d.handle == nil && d.run.State == ablation.RunStopping && !d.submitted() {
		return true, d.stopUnbegun(ctx)
	}
	state, err := d.poll(ctx)
	if err != nil {
		return false, err
	}
	if d.gone() { // while it was looked at
		return false, d.absence(ctx)
	}
	if state == engine.NotStarted {
		if err := d.leftBehind(ctx); err != nil {
			return false, err
		}
		return false, d.start(ctx)
	}
	if !d.alive && state == engine.Running {
		d.woken = true // the store learns at once that the process lives
	}
	d.alive = state == engine.Running
	if err := d.noteWait(ctx, state == engine.Waiting); err != nil {
		return false, err
	}
	d.tail.Over = state == engine.Ended
	more, err := d.ingest(ctx)
	if err != nil {
		return false, err
	}
	if state == engine.Ended && !more {
		return true, d.end(ctx)
	}
	return false, errors.Join(d.renew(ctx), d.stopIfAsked(ctx))
}

// poll says how the attempt is. One that its engine couldn't take yet isn't started; it is asked again after a while.
func (d *drive) poll(ctx context.Context) (engine.State, error) {
	if d.handle == nil {
		if time.Now().Before(d.again) {
			return engine.Waiting, nil
		}
		return engine.NotStarted, nil
	}
	statuses, err := d.engine.Poll(ctx, []engine.Handle{d.handle})
	if err != nil {
		return "", fmt.Errorf("look at attempt %d: %w", d.attempt.Number, err)
	}
	d.said = statuses[0].Said
	return statuses[0].State, nil
}

// noteWait tells the store when the attempt begins and ends to wait for a place to run: silence is none then.
func (d *drive) noteWait(ctx context.Context, waits bool) error {
	if waits == d.waits {
		return nil
	}
	d.waits = waits
	return d.persist(ctx, func(ctx context.Context) error {
		return d.Store.SetWaiting(ctx, d.claim, d.attempt.Number, waits)
	})
}

// ingest stores the events that are new; more says that a further look may find more at once.
func (d *drive) ingest(ctx context.Context) (more bool, err error) {
	if d.damaged != nil || d.cut {
		return false, nil
	}
	from := ablation.Cursor(d.tail.Cursor)
	lines, damage := d.tail.Read(readEvents)
	if damage != nil && !errors.As(damage, new(*spec.Damaged)) && !errors.Is(damage, spec.ErrCut) {
		return true, d.unseen(ctx, damage)
	}
	if errors.Is(damage, spec.ErrCut) && d.gone() {
		return true, d.absence(ctx)
	}
	if errors.Is(damage, spec.ErrCut) {
		d.cut = true
		d.Log.Warn("A run's file of events lost its end, as in a power cut; its attempt is over", "run_id", d.run.ID, "attempt", d.attempt.Number, "err", damage)
		return false, nil
	}
	if i := slices.IndexFunc(lines, d.pastEnd); i >= 0 {
		lines, damage = lines[:i], spec.Say("%s: event %d is of a step past the run's last, %d",
			"%s：イベント %d のステップが、ランの最後のステップ %d を超えています", spec.EventsFile, lines[i].Seq, d.run.Steps)
	}
	if damage != nil {
		d.damaged = damage
		d.Log.Error("Can't read a run's events on; stopping it", "run_id", d.run.ID, "err", damage)
	}
	for _, b := range batches(d.attempt.Number, from, lines, batchPoints) {
		last := slices.IndexFunc(lines, func(l spec.Line) bool { return ablation.Cursor(l.After) == b.To })
		b.Items = d.items(b, lines)
		if err := d.persist(ctx, func(ctx context.Context) error { return d.recall(ctx) }); err != nil {
			return false, err
		}
		d.observe(&b, lines[last].Finished)
		err := d.persist(ctx, func(ctx context.Context) error { return d.Store.Ingest(ctx, d.claim, b) })
		if postgres.Refused(err) || errors.Is(err, ablation.ErrNotFound) {
			d.damaged = spec.Say("%s: events %d to %d can't be stored: %w", "%s：イベント %d ～ %d を保存できません：%v",
				spec.EventsFile, b.From.Seq+1, b.To.Seq, err)
			d.Log.Error("A run's events can't be stored; stopping it", "run_id", d.run.ID, "err", err)
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	if err := d.seen(ctx); err != nil {
		return false, err
	}
	return len(lines) == readEvents, nil
}

// pastEnd reports an event that no run of this length can have.
func (d *drive) pastEnd(l spec.Line) bool {
	return l.Metrics != nil && l.Metrics.Step > d.run.Steps || l.Scores != nil && l.Scores.Step > d.run.Steps ||
		l.Usage != nil && l.Usage.Step > d.run.Steps || l.Checkpoint != nil && l.Checkpoint.Step > d.run.Steps
}

// renew extends the claim now and then, and learns what became of the run meanwhile: at once where the database said that
// it changed, else by looking, for a notification may be lost.
func (d *drive) renew(ctx context.Context) error {
	if !d.woken && time.Since(d.renewed) < renewEvery {
		return nil
	}
	return d.persist(ctx, func(ctx context.Context) error {
		state, err := d.Store.Renew(ctx, d.claim, d.alive)
		if err != nil {
			return err
		}
		d.run.State, d.renewed, d.woken = state, time.Now(), false
		return nil
	})
}

// stopIfAsked asks the runner once to checkpoint and leave, and kills it when the grace has passed.
func (d *drive) stopIfAsked(ctx context.Context) error {
	wanted := d.run.State == ablation.RunStopping || d.damaged != nil || d.cut || d.health.diverged != nil
	switch {
	case !wanted || d.handle == nil:
		return nil
	case d.asked.IsZero():
		d.asked = time.Now()
		return d.engine.Stop(ctx, d.handle, grace)
	case time.Since(d.asked) > grace:
		d.asked = time.Now()
		return d.engine.Kill(ctx, d.handle)
	}
	return nil
}

func (d *drive) wait(ctx context.Context) error {
	timer := time.NewTimer(lookEvery)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
	case <-d.wake:
		d.woken = true
	}
	return nil
}

// leave lets go of the claim, after stopping the runner where the worker is to do that.
func (d *drive) leave(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*grace)
	defer cancel()
	if d.StopRunners && d.handle != nil {
		return d.stopAndEnd(ctx)
	}
	return d.Store.Release(ctx, d.claim)
}

func (d *drive) stopAndEnd(ctx context.Context) error {
	if err := d.engine.Stop(ctx, d.handle, grace); err != nil {
		return err
	}
	d.asked = time.Now()
	for {
		ended, err := d.lookOnce(ctx)
		if err != nil || ended {
			return err
		}
		if err := d.wait(ctx); err != nil {
			return err
		}
	}
}

// persist repeats a write until the database takes or refuses it: what a runner has said is on disk and can wait.
func (d *drive) persist(ctx context.Context, write func(context.Context) error) error {
	pause := 200 * time.Millisecond
	for {
		err := write(ctx)
		if err == nil || final(err) || ctx.Err() != nil {
			return err
		}
		d.Log.Warn("The database didn't answer, trying again", "run_id", d.run.ID, "err", err)
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(pause):
			pause = min(2*pause, 5*time.Second)
		}
	}
}

// answered repeats a question until the database has answered it, and returns what it then was an error of.
func (d *drive) answered(ctx context.Context, ask func(context.Context) error) error {
	var answer error
	away := d.persist(ctx, func(ctx context.Context) error {
		if answer = ask(ctx); postgres.Away(answer) {
			return answer
		}
		return nil
	})
	if away != nil {
		return away
	}
	return answer
}

// final reports whether repeating a write can't help.
func final(err error) bool {
	return postgres.Refused(err) || errors.Is(err, postgres.ErrLost) || errors.Is(err, ablation.ErrConflict) || errors.Is(err, ablation.ErrNotFound)
}
