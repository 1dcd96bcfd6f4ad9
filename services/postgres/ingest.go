package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Ingest stores a batch and extends the claim, all or nothing. A batch that was stored before is acknowledged and
// skipped; one that does not begin at the stored cursor is ablation.ErrConflict; a claim that is no longer its holder's
// is [ErrLost]. So every event is stored once however often it is sent.
//
// A batch of an unbroken stretch takes six trips to the database, however much is in it.
func (s *Store) Ingest(ctx context.Context, c ablation.Claim, b ablation.Batch) error {
	err := s.tx(ctx, func(tx pgx.Tx) error {
		run, fresh, err := arrive(ctx, tx, c, b)
		if err != nil {
			return err
		}
		writes := &pgx.Batch{}
		if fresh {
			if err := store(ctx, tx, writes, c.Run.ID, b); err != nil {
				return err
			}
			if err := raiseReported(ctx, tx, c, b.Attempt, b.Spikes); err != nil {
				return err
			}
		}
		if err := progress(writes, c, b, fresh); err != nil {
			return err
		}
		if err := queueTell(writes, ablation.Event{Sweep: run.sweep, RunID: c.Run.ID}); err != nil {
			return err
		}
		return tx.SendBatch(ctx, writes).Close()
	})
	if err != nil {
		return fmt.Errorf("store events of run %s: %w", c.Run.ID, err)
	}
	return nil
}

// arrive locks the run for its claim and moves the attempt's cursor over the batch; fresh is false where it lies past the
// batch already.
func arrive(ctx context.Context, tx pgx.Tx, c ablation.Claim, b ablation.Batch) (run lockedRun, fresh bool, err error) {
	q := &pgx.Batch{}
	q.Queue(lockedRunQuery, c.Run.ID).QueryRow(run.scan)
	q.Queue(`
		UPDATE attempts
		SET read_offset = @to_offset, read_seq = @to_seq
		WHERE run_id = @run
			AND number = @attempt
			AND read_offset = @from_offset
			AND read_seq = @from_seq
			AND ended_at IS NULL`,
		pgx.NamedArgs{
			"run": c.Run.ID, "attempt": b.Attempt, "from_offset": b.From.Offset, "from_seq": b.From.Seq,
			"to_offset": b.To.Offset, "to_seq": b.To.Seq,
		}).Exec(func(tag pgconn.CommandTag) error {
		fresh = tag.RowsAffected() == 1
		return nil
	})
	if err := tx.SendBatch(ctx, q).Close(); err != nil {
		return run, false, known(err)
	}
	if run.epoch != c.Epoch {
		return run, false, ErrLost
	}
	if fresh {
		return run, true, nil
	}
	var seq int64
	if err := tx.QueryRow(ctx, `SELECT read_seq FROM attempts WHERE run_id = $1 AND number = $2`, c.Run.ID, b.Attempt).Scan(&seq); err != nil {
		return run, false, err
	}
	if seq >= b.To.Seq {
		return run, false, nil
	}
	return run, false, fmt.Errorf("events %d to %d do not follow the stored %d: %w", b.From.Seq+1, b.To.Seq, seq, ablation.ErrConflict)
}

// store stores what a batch holds, in part by adding to writes.
func store(ctx context.Context, tx pgx.Tx, writes *pgx.Batch, run string, b ablation.Batch) error {
	if b.Segment != nil {
		if err := openSegment(ctx, tx, run, b.Attempt, *b.Segment); err != nil {
			return err
		}
	}
	if b.Plan != nil {
		if err := putPlan(ctx, tx, run, *b.Plan); err != nil {
			return err
		}
	}
	queueLogs(writes, run, b)
	queueItems(writes, run, b.Items)
	if err := queueSpikes(writes, run, b.Spikes); err != nil {
		return err
	}
	if len(b.Points) == 0 && len(b.Checkpoints) == 0 {
		return nil
	}
	at, err := locate(ctx, tx, run, b.Attempt)
	if err != nil {
		return err
	}
	queueCheckpoints(writes, run, at.ordinal, b.Checkpoints)
	return putPoints(ctx, tx, writes, run, at.ordinal, after(slices.Concat(b.Points, at.utilisation(b.Points), at.elapsed(b.Times)), at.resumed))
}

// place is an attempt's newest segment: points and checkpoints belong to it.
type place struct {
	ordinal int16
	resumed int64 // -1: from the beginning
	started time.Time
	before  float64 // seconds that the run took up to where the segment goes on

	perToken float64 // the part of its devices' peak that a token a second takes; 0: not known
}

