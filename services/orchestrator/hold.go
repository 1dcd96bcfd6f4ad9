package orchestrator

import (
	"context"
	"errors"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/engine"
)

// heldFor is how long no run of a sweep is begun whose trainer can't be started.
const heldFor = 10 * time.Second

// hold queues the run again, of which no attempt is open, and its sweep's others with it: that their trainer can't be started says
// nothing of any of them.
func (d *drive) hold(ctx context.Context, cause error) error {
	why := held(cause)
	d.Log.Warn("A run can't begin; it stays queued", "run_id", d.run.ID, "sweep", d.run.Sweep, "err", cause)
	err := d.persist(ctx, func(ctx context.Context) error { return d.Store.Hold(ctx, d.claim, why, heldFor) })
	if err != nil {
		return errors.Join(cause, err)
	}
	return errEnded
}

// delay leaves the attempt, which is open, to be started again soon, and says once why it wasn't.
func (d *drive) delay(ctx context.Context, cause error) error {
	d.again = time.Now().Add(awayFor)
	why := held(cause)
	if why == d.delayed {
		return nil
	}
	d.Log.Warn("An attempt can't be started now; it is tried again soon", "run_id", d.run.ID, "attempt", d.attempt.Number, "err", cause)
	d.delayed = why
	return d.persist(ctx, func(ctx context.Context) error { return d.Store.SetDelay(ctx, d.claim, why) })
}

// held is what a person reads of a run that can't begin now.
func held(cause error) ablation.Label {
	if errors.Is(cause, engine.ErrAway) {
		return say("it waits for its engine, and is submitted again and again: %s", "エンジンを待ち、投入を繰り返しています：%s", cause)
	}
	why := explain(cause)
	return ablation.Label{
		EN: why.EN + "; it begins by itself once that is mended",
		JA: why.JA + "。直れば自動で始まります",
	}
}
