package orchestrator

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/engine"
	"github.com/haigo-lab/haigo/services/postgres"
)

// How often a worker looks without being woken, how long a claim holds, and how often it is renewed (a stop whose
// notification was lost is seen then).
const (
	claimEvery = time.Second
	lookEvery  = 250 * time.Millisecond
	lease      = 30 * time.Second
	renewEvery = 5 * time.Second
	sealEvery  = time.Minute
)

// Trainers is what the orchestrator needs of the plugin host. The first argument after ctx names the trainer.
type Trainers interface {
	Names() []string
	Describe(ctx context.Context, name string) (trainer.Description, error)
	Check(ctx context.Context, name string, s *spec.Spec) (trainer.Report, error)
	Plan(ctx context.Context, name string, assignments []trainer.Assignment) (trainer.Plan, error)
}

// Worker claims runs and drives each until its attempt has ended. Several workers may share a database, on one machine
// or on many that share Data.
type Worker struct {
	Store    *postgres.Store
	Trainers Trainers
	Engines  []engine.Engine // the first starts attempts; each goes on with those that it started
	Data     string          // data folder, absolute
	Holder   ablation.Holder
	Gone     func(ablation.Holder) bool // whether a holder on this host no longer lives
	MaxRuns  int                        // attempts not proved ended on this machine; those of one pack are one
	Threads  int                        // of each run
	Pack     int                        // runs at most in one process of a trainer that packs them; 0: as many as it says
	Devices  ablation.Devices
	Log      *slog.Logger

	// StopRunners makes the end of Run ask the runners to checkpoint and leave, instead of leaving them training.
	StopRunners bool

	looked atomic.Int64 // Unix nanoseconds
	packs  packs

	mu    sync.Mutex
	wakes map[string]chan struct{} // by run driven here
}

// Looked is when the worker last heard from the store whether there is a run for it; the zero time before the first answer.
func (w *Worker) Looked() time.Time {
	if at := w.looked.Load(); at > 0 {
		return time.Unix(0, at)
	}
	return time.Time{}
}

// Run claims and drives until ctx ends, then waits for its drives to let go.
func (w *Worker) Run(ctx context.Context) error {
	var drives sync.WaitGroup
	defer drives.Wait()
	woken := make(chan struct{}, 1)
	drives.Go(func() { w.listen(ctx, woken) })
	drives.Go(func() { w.seal(ctx) })
	tick := time.NewTicker(claimEvery)
	defer tick.Stop()
	for {
		w.claimAll(ctx, &drives, woken)
		select {
		case <-ctx.Done():
			return nil
		case <-woken:
		case <-tick.C:
		}
	}
}

// seal packs the points of ended runs now and then.
func (w *Worker) seal(ctx context.Context) {
	tick := time.NewTicker(sealEvery)
	defer tick.Stop()
	for {
		for sealed := true; sealed; {
			var err error
			if sealed, err = w.Store.SealOnce(ctx); err != nil && ctx.Err() == nil {
				w.Log.Warn("Could not seal points, will try again", "err", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// claimAll claims until nothing is left to claim, and drives each claim in a goroutine of its own.
func (w *Worker) claimAll(ctx context.Context, drives *sync.WaitGroup, freed chan<- struct{}) {
	for ctx.Err() == nil {
		claim, err := w.ClaimOnce(ctx)
		if err != nil && ctx.Err() == nil {
			w.Log.Warn("Could not look for runs, will look again", "err", err)
		}
		if err == nil {
			w.looked.Store(time.Now().UnixNano())
		}
		if err != nil || claim == nil {
			return
		}
		drives.Go(func() {
			w.Drive(ctx, *claim)
			notify(freed)
		})
	}
}

// ClaimOnce claims the next run, nil when there is none to claim: first for a free slot of a pack that trains here.
func (w *Worker) ClaimOnce(ctx context.Context) (*ablation.Claim, error) {
	request := postgres.ClaimRequest{Holder: w.Holder, Lease: lease, MaxRuns: w.MaxRuns, HolderGone: w.Gone}
	for _, p := range w.packs.spare(ctx) {
		claim, err := w.Store.ClaimMate(ctx, request, p.about)
		if claim != nil {
			w.packs.enter(p, claim.Run.ID)
		}
		if claim != nil || err != nil {
			return claim, err
		}
	}
	return w.Store.Claim(ctx, request)
}

// Drive drives a claimed run until its attempt has ended, the claim is lost or ctx ends. It logs what went wrong: the
// run's own fate is in the store.
func (w *Worker) Drive(ctx context.Context, claim ablation.Claim) {
	d := &drive{Worker: w, claim: claim, run: claim.Run, wake: w.wakeFor(claim.Run.ID)}
	defer w.forget(claim.Run.ID)
	defer w.packs.leave(claim.Run.ID)
	log := w.Log.With("run_id", d.run.ID, "run", d.run.Name, "sweep", d.run.Sweep)
	switch err := d.drive(ctx); {
	case err == nil:
	case errors.Is(err, postgres.ErrLost):
		log.Warn("Lost the claim of a run to another worker")
	case ctx.Err() != nil:
		log.Info("Left a run training; the next worker goes on with it", "err", err)
	default:
		log.Error("Stopped driving a run; its claim will run out and be taken again", "err", err)
	}
}

// listen wakes the drives of runs that changed, and the claiming loop for everything else.
func (w *Worker) listen(ctx context.Context, woken chan<- struct{}) {
	err := w.Store.Listen(ctx, func(e ablation.Event) {
		w.mu.Lock()
		wake := w.wakes[e.RunID]
		w.mu.Unlock()
		if wake != nil {
			notify(wake)
			return
		}
		notify(woken)
	})
	if err != nil && ctx.Err() == nil {
		w.Log.Error("Stopped listening for changes; the worker still looks every second", "err", err)
	}
}

func (w *Worker) wakeFor(run string) <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.wakes == nil {
		w.wakes = map[string]chan struct{}{}
	}
	w.wakes[run] = make(chan struct{}, 1)
	return w.wakes[run]
}

func (w *Worker) forget(run string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.wakes, run)
}

// notify fills a channel of capacity one, or finds it full.
func notify(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
