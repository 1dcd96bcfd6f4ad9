package orchestrator

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/engine"
	"github.com/haigo-lab/haigo/services/postgres"
)

// packs are the packs of which a worker knows: those that it opened, and those of the attempts that it adopted. That it knows them
// is what brings further runs into them, no more: where an attempt is, its folder says. The zero value knows none.
type packs struct {
	mu   sync.Mutex
	list []*pack
}

// pack is a process that several runs share. The mutex of packs guards what changes.
type pack struct {
	about   postgres.Pack
	engine  engine.Packer
	dir     string
	handle  engine.Handle   // nil until it was submitted
	members map[string]bool // runs driven here that are in it, or on their way
	over    bool

	opening sync.Mutex // it is submitted by one at a time
}

// fits says whether a pack takes runs of a sweep and shape.
func (p *pack) fits(about postgres.Pack, e engine.Packer) bool {
	return !p.over && p.engine.Name() == e.Name() && p.about.Sweep == about.Sweep && p.about.Shape == about.Shape
}

// board is the pack that a run is to train in: one that trains already and has room, or keeps it for this run, else one that is
// being opened, else a new one in a folder of data.
func (l *packs) board(ctx context.Context, about postgres.Pack, e engine.Packer, run, data string) *pack {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.look(ctx)
	has := func(p *pack) bool { return p.fits(about, e) && (p.members[run] || len(p.members) < about.Slots) }
	i := slices.IndexFunc(l.list, func(p *pack) bool { return p.handle != nil && has(p) })
	if i < 0 {
		i = slices.IndexFunc(l.list, has)
	}
	if i < 0 {
		i = len(l.list)
		l.list = append(l.list, &pack{about: about, engine: e, dir: spec.PackDir(data, strings.ToLower(rand.Text())), members: map[string]bool{}})
	}
	p := l.list[i]
	l.drop(run)
	p.members[run] = true
	return p
}

// admit makes the pack in a folder, in which a run is, known.
func (l *packs) admit(ctx context.Context, about postgres.Pack, e engine.Packer, run, dir string) error {
	handle, err := e.Submit(ctx, dir, filepath.Base(dir)) // finds it
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.IndexFunc(l.list, func(p *pack) bool { return p.dir == dir })
	if i < 0 {
		i = len(l.list)
		l.list = append(l.list, &pack{about: about, engine: e, dir: dir, handle: handle, members: map[string]bool{}})
	}
	l.drop(run)
	l.list[i].members[run] = true
	return nil
}

// spare are the packs that train and have a free slot.
func (l *packs) spare(ctx context.Context) (out []*pack) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.look(ctx)
	for _, p := range l.list {
		if p.handle != nil && !p.over && len(p.members) < p.about.Slots {
			out = append(out, p)
		}
	}
	return out
}

// look forgets packs that have ended.
func (l *packs) look(ctx context.Context) {
	for _, p := range l.list {
		if p.handle == nil || p.over {
			continue
		}
		statuses, err := p.engine.Poll(ctx, []engine.Handle{p.handle})
		p.over = err == nil && statuses[0].State == engine.Ended
	}
	l.list = slices.DeleteFunc(l.list, func(p *pack) bool { return p.over || p.handle == nil && len(p.members) == 0 })
}

// enter keeps a slot for a run.
func (l *packs) enter(p *pack, run string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p.members[run] = true
}

// leave gives a run's slot back.
func (l *packs) leave(run string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drop(run)
}

func (l *packs) drop(run string) {
	for _, p := range l.list {
		delete(p.members, run)
	}
}

// opened is a pack's handle, nil until it was submitted.
func (l *packs) opened(p *pack) engine.Handle {
	l.mu.Lock()
	defer l.mu.Unlock()
	return p.handle
}

// settle notes what became of a pack's submission.
func (l *packs) settle(p *pack, handle engine.Handle, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p.handle = handle
	p.over = err != nil && !errors.Is(err, engine.ErrFull) && !errors.Is(err, engine.ErrAway)
}

