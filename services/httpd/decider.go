package httpd

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/haigo-lab/haigo/services/analysis/decision"
	"github.com/haigo-lab/haigo/services/analysis/surrogate"
)

// decider works decisions out beside requests, one at a time, for each takes all cores, and keeps the newest. It is safe for
// concurrent use.
type decider struct {
	log  *slog.Logger
	done func(sweep string) // called when one is ready
	one  chan struct{}

	mu   sync.Mutex
	kept []*decided // the one asked for last at the end
}

// decisionsKept is how many are kept: one of 512 runs holds some 80 MB.
const decisionsKept = 8

// decided is one decision, which may be being worked out.
type decided struct {
	key, about string // by what it was made; which sweep and aim it is of
	ready      chan struct{}
	outlook    decision.Outlook
	err        error
}

func newDecider(log *slog.Logger, done func(sweep string)) *decider {
	return &decider{log: log, done: done, one: make(chan struct{}, 1)}
}

// ask is the decision of the material, which begins to be worked out where nobody asked before.
func (d *decider) ask(m decisionMaterial) *decided {
	d.mu.Lock()
	defer d.mu.Unlock()
	key := m.Digest()
	if i := slices.IndexFunc(d.kept, func(k *decided) bool { return k.key == key }); i >= 0 {
		found := d.kept[i]
		d.kept = append(slices.Delete(d.kept, i, i+1), found)
		return found
	}
	if len(d.kept) >= decisionsKept {
		d.kept = slices.Delete(d.kept, 0, 1) // who waits for it keeps it
	}
	v := &decided{key: key, about: m.About(), ready: make(chan struct{})}
	d.kept = append(d.kept, v)
	go d.work(v, m)
	return v
}

// earlier is the newest decision of the same sweep and aim that is ready, nil where there is none.
func (d *decider) earlier(about string) *decided {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, v := range slices.Backward(d.kept) {
		if v.about == about && v.isReady() && v.err == nil {
			return v
		}
	}
	return nil
}

func (d *decider) work(v *decided, m decisionMaterial) {
	if len(m.Table.Groups()) >= surrogate.Fewest { // else it ends at once, and shouldn't wait for others
		d.one <- struct{}{}
		defer func() { <-d.one }()
	}
	defer func() {
		if broken := recover(); broken != nil {
			v.err = fmt.Errorf("decide about sweep %s: %v", m.Sweep.Name, broken)
			d.log.Error("a decision can't be worked out", "sweep", m.Sweep.Name, "err", v.err)
		}
		close(v.ready)
		d.done(m.Sweep.Name)
	}()
	began := time.Now()
	v.outlook, v.err = m.decide()
	d.log.Debug("worked a decision out", "sweep", m.Sweep.Name, "runs", len(m.Table.Runs), "seconds", time.Since(began).Seconds())
}

func (v *decided) isReady() bool {
	select {
	case <-v.ready:
		return true
	default:
		return false
	}
}

// within waits for the decision for so long; false where it isn't ready then.
func (v *decided) within(ctx context.Context, patience time.Duration) bool {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-v.ready:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return v.isReady()
}
