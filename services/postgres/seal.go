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
			UPDATE runs
			SET sealed = true
			WHERE id = (
				SELECT id
				FROM runs
				WHERE NOT sealed
					AND finished_at IS NOT NULL
				ORDER BY finished_at
				LIMIT 1
				FOR UPDATE SKIP LOCKED
			)
			RETURNING id`)
		sealed = err == nil && len(runs) > 0
		if !sealed {
			return err
		}
		return seal(ctx, tx, runs[0])
	})
	if err != nil {
		return false, fmt.Errorf("seal points: %w", err)
	}
	return sealed, nil
}

// seal moves a run's points into chunks.
func seal(ctx context.Context, tx pgx.Tx, run string) error {
	_, err := tx.Exec(ctx, `
		WITH moved AS (
			DELETE FROM points p
			USING series s
			WHERE s.run_id = $1
				AND p.series_id = s.id
			RETURNING p.series_id, p.ordinal, p.step, p.value
		), placed AS (
			SELECT series_id, ordinal, step, value,
				(row_number() OVER (PARTITION BY series_id, ordinal ORDER BY step) - 1) / 4096 AS part
			FROM moved
		)
		INSERT INTO chunks (series_id, ordinal, first_step, last_step, steps, vals)
		SELECT series_id, ordinal, min(step), max(step), array_agg(step ORDER BY step), array_agg(value ORDER BY step)
		FROM placed
		GROUP BY series_id, ordinal, part`, run)
	return err
}
