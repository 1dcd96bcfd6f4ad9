package orchestrator

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/engine"
)

// undescribed stands in for an engine of which an attempt says that it runs there, and which the administrator's file no longer
// describes. The attempt's folder tells of it, and takes a wish to stop; it is never started anew.
type undescribed struct{ name, dir string }

var errUndescribed = ablation.Conflict(
	"its engine isn't in engines.yaml any more, so that only its folder tells of it: describe the engine again and restart, or stop the run",
	"エンジンが engines.yaml からなくなったため、フォルダーからしか様子が分かりません。エンジンを書き直して再起動するか、ランを停止してください")

// Name implements engine.Engine.
func (u undescribed) Name() string { return u.name }

// Submit implements engine.Engine.
func (u undescribed) Submit(context.Context, string, string) (engine.Handle, error) {
	return nil, fmt.Errorf("%w: %s isn't in engines.yaml any more; describe it again and restart, or stop the run", engine.ErrAway, u.name)
}

// Poll implements engine.Engine. What hasn't begun may be in a queue; where a stop file is in its way it never will.
func (u undescribed) Poll(context.Context, []engine.Handle) ([]engine.Status, error) {
	status, err := engine.Verdict(u.dir)
	if err != nil || status.State != engine.NotStarted {
		return []engine.Status{status}, err
	}
	status.State = engine.Waiting
	if _, err := os.Stat(filepath.Join(u.dir, spec.StopFile)); err == nil {
		status.State = engine.Ended
	}
	return []engine.Status{status}, nil
}

// Stop implements engine.Engine.
func (u undescribed) Stop(_ context.Context, _ engine.Handle, grace time.Duration) error {
	return engine.AskStop(u.dir, grace)
}

// Kill implements engine.Engine: exec ends the runner when the grace is over.
func (undescribed) Kill(context.Context, engine.Handle) error { return nil }

// tellUndescribed says what is known of an attempt whose engine isn't described, and what to do.
func (d *drive) tellUndescribed(ctx context.Context) error {
	if _, ok := d.engine.(undescribed); !ok {
		return nil
	}
	return d.unseen(ctx, errUndescribed)
}
