package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// SweepVersion names a sweep as it stands: it is another one after every change of the sweep, its arms, its runs and what these
// have logged, and of its tasks. What is read after it is as new as it says, or newer.
func (s *Store) SweepVersion(ctx context.Context, sweep string) (string, error) {
	return sweepVersion(ctx, s.pool, sweep)
}

func sweepVersion(ctx context.Context, q querier, sweep string) (string, error) {
	// Postgres gives each row the transaction that wrote it. Nothing of a run is stored without its row being written too.
	version, err := one(ctx, q, pgx.RowTo[*string], `
		SELECT md5(string_agg(row, ' ' ORDER BY row))
		FROM (
			SELECT concat('w', w.id, ' ', w.xmin) AS row
			FROM sweeps w
			WHERE w.name = $1
			UNION ALL
			SELECT concat('a', a.id, ' ', a.xmin)
			FROM sweeps w
			JOIN arms a ON a.sweep_id = w.id
			WHERE w.name = $1
			UNION ALL
			SELECT concat('r', r.id, ' ', r.xmin)
			FROM sweeps w
			JOIN runs r ON r.sweep_id = w.id
			WHERE w.name = $1
			UNION ALL
			SELECT concat('t', t.id, ' ', t.xmin)
			FROM sweeps w
			JOIN sweep_tasks s ON s.sweep_id = w.id
			JOIN tasks t ON t.id = s.task_id
			WHERE w.name = $1
		) rows`, sweep)
	if err != nil {
		return "", err
	}
	if version == nil {
		return "", ablation.ErrNotFound
	}
	return *version, nil
}