// packOf is the pack that the drive's run belongs to. Its runs are spread over so many devices, or over a batch system's jobs.
func (d *drive) packOf(ctx context.Context, report trainer.Report, devices int) (about postgres.Pack, err error) {
	places := max(1, devices)
	if jobs, ok := d.engine.(interface{ Side() (runs, threads int) }); ok {
		places, _ = jobs.Side()
	}
	err = d.persist(ctx, func(ctx context.Context) error {
		about, err = d.Store.PackOf(ctx, d.run.ID, func(p postgres.Pack) int {
			return slots(cmp.Or(d.Pack, report.Pack), p.Runs, places)
		})
		return err
	})
	return about, err
}

// slots is how many of so many runs share a process, at most as many as may: they are spread evenly over devices, and over the
// processes that each has one after the other, for an idle slot computes too.
func slots(most, runs, devices int) int {
	each := (runs + devices - 1) / devices
	if most <= 1 || each <= 1 {
		return 1
	}
	waves := (each + most - 1) / most
	return (each + waves - 1) / waves
}

// join puts the attempt into a pack, which it opens where there is none with room. An attempt that is in one stays there.
func (d *drive) join(ctx context.Context, e engine.Packer, about postgres.Pack, l launching) (engine.Handle, error) {
	inside, err := e.PackOf(d.dir())
	if err != nil {
		return nil, err
	}
	if inside != "" {
		if err := d.packs.admit(ctx, about, e, d.run.ID, inside); err != nil {
			return nil, err
		}
		return e.Join(ctx, inside, d.dir())
	}
	p := d.packs.board(ctx, about, e, d.run.ID, d.Data)
	if err := d.openPack(ctx, p, l); err != nil {
		return nil, err
	}
	return e.Join(ctx, p.dir, d.dir())
}

// openPack starts the pack's process, unless somebody did.
func (d *drive) openPack(ctx context.Context, p *pack, l launching) error {
	p.opening.Lock()
	defer p.opening.Unlock()
	if d.packs.opened(p) != nil {
		return nil
	}
	about := spec.Pack{PackVersion: spec.PackVersion, Slots: p.about.Slots, Of: strings.TrimSpace(p.about.Sweep + " " + p.about.Shape)}
	if err := engine.PreparePack(p.dir, about, l.spec, l.plan, rand.Text(), l.devices...); err != nil {
		return err
	}
	handle, err := p.engine.Submit(ctx, p.dir, filepath.Base(p.dir))
	d.packs.settle(p, handle, err)
	if err == nil {
		d.Log.Info("Opened a pack", "pack", filepath.Base(p.dir), "sweep", d.run.Sweep, "slots", about.Slots)
	}
	return err
}

// rejoin makes the pack that an adopted attempt is in known here, so that others come into it. Where that fails none do.
func (d *drive) rejoin(ctx context.Context) {
	e, ok := d.engine.(engine.Packer)
	if !ok {
		return
	}
	inside, err := e.PackOf(d.dir())
	if err == nil && inside != "" {
		var about postgres.Pack
		if about, err = d.packOf(ctx, trainer.Report{}, 0); err == nil {
			err = d.packs.admit(ctx, about, e, d.run.ID, inside)
		}
	}
	if err != nil {
		d.Log.Warn("Could not look at the pack that a run is in; no other run joins it", "run_id", d.run.ID, "err", err)
	}
}

// leftBehind sees to an attempt whose pack ended before it took it: it may join another, unless the pack says why none can train
// it, or pack after pack ended otherwise than by leaving.
func (d *drive) leftBehind(ctx context.Context) error {
	inside, err := spec.PackOf(d.dir())
	if err != nil || inside == "" || d.handle == nil {
		return err
	}
	if last := finished(inside); last != nil && last.Outcome == spec.OutcomeFailed {
		return d.refuse(ctx, words(last))
	}
	exit, err := spec.ReadFile[spec.Exit](filepath.Join(inside, spec.ExitFile))
	if err != nil {
		exit = nil
	}
	if exit != nil && exit.Code == 0 {
		return nil
	}
	if d.missed++; d.missed < maxTries {
		return nil
	}
	return d.refuse(ctx, lost(exit))
}

// refuse ends an attempt that no process took.
func (d *drive) refuse(ctx context.Context, reason ablation.Label) error {
	return errors.Join(d.settle(ctx, verdict{spec.OutcomeFailed, reason, ablation.RunFailed}), errEnded)
}
