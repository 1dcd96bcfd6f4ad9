package postgres

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Ingest stores a batch and extends the claim, all or nothing. A batch that was stored before is acknowledged and
// skipped; one that does not begin at the stored cursor is ablation.ErrConflict; a claim that is no longer its holder's
// is [ErrLost]. So every event is stored once however often it is sent.
func (s *Store) Ingest(ctx context.Context, c ablation.Claim, b ablation.Batch) error {
	err := s.tx(ctx, func(tx pgx.Tx) error {
		run, err := own(ctx, tx, c)
		if err != nil {
			return err
		}
		fresh, err := moveCursor(ctx, tx, c.Run.ID, b)
		if err != nil {
			return err
		}
		if fresh {
			if err := store(ctx, tx, c.Run.ID, b); err != nil {
				return err
			}
		}
		if err := progress(ctx, tx, c, b, fresh); err != nil {
			return err
		}
		return tell(ctx, tx, ablation.Event{Sweep: run.sweep, RunID: c.Run.ID})
	})
	if err != nil {
		return fmt.Errorf("store events of run %s: %w", c.Run.ID, err)
	}
	return nil
}

// moveCursor moves the attempt's cursor over the batch; false where it lies past the batch already.
func moveCursor(ctx context.Context, tx pgx.Tx, run string, b ablation.Batch) (bool, error) {
	tag, err := tx.Exec(ctx, `
		UPDATE attempts
		SET read_offset = @to_offset, read_seq = @to_seq
		WHERE run_id = @run
			AND number = @attempt
			AND read_offset = @from_offset
			AND read_seq = @from_seq
			AND ended_at IS NULL`,
		pgx.NamedArgs{
			"run": run, "attempt": b.Attempt, "from_offset": b.From.Offset, "from_seq": b.From.Seq,
			"to_offset": b.To.Offset, "to_seq": b.To.Seq,
		})
	if err != nil || tag.RowsAffected() == 1 {
		return err == nil, err
	}
	var seq int64
	if err := tx.QueryRow(ctx, `SELECT read_seq FROM attempts WHERE run_id = $1 AND number = $2`, run, b.Attempt).Scan(&seq); err != nil {
		return false, err
	}
	if seq >= b.To.Seq {
		return false, nil
	}
	return false, fmt.Errorf("events %d to %d do not follow the stored %d: %w", b.From.Seq+1, b.To.Seq, seq, ablation.ErrConflict)
}

func store(ctx context.Context, tx pgx.Tx, run string, b ablation.Batch) error {
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
	if err := putLogs(ctx, tx, run, b); err != nil {
		return err
	}
	if err := putItems(ctx, tx, run, b.Items); err != nil {
		return err
	}
	if err := putSpikes(ctx, tx, run, b); err != nil {
		return err
	}
	if len(b.Points) == 0 && len(b.Checkpoints) == 0 {
		return nil
	}
	ordinal, resumed, err := current(ctx, tx, run, b.Attempt)
	if err != nil {
		return err
	}
	if err := putCheckpoints(ctx, tx, run, ordinal, b.Checkpoints); err != nil {
		return err
	}
	clock, err := elapsed(ctx, tx, run, ordinal, b.Times)
	if err != nil {
		return err
	}
	return putPoints(ctx, tx, run, ordinal, after(slices.Concat(b.Points, clock), resumed))
}

