package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// failuresInARow is how many runs of a sweep may fail one after the other before it is paused.
const failuresInARow = 3

// raise puts an alert into the outbox, for every channel that takes it, in the transaction of what it tells of. One that
// was raised before under its key is left alone.
func raise(ctx context.Context, tx pgx.Tx, a ablation.Alert) error {
	detail, err := json.Marshal(a.Detail)
	if err != nil {
		return fmt.Errorf("write the alert's detail: %w", err)
	}
	_, err = tx.Exec(ctx, `
		WITH fresh AS (
			INSERT INTO alerts (key, kind, sweep, recurrence, run_id, detail)
			VALUES (@key, @kind, @sweep, coalesce(nullif(@recurrence, ''), (
				SELECT c.name
				FROM sweeps w
				JOIN firings f ON f.sweep_id = w.id
				JOIN recurrences c ON c.id = f.recurrence_id
				WHERE w.name = @sweep
			), ''), @run, @detail)
			ON CONFLICT ON CONSTRAINT alerts_key_once DO NOTHING
			RETURNING id, kind, sweep, recurrence
		)
		INSERT INTO deliveries (alert_id, channel_id)
		SELECT f.id, c.id
		FROM fresh f
		JOIN channels c ON f.kind = ANY (c.kinds) AND (c.of = '' OR c.of IN (f.sweep, f.recurrence))`,
		pgx.NamedArgs{"key": a.Key, "kind": a.Kind, "sweep": a.Sweep, "recurrence": a.Recurrence, "run": a.RunID, "detail": detail})
	if err != nil {
		return fmt.Errorf("raise an alert: %w", err)
	}
	return nil
}

// raiseEnd tells that a run failed or diverged, or that an attempt diverged and the run goes back; other ends are nobody's alarm.
func raiseEnd(ctx context.Context, tx pgx.Tx, id, sweep string, next ablation.RunState, reason ablation.Label) error {
	kinds := map[ablation.RunState]ablation.AlertKind{ablation.RunFailed: ablation.AlertRunFailed, ablation.RunDiverged: ablation.AlertRunDiverged}
	kind, ok := kinds[next]
	if !ok {
		return nil
	}
	d := ablation.AlertDetail{Message: ablation.Label{JA: clean(reason.JA), EN: clean(reason.EN)}}
	if err := tx.QueryRow(ctx, `SELECT name, attempt, step, steps FROM runs WHERE id = $1`, id).Scan(&d.Run, &d.Attempt, &d.Step, &d.Steps); err != nil {
		return err
	}
	return raise(ctx, tx, ablation.Alert{Key: fmt.Sprintf("%s/%s/%d", kind, id, d.Attempt), Kind: kind, Sweep: sweep, RunID: id, Detail: d})
}

