package postgres

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// SetKeep says for how long a sweep's bulk is kept from now on.
func (s *Store) SetKeep(ctx context.Context, sweep string, k ablation.Keep) error {
	if err := k.Check(); err != nil {
		return err
	}
	data, err := json.Marshal(k)
	if err != nil {
		return fmt.Errorf("write for how long to keep: %w", err)
	}
	return s.tx(ctx, func(tx pgx.Tx) error {
		if _, err := lockSweep(ctx, tx, sweep); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE sweeps SET keep = $2 WHERE name = $1`, sweep, data); err != nil {
			return err
		}
		return tell(ctx, tx, ablation.Event{Sweep: sweep})
	})
}

// ArchiveSweep puts an ended sweep out of sight; nothing of it is lost. One that goes on is ablation.ErrConflict.
func (s *Store) ArchiveSweep(ctx context.Context, name string) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		state, err := lockSweep(ctx, tx, name)
		if err != nil {
			return err
		}
		if state != ablation.SweepCompleted && state != ablation.SweepStopped {
			return ablation.Conflict("sweep %s hasn't ended, so it can't be archived; stop it first, or wait", "スイープ %s はまだ終わっていないので、しまえません。先に停止するか、終わるのを待ってください", name)
		}
		return setArchived(ctx, tx, name, `coalesce(archived_at, now())`)
	})
}

// UnarchiveSweep shows an archived sweep again.
func (s *Store) UnarchiveSweep(ctx context.Context, name string) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		if _, err := lockSweep(ctx, tx, name); err != nil {
			return err
		}
		return setArchived(ctx, tx, name, `NULL`)
	})
}

func setArchived(ctx context.Context, tx pgx.Tx, name, value string) error {
	if _, err := tx.Exec(ctx, `UPDATE sweeps SET archived_at = `+value+` WHERE name = $1`, name); err != nil {
		return err
	}
	return tell(ctx, tx, ablation.Event{Sweep: name})
}

// bulky are series whose points may be thrown away: neither scores nor what was read.
const bulky = `s.name NOT LIKE 'bpb/%' AND s.name NOT LIKE 'task/%' AND s.name NOT LIKE 'rows/%'`

// Due is bulk of ended runs that is kept for long enough. A run from which one that hasn't ended starts keeps all, and one
// that can go on from its checkpoints keeps its points until these go: going on cuts roll-ups in two. Checkpoints come first.
func (s *Store) Due(ctx context.Context) ([]ablation.Due, error) {
	return query(ctx, s.pool, func(row pgx.CollectableRow) (d ablation.Due, err error) {
		err = row.Scan(&d.Kind, &d.Sweep, &d.RunID, &d.Run, &d.Points, &d.Lines)
		return d, err
	}, `
		SELECT k.kind, w.name, r.id, r.name,
			CASE WHEN k.kind = 'points' THEN (
				SELECT coalesce(sum(u.n + u.n_nan + u.n_pos_inf + u.n_neg_inf), 0)::bigint
				FROM series s
				JOIN rollups u ON u.series_id = s.id AND u.level = 12
				WHERE s.run_id = r.id AND `+bulky+`
			) ELSE 0 END,
			CASE WHEN k.kind = 'logs' THEN (SELECT count(*) FROM logs WHERE run_id = r.id) ELSE 0 END
		FROM runs r
		JOIN sweeps w ON w.id = r.sweep_id
		CROSS JOIN (VALUES (1, 'checkpoints'), (2, 'points'), (3, 'logs')) AS k (place, kind)
		WHERE `+droppable+`
			AND (k.kind <> 'points' OR r.state = 'completed' OR 'checkpoints' = ANY (r.dropped) OR `+overdue(`'checkpoints'`)+`)
		ORDER BY w.id, r.position, r.replicate, k.place`)
}

// droppable holds where bulk of kind k.kind of run r in sweep w may go, points only after checkpoints.
var droppable = overdue("k.kind") + `
			AND NOT k.kind = ANY (r.dropped)
			AND NOT EXISTS (SELECT FROM runs b WHERE b.start_run = r.id AND b.finished_at IS NULL)`

// overdue holds where bulk of a kind was kept for long enough.
func overdue(kind string) string {
	return `w.keep ? ` + kind + ` AND r.finished_at + make_interval(days => (w.keep->>` + kind + `)::int) <= now()`
}

// Drop throws bulk of an ended run away that is due; false where it isn't any more. The files are for others to remove,
// afterwards.
func (s *Store) Drop(ctx context.Context, run string, kind ablation.Kept) (dropped bool, err error) {
	err = s.tx(ctx, func(tx pgx.Tx) error {
		if _, err := lockRun(ctx, tx, run); err != nil {
			return err
		}
		sweeps, err := query(ctx, tx, pgx.RowTo[string], `
			UPDATE runs r
			SET dropped = r.dropped || k.kind
			FROM sweeps w, (VALUES ($2::text)) AS k (kind)
			WHERE r.id = $1
				AND w.id = r.sweep_id
				AND `+droppable+`
				AND (k.kind <> 'points' OR r.state = 'completed' OR 'checkpoints' = ANY (r.dropped))
			RETURNING w.name`, run, string(kind))
		if dropped = len(sweeps) > 0; err != nil || !dropped {
			return err
		}
		if err := drop(ctx, tx, run, kind); err != nil {
			return err
		}
		return tell(ctx, tx, ablation.Event{Sweep: sweeps[0], RunID: run})
	})
	if err != nil {
		return false, fmt.Errorf("throw %s of run %s away: %w", kind, run, err)
	}
	return dropped, nil
}

func drop(ctx context.Context, tx pgx.Tx, run string, kind ablation.Kept) error {
	var statements []string
	switch kind {
	case ablation.KeptPoints:
		statements = []string{
			`DELETE FROM points p USING series s WHERE s.run_id = $1 AND p.series_id = s.id AND ` + bulky,
			`DELETE FROM chunks c USING series s WHERE s.run_id = $1 AND c.series_id = s.id AND ` + bulky,
		}
	case ablation.KeptCheckpoints:
		statements = []string{`DELETE FROM checkpoints WHERE run_id = $1`}
	case ablation.KeptLogs:
		statements = []string{`DELETE FROM logs WHERE run_id = $1`}
	}
	for _, sql := range statements {
		if _, err := tx.Exec(ctx, sql, run); err != nil {
			return err
		}
	}
	return nil
}