func locate(ctx context.Context, tx pgx.Tx, run string, attempt int) (p place, err error) {
	err = tx.QueryRow(ctx, `
		SELECT g.ordinal, coalesce(g.resumed_from, -1), g.started_at, coalesce((
				SELECT r.last
				FROM segments e
				JOIN series s ON s.run_id = e.run_id AND s.name = $3
				JOIN rollups r ON r.series_id = s.id AND r.ordinal = e.ordinal
				WHERE e.run_id = g.run_id
					AND e.ordinal < g.ordinal
					AND r.level = 12
					AND r.first_step <= e.counts_to
				ORDER BY r.last_step DESC
				LIMIT 1
			), 0), coalesce((
				SELECT (plan->>'flops_per_token')::float8 / nullif(g.devices * g.peak_flops, 0)
				FROM run_plans
				WHERE run_id = g.run_id
			), 0)
		FROM segments g
		WHERE g.run_id = $1
			AND g.attempt = $2
		ORDER BY g.ordinal DESC
		LIMIT 1`, run, attempt, ablation.MetricSeconds).Scan(&p.ordinal, &p.resumed, &p.started, &p.before, &p.perToken)
	if err != nil {
		return p, fmt.Errorf("events before a started event: %w", known(err))
	}
	return p, nil
}

// elapsed are the seconds that the run took up to each time: those up to where the segment goes on, and those since its
// start; a clock that was set to before it counts as none.
func (p place) elapsed(times []ablation.StepTime) []ablation.Point {
	points := make([]ablation.Point, len(times))
	for i, t := range times {
		seconds := p.before + max(0, t.At.Sub(p.started).Seconds())
		points[i] = ablation.Point{Metric: ablation.MetricSeconds, Step: t.Step, Value: ablation.Real(seconds)}
	}
	return points
}

// utilisation is the model FLOPs utilisation at every logged speed; none where the peak isn't known, or the trainer says its own.
func (p place) utilisation(points []ablation.Point) []ablation.Point {
	var out []ablation.Point
	for _, v := range points {
		switch {
		case p.perToken == 0, v.Metric == ablation.MetricMFU:
			return nil
		case v.Metric == ablation.MetricTokensPerS:
			out = append(out, ablation.Point{Metric: ablation.MetricMFU, Step: v.Step, Value: v.Value * ablation.Real(p.perToken)})
		}
	}
	return out
}

func putPlan(ctx context.Context, tx pgx.Tx, run string, p ablation.RunPlan) error {
	data, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO run_plans (run_id, plan)
		VALUES ($1, $2)
		ON CONFLICT (run_id)
		DO UPDATE SET plan = EXCLUDED.plan`, run, data)
	return err
}

func queueLogs(writes *pgx.Batch, run string, b ablation.Batch) {
	for _, l := range b.Logs {
		writes.Queue(`
			INSERT INTO logs (run_id, attempt, seq, time, level, text)
			VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT DO NOTHING`, run, b.Attempt, l.Seq, l.Time, clean(l.Level), cleanLabel(l.Text))
	}
}

func queueCheckpoints(writes *pgx.Batch, run string, ordinal int16, checkpoints []ablation.SavedCheckpoint) {
	for _, c := range checkpoints {
		writes.Queue(`
			INSERT INTO checkpoints (run_id, ordinal, attempt, step, path, bytes, manifest_sha256)
			VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT DO NOTHING`, run, ordinal, c.Attempt, c.Step, c.Path, c.Bytes, c.ManifestSHA256)
	}
}

// progress shows the batch's newest values beside the run, remembers what the watch knows, and extends the lease.
func progress(writes *pgx.Batch, c ablation.Claim, b ablation.Batch, fresh bool) error {
	if !fresh {
		writes.Queue(`UPDATE runs SET `+extend+` WHERE id = @id`, pgx.NamedArgs{"id": c.Run.ID, "lease": c.Lease})
		return nil
	}
	var watch []byte
	if b.Watch != nil {
		var err error
		if watch, err = json.Marshal(b.Watch); err != nil {
			return fmt.Errorf("write the watch: %w", err)
		}
	}
	step, loss, speed := newest(b)
	writes.Queue(`
		UPDATE runs
		SET step = coalesce(@step, step),
			loss = coalesce(@loss, loss),
			tokens_per_s = coalesce(@speed, tokens_per_s),
			watch = coalesce(@watch, watch),
			event_at = now(),
			metric_at = CASE WHEN @metrics THEN now() ELSE metric_at END,
			`+extend+`
		WHERE id = @id`,
		pgx.NamedArgs{"id": c.Run.ID, "lease": c.Lease, "step": step, "loss": loss, "speed": speed, "watch": watch, "metrics": len(b.Points) > 0})
	return nil
}

// newest is the last step of a batch and its last loss and speed; a new segment sets the step back to where it begins.
func newest(b ablation.Batch) (step *int64, loss, speed *float64) {
	if b.Segment != nil {
		step = new(int64)
		if b.Segment.ResumedFrom != nil {
			*step = *b.Segment.ResumedFrom
		}
	}
	for i := range b.Points {
		p := &b.Points[i]
		value := float64(p.Value)
		switch p.Metric {
		case ablation.MetricLoss:
			loss = &value
		case ablation.MetricTokensPerS:
			speed = &value
		}
		if step == nil || p.Step > *step {
			step = &p.Step
		}
	}
	return step, loss, speed
}
