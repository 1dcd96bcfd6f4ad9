package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Detached says what a copy of a database no longer does by itself.
type Detached struct {
	Runs        int      // whose attempt was open: each goes on in a new one once its sweep is resumed
	Sweeps      []string // that ran, and are paused
	Recurrences []string // that were active, and are paused
}

// Detach makes a database that was loaded into another place do nothing by itself: the one that it is a copy of may still
// be at work, and what runs there is that one's.
func (s *Store) Detach(ctx context.Context) (d Detached, err error) {
	err = s.tx(ctx, func(tx pgx.Tx) error {
		d = Detached{}
		var err error
		if d.Sweeps, err = query(ctx, tx, pgx.RowTo[string], `UPDATE sweeps SET state = 'paused' WHERE state = 'running' RETURNING name`); err != nil {
			return err
		}
		d.Recurrences, err = query(ctx, tx, pgx.RowTo[string], `
			UPDATE recurrences
			SET state = 'paused', revision = revision + 1
			WHERE state = 'active'
			RETURNING name`)
		if err != nil {
			return err
		}
		d.Runs, err = loseOpen(ctx, tx)
		return err
	})
	if err != nil {
		return d, fmt.Errorf("let go of what runs elsewhere: %w", err)
	}
	return d, nil
}

// loseOpen ends what isn't ended: runs that were to stop are stopped, the others wait for a new attempt.
func loseOpen(ctx context.Context, tx pgx.Tx) (int, error) {
	type open struct {
		claim   ablation.Claim
		attempt int
	}
	runs, err := query(ctx, tx, func(row pgx.CollectableRow) (o open, err error) {
		err = row.Scan(&o.claim.Run.ID, &o.claim.Epoch, &o.attempt)
		return o, err
	}, `SELECT id, epoch, attempt FROM runs WHERE state IN ('running', 'stopping') ORDER BY sweep_id, position`)
	reason := ablation.Label{EN: "restored from a backup: what this attempt did after it isn't known here", JA: "バックアップから復元しました。その後にこの試行が何をしたかは、ここでは分かりません"}
	for _, o := range runs {
		if _, err := endAttempt(ctx, tx, o.claim, o.attempt, "lost", reason, ablation.RunQueued); err != nil {
			return 0, err
		}
	}
	return len(runs), err
}
