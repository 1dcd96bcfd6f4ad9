package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Hold gives back the claim of a run of which no attempt is open, as nothing can be begun for a reason that concerns its whole sweep:
// its queued runs stay queued, show that reason, and none is claimed for a while. A run that is to stop is stopped.
func (s *Store) Hold(ctx context.Context, c ablation.Claim, why ablation.Label, wait time.Duration) error {
	err := s.tx(ctx, func(tx pgx.Tx) error {
		run, err := own(ctx, tx, c)
		if err != nil {
			return err
		}
		next := ablation.RunQueued
		if run.state == ablation.RunStopping {
			next = ablation.RunStopped
		}
		if err := endRun(ctx, tx, c.Run.ID, next, ablation.Label{}); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE runs SET started_at = NULL WHERE id = $1 AND attempt = 0`, c.Run.ID); err != nil {
			return err
		}
		if next.Ended() {
			if err := transplant(ctx, tx, c.Run.ID); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `UPDATE sweeps SET held = $2, held_until = now() + $3 WHERE id = $1`, run.sweepID, cleanLabel(why), wait); err != nil {
			return err
		}
		if err := finishSweep(ctx, tx, run.sweepID); err != nil {
			return err
		}
		return tell(ctx, tx, ablation.Event{Sweep: run.sweep, RunID: c.Run.ID})
	})
	if err != nil {
		return fmt.Errorf("hold run %s: %w", c.Run.ID, err)
	}
	return nil
}

// unhold forgets what held up a run's sweep: its next run begins.
func unhold(ctx context.Context, tx pgx.Tx, run string) error {
	_, err := tx.Exec(ctx, `
		UPDATE sweeps
		SET held = '{}', held_until = NULL
		WHERE id = (SELECT sweep_id FROM runs WHERE id = $1)
			AND held_until IS NOT NULL`, run)
	return err
}

// SetDelay notes why an attempt that is open hasn't been started yet, until it has a handle, or can't be seen; an empty label that it
// can again.
func (s *Store) SetDelay(ctx context.Context, c ablation.Claim, why ablation.Label) error {
	err := s.tx(ctx, func(tx pgx.Tx) error {
		run, err := own(ctx, tx, c)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE runs SET message = $2 WHERE id = $1`, c.Run.ID, cleanLabel(why)); err != nil {
			return err
		}
		return tell(ctx, tx, ablation.Event{Sweep: run.sweep, RunID: c.Run.ID})
	})
	if err != nil {
		return fmt.Errorf("note what run %s waits for: %w", c.Run.ID, err)
	}
	return nil
}

// Held is what holds up runs that are to begin, by sweep and reason.
func (s *Store) Held(ctx context.Context) ([]ablation.Held, error) {
	return query(ctx, s.pool, pgx.RowToStructByPos[ablation.Held], `
		SELECT w.name, count(*), CASE WHEN r.state = 'queued' THEN w.held ELSE r.message END AS why
		FROM runs r
		JOIN sweeps w ON w.id = r.sweep_id
		WHERE r.state IN ('queued', 'running')
			AND w.state = 'running'
			AND CASE WHEN r.state = 'queued' THEN w.held ELSE r.message END <> '{}'
		GROUP BY w.id, w.name, why
		ORDER BY w.id, why`)
}
