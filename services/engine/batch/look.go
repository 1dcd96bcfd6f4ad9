package batch

import (
	"context"
	"slices"
	"time"
)

// forget is how long a job is looked after that nobody polls any more.
const forget = time.Minute

// freshen has a look taken in the background unless one is under way or the last is young.
func (b *Batch) freshen() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if time.Since(b.looked) < b.jobs.Poll || len(b.known) == 0 || b.ctx.Err() != nil {
		return
	}
	b.looked = time.Now().Add(24 * time.Hour) // until this one is done
	b.work.Go(func() {
		err := b.look(b.ctx)
		b.mu.Lock()
		defer b.mu.Unlock()
		b.looked = time.Now()
		if err != nil && !b.away && b.ctx.Err() == nil {
			b.log.Warn("The batch system doesn't answer; jobs go on, and are looked for again", "err", err)
		}
		b.away = err != nil
	})
}

// look asks once for all jobs, and then for those that the queue no longer shows.
func (b *Batch) look(ctx context.Context) error {
	reports, err := b.dialect.list(ctx)
	if err != nil {
		return err
	}
	ids := b.enter(reports, time.Now())
	if len(ids) == 0 {
		return nil
	}
	reports, err = b.dialect.history(ctx, ids)
	if err != nil {
		return err
	}
	// What lives is in the list. An accounting that still says so was never told of the end.
	ended := slices.DeleteFunc(reports, func(r report) bool { return r.word < over })
	for _, id := range b.enter(ended, time.Now()) {
		b.miss(id, time.Now())
	}
	return nil
}

// enter keeps what was said of watched jobs, and returns those of which nothing is known yet or any more.
func (b *Batch) enter(reports []report, now time.Time) (unknown []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	said := map[string]bool{}
	for _, r := range reports {
		w := b.known[r.id]
		if w == nil || w.name != r.name { // numbers are given again after a controller lost its state
			continue
		}
		said[r.id] = true
		if w.seen && w.word >= over {
			continue
		}
		if r.node == "" {
			r.node = w.node
		}
		if r.word == running && w.word != running {
			w.since = now
		}
		w.report, w.seen, w.missing = r, true, time.Time{}
		if r.word >= over {
			w.ended = now
		}
		b.weigh(w)
	}
	for key, w := range b.known {
		switch {
		case now.Sub(w.polled) > forget:
			delete(b.known, key)
		case w.id != "" && !said[w.id] && (!w.seen || w.word < over):
			unknown = append(unknown, w.id)
		}
	}
	return unknown
}

// miss notes that nobody knows a job.
func (b *Batch) miss(id string, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	w := b.known[id]
	if w == nil || w.seen && w.word >= over {
		return
	}
	w.seen = false
	if w.missing.IsZero() {
		w.missing = now
	}
}
