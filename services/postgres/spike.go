package postgres

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Spikes are a run's ledger in the order of what happened.
func (s *Store) Spikes(ctx context.Context, run string) ([]ablation.Spike, error) {
	return query(ctx, s.pool, scanSpike, `
		SELECT `+spikeColumns+`
		FROM spikes
		WHERE run_id = $1
		ORDER BY round, step, kind`, run)
}

const spikeColumns = `round, kind, step, level, peak, coalesce(until_step, 0), closed, rows, action, coalesce(back_to, 0), created_at`

func scanSpike(row pgx.CollectableRow) (ablation.Spike, error) {
	var e ablation.Spike
	var rows []byte
	err := row.Scan(&e.Round, &e.Kind, &e.Step, &e.Level, &e.Peak, &e.Until, &e.Closed, &rows, &e.Action, &e.BackTo, &e.CreatedAt)
	if err != nil {
		return e, err
	}
	return e, json.Unmarshal(rows, &e.Rows)
}

// Watch is what is remembered of a run's loss, as far as its events are stored.
func (s *Store) Watch(ctx context.Context, run string) (w ablation.Watch, err error) {
	var data []byte
	if err := s.pool.QueryRow(ctx, `SELECT watch FROM runs WHERE id = $1`, run).Scan(&data); err != nil {
		return w, fmt.Errorf("watch of run %s: %w", run, known(err))
	}
	return w, json.Unmarshal(data, &w)
}

// queueSpikes enters what a batch's events showed. An entry that is there already is brought up to date; what was done about
// it stays, unless the run was stopped for it: then somebody had it try again.
func queueSpikes(writes *pgx.Batch, run string, spikes []ablation.Spike) error {
	for _, e := range spikes {
		rows, err := json.Marshal(e.Rows)
		if err != nil {
			return fmt.Errorf("write the rows of a spike: %w", err)
		}
		writes.Queue(`
			INSERT INTO spikes (run_id, round, kind, step, level, peak, until_step, closed, rows, action)
			VALUES (@run, @round, @kind, @step, @level, @peak, nullif(@until::bigint, 0), @closed, coalesce(nullif(@rows::jsonb, 'null'), '{}'), @action)
			ON CONFLICT (run_id, round, kind, step)
			DO UPDATE SET peak = EXCLUDED.peak, until_step = EXCLUDED.until_step, closed = EXCLUDED.closed,
				action = CASE WHEN spikes.action = 'stopped' THEN EXCLUDED.action ELSE spikes.action END`,
			pgx.NamedArgs{
				"run": run, "round": e.Round, "kind": e.Kind, "step": e.Step, "level": float64(e.Level), "peak": float64(e.Peak),
				"until": e.Until, "closed": e.Closed, "rows": rows, "action": e.Action,
			})
	}
	return nil
}

// DivergedAt is the step at which a run first diverged of what it was stopped for last: no checkpoint from there on is to be
// trusted. nil where it wasn't stopped for that.
func (s *Store) DivergedAt(ctx context.Context, run string) (*int64, error) {
	return divergedAt(ctx, s.pool, run)
}

func divergedAt(ctx context.Context, q querier, run string) (*int64, error) {
	return one(ctx, q, pgx.RowTo[*int64], `
		SELECT min(s.step)
		FROM spikes s
		JOIN runs r ON r.id = s.run_id
		WHERE r.id = $1
			AND s.action = 'stopped'
			AND s.round = jsonb_array_length(r.interventions)`, run)
}

// forgetDivergence lets nothing count from where a run diverged that was stopped for it.
func forgetDivergence(ctx context.Context, tx pgx.Tx, run string) error {
	first, err := divergedAt(ctx, tx, run)
	if err != nil || first == nil {
		return err
	}
	return supersede(ctx, tx, run, *first-1)
}

// settleSpikes says what was done about divergences that nothing was done about before their run ended, and tells of those that it
// ended without. What a run trained from there to where it was stopped did no good.
func settleSpikes(ctx context.Context, tx pgx.Tx, c ablation.Claim, attempt int, next ablation.RunState) error {
	action := ablation.ActionReported
	if next == ablation.RunDiverged {
		action = ablation.ActionStopped
	}
	settled, err := query(ctx, tx, scanSpike, `
		UPDATE spikes
		SET action = $2,
			until_step = CASE WHEN $2 = 'stopped' AND NOT closed THEN greatest(step, (SELECT r.step FROM runs r WHERE r.id = $1)) + 1 ELSE until_step END
		WHERE run_id = $1
			AND action = ''
			AND kind NOT IN ('loss', 'grad')
		RETURNING `+spikeColumns, c.Run.ID, action)
	if err != nil {
		return err
	}
	for i := range settled {
		s := &settled[i]
		s.Words = ablation.Said("%s; it ended before anything could be done", "%s。対処する前に、ランが終わりました", s.Said(nil))
	}
	return raiseReported(ctx, tx, c, attempt, settled)
}

