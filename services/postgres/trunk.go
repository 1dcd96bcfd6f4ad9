package postgres

import (
	"cmp"
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// saved holds where run r's start is a stored checkpoint that counts.
const saved = `EXISTS (
				SELECT
				FROM checkpoints c
				JOIN segments g ON g.run_id = c.run_id AND g.ordinal = c.ordinal
				WHERE c.run_id = r.start_run
					AND c.step = r.start_step
					AND c.step <= g.counts_to
			)`

// ready holds where queued run r needn't wait for what it starts from: it begins by itself, has begun before, or its
// start is kept, or saved, or never will be.
const ready = `(
				r.start_run IS NULL
				OR r.start_sha256 IS NOT NULL
				OR r.attempt > 0
				OR ` + saved + `
				OR EXISTS (SELECT FROM runs t WHERE t.id = r.start_run AND t.state NOT IN ('queued', 'running', 'stopping'))
			)`

// Branches are the steps at which other runs start from a run, in order: it keeps a checkpoint at each.
func (s *Store) Branches(ctx context.Context, run string) ([]int64, error) {
	return query(ctx, s.pool, pgx.RowTo[int64], `
		SELECT DISTINCT start_step
		FROM runs
		WHERE start_run = $1
		ORDER BY start_step`, run)
}

// CheckpointAt is the checkpoint of a run at a step that counts, nil where there is none.
func (s *Store) CheckpointAt(ctx context.Context, run string, step int64) (*ablation.SavedCheckpoint, error) {
	next := step + 1
	c, err := s.Checkpoint(ctx, run, &next)
	if c == nil || c.Step != step {
		return nil, err
	}
	return c, nil
}

// awaitParents makes sure that runs which have yet to get where others are to start from will keep a checkpoint there: their
// recipe says so, or they are told of it when their next attempt begins. Until the transaction ends none begins.
func awaitParents(ctx context.Context, tx pgx.Tx, parents []ablation.Parent) error {
	for _, p := range parents {
		if p.SHA256 != "" || p.Run == "" {
			continue
		}
		var state ablation.RunState
		if err := tx.QueryRow(ctx, `SELECT state FROM runs WHERE id = $1 FOR SHARE`, p.Run).Scan(&state); err != nil {
			return fmt.Errorf("run %s: %w", p.Run, known(err))
		}
		keeps := p.Past != nil && p.Past.Recipe.Keeps(p.Step)
		if state != ablation.RunQueued && (state.Ended() || !keeps) {
			return ablation.Conflict("run %s has gone on meanwhile and may keep nothing at step %d; look at it, and start again",
				"ラン %s はその間に先へ進み、ステップ %d のチェックポイントを残さないおそれがあります。確かめて、もう一度開始してください", p.Name, p.Step)
		}
	}
	return nil
}

// Restart has a run begin elsewhere than it was to, nil: at its own first step with fresh weights. It is for the run's
// holder, before an attempt of it has begun to train.
func (s *Store) Restart(ctx context.Context, c ablation.Claim, at *ablation.Start) error {
	start := cmp.Or(at, &ablation.Start{})
	err := s.tx(ctx, func(tx pgx.Tx) error {
		if _, err := own(ctx, tx, c); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `
			UPDATE runs
			SET start_run = nullif($2, ''),
				start_step = nullif($3::bigint, 0),
				start_take = $4,
				start_sha256 = nullif($5, '')
			WHERE id = $1`, c.Run.ID, start.Run, start.Step, cmp.Or(start.Take, ablation.TakeState), start.SHA256)
		return err
	})
	if err != nil {
		return fmt.Errorf("let run %s begin elsewhere: %w", c.Run.ID, err)
	}
	return nil
}

// Checkpoints are a run's stored checkpoints that count, the newest of each step, in order of steps. Its runner may have
// removed them since.
func (s *Store) Checkpoints(ctx context.Context, run string) ([]ablation.SavedCheckpoint, error) {
	return query(ctx, s.pool, scanCheckpoint, `
		SELECT DISTINCT ON (c.step) c.attempt, c.step, c.path, c.bytes, c.manifest_sha256
		FROM checkpoints c
		JOIN segments g ON g.run_id = c.run_id AND g.ordinal = c.ordinal
		WHERE c.run_id = $1
			AND c.step <= g.counts_to
		ORDER BY c.step, c.ordinal DESC`, run)
}

