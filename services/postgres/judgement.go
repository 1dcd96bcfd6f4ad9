package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Halving are the sweeps whose runs are stopped early, those that run.
func (s *Store) Halving(ctx context.Context) ([]ablation.Sweep, error) {
	return query(ctx, s.pool, scanSweep, `
		SELECT `+sweepColumns+`
		FROM `+sweepTables+`
		WHERE w.state = 'running'
			AND w.definition ? 'early_stop'
		ORDER BY w.id`)
}

// Judged says up to which rung each of a sweep's runs was judged; a run that wasn't is left out.
func (s *Store) Judged(ctx context.Context, sweep string) (map[string]int, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT j.run_id, max(j.rung)
		FROM sweeps w
		JOIN runs r ON r.sweep_id = w.id
		JOIN judgements j ON j.run_id = r.id
		WHERE w.name = $1
		GROUP BY j.run_id`, sweep)
	if err != nil {
		return nil, known(err)
	}
	judged := map[string]int{}
	var run string
	var rung int
	_, err = pgx.ForEachRow(rows, []any{&run, &rung}, func() error {
		judged[run] = rung
		return nil
	})
	return judged, known(err)
}

// Judge records what becomes of a run at a rung, and stops it where it is to end there, in one transaction. A run is judged once at
// a rung: what comes later changes nothing, so that one that a person retried goes on.
func (s *Store) Judge(ctx context.Context, run string, rung int, stop bool) error {
	err := s.tx(ctx, func(tx pgx.Tx) error {
		locked, err := lockRun(ctx, tx, run)
		if err != nil || locked.state != ablation.RunRunning {
			return err
		}
		tag, err := tx.Exec(ctx, `
			INSERT INTO judgements (run_id, rung, stopped)
			VALUES ($1, $2, $3)
			ON CONFLICT DO NOTHING`, run, rung, stop)
		if err != nil || tag.RowsAffected() == 0 || !stop {
			return err
		}
		return stopRun(ctx, tx, run, ablation.StopEarly)
	})
	if err != nil {
		return fmt.Errorf("judge run %s: %w", run, err)
	}
	return nil
}
