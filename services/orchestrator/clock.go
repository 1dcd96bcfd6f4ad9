package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/postgres"
)

// tickEvery is how often a clock looks.
const tickEvery = time.Second

// Clock starts the sweeps of recurrences at their times, and stops sweeps that have used up what bounds them. Any number
// of clocks may share a database: each planned time is decided on once, whoever comes first.
type Clock struct {
	Store   *postgres.Store
	Sweeper *Sweeper
	Devices ablation.Devices // whose prices budget.yen is held against; without any it bounds nothing
	Log     *slog.Logger
}

// Run looks until ctx ends, by the database's clock. The first look decides what became of the times that passed while
// nothing ran.
func (c *Clock) Run(ctx context.Context) error {
	return lookEach(ctx, tickEvery, c.Log, "Could not see to recurrences and budgets, will look again", c.TickOnce)
}

// TickOnce fires what is due and bounds what goes on.
func (c *Clock) TickOnce(ctx context.Context) error {
	now, err := c.Store.Now(ctx)
	if err != nil {
		return fmt.Errorf("read the database's clock: %w", err)
	}
	return errors.Join(c.FireOnce(ctx, now), c.BoundOnce(ctx, now))
}

// FireOnce decides on every planned time that has come at now, of every recurrence. One recurrence's trouble doesn't
// keep the others from firing.
func (c *Clock) FireOnce(ctx context.Context, now time.Time) error {
	due, err := c.Store.DueRecurrences(ctx, now)
	if err != nil {
		return fmt.Errorf("look for firings: %w", err)
	}
	var errs []error
	for _, r := range due {
		if err := c.fire(ctx, r, now); err != nil {
			errs = append(errs, fmt.Errorf("fire recurrence %s: %w", r.Name, err))
		}
	}
	return errors.Join(errs...)
}

// fire decides on one recurrence until nothing of it is due.
func (c *Clock) fire(ctx context.Context, r ablation.RecurringSweep, now time.Time) error {
	for !r.NextAt.After(now) && r.State != ablation.RecurrenceEnded {
		d, err := r.Decide(now)
		if err != nil {
			return err
		}
		start, d, err := c.prepare(ctx, r, d, now)
		if err != nil {
			return err
		}
		won, err := c.Store.Decide(ctx, r, d, now, start)
		if err != nil {
			return err
		}
		if won {
			c.tell(r, d, start)
		}
		if r, err = c.Store.Recurrence(ctx, r.Name); err != nil {
			return err
		}
	}
	return nil
}

// prepare makes ready what the decision starts, or puts in its place why that can't start.
func (c *Clock) prepare(ctx context.Context, r ablation.RecurringSweep, d ablation.Decision, now time.Time) (*postgres.Application, ablation.Decision, error) {
	if d.Fire == nil {
		return nil, d, nil
	}
	skipped := ablation.Firing{Recurrence: r.Name, PlannedAt: *d.Fire, DecidedAt: now, State: ablation.FiringSkipped}
	previous, err := c.Store.Unfinished(ctx, r.ID)
	if err != nil {
		return nil, d, err
	}
	if previous != "" {
		skipped.Reason = ablation.SkippedPrevious
		return nil, d.Instead(skipped), nil
	}
	start, err := c.Sweeper.firing(ctx, r, *d.Fire)
	if reason, refused := refusal(err); refused {
		skipped.Reason, skipped.Message = ablation.SkippedRefused, reason
		return nil, d.Instead(skipped), nil
	}
	return start, d, err
}

// firing is the sweep of a planned time, under a name that none bears yet.
func (s *Sweeper) firing(ctx context.Context, r ablation.RecurringSweep, planned time.Time) (*postgres.Application, error) {
	sweep, err := ablation.ParseSweep([]byte(r.Document))
	if err != nil {
		return nil, err
	}
	base, err := r.SweepName(r.Name, planned)
	if err != nil {
		return nil, err
	}
	sweep.Name = base
	for n := 2; ; n++ { // one wall time twice: the recurrence changed its zone, or somebody took the name
		taken, err := s.existing(ctx, sweep.Name)
		if err != nil {
			return nil, err
		}
		if taken == nil {
			break
		}
		sweep.Name = fmt.Sprintf("%s-%d", base, n)
	}
	found, _, err := s.startable(ctx, sweep)
	if err != nil {
		return nil, err
	}
	return &found.Application, nil
}

// refusal is what a person can do something about.
func refusal(err error) (ablation.Label, bool) {
	var bad *ablation.Invalid
	var refused *ablation.Refusal
	switch {
	case errors.As(err, &bad) && len(bad.Problems) > 0:
		return bad.Problems[0].Message, true
	case errors.As(err, &refused):
		return refused.Message, true
	}
	return ablation.Label{}, false
}

func (c *Clock) tell(r ablation.RecurringSweep, d ablation.Decision, start *postgres.Application) {
	for _, f := range d.Passed {
		c.Log.Info("A firing started nothing", "recurrence", r.Name, "planned_at", f.PlannedAt, "state", f.State, "reason", f.Reason)
	}
	if d.Fire != nil {
		c.Log.Info("A firing started a sweep", "recurrence", r.Name, "planned_at", *d.Fire, "sweep", start.Sweep.Name)
	}
}

// BoundOnce stops the sweeps that have used up their budget, or whose hours are over, at now: queued runs at once,
// running ones after a checkpoint.
func (c *Clock) BoundOnce(ctx context.Context, now time.Time) error {
	all, err := c.Store.Spending(ctx, now)
	if err != nil {
		return fmt.Errorf("look at budgets: %w", err)
	}
	var errs []error
	for _, s := range all {
		if !s.Over(now, s.Price(c.Devices)) {
			continue
		}
		switch err := c.Store.EndSweep(ctx, s.Sweep, ablation.StopBudget); {
		case errors.Is(err, ablation.ErrConflict): // it has completed meanwhile
		case err != nil:
			errs = append(errs, err)
		default:
			c.Log.Info("A sweep has used up its budget", "sweep", s.Sweep, "device_hours", s.DeviceHours, "closes_at", s.ClosesAt)
		}
	}
	return errors.Join(errs...)
}
