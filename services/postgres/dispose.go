package postgres

import (
	"context"
	"fmt"
	"math"
	"path"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// SweepUses are what all sweeps take of the store, newest first.
func (s *Store) SweepUses(ctx context.Context) ([]ablation.SweepUse, error) {
	return query(ctx, s.pool, func(row pgx.CollectableRow) (u ablation.SweepUse, err error) {
		err = row.Scan(&u.Sweep, &u.State, &u.ArchivedAt, &u.Keep, &u.RunIDs, &u.Points, &u.Lines)
		return u, err
	}, `
		SELECT w.name, w.state, w.archived_at, w.keep, coalesce(r.ids, '{}'), coalesce(p.n, 0), coalesce(l.n, 0)
		FROM sweeps w
		LEFT JOIN (SELECT sweep_id, array_agg(id ORDER BY position) AS ids FROM runs GROUP BY sweep_id) r ON r.sweep_id = w.id
		LEFT JOIN (
			SELECT r.sweep_id, sum(u.n + u.n_nan + u.n_pos_inf + u.n_neg_inf)::bigint AS n
			FROM runs r
			JOIN series s ON s.run_id = r.id
			JOIN rollups u ON u.series_id = s.id AND u.level = 12
			WHERE NOT ('points' = ANY (r.dropped) AND `+bulky+`)
			GROUP BY r.sweep_id
		) p ON p.sweep_id = w.id
		LEFT JOIN (SELECT r.sweep_id, count(*) AS n FROM logs g JOIN runs r ON r.id = g.run_id GROUP BY r.sweep_id) l ON l.sweep_id = w.id
		ORDER BY w.id DESC`)
}

// Sizes are bytes of the whole database and of what holds points: points, chunks and roll-ups, with their indexes.
func (s *Store) Sizes(ctx context.Context) (all, points int64, err error) {
	err = s.pool.QueryRow(ctx, `
		SELECT pg_database_size(current_database()),
			pg_total_relation_size('points') + pg_total_relation_size('chunks') + pg_total_relation_size('rollups')`).Scan(&all, &points)
	return all, points, known(err)
}

// KeptCheckpoints are digests of the manifests of checkpoints that runs start from, as copies in the data folder.
func (s *Store) KeptCheckpoints(ctx context.Context) ([]string, error) {
	return query(ctx, s.pool, pgx.RowTo[string], `SELECT DISTINCT start_sha256 FROM runs WHERE start_sha256 IS NOT NULL`)
}

// DroppedRuns are the ids of runs whose bulk of a kind was thrown away.
func (s *Store) DroppedRuns(ctx context.Context, kind ablation.Kept) ([]string, error) {
	return query(ctx, s.pool, pgx.RowTo[string], `SELECT id FROM runs WHERE $1 = ANY (dropped)`, string(kind))
}

// RunIDs are the ids of all runs; active are of those that haven't ended.
func (s *Store) RunIDs(ctx context.Context) (all, active []string, err error) {
	rows, err := s.pool.Query(ctx, `SELECT id, finished_at IS NULL FROM runs`)
	if err != nil {
		return nil, nil, known(err)
	}
	var id string
	var goesOn bool
	_, err = pgx.ForEachRow(rows, []any{&id, &goesOn}, func() error {
		if all = append(all, id); goesOn {
			active = append(active, id)
		}
		return nil
	})
	return all, active, known(err)
}

// DeletedRuns are the ids of the runs that were deleted, with when.
func (s *Store) DeletedRuns(ctx context.Context) (map[string]time.Time, error) {
	rows, err := s.pool.Query(ctx, `SELECT id, deleted_at FROM deleted_runs`)
	if err != nil {
		return nil, known(err)
	}
	deleted := map[string]time.Time{}
	var id string
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&id, &at}, func() error {
		deleted[id] = at
		return nil
	})
	return deleted, known(err)
}

// Checkpointed says of a run and a folder of its checkpoints, by their ids and names, whether the store knows of it.
func (s *Store) Checkpointed(ctx context.Context) (func(run, folder string) bool, error) {
	rows, err := s.pool.Query(ctx, `SELECT run_id, path FROM checkpoints`)
	if err != nil {
		return nil, known(err)
	}
	named := map[[2]string]bool{}
	var run, place string
	_, err = pgx.ForEachRow(rows, []any{&run, &place}, func() error {
		named[[2]string{run, path.Base(place)}] = true
		return nil
	})
	return func(run, folder string) bool { return named[[2]string{run, folder}] }, known(err)
}

// Loss is what deleting a sweep takes out of the store.
func (s *Store) Loss(ctx context.Context, sweep string) (l ablation.Loss, err error) {
	l.Sweep = sweep
	now, err := s.Now(ctx)
	if err != nil {
		return l, err
	}
	var hours float64
	err = s.pool.QueryRow(ctx, `
		SELECT (SELECT count(*) FROM runs WHERE sweep_id = w.id),
			p.points, p.scores,
			(SELECT count(*) FROM checkpoints c JOIN runs r ON r.id = c.run_id WHERE r.sweep_id = w.id),
			(SELECT count(*) FROM logs g JOIN runs r ON r.id = g.run_id WHERE r.sweep_id = w.id),
			`+deviceHours+`,
			(SELECT count(*) FROM shares WHERE sweep = w.name AND live AND revoked_at IS NULL AND expires_at > now())
		FROM sweeps w
		CROSS JOIN LATERAL (
			SELECT coalesce(sum(u.n + u.n_nan + u.n_pos_inf + u.n_neg_inf), 0)::bigint AS points,
				coalesce(sum(u.n + u.n_nan + u.n_pos_inf + u.n_neg_inf) FILTER (WHERE s.name LIKE 'bpb/%' OR s.name LIKE 'task/%'), 0)::bigint AS scores
			FROM runs r
			JOIN series s ON s.run_id = r.id
			JOIN rollups u ON u.series_id = s.id AND u.level = 12
			WHERE r.sweep_id = w.id AND NOT ('points' = ANY (r.dropped) AND `+bulky+`)
		) p
		WHERE w.name = @sweep`, pgx.NamedArgs{"sweep": sweep, "now": now}).
		Scan(&l.Runs, &l.Points, &l.Scores, &l.Checkpoints, &l.Lines, &hours, &l.LiveShares)
	if err != nil {
		return l, fmt.Errorf("sweep %s: %w", sweep, known(err))
	}
	l.DeviceHours = ablation.Real(math.Round(hours*1e4) / 1e4)
	return l, nil
}

