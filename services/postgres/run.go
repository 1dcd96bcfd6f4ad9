package postgres

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

const runColumns = `r.id, r.name, w.name, a.name, r.replicate, r.data_seed, r.mix_seed, r.init_seed, r.steps, r.start_run, r.start_step, r.start_take, r.start_sha256,
	r.interventions, r.state, r.reason,
	CASE WHEN r.state = 'queued' THEN w.held ELSE r.message END, r.step, r.step * r.tokens_per_step, r.loss, r.tokens_per_s, r.attempt, r.metric_at, r.process_at,
	r.state IN ('running', 'stopping') AND coalesce(r.lease_until < now(), true), coalesce(r.metric_at > now() - interval '1 minute', false),
	coalesce(r.process_at > now() - interval '1 minute', false), r.created_at, r.started_at, r.finished_at`

const runTables = `runs r
		JOIN sweeps w ON w.id = r.sweep_id
		JOIN arms a ON a.id = r.arm_id`

// Runs are a sweep's runs in order of arms, then replicates.
func (s *Store) Runs(ctx context.Context, sweep string) ([]ablation.Run, error) {
	return query(ctx, s.pool, scanRun, `
		SELECT `+runColumns+`
		FROM `+runTables+`
		WHERE w.name = $1
		ORDER BY a.position, r.replicate`, sweep)
}

// Run is the run with this id.
func (s *Store) Run(ctx context.Context, id string) (ablation.Run, error) {
	r, err := one(ctx, s.pool, scanRun, `
		SELECT `+runColumns+`
		FROM `+runTables+`
		WHERE r.id = $1`, id)
	if err != nil {
		return r, fmt.Errorf("run %s: %w", id, err)
	}
	return r, nil
}

func scanRun(row pgx.CollectableRow) (ablation.Run, error) {
	var r ablation.Run
	var data, mix, init int64
	var start ablation.Start
	var startRun, startSHA256 *string
	var startStep *int64
	var interventions []byte
	var flowing, alive bool
	p := &r.Progress
	err := row.Scan(&r.ID, &r.Name, &r.Sweep, &r.Arm, &r.Replicate, &data, &mix, &init, &r.Steps, &startRun, &startStep, &start.Take, &startSHA256,
		&interventions, &r.State, &r.Reason,
		&r.Message, &p.Step, &p.Tokens, &p.Loss, &p.TokensPerS, &p.Attempt, &p.EventAt, &p.SeenAt,
		&p.Unobserved, &flowing, &alive, &r.CreatedAt, &r.StartedAt, &r.FinishedAt)
	p.Settle(r.State, flowing, alive)
	r.DataSeed, r.MixSeed, r.InitSeed = uint64(data), uint64(mix), uint64(init)
	if startRun != nil && startStep != nil {
		start.Run, start.Step = *startRun, *startStep
	}
	if startSHA256 != nil {
		start.SHA256 = *startSHA256
	}
	if start.Run != "" || start.SHA256 != "" {
		r.Start = &start
	}
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(interventions, &r.Interventions)
}

// StopRun stops a queued run at once and asks a running one to checkpoint and leave. An ended run is
// ablation.ErrConflict.
func (s *Store) StopRun(ctx context.Context, id string, reason ablation.StopReason) error {
	return s.tx(ctx, func(tx pgx.Tx) error { return stopRun(ctx, tx, id, reason) })
}

func stopRun(ctx context.Context, tx pgx.Tx, id string, reason ablation.StopReason) error {
	run, err := lockRun(ctx, tx, id)
	if err != nil {
		return err
	}
	if run.state == ablation.RunStopping {
		return nil
	}
	if run.state.Ended() {
		return ablation.Conflict("run %s has ended already, so there is nothing to stop", "ラン %s はもう終わっていて、停止するものがありません", id)
	}
	if _, err := tx.Exec(ctx, `
		UPDATE runs
		SET state = CASE state WHEN 'queued' THEN 'stopped' ELSE 'stopping' END,
			finished_at = CASE state WHEN 'queued' THEN now() END,
			reason = $2
		WHERE id = $1`, id, reason); err != nil {
		return err
	}
	if run.state == ablation.RunQueued {
		if err := transplant(ctx, tx, id); err != nil {
			return err
		}
	}
	if err := finishSweep(ctx, tx, run.sweepID); err != nil {
		return err
	}
	return tell(ctx, tx, ablation.Event{Sweep: run.sweep, RunID: id})
}

// RetryRun queues a run again that was stopped, diverged or failed; its next attempt goes on from the newest checkpoint, of one
// that diverged from the newest before that, which no longer counts.
// A run that is not ended, or completed, is ablation.ErrConflict. Where its sweep had ended, the hour at which runs of a
// firing leave no longer holds.
func (s *Store) RetryRun(ctx context.Context, id string) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		run, err := lockRun(ctx, tx, id)
		if err != nil {
			return err
		}
		if !run.state.Ended() || run.state == ablation.RunCompleted {
			return ablation.Conflict("run %s can't be queued again: only one that was stopped, diverged or failed can; wait for its end, or stop it first",
				"ラン %s はもう一度実行できません。できるのは、停止、発散、失敗したランだけです。終わるのを待つか、先に停止してください", id)
		}
		if run.state == ablation.RunDiverged {
			if err := forgetDivergence(ctx, tx, id); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `
			UPDATE runs
			SET state = 'queued', reason = '', message = '{}', finished_at = NULL, sealed = false, dropped = '{}'
			WHERE id = $1`, id); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `
			UPDATE sweeps
			SET state = 'running', finished_at = NULL, closes_at = NULL, archived_at = NULL
			WHERE id = $1
				AND state IN ('completed', 'stopped')`, run.sweepID); err != nil {
			return err
		}
		return tell(ctx, tx, ablation.Event{Sweep: run.sweep, RunID: id})
	})
}

