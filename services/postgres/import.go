package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Finished is what a run that was trained elsewhere ended with.
type Finished struct {
	RunID      string
	Parameters int64 // 0: not known
	Tokens     int64 // 0: those of its steps
	Points     []ablation.Point
}

// ImportSweep stores a sweep whose runs were trained elsewhere, all or nothing: they are completed when they appear, so that no
// worker ever sees them wait. A sweep of that name is ablation.ErrConflict.
func (s *Store) ImportSweep(ctx context.Context, a Application, runs []Finished) error {
	err := s.tx(ctx, func(tx pgx.Tx) error {
		for _, source := range a.Sources {
			if err := putSource(ctx, tx, source); err != nil {
				return err
			}
		}
		id, done, err := apply(ctx, tx, a)
		if err != nil {
			return err
		}
		if !done.Created {
			return ablation.Conflict("there is a sweep %s already; import under another name", "スイープ %s はすでにあります。別の名前で取り込んでください", a.Sweep.Name)
		}
		for _, r := range runs {
			if err := finish(ctx, tx, r); err != nil {
				return fmt.Errorf("run %s: %w", r.RunID, err)
			}
		}
		_, err = tx.Exec(ctx, `UPDATE sweeps SET state = 'completed', finished_at = now() WHERE id = $1`, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("import sweep %s: %w", a.Sweep.Name, err)
	}
	return nil
}

// finish completes a run with one attempt that nobody here has made.
func finish(ctx context.Context, tx pgx.Tx, r Finished) error {
	if _, err := tx.Exec(ctx, `
		UPDATE runs
		SET state = 'completed', step = steps, attempt = 1, epoch = 1, started_at = now(), finished_at = now(), event_at = now(), metric_at = now()
		WHERE id = $1`, r.RunID); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `
		INSERT INTO attempts (run_id, number, host, engine, spec_sha256, ended_at, outcome)
		VALUES ($1, 1, '', 'import', '', now(), 'completed')`, r.RunID); err != nil {
		return err
	}
	if err := openSegment(ctx, tx, r.RunID, 1, ablation.Segment{Trainer: "elsewhere"}); err != nil {
		return err
	}
	if err := putPlan(ctx, tx, r.RunID, ablation.RunPlan{Rows: map[string]int64{}, BlockSHA256: []string{}, Parameters: r.Parameters, Tokens: r.Tokens}); err != nil {
		return err
	}
	writes := &pgx.Batch{}
	if err := putPoints(ctx, tx, writes, r.RunID, 0, r.Points); err != nil {
		return err
	}
	return tx.SendBatch(ctx, writes).Close()
}
