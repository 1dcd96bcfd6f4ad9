package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// SealOnce packs the points of one ended run into chunks of up to 4,096 neighbours; false where no run has any left to
// pack. Reads see the same points before and after.
func (s *Store) SealOnce(ctx context.Context) (sealed bool, err error) {
	err = s.tx(ctx, func(tx pgx.Tx) error {
		runs, err := query(ctx, tx, pgx.RowTo[string], `
			SELECT r.id
			FROM runs r
			WHERE r.state IN ('completed', 'stopped', 'diverged', 'failed')
				AND EXISTS (SELECT FROM series s JOIN points p ON p.series_id = s.id WHERE s.run_id = r.id)
			LIMIT 1
			FOR UPDATE SKIP LOCKED`)
		if err != nil || len(runs) == 0 {
			sealed = false
			return err
		}
		sealed = true
		_, err = tx.Exec(ctx, `
			WITH moved AS (
				DELETE FROM points p
				USING series s
				WHERE s.run_id = $1
					AND p.series_id = s.id
				RETURNING p.series_id, p.ordinal, p.step, p.value
			), placed AS (
				SELECT *, (row_number() OVER (PARTITION BY series_id, ordinal ORDER BY step) - 1) / 4096 AS part
				FROM moved
			)
			INSERT INTO chunks (series_id, ordinal, first_step, last_step, steps, vals)
			SELECT series_id, ordinal, min(step), max(step), array_agg(step ORDER BY step), array_agg(value ORDER BY step)
			FROM placed
			GROUP BY series_id, ordinal, part`, runs[0])
		return err
	})
	if err != nil {
		return false, fmt.Errorf("seal points: %w", err)
	}
	return sealed, nil
}
