package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Detached says what a copy of a database no longer does by itself.
type Detached struct {
	Sweeps      []string // that ran, and are paused
	Recurrences []string // that were active, and are paused
}

// detach makes a database that was loaded into another place do nothing by itself: the one that it is a copy of may still
// be at work, and would do it too.
func detach(ctx context.Context, tx pgx.Tx) (d Detached, err error) {
	if d.Sweeps, err = query(ctx, tx, pgx.RowTo[string], `UPDATE sweeps SET state = 'paused' WHERE state = 'running' RETURNING name`); err != nil {
		return d, err
	}
	d.Recurrences, err = query(ctx, tx, pgx.RowTo[string], `
		UPDATE recurrences
		SET state = 'paused', revision = revision + 1
		WHERE state = 'active'
		RETURNING name`)
	return d, err
}
