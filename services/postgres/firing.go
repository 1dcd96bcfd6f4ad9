package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Decide records what became of a recurrence's planned times and starts the sweep of the one that fires, all in one
// transaction: there is never a firing without its sweep, nor a sweep without its firing. A time that was decided on
// before stays as it was decided, and starts nothing. won is false where the recurrence has changed since it was read;
// then nothing was recorded. A sweep that exists under the application's name is ablation.ErrConflict.
func (s *Store) Decide(ctx context.Context, r ablation.RecurringSweep, d ablation.Decision, now time.Time, start *Application) (won bool, err error) {
	err = s.tx(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `
			UPDATE recurrences
			SET next_at = $3, revision = revision + 1
			WHERE id = $1
				AND revision = $2`, r.ID, r.Revision, d.NextAt)
		if won = err == nil && tag.RowsAffected() == 1; !won {
			return err
		}
		if err := tell(ctx, tx, ablation.Event{Recurrence: r.Name}); err != nil {
			return err
		}
		if err := putPassed(ctx, tx, r, d.Passed); err != nil || d.Fire == nil {
			return err
		}
		return fire(ctx, tx, r, *d.Fire, now, *start)
	})
	if err != nil {
		return false, fmt.Errorf("decide on recurrence %s: %w", r.Name, err)
	}
	return won, nil
}

func putPassed(ctx context.Context, tx pgx.Tx, r ablation.RecurringSweep, passed []ablation.Firing) error {
	batch := &pgx.Batch{}
	for _, f := range passed {
		batch.Queue(`
			INSERT INTO firings (recurrence_id, planned_at, decided_at, state, reason, message)
			VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT ON CONSTRAINT firings_once DO NOTHING`,
			r.ID, f.PlannedAt, f.DecidedAt, f.State, f.Reason, f.Message)
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil || len(passed) == 0 {
		return err
	}
	// A week's absence is one piece of news, not hundreds: the newest time stands for all that passed with it.
	return raiseMissed(ctx, tx, r, passed[len(passed)-1])
}

// fire starts the sweep of a planned time, unless that was decided on before.
func fire(ctx context.Context, tx pgx.Tx, r ablation.RecurringSweep, planned, now time.Time, a Application) error {
	decided, err := query(ctx, tx, pgx.RowTo[bool], `SELECT true FROM firings WHERE recurrence_id = $1 AND planned_at = $2`, r.ID, planned)
	if err != nil || len(decided) > 0 {
		return err
	}
	id, done, err := apply(ctx, tx, a)
	if err != nil {
		return err
	}
	if !done.Created {
		return fmt.Errorf("start sweep %s: %w", a.Sweep.Name, ablation.ErrConflict)
	}
	if closes, bounded, err := r.Closes(planned); err != nil {
		return err
	} else if bounded {
		if _, err := tx.Exec(ctx, `UPDATE sweeps SET closes_at = $2 WHERE id = $1`, id, closes); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO firings (recurrence_id, planned_at, decided_at, state, sweep_id)
		VALUES ($1, $2, $3, 'fired', $4)`, r.ID, planned, now, id)
	return err
}

// heldHours is how long a group of attempts t has had its device at @now, from when the first left a queue: of one attempt, or of a
// pack's, which share one.
const heldHours = `greatest(extract(epoch FROM max(coalesce(t.ended_at, @now)) - min(coalesce(t.left_queue_at, t.started_at))), 0)::float8 / 3600`

// oneDevice groups attempts t by the process that they are, or share.
const oneDevice = `coalesce(t.handle->>'pack', t.run_id || '/' || t.number)`

// deviceHours is what a sweep w has used at @now: the time of its processes, each on one device.
const deviceHours = `(
			SELECT coalesce(sum(h.hours), 0)
			FROM (
				SELECT ` + heldHours + ` AS hours
				FROM attempts t
				JOIN runs r ON r.id = t.run_id
				WHERE r.sweep_id = w.id
					AND NOT t.waiting
				GROUP BY ` + oneDevice + `
			) h
		)`

// Firings are the newest decisions on the recurrence of a name, on all where it is empty, newest first, at most limit.
func (s *Store) Firings(ctx context.Context, recurrence string, limit int) ([]ablation.Firing, error) {
	return query(ctx, s.pool, scanFiring, `
		SELECT c.name, f.planned_at, f.decided_at, f.state, f.reason, f.message, w.name, w.state, `+deviceHours+`,
			count(r.id) FILTER (WHERE r.state = 'queued'), count(r.id) FILTER (WHERE r.state IN ('running', 'stopping')),
			count(r.id) FILTER (WHERE r.state = 'completed'), count(r.id) FILTER (WHERE r.state = 'stopped'),
			count(r.id) FILTER (WHERE r.state = 'diverged'), count(r.id) FILTER (WHERE r.state = 'failed')
		FROM (
			SELECT *
			FROM firings
			WHERE @name = '' OR recurrence_id = (SELECT id FROM recurrences WHERE name = @name)
			ORDER BY planned_at DESC, recurrence_id
			LIMIT @limit
		) f
		JOIN recurrences c ON c.id = f.recurrence_id
		LEFT JOIN sweeps w ON w.id = f.sweep_id
		LEFT JOIN runs r ON r.sweep_id = w.id
		GROUP BY c.name, f.planned_at, f.decided_at, f.state, f.reason, f.message, w.id
		ORDER BY f.planned_at DESC, c.name`,
		pgx.NamedArgs{"name": recurrence, "limit": limit, "now": time.Now()})
}

func scanFiring(row pgx.CollectableRow) (ablation.Firing, error) {
	var f ablation.Firing
	var sweep *string
	var state *ablation.SweepState
	c := &f.Counts
	err := row.Scan(&f.Recurrence, &f.PlannedAt, &f.DecidedAt, &f.State, &f.Reason, &f.Message, &sweep, &state, &f.DeviceHours,
		&c.Queued, &c.Running, &c.Completed, &c.Stopped, &c.Diverged, &c.Failed)
	if sweep != nil && state != nil {
		f.Sweep, f.SweepState = *sweep, *state
	}
	return f, err
}

// Unfinished is the sweep of a recurrence that hasn't ended, "" for none.
func (s *Store) Unfinished(ctx context.Context, recurrence int64) (string, error) {
	names, err := query(ctx, s.pool, pgx.RowTo[string], `
		SELECT w.name
		FROM firings f
		JOIN sweeps w ON w.id = f.sweep_id
		WHERE f.recurrence_id = $1
			AND w.state IN ('running', 'paused')
		LIMIT 1`, recurrence)
	if err != nil || len(names) == 0 {
		return "", err
	}
	return names[0], nil
}

// Version is the server's, as it calls itself: PostgreSQL 18.1.
func (s *Store) Version(ctx context.Context) (version string, err error) {
	err = s.pool.QueryRow(ctx, `SELECT 'PostgreSQL ' || split_part(current_setting('server_version'), ' ', 1)`).Scan(&version)
	return version, known(err)
}

// Now is the database's clock, by which all servers go.
func (s *Store) Now(ctx context.Context) (now time.Time, err error) {
	err = s.pool.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&now)
	return now, known(err)
}