type lockedRun struct {
	sweepID int64
	sweep   string
	state   ablation.RunState
	epoch   int64
}

// lockRun takes a run's row. The sweep's row is never taken before a run's, so that the two orders never cross.
func lockRun(ctx context.Context, tx pgx.Tx, id string) (r lockedRun, err error) {
	if err := r.scan(tx.QueryRow(ctx, lockedRunQuery, id)); err != nil {
		return r, fmt.Errorf("run %s: %w", id, known(err))
	}
	return r, nil
}

const lockedRunQuery = `
		SELECT r.sweep_id, w.name, r.state, r.epoch
		FROM runs r
		JOIN sweeps w ON w.id = r.sweep_id
		WHERE r.id = $1
		FOR UPDATE OF r`

func (r *lockedRun) scan(row pgx.Row) error {
	return row.Scan(&r.sweepID, &r.sweep, &r.state, &r.epoch)
}

// finishSweep completes a sweep whose last run has ended, unless it plans itself and may add more.
func finishSweep(ctx context.Context, tx pgx.Tx, sweep int64) error {
	// Two runs may end at once: whoever comes second must see the first.
	if _, err := tx.Exec(ctx, `SELECT FROM sweeps WHERE id = $1 FOR NO KEY UPDATE`, sweep); err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, `
		UPDATE sweeps w
		SET state = 'completed', finished_at = now()
		WHERE id = $1
			AND state IN ('running', 'paused')
			AND NOT `+planning+`
			AND NOT EXISTS (
				SELECT FROM runs
				WHERE sweep_id = $1
					AND state IN ('queued', 'running', 'stopping')
			)`, sweep)
	if err != nil || tag.RowsAffected() == 0 {
		return err
	}
	return raiseSweep(ctx, tx, sweep, ablation.AlertSweepFinished)
}

// RunPlan is what a run's newest segment said it will read; ablation.ErrNotFound before there is one.
func (s *Store) RunPlan(ctx context.Context, run string) (ablation.RunPlan, error) {
	p, err := one(ctx, s.pool, scanPlan, `
		SELECT plan
		FROM run_plans
		WHERE run_id = $1`, run)
	if err != nil {
		return p, fmt.Errorf("plan of run %s: %w", run, err)
	}
	return p, nil
}

// SweepPlan is the plan of the first of a sweep's runs that has one.
func (s *Store) SweepPlan(ctx context.Context, sweep string) (ablation.RunPlan, error) {
	p, err := one(ctx, s.pool, scanPlan, `
		SELECT p.plan
		FROM sweeps w
		JOIN runs r ON r.sweep_id = w.id
		JOIN run_plans p ON p.run_id = r.id
		WHERE w.name = $1
		ORDER BY r.position
		LIMIT 1`, sweep)
	if err != nil {
		return p, fmt.Errorf("plan of a run of %s: %w", sweep, err)
	}
	return p, nil
}

func scanPlan(row pgx.CollectableRow) (ablation.RunPlan, error) {
	var p ablation.RunPlan
	var data []byte
	if err := row.Scan(&data); err != nil {
		return p, err
	}
	return p, json.Unmarshal(data, &p)
}

// Logs are the newest lines that a run's runners wrote for a person, oldest first, at most limit.
func (s *Store) Logs(ctx context.Context, run string, limit int) ([]ablation.LogLine, error) {
	return query(ctx, s.pool, func(row pgx.CollectableRow) (l ablation.LogLine, err error) {
		err = row.Scan(&l.Attempt, &l.Seq, &l.Time, &l.Level, &l.Text)
		return l, err
	}, `
		SELECT attempt, seq, time, level, text
		FROM (
			SELECT attempt, seq, time, level, text
			FROM logs
			WHERE run_id = $1
			ORDER BY attempt DESC, seq DESC
			LIMIT $2
		) newest
		ORDER BY attempt, seq`, run, limit)
}

// RunPlans are what the newest segments of a sweep's runs said they will read, by run.
func (s *Store) RunPlans(ctx context.Context, sweep string) (map[string]ablation.RunPlan, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT p.run_id, p.plan
		FROM sweeps w
		JOIN runs r ON r.sweep_id = w.id
		JOIN run_plans p ON p.run_id = r.id
		WHERE w.name = $1`, sweep)
	if err != nil {
		return nil, known(err)
	}
	plans := map[string]ablation.RunPlan{}
	var run string
	var data []byte
	_, err = pgx.ForEachRow(rows, []any{&run, &data}, func() error {
		var p ablation.RunPlan
		if err := json.Unmarshal(data, &p); err != nil {
			return err
		}
		plans[run] = p
		return nil
	})
	return plans, known(err)
}
