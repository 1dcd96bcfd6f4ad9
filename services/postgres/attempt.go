package postgres

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

const attemptColumns = `run_id, number, host, engine, handle, spec_sha256, read_offset, read_seq, started_at, ended_at, outcome, reason, waiting`

// OpenAttempt records the start of a run's next attempt, whose number must follow the last. While an attempt isn't
// proved ended, another is ablation.ErrConflict.
func (s *Store) OpenAttempt(ctx context.Context, c ablation.Claim, a ablation.Attempt) (opened ablation.Attempt, err error) {
	err = s.tx(ctx, func(tx pgx.Tx) error {
		if _, err := own(ctx, tx, c); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `UPDATE runs SET attempt = $2, process_at = NULL WHERE id = $1 AND attempt = $2 - 1`, c.Run.ID, a.Number)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return fmt.Errorf("attempt %d does not follow the last: %w", a.Number, ablation.ErrConflict)
		}
		if err := unhold(ctx, tx, c.Run.ID); err != nil {
			return err
		}
		opened, err = one(ctx, tx, scanAttempt, `
			INSERT INTO attempts (run_id, number, host, engine, spec_sha256)
			VALUES (@run, @number, @host, @engine, @spec)
			RETURNING `+attemptColumns,
			pgx.NamedArgs{"run": c.Run.ID, "number": a.Number, "host": a.Host, "engine": a.Engine, "spec": a.SpecSHA256})
		return err
	})
	if err != nil {
		return opened, fmt.Errorf("open attempt %d of run %s: %w", a.Number, c.Run.ID, err)
	}
	return opened, nil
}

// SetHandle records how the engine finds the attempt again.
func (s *Store) SetHandle(ctx context.Context, c ablation.Claim, number int, handle json.RawMessage) error {
	err := s.tx(ctx, func(tx pgx.Tx) error {
		if _, err := own(ctx, tx, c); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE attempts SET handle = $3 WHERE run_id = $1 AND number = $2`, c.Run.ID, number, handle); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE runs SET message = '{}' WHERE id = $1`, c.Run.ID) // it no longer waits
		return err
	})
	if err != nil {
		return fmt.Errorf("keep the handle of run %s: %w", c.Run.ID, err)
	}
	return nil
}

// SetWaiting records whether an attempt waits in its engine's queue. Its time begins when it no longer does.
func (s *Store) SetWaiting(ctx context.Context, c ablation.Claim, number int, waiting bool) error {
	err := s.tx(ctx, func(tx pgx.Tx) error {
		run, err := own(ctx, tx, c)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `
			UPDATE attempts
			SET waiting = $3, left_queue_at = CASE WHEN $3 THEN NULL ELSE now() END
			WHERE run_id = $1
				AND number = $2
				AND waiting <> $3`, c.Run.ID, number, waiting)
		if err != nil {
			return err
		}
		return tell(ctx, tx, ablation.Event{Sweep: run.sweep, RunID: c.Run.ID})
	})
	if err != nil {
		return fmt.Errorf("note that run %s waits: %w", c.Run.ID, err)
	}
	return nil
}

// EndAttempt records that an attempt is proved ended, moves its run to next and gives the claim back. A run that was to
// stop meanwhile is stopped, not queued again. Repeating it after an answer that got lost is ErrLost: the claim is over.
func (s *Store) EndAttempt(ctx context.Context, c ablation.Claim, number int, outcome string, reason ablation.Label, next ablation.RunState) error {
	err := s.tx(ctx, func(tx pgx.Tx) error {
		_, err := endAttempt(ctx, tx, c, number, outcome, reason, next)
		return err
	})
	if err != nil {
		return fmt.Errorf("end attempt %d of run %s: %w", number, c.Run.ID, err)
	}
	return nil
}