// elapsed are the seconds that the run took up to each time of a segment: those up to where it goes on, and those since its
// start; a clock that was set to before it counts as none.
func elapsed(ctx context.Context, tx pgx.Tx, run string, ordinal int16, times []ablation.StepTime) ([]ablation.Point, error) {
	if len(times) == 0 {
		return nil, nil
	}
	var started time.Time
	var before float64
	err := tx.QueryRow(ctx, `
		SELECT g.started_at, coalesce((
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
			), 0)
		FROM segments g
		WHERE g.run_id = $1
			AND g.ordinal = $2`, run, ordinal, ablation.MetricSeconds).Scan(&started, &before)
	if err != nil {
		return nil, err
	}
	points := make([]ablation.Point, len(times))
	for i, t := range times {
		seconds := before + max(0, t.At.Sub(started).Seconds())
		points[i] = ablation.Point{Metric: ablation.MetricSeconds, Step: t.Step, Value: ablation.Real(seconds)}
	}
	return points, nil
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

func putLogs(ctx context.Context, tx pgx.Tx, run string, b ablation.Batch) error {
	batch := &pgx.Batch{}
	for _, l := range b.Logs {
		batch.Queue(`
			INSERT INTO logs (run_id, attempt, seq, time, level, text)
			VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT DO NOTHING`, run, b.Attempt, l.Seq, l.Time, clean(l.Level), cleanLabel(l.Text))
	}
	return tx.SendBatch(ctx, batch).Close()
}

// current is the attempt's newest segment: points and checkpoints belong to it.
func current(ctx context.Context, tx pgx.Tx, run string, attempt int) (ordinal int16, resumed int64, err error) {
	err = tx.QueryRow(ctx, `
		SELECT ordinal, coalesce(resumed_from, -1)
		FROM segments
		WHERE run_id = $1
			AND attempt = $2
		ORDER BY ordinal DESC
		LIMIT 1`, run, attempt).Scan(&ordinal, &resumed)
	if err != nil {
		return 0, 0, fmt.Errorf("events before a started event: %w", known(err))
	}
	return ordinal, resumed, nil
}

func putCheckpoints(ctx context.Context, tx pgx.Tx, run string, ordinal int16, checkpoints []ablation.SavedCheckpoint) error {
	for _, c := range checkpoints {
		if _, err := tx.Exec(ctx, `
			INSERT INTO checkpoints (run_id, ordinal, attempt, step, path, bytes, manifest_sha256)
			VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT DO NOTHING`, run, ordinal, c.Attempt, c.Step, c.Path, c.Bytes, c.ManifestSHA256); err != nil {
			return err
		}
	}
	return nil
}

// progress shows the batch's newest values beside the run and extends the lease.
func progress(ctx context.Context, tx pgx.Tx, c ablation.Claim, b ablation.Batch, fresh bool) error {
	if !fresh {
		_, err := tx.Exec(ctx, `UPDATE runs SET `+extend+` WHERE id = @id`, pgx.NamedArgs{"id": c.Run.ID, "lease": c.Lease})
		return err
	}
	step, loss, speed := newest(b)
	_, err := tx.Exec(ctx, `
		UPDATE runs
		SET step = coalesce(@step, step),
			loss = coalesce(@loss, loss),
			tokens_per_s = coalesce(@speed, tokens_per_s),
			event_at = now(),
			`+extend+`
		WHERE id = @id`,
		pgx.NamedArgs{"id": c.Run.ID, "lease": c.Lease, "step": step, "loss": loss, "speed": speed})
	return err
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

// after leaves out points at or before the step that their segment resumed from: earlier segments said them, and a step
// counts once.
func after(points []ablation.Point, resumed int64) []ablation.Point {
	said := func(p ablation.Point) bool { return p.Step <= resumed }
	if !slices.ContainsFunc(points, said) {
		return points
	}
	return slices.DeleteFunc(slices.Clone(points), said)
}

// putPoints inserts points and feeds the roll-ups with those that were really new.
func putPoints(ctx context.Context, tx pgx.Tx, run string, ordinal int16, points []ablation.Point) error {
	if len(points) == 0 {
		return nil
	}
	ids, err := seriesIDs(ctx, tx, run, points)
	if err != nil {
		return err
	}
	// Neighbours in the index go in together.
	points = slices.Clone(points)
	slices.SortStableFunc(points, func(a, b ablation.Point) int {
		return cmp.Or(cmp.Compare(ids[a.Metric], ids[b.Metric]), cmp.Compare(a.Step, b.Step))
	})
	series, steps, values := make([]int32, len(points)), make([]int64, len(points)), make([]float64, len(points))
	buckets := rollups{}
	for i, p := range points {
		series[i], steps[i], values[i] = ids[p.Metric], p.Step, float64(p.Value)
		buckets.add(series[i], ordinal, steps[i], values[i])
	}
	if err := buckets.load(ctx, tx); err != nil {
		return err
	}
	rows, err := tx.Query(ctx, `
		INSERT INTO points (series_id, ordinal, step, value)
		SELECT series_id, @ordinal, step, value
		FROM unnest(@series::integer[], @steps::bigint[], @values::double precision[]) AS t (series_id, step, value)
		ON CONFLICT DO NOTHING
		RETURNING series_id, step, value`,
		pgx.NamedArgs{"ordinal": ordinal, "series": series, "steps": steps, "values": values})
	if err != nil {
		return err
	}
	var id int32
	var step int64
	var value float64
	if _, err := pgx.ForEachRow(rows, []any{&id, &step, &value}, func() error {
		buckets.add(id, ordinal, step, value)
		return nil
	}); err != nil {
		return err
	}
	return buckets.save(ctx, tx)
}

// seriesIDs are the numbers of the points' metrics, given to those that have none yet.
func seriesIDs(ctx context.Context, tx pgx.Tx, run string, points []ablation.Point) (map[string]int32, error) {
	seen := map[string]bool{}
	var names []string
	for _, p := range points {
		if !seen[p.Metric] {
			seen[p.Metric] = true
			names = append(names, p.Metric)
		}
	}
	ids := make(map[string]int32, len(names))
	read := func() error {
		rows, err := tx.Query(ctx, `SELECT name, id FROM series WHERE run_id = $1 AND name = ANY ($2)`, run, names)
		if err != nil {
			return err
		}
		var name string
		var id int32
		_, err = pgx.ForEachRow(rows, []any{&name, &id}, func() error {
			ids[name] = id
			return nil
		})
		return err
	}
	if err := read(); err != nil || len(ids) == len(names) {
		return ids, err
	}
	if _, err := tx.Exec(ctx, `
		INSERT INTO series (run_id, name)
		SELECT $1, unnest($2::text[])
		ON CONFLICT DO NOTHING`, run, names); err != nil {
		return nil, err
	}
	return ids, read()
}