// RollBack ends an attempt that diverged and queues its run again from an earlier checkpoint: what lies past its step no
// longer counts, and from there on the run does as the intervention says. Repeating it is ErrLost, as with EndAttempt.
func (s *Store) RollBack(ctx context.Context, c ablation.Claim, number int, back ablation.Rollback) error {
	err := s.tx(ctx, func(tx pgx.Tx) error {
		next, err := endAttempt(ctx, tx, c, number, string(ablation.RunDiverged), back.Reason, ablation.RunQueued)
		if err != nil || next != ablation.RunQueued {
			return err // somebody stopped it meanwhile
		}
		said := ablation.Said("%s; it goes on from step %d", "%s。ステップ %d に戻って続けます", back.Reason, back.Step)
		if back.Step == 0 {
			said = ablation.Said("%s; no checkpoint from before that is left, so it starts anew", "%s。それより前のチェックポイントが残っていないため、最初からやり直します", back.Reason)
		}
		if err := raiseEnd(ctx, tx, c.Run.ID, c.Run.Sweep, ablation.RunDiverged, said); err != nil {
			return err
		}
		return rollBack(ctx, tx, c.Run.ID, back)
	})
	if err != nil {
		return fmt.Errorf("roll run %s back to step %d: %w", c.Run.ID, back.Step, err)
	}
	return nil
}

func rollBack(ctx context.Context, tx pgx.Tx, run string, back ablation.Rollback) error {
	// A run that goes back to its first step scores it again.
	counts := back.Step
	if counts == 0 {
		counts = -1
	}
	if err := supersede(ctx, tx, run, counts); err != nil {
		return err
	}
	intervention, err := json.Marshal([]ablation.Intervention{back.Intervention})
	if err != nil {
		return fmt.Errorf("write the intervention: %w", err)
	}
	if _, err := tx.Exec(ctx, `UPDATE runs SET interventions = interventions || $2::jsonb WHERE id = $1`, run, intervention); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `
		UPDATE spikes
		SET action = 'rolled_back', back_to = $2, until_step = greatest(step, (SELECT step FROM runs WHERE id = $1))
		WHERE run_id = $1
			AND action = ''
			AND kind NOT IN ('loss', 'grad')`, run, back.Step); err != nil {
		return err
	}
	// Nothing more comes of what was open; of a jump past the step the going back was the end, not a recovery.
	_, err = tx.Exec(ctx, `
		UPDATE spikes
		SET closed = true,
			action = CASE WHEN action = '' AND step > $2 THEN 'rolled_back' ELSE action END,
			back_to = CASE WHEN action = '' AND step > $2 THEN $2 ELSE back_to END
		WHERE run_id = $1
			AND NOT closed`, run, back.Step)
	return err
}

// inheritSpikes gives a run that takes over another's past what went wrong there, and what is done otherwise since.
func inheritSpikes(ctx context.Context, tx pgx.Tx, run, from string, step int64) error {
	if _, err := tx.Exec(ctx, `
		INSERT INTO spikes (run_id, round, kind, step, level, peak, until_step, closed, rows, action, back_to, created_at)
		SELECT $1, round, kind, step, level, peak, until_step, closed, rows, action, back_to, created_at
		FROM spikes
		WHERE run_id = $2
			AND step <= $3
		ON CONFLICT DO NOTHING`, run, from, step); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `
		UPDATE runs
		SET interventions = (
			SELECT coalesce(jsonb_agg(i.value ORDER BY i.ordinality), '[]')
			FROM runs t
			CROSS JOIN LATERAL jsonb_array_elements(t.interventions) WITH ORDINALITY i
			WHERE t.id = $2
				AND coalesce((i.value ->> 'from_step')::bigint, (i.value ->> 'skip_from')::bigint, 0) < $3
		)
		WHERE id = $1`, run, from, step)
	return err
}
