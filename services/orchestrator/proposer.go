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

// proposeEvery is how often a proposer looks.
const proposeEvery = 2 * time.Second

// Proposer lets sweeps that plan themselves add their next round when the runs of the one before have ended: a batch, the
// confirmation, the verdict. Any number of them may share a database: a round is decided on from one version of its sweep, and
// added once. It keeps nothing in memory.
type Proposer struct {
	Store   *postgres.Store
	Sweeper *Sweeper
	Devices ablation.Devices // whose prices budget.yen is held against; without any it bounds nothing
	Log     *slog.Logger
}

// Run looks until ctx ends.
func (p *Proposer) Run(ctx context.Context) error {
	return lookEach(ctx, proposeEvery, p.Log, "Could not see to sweeps that plan themselves, will look again", p.ProposeOnce)
}

// ProposeOnce adds a round to every sweep that waits for one. One sweep's trouble doesn't keep the others waiting.
func (p *Proposer) ProposeOnce(ctx context.Context) error {
	sweeps, err := p.Store.Planning(ctx)
	errs := []error{err}
	for _, s := range sweeps {
		if err := p.propose(ctx, s.Name); err != nil {
			errs = append(errs, fmt.Errorf("plan sweep %s: %w", s.Name, err))
		}
	}
	return errors.Join(errs...)
}

func (p *Proposer) propose(ctx context.Context, name string) (err error) {
	defer func() {
		if broken := recover(); broken != nil { // a fit that breaks is that sweep's trouble alone
			err = fmt.Errorf("decide on its next round: %v", broken)
		}
	}()
	v, err := p.read(ctx, name)
	if err != nil || !v.ready() {
		return err
	}
	began := time.Now()
	next := v.next()
	a, err := p.Sweeper.grown(ctx, v.Sweep, next)
	if errors.Is(err, errOvertaken) {
		return nil
	}
	if err != nil {
		return err
	}
	won, err := p.Store.AddRound(ctx, *a, next)
	if err != nil || !won {
		return err
	}
	p.Log.Info("A sweep added a round to itself", "sweep", name, "round", next.Number, "kind", next.Kind, "arms", len(next.Arms),
		"reason", next.Reason, "seconds", time.Since(began).Seconds())
	return nil
}

// read reads what a sweep's next round is decided from. The version is read first: what comes after it is as new, or newer, and
// then the round isn't added.
func (p *Proposer) read(ctx context.Context, name string) (v planned, err error) {
	if v.version, err = p.Store.SweepVersion(ctx, name); err != nil {
		return v, err
	}
	if v.Sweep, err = p.Store.Sweep(ctx, name); err != nil {
		return v, err
	}
	if v.Arms, err = p.Store.Arms(ctx, name); err != nil {
		return v, err
	}
	if v.Sources, err = p.Store.SweepSources(ctx, name); err != nil {
		return v, err
	}
	if v.Tasks, err = p.Store.SweepTasks(ctx, name); err != nil {
		return v, err
	}
	if v.Results, err = p.Store.Results(ctx, name); err != nil {
		return v, err
	}
	if v.Plans, err = p.Store.RunPlans(ctx, name); err != nil {
		return v, err
	}
	v.purse, err = p.purse(ctx, v.Sweep, v.Results)
	return v, err
}

// grown is a sweep with one round more, expanded. What its start has recorded stays.
func (s *Sweeper) grown(ctx context.Context, sweep ablation.Sweep, next ablation.Round) (*postgres.Application, error) {
	again, err := ablation.ParseSweep([]byte(sweep.Document))
	if err != nil {
		return nil, err
	}
	again.Name, again.Recurrence = sweep.Name, nil
	r, err := s.resolveWith(ctx, again, &next, s.Patience)
	if err != nil {
		return nil, err
	}
	return &r.Application, nil
}