// transplant lets the runs that waited for a run of their sweep, which has ended without the checkpoint that they need,
// share among themselves what they would have shared with it: the one that agreed with it longest takes its place, and
// begins where it began. Those that started from it in time are left alone.
func transplant(ctx context.Context, tx pgx.Tx, trunk string) error {
	_, err := tx.Exec(ctx, `
		WITH waiting AS (
			SELECT r.id, t.start_run, t.start_step, t.start_take, t.start_sha256, first_value(r.id) OVER (ORDER BY r.start_step DESC, r.position) AS heir
			FROM runs r
			JOIN runs t ON t.id = r.start_run AND t.sweep_id = r.sweep_id
			WHERE r.start_run = $1
				AND r.state = 'queued'
				AND r.attempt = 0
				AND NOT `+saved+`
		)
		UPDATE runs r
		SET start_run = CASE WHEN w.id = w.heir THEN w.start_run ELSE w.heir END,
			start_step = CASE WHEN w.id = w.heir THEN w.start_step ELSE r.start_step END,
			start_take = CASE WHEN w.id = w.heir THEN w.start_take ELSE 'state' END,
			start_sha256 = CASE WHEN w.id = w.heir THEN w.start_sha256 END
		FROM waiting w
		WHERE r.id = w.id`, trunk)
	if err != nil {
		return fmt.Errorf("transplant the branches of run %s: %w", trunk, err)
	}
	return nil
}

// inherit gives a run whose attempt resumes from another run's checkpoint that one's past as its own: a segment of
// copies, which count as its own points do; its number is below 0. What it has stored of that stretch itself, after an
// earlier try to do without the other run, is superseded.
func inherit(ctx context.Context, tx pgx.Tx, run string, attempt int, g ablation.Segment) error {
	step := *g.ResumedFrom
	starts, err := query(ctx, tx, pgx.RowTo[string], `
		SELECT r.start_run
		FROM runs r
		WHERE r.id = $1
			AND r.start_step = $2
			AND r.start_take = 'state'
			AND NOT EXISTS (
				SELECT FROM segments g WHERE g.run_id = r.id AND g.of_run IS NOT NULL AND g.counts_to >= $2
			)
			AND NOT EXISTS (
				SELECT
				FROM checkpoints c
				JOIN segments g ON g.run_id = c.run_id AND g.ordinal = c.ordinal
				WHERE c.run_id = r.id
					AND c.step = $2
					AND c.step <= g.counts_to
			)`, run, step)
	if err != nil || len(starts) == 0 {
		return err
	}
	if err := supersede(ctx, tx, run, -1); err != nil {
		return err
	}
	var ordinal int16
	err = tx.QueryRow(ctx, `
		INSERT INTO segments (run_id, ordinal, attempt, number, of_run, trainer, device, devices, peak_flops, isa, threads, started_at)
		SELECT @run, (SELECT coalesce(max(ordinal) + 1, 0) FROM segments WHERE run_id = @run), @attempt, @number, @trunk,
			trainer, device, devices, peak_flops, isa, threads, started_at
		FROM segments
		WHERE run_id = @trunk
			AND counts_to >= @step
			AND coalesce(resumed_from, -1) < @step
		ORDER BY ordinal DESC
		LIMIT 1
		RETURNING ordinal`,
		pgx.NamedArgs{"run": run, "attempt": attempt, "number": -1 - g.Number, "trunk": starts[0], "step": step}).Scan(&ordinal)
	if err != nil {
		return fmt.Errorf("take over the past of run %s: %w", starts[0], known(err))
	}
	if err := inheritSpikes(ctx, tx, run, starts[0], step); err != nil {
		return err
	}
	return copyPast(ctx, tx, run, ordinal, starts[0], step)
}

// copyPast copies the points of a run that count, up to a step, into a segment of another, and feeds its roll-ups.
func copyPast(ctx context.Context, tx pgx.Tx, run string, ordinal int16, from string, step int64) error {
	if _, err := tx.Exec(ctx, `
		INSERT INTO series (run_id, name)
		SELECT $1, name
		FROM series
		WHERE run_id = $2
		ON CONFLICT DO NOTHING`, run, from); err != nil {
		return err
	}
	rows, err := tx.Query(ctx, `
		INSERT INTO points (series_id, ordinal, step, value)
		SELECT own.id, @ordinal, p.step, p.value
		FROM series s
		JOIN series own ON own.run_id = @run AND own.name = s.name
		JOIN segments g ON g.run_id = s.run_id
		JOIN LATERAL (`+pointsBetween("0", "least(@step, g.counts_to)")+`) p ON true
		WHERE s.run_id = @from
		RETURNING series_id, step, value`,
		pgx.NamedArgs{"run": run, "ordinal": ordinal, "from": from, "step": step})
	if err != nil {
		return err
	}
	buckets := rollups{}
	var series int32
	var at int64
	var value float64
	if _, err := pgx.ForEachRow(rows, []any{&series, &at, &value}, func() error {
		buckets.add(series, ordinal, at, value)
		return nil
	}); err != nil {
		return err
	}
	return buckets.save(ctx, tx)
}
