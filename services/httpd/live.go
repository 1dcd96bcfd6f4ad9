package httpd

import (
	"context"
	"sync"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
)

const (
	livePoll = 30 * time.Second // between two looks of an open page at a live share
	liveKept = 10 * time.Second // how old what a live share shows may be
	liveMost = 256              // live shares that are kept at once
)

// liveShares are what live shares have shown a moment ago, so that many readers of one cost no more than one. Safe for
// concurrent use.
type liveShares struct {
	refresh func(context.Context, ablation.Share) (ablation.Share, error)
	mu      sync.Mutex
	shown   map[int64]*liveShare
}

// liveShare is one share; its own lock lets one reader refresh it while the others wait.
type liveShare struct {
	mu    sync.Mutex
	at    time.Time
	share ablation.Share
}

func newLiveShares(refresh func(context.Context, ablation.Share) (ablation.Share, error)) *liveShares {
	return &liveShares{refresh: refresh, shown: map[int64]*liveShare{}}
}

// now is a live share, which the store has just found to be open, with what its sweep says.
func (l *liveShares) now(ctx context.Context, v ablation.Share) (ablation.Share, error) {
	shown := l.of(v.ID)
	shown.mu.Lock()
	defer shown.mu.Unlock()
	if time.Since(shown.at) > liveKept {
		fresh, err := l.refresh(ctx, v)
		if err != nil {
			return v, err
		}
		shown.share, shown.at = fresh, time.Now()
	}
	v.Chart, v.CSV, v.Fingerprints, v.Version = shown.share.Chart, shown.share.CSV, shown.share.Fingerprints, shown.share.Version
	return v, nil
}

func (l *liveShares) of(id int64) *liveShare {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.shown[id] == nil {
		if len(l.shown) == liveMost {
			clear(l.shown) // who waits keeps what it has
		}
		l.shown[id] = &liveShare{}
	}
	return l.shown[id]
}
