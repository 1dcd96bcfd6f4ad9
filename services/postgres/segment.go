package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// openSegment gives the segment the run's next ordinal and marks what it supersedes: every earlier point past the step
// that it resumes from, or all of them.
func openSegment(ctx context.Context, tx pgx.Tx, run string, attempt int, g ablation.Segment) error {
	from := int64(-1)
	if g.ResumedFrom != nil {
		from = *g.ResumedFrom
	}
	if err := supersede(ctx, tx, run, from); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO segments (run_id, ordinal, attempt, number, resumed_from, trainer, device, isa, threads, started_at)
		SELECT @run, coalesce(max(ordinal) + 1, 0), @attempt, @number, @resumed, @trainer, @device, @isa, @threads, @started
		FROM segments
		WHERE run_id = @run`,
		pgx.NamedArgs{
			"run": run, "attempt": attempt, "number": g.Number, "resumed": g.ResumedFrom, "trainer": g.Trainer,
			"device": g.Device, "isa": g.ISA, "threads": g.Threads, "started": g.StartedAt,
		})
	return err
}

// supersede marks what lies past a step: whole buckets in place, and those that straddle it rebuilt as two.
func supersede(ctx context.Context, tx pgx.Tx, run string, from int64) error {
	args := pgx.NamedArgs{"run": run, "from": from}
	for _, statement := range []string{
		`DELETE FROM rollups r
		USING series s, segments g
		WHERE s.run_id = @run
			AND g.run_id = @run
			AND r.series_id = s.id
			AND r.ordinal = g.ordinal
			AND g.counts_to > @from
			AND r.bucket = @from::bigint >> r.level`,
		`UPDATE rollups r
		SET superseded = true
		FROM series s, segments g
		WHERE s.run_id = @run
			AND g.run_id = @run
			AND r.series_id = s.id
			AND r.ordinal = g.ordinal
			AND g.counts_to > @from
			AND NOT r.superseded
			AND r.bucket > @from::bigint >> r.level`,
		`INSERT INTO rollups AS r (` + rollupColumns + `)
		SELECT ` + rollupOf("bool_or(step > @from)") + `
		FROM (
			SELECT s.id AS series_id, p.ordinal, p.step, p.value
			FROM series s
			JOIN LATERAL (` + pointsBetween("@from::bigint >> 12 << 12", "@from::bigint >> 12 << 12 | 4095") + `) p ON true
			JOIN segments g ON g.run_id = s.run_id AND g.ordinal = p.ordinal
			WHERE s.run_id = @run
				AND g.counts_to > @from
		) p, (VALUES (6::smallint), (12::smallint)) AS l (level)
		WHERE step >> level = @from::bigint >> level
		GROUP BY series_id, ordinal, level, step >> level, step > @from
		` + rollupMerge,
		`UPDATE segments
		SET counts_to = @from
		WHERE run_id = @run
			AND counts_to > @from`,
	} {
		if _, err := tx.Exec(ctx, statement, args); err != nil {
			return err
		}
	}
	return nil
}