// raiseReported tells of divergences that nothing is done about but telling, each kind once: their run trains on, and its
// ledger tells of the others.
func raiseReported(ctx context.Context, tx pgx.Tx, c ablation.Claim, attempt int, spikes []ablation.Spike) error {
	for _, e := range spikes {
		if e.Action != ablation.ActionReported {
			continue
		}
		err := raise(ctx, tx, ablation.Alert{
			Key:  fmt.Sprintf("%s/%s/%d/%s", ablation.AlertRunDiverged, c.Run.ID, e.Round, e.Kind),
			Kind: ablation.AlertRunDiverged, Sweep: c.Run.Sweep, RunID: c.Run.ID,
			Detail: ablation.AlertDetail{Run: c.Run.Name, Attempt: attempt, Step: e.Step, Steps: c.Run.Steps, Message: cleanLabel(e.Words)},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// raiseSweep tells that a sweep has finished or was paused.
func raiseSweep(ctx context.Context, tx pgx.Tx, sweep int64, kind ablation.AlertKind) error {
	var name, key string
	c := ablation.RunCounts{}
	err := tx.QueryRow(ctx, `
		SELECT w.name, w.id || '/' || extract(epoch FROM now()), c.queued, c.running, c.completed, c.stopped, c.diverged, c.failed
		FROM `+sweepTables+`
		WHERE w.id = $1`, sweep).Scan(&name, &key, &c.Queued, &c.Running, &c.Completed, &c.Stopped, &c.Diverged, &c.Failed)
	if err != nil {
		return err
	}
	return raise(ctx, tx, ablation.Alert{Key: string(kind) + "/" + key, Kind: kind, Sweep: name, Detail: ablation.AlertDetail{Counts: &c}})
}

// pauseFailing pauses a running sweep whose last runs to end have all failed: whatever is wrong with them is wrong with the
// next one too. Those that train go on.
func pauseFailing(ctx context.Context, tx pgx.Tx, sweep int64) error {
	tag, err := tx.Exec(ctx, `
		UPDATE sweeps
		SET state = 'paused', paused_by = 'failures'
		WHERE id = $1
			AND state = 'running'
			AND EXISTS (SELECT FROM runs WHERE sweep_id = $1 AND state = 'queued')
			AND (
				SELECT count(*) = $2 AND bool_and(state = 'failed')
				FROM (
					SELECT state
					FROM runs
					WHERE sweep_id = $1
						AND finished_at IS NOT NULL
					ORDER BY finished_at DESC, position DESC
					LIMIT $2
				) last
			)`, sweep, failuresInARow)
	if err != nil || tag.RowsAffected() == 0 {
		return err
	}
	return raiseSweep(ctx, tx, sweep, ablation.AlertSweepPaused)
}

// raiseMissed tells of a planned time that started nothing, unless a person had paused the recurrence.
func raiseMissed(ctx context.Context, tx pgx.Tx, r ablation.RecurringSweep, f ablation.Firing) error {
	if f.Reason == ablation.SkippedPaused {
		return nil
	}
	return raise(ctx, tx, ablation.Alert{
		Key:  fmt.Sprintf("%s/%d/%d", ablation.AlertRecurrenceMissed, r.ID, f.PlannedAt.Unix()),
		Kind: ablation.AlertRecurrenceMissed, Recurrence: r.Name,
		Detail: ablation.AlertDetail{Message: f.Why(), PlannedAt: &f.PlannedAt},
	})
}

// RaiseSilence raises an alert for every running run whose metrics have been silent for so long, and does what RaiseRecovered
// does.
func (s *Store) RaiseSilence(ctx context.Context, after time.Duration) error {
	err := s.tx(ctx, func(tx pgx.Tx) error {
		silent, err := query(ctx, tx, scanSilence, `
			SELECT r.id, w.name, r.name, r.attempt, r.step, r.steps, s.since, coalesce(r.process_at > now() - interval '1 minute', false)
			FROM runs r
			JOIN sweeps w ON w.id = r.sweep_id
			LEFT JOIN attempts t ON t.run_id = r.id AND t.ended_at IS NULL
			CROSS JOIN LATERAL (SELECT CASE WHEN t.waiting THEN now() ELSE greatest(coalesce(r.metric_at, r.started_at), t.started_at, t.left_queue_at) END) s (since)
			WHERE r.state IN ('running', 'stopping')
				AND s.since < now() - $1::interval`, after)
		if err != nil {
			return err
		}
		for _, a := range silent {
			if err := raise(ctx, tx, a); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("look for silent runs: %w", err)
	}
	return s.RaiseRecovered(ctx)
}

// RaiseRecovered raises an alert for each run that was told to be silent, trains still and speaks again.
func (s *Store) RaiseRecovered(ctx context.Context) error {
	err := s.tx(ctx, func(tx pgx.Tx) error {
		back, err := query(ctx, tx, scanSilence, `
			SELECT r.id, w.name, r.name, r.attempt, r.step, r.steps, a.at, true
			FROM alerts a
			JOIN runs r ON r.id = a.run_id
			JOIN sweeps w ON w.id = r.sweep_id
			WHERE a.kind = 'run_silent'
				AND r.state IN ('running', 'stopping')
				AND r.metric_at > a.at
				AND NOT EXISTS (SELECT FROM alerts b WHERE b.run_id = a.run_id AND b.kind = 'run_recovered' AND b.at > a.at)`)
		for _, a := range back {
			a.Kind, a.Key = ablation.AlertRunRecovered, fmt.Sprintf("%s/%s/%d", ablation.AlertRunRecovered, a.RunID, a.Detail.Since.UnixMicro())
			if err := raise(ctx, tx, a); err != nil {
				return err
			}
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("look for runs that speak again: %w", err)
	}
	return nil
}

func scanSilence(row pgx.CollectableRow) (ablation.Alert, error) {
	a := ablation.Alert{Kind: ablation.AlertRunSilent}
	d := &a.Detail
	var since time.Time
	err := row.Scan(&a.RunID, &a.Sweep, &d.Run, &d.Attempt, &d.Step, &d.Steps, &since, &d.Alive)
	d.Since = &since
	a.Key = fmt.Sprintf("%s/%s/%d", a.Kind, a.RunID, since.UnixMicro())
	return a, err
}

// Alerts are the newest alerts, newest first, at most limit.
func (s *Store) Alerts(ctx context.Context, limit int) ([]ablation.Alert, error) {
	return query(ctx, s.pool, scanAlert, `
		SELECT id, key, kind, sweep, recurrence, run_id, detail, at
		FROM alerts
		WHERE kind <> 'test'
		ORDER BY id DESC
		LIMIT $1`, limit)
}

func scanAlert(row pgx.CollectableRow) (ablation.Alert, error) {
	var a ablation.Alert
	var detail []byte
	if err := row.Scan(&a.ID, &a.Key, &a.Kind, &a.Sweep, &a.Recurrence, &a.RunID, &detail, &a.At); err != nil {
		return a, err
	}
	return a, json.Unmarshal(detail, &a.Detail)
}
