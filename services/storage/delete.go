package storage

import (
	"context"
	"errors"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// Loss is what goes when a sweep is deleted.
func (k *Keeper) Loss(ctx context.Context, sweep string) (ablation.Loss, error) {
	l, err := k.Store.Loss(ctx, sweep)
	if err != nil {
		return l, err
	}
	runs, err := k.Store.Runs(ctx, sweep)
	for _, r := range runs {
		l.Bytes += bytesBelow(spec.RunDir(k.Data, r.ID))
	}
	return l, err
}

// Delete deletes an ended sweep: its runs with all that they logged, scored and saved. Shares of it stay, live ones as they
// are now; so do sources and tasks. A sweep that goes on, or from whose runs others start, is *ablation.Refusal.
func (k *Keeper) Delete(ctx context.Context, sweep string) error {
	live, err := k.Store.LiveShares(ctx, sweep)
	if err != nil {
		return err
	}
	for i := range live {
		if live[i], err = k.Freeze(ctx, live[i]); err != nil {
			return err
		}
	}
	runs, err := k.Store.DeleteSweep(ctx, sweep, live)
	if err != nil {
		return err
	}
	var errs []error
	for _, id := range runs {
		errs = append(errs, removeAll(spec.RunDir(k.Data, id)))
	}
	return errors.Join(errs...)
}
