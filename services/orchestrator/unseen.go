package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/engine"
)

// goneFor is how long an attempt's folder may be out of sight, as while a file system is mounted again, before it counts as gone.
const goneFor = 10 * time.Minute

// errAbsent is that a run's folder isn't where it was.
var errAbsent = ablation.Conflict("the run's folder isn't there: is the data folder's file system mounted?",
	"ランのフォルダーが見当たりません。データフォルダーのファイルシステムがマウントされているか確かめてください")

// gone reports whether the folder of an attempt that was begun is out of sight, of late: then nothing can be said of the attempt.
func (d *drive) gone() bool {
	begun := d.handle != nil || d.tail.Cursor.Offset > 0
	if _, err := os.Stat(d.dir()); !begun || err == nil {
		d.absent = time.Time{}
		return false
	}
	if d.absent.IsZero() {
		d.absent = time.Now()
	}
	return time.Since(d.absent) < goneFor
}

// absence says that the folder is out of sight, and keeps the claim.
func (d *drive) absence(ctx context.Context) error {
	return errors.Join(d.unseen(ctx, errAbsent), d.renew(ctx))
}

// unseen says once why an attempt can't be seen, which nothing is concluded from.
func (d *drive) unseen(ctx context.Context, cause error) error {
	why := explain(cause)
	if refused := (*ablation.Refusal)(nil); !errors.As(cause, &refused) {
		why = say("it can't be seen now, and is left alone: %v", "いまは様子が分からないため、そのままにしています：%v", cause)
	}
	if why == d.delayed {
		return nil
	}
	d.Log.Warn("An attempt can't be seen; it is left alone", "run_id", d.run.ID, "attempt", d.attempt.Number, "err", cause)
	d.delayed = why
	return d.persist(ctx, func(ctx context.Context) error { return d.Store.SetDelay(ctx, d.claim, why) })
}

// seen takes back what unseen said.
func (d *drive) seen(ctx context.Context) error {
	if _, dark := d.engine.(undescribed); dark || d.handle == nil || d.delayed == (ablation.Label{}) {
		return nil
	}
	d.delayed = ablation.Label{}
	return d.persist(ctx, func(ctx context.Context) error { return d.Store.SetDelay(ctx, d.claim, ablation.Label{}) })
}

// submitted reports whether something of the attempt may have been started, though no handle tells of it.
func (d *drive) submitted() bool {
	trace, err := engine.ReadTrace(d.dir())
	if err != nil || trace.Started {
		return true
	}
	e, ok := d.engine.(interface{ Tried(dir string) bool })
	return ok && e.Tried(d.dir())
}

// bar has whatever trains in the attempt's folder leave, and what begins there later at once, though nobody knows of it.
func (d *drive) bar() error {
	if err := engine.AskStop(d.dir(), grace); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// stopUnbegun ends an attempt of which nothing was started.
func (d *drive) stopUnbegun(ctx context.Context) error {
	if err := d.bar(); err != nil {
		return err
	}
	return d.settle(ctx, verdict{spec.OutcomeStopped, ablation.Label{}, ablation.RunStopped})
}

// errNoFolder is that a run with checkpoints has no folder that they could be in.
var errNoFolder = errors.New("the run's folder isn't there")

// absentFolder is why checkpoints that the store has can't be looked for; nil where their run's folder can be looked into.
func absentFolder(run string) error {
	_, err := os.Stat(run)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	name := filepath.Base(run)
	return fmt.Errorf("%w: %w", errNoFolder, ablation.Conflict(
		"runs/%s has the checkpoints to go on from; is the data folder's file system mounted? Where it was removed for good, an empty folder in its place lets the run begin anew",
		"続きに使うチェックポイントの入ったフォルダー runs/%s が見当たりません。データフォルダーのファイルシステムがマウントされているか確かめてください。削除したのなら、空のフォルダーを作ると最初からやり直します", name))
}