// endAttempt returns the state that the run really took.
func endAttempt(
	ctx context.Context, tx pgx.Tx, c ablation.Claim, number int, outcome string, reason ablation.Label, next ablation.RunState,
) (ablation.RunState, error) {
	run, err := own(ctx, tx, c)
	if err != nil {
		return "", err
	}
	if run.state == ablation.RunStopping && next == ablation.RunQueued {
		next = ablation.RunStopped
	}
	if _, err := tx.Exec(ctx, `
		UPDATE attempts
		SET ended_at = now(), outcome = $3, reason = $4
		WHERE run_id = $1
			AND number = $2
			AND ended_at IS NULL`, c.Run.ID, number, outcome, cleanLabel(reason)); err != nil {
		return "", err
	}
	if err := endRun(ctx, tx, c.Run.ID, next, cleanLabel(reason)); err != nil {
		return "", err
	}
	if next.Ended() {
		if err := transplant(ctx, tx, c.Run.ID); err != nil {
			return "", err
		}
		if err := settleSpikes(ctx, tx, c, number, next); err != nil {
			return "", err
		}
		if err := raiseEnd(ctx, tx, c.Run.ID, run.sweep, next, reason); err != nil {
			return "", err
		}
	}
	if next == ablation.RunFailed {
		if err := pauseFailing(ctx, tx, run.sweepID); err != nil {
			return "", err
		}
	}
	if err := finishSweep(ctx, tx, run.sweepID); err != nil {
		return "", err
	}
	return next, tell(ctx, tx, ablation.Event{Sweep: run.sweep, RunID: c.Run.ID})
}

// endRun moves a run out of its claim. The epoch rises with it, so that nothing more can be written under the claim. One that
// completed has come to its last step, whether that was logged or not.
func endRun(ctx context.Context, tx pgx.Tx, id string, next ablation.RunState, reason ablation.Label) error {
	_, err := tx.Exec(ctx, `
		UPDATE runs
		SET state = @next,
			epoch = epoch + 1,
			`+unheld+`,
			step = CASE WHEN @next = 'completed' THEN steps ELSE step END,
			reason = CASE WHEN @next = 'stopped' THEN coalesce(nullif(reason, ''), 'person') ELSE '' END,
			message = CASE WHEN @next IN ('diverged', 'failed') THEN @message::jsonb ELSE '{}' END,
			finished_at = CASE WHEN @next = 'queued' THEN NULL ELSE now() END
		WHERE id = @id`, pgx.NamedArgs{"id": id, "next": string(next), "message": reason})
	return err
}

// Attempts are a run's attempts, oldest first.
func (s *Store) Attempts(ctx context.Context, run string) ([]ablation.Attempt, error) {
	return query(ctx, s.pool, scanAttempt, `
		SELECT `+attemptColumns+`
		FROM attempts
		WHERE run_id = $1
		ORDER BY number`, run)
}

func scanAttempt(row pgx.CollectableRow) (ablation.Attempt, error) {
	var a ablation.Attempt
	err := row.Scan(&a.RunID, &a.Number, &a.Host, &a.Engine, &a.Handle, &a.SpecSHA256, &a.Cursor.Offset, &a.Cursor.Seq,
		&a.StartedAt, &a.EndedAt, &a.Outcome, &a.Reason, &a.Waiting)
	return a, err
}

// Checkpoint is the newest stored checkpoint of a run that counts, below the step before where that is given; nil where
// there is none.
func (s *Store) Checkpoint(ctx context.Context, run string, before *int64) (*ablation.SavedCheckpoint, error) {
	found, err := query(ctx, s.pool, scanCheckpoint, `
		SELECT c.attempt, c.step, c.path, c.bytes, c.manifest_sha256
		FROM checkpoints c
		JOIN segments g ON g.run_id = c.run_id AND g.ordinal = c.ordinal
		WHERE c.run_id = $1
			AND c.step <= g.counts_to
			AND ($2::bigint IS NULL OR c.step < $2)
		ORDER BY c.step DESC, c.ordinal DESC
		LIMIT 1`, run, before)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

func scanCheckpoint(row pgx.CollectableRow) (c ablation.SavedCheckpoint, err error) {
	err = row.Scan(&c.Attempt, &c.Step, &c.Path, &c.Bytes, &c.ManifestSHA256)
	return c, err
}
