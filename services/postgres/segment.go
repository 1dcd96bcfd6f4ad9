package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Segments are a run's unbroken stretches in order.
func (s *Store) Segments(ctx context.Context, run string) ([]ablation.Segment, error) {
	return query(ctx, s.pool, scanSegment, `
		SELECT `+segmentColumns+`
		FROM segments
		WHERE run_id = $1
		ORDER BY ordinal`, run)
}

const segmentColumns = `attempt, number, resumed_from, coalesce(of_run, ''), trainer, device, devices, peak_flops, isa, threads, started_at`

func scanSegment(row pgx.CollectableRow) (g ablation.Segment, err error) {
	err = row.Scan(&g.Attempt, &g.Number, &g.ResumedFrom, &g.OfRun, &g.Trainer, &g.Device, &g.Devices, &g.PeakFLOPs, &g.ISA, &g.Threads, &g.StartedAt)
	return g, err
}

// openSegment gives the segment the run's next ordinal and supersedes every earlier point past the step that it resumes
// from, or all of them. One that resumes from another run takes over that one's past first.
func openSegment(ctx context.Context, tx pgx.Tx, run string, attempt int, g ablation.Segment) error {
	from := int64(-1)
	if g.ResumedFrom != nil {
		from = *g.ResumedFrom
		if err := inherit(ctx, tx, run, attempt, g); err != nil {
			return err
		}
	}
	if err := supersede(ctx, tx, run, from); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO segments (run_id, ordinal, attempt, number, resumed_from, trainer, device, devices, peak_flops, isa, threads, started_at)
		SELECT @run, coalesce(max(ordinal) + 1, 0), @attempt, @number, @resumed, @trainer, @device, @devices, @peak, @isa, @threads, @started
		FROM segments
		WHERE run_id = @run`,
		pgx.NamedArgs{
			"run": run, "attempt": attempt, "number": g.Number, "resumed": g.ResumedFrom, "trainer": clean(g.Trainer),
			"device": clean(g.Device), "devices": max(1, g.Devices), "peak": g.PeakFLOPs, "isa": clean(g.ISA), "threads": g.Threads, "started": g.StartedAt,
		})
	return err
}

// supersede lets nothing past a step count that a run has stored. Buckets behind it follow by themselves; those that
// straddle it are cut in two.
func supersede(ctx context.Context, tx pgx.Tx, run string, from int64) error {
	cut, err := cutBuckets(ctx, tx, run, from)
	if err != nil {
		return err
	}
	if len(cut) > 0 {
		if _, err := tx.Exec(ctx, `
			DELETE FROM rollups r
			USING series s
			WHERE s.run_id = $1
				AND r.series_id = s.id
				AND `+straddles, run, from); err != nil {
			return err
		}
		if err := cut.save(ctx, tx); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, `
		UPDATE segments
		SET counts_to = $2
		WHERE run_id = $1
			AND counts_to > $2`, run, from)
	return err
}

// straddles holds for a bucket r with points on both sides of a step.
const straddles = `r.first_step <= $2 AND r.last_step > $2`

// cutBuckets makes two buckets, from their points, of each that straddles a step.
func cutBuckets(ctx context.Context, tx pgx.Tx, run string, from int64) (rollups, error) {
	rows, err := tx.Query(ctx, `
		SELECT r.series_id, r.ordinal, r.level, r.start, p.step, p.value
		FROM series s
		JOIN segments g ON g.run_id = s.run_id
		JOIN rollups r ON r.series_id = s.id AND r.ordinal = g.ordinal
		JOIN LATERAL (`+pointsBetween("r.first_step", "r.last_step")+`) p ON true
		WHERE s.run_id = $1
			AND `+straddles+`
		ORDER BY r.series_id, r.ordinal, r.level, p.step`, run, from)
	if err != nil {
		return nil, err
	}
	cut := rollups{}
	var key rollupKey
	var step int64
	var value float64
	_, err = pgx.ForEachRow(rows, []any{&key.series, &key.ordinal, &key.level, &key.start, &step, &value}, func() error {
		side := key
		if step > from {
			side.start = from + 1
		}
		cut.addTo(side, step, value)
		return nil
	})
	return cut, err
}