// LiveShares are the shares of a sweep that show it as it stands and still open.
func (s *Store) LiveShares(ctx context.Context, sweep string) ([]ablation.Share, error) {
	return query(ctx, s.pool, scanShare, `
		SELECT `+shareColumns+`
		FROM shares
		WHERE sweep = $1
			AND live
			AND revoked_at IS NULL
			AND expires_at > now()
		ORDER BY id`, sweep)
}

// DeleteSweep deletes an ended sweep with its runs and everything of them, and returns their ids; the live shares of it,
// given as they are to stay, are frozen in the same transaction. A sweep that goes on, or from whose runs others start, is
// ablation.ErrConflict.
func (s *Store) DeleteSweep(ctx context.Context, name string, frozen []ablation.Share) (runs []string, err error) {
	err = s.tx(ctx, func(tx pgx.Tx) error {
		if runs, err = deletable(ctx, tx, name); err != nil {
			return err
		}
		for _, v := range frozen {
			if _, err := tx.Exec(ctx, `UPDATE shares SET live = false, chart = $2, csv = $3, fingerprints = $4, version = $5 WHERE id = $1`,
				v.ID, string(v.Chart), v.CSV, orEmpty(v.Fingerprints), v.Version); err != nil {
				return err
			}
		}
		for _, sql := range []string{
			`DELETE FROM points p USING series s WHERE s.run_id = ANY ($1) AND p.series_id = s.id`,
			`DELETE FROM chunks c USING series s WHERE s.run_id = ANY ($1) AND c.series_id = s.id`,
			`DELETE FROM rollups u USING series s WHERE s.run_id = ANY ($1) AND u.series_id = s.id`,
			`UPDATE runs SET start_run = NULL, start_step = NULL, start_sha256 = NULL, start_take = 'state' WHERE id = ANY ($1) AND start_run = ANY ($1)`,
			`INSERT INTO deleted_runs (id) SELECT unnest($1::text[]) ON CONFLICT (id) DO UPDATE SET deleted_at = now()`,
		} {
			if _, err := tx.Exec(ctx, sql, runs); err != nil {
				return err
			}
		}
		for _, sql := range []string{
			// What is still on its way to people is news to them all the same; a sweep of this name that comes later has its own.
			`UPDATE alerts SET key = key || '/' || id WHERE sweep = $1`,
			`DELETE FROM alerts a WHERE sweep = $1 AND NOT EXISTS (SELECT FROM deliveries d WHERE d.alert_id = a.id AND d.sent_at IS NULL AND NOT d.given_up)`,
			`DELETE FROM sweeps WHERE name = $1`,
		} {
			if _, err := tx.Exec(ctx, sql, name); err != nil {
				return err
			}
		}
		return tell(ctx, tx, ablation.Event{Sweep: name})
	})
	if err != nil {
		return nil, fmt.Errorf("delete sweep %s: %w", name, err)
	}
	return runs, nil
}

// deletable locks a sweep that may go, and returns its runs.
func deletable(ctx context.Context, tx pgx.Tx, name string) ([]string, error) {
	// Runs first, then the sweep: the order of a run's end.
	runs, err := query(ctx, tx, pgx.RowTo[string], `
		SELECT r.id
		FROM runs r
		JOIN sweeps w ON w.id = r.sweep_id
		WHERE w.name = $1
		ORDER BY r.position, r.replicate
		FOR UPDATE OF r`, name)
	if err != nil {
		return nil, err
	}
	state, err := lockSweep(ctx, tx, name)
	if err != nil {
		return nil, err
	}
	var goesOn bool
	if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM runs WHERE id = ANY ($1) AND finished_at IS NULL)`, runs).Scan(&goesOn); err != nil {
		return nil, err
	}
	if goesOn || state != ablation.SweepCompleted && state != ablation.SweepStopped {
		return nil, ablation.Conflict("sweep %s hasn't ended; stop it first, and wait for its runs to leave", "スイープ %s はまだ終わっていません。先に停止して、ランが終わるのを待ってください", name)
	}
	others, err := query(ctx, tx, pgx.RowTo[string], `
		SELECT DISTINCT w.name
		FROM runs r
		JOIN sweeps w ON w.id = r.sweep_id
		WHERE r.start_run = ANY ($1)
			AND w.name <> $2
		ORDER BY w.name`, runs, name)
	if err == nil && len(others) > 0 {
		err = ablation.Conflict("sweep %s starts from runs of %s; delete that one first", "スイープ %s が %s のランから始まっています。先にそちらを削除してください", others[0], name)
	}
	return runs, err
}
