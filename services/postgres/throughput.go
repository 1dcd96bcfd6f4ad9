package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Throughputs are how fast the runs trained, a line for every stretch of theirs that logged a step; what a run took over from
// another is that one's.
func (s *Store) Throughputs(ctx context.Context, runs []string) ([]ablation.Throughput, error) {
	return query(ctx, s.pool, func(row pgx.CollectableRow) (t ablation.Throughput, err error) {
		err = row.Scan(&t.RunID, &t.Attempt, &t.Segment, &t.TokensPerS, &t.Overall, &t.Shared)
		return t, err
	}, `
		SELECT u.id, g.attempt, g.number,
			coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY r.sum / r.n) FILTER (WHERE s.name = @speed AND r.level = @fine), 0),
			coalesce(u.tokens_per_step
				* (max(r.max_step) FILTER (WHERE s.name = @seconds) - min(r.min_step) FILTER (WHERE s.name = @seconds))
				/ nullif(max(r.max) FILTER (WHERE s.name = @seconds) - min(r.min) FILTER (WHERE s.name = @seconds), 0), 0),
			coalesce((
				SELECT sum(extract(epoch FROM coalesce(t.ended_at, now()) - t.began)) / nullif(extract(epoch FROM max(coalesce(t.ended_at, now())) - min(t.began)), 0)
				FROM (
					SELECT m.ended_at, coalesce(m.left_queue_at, m.started_at) AS began
					FROM attempts p
					JOIN attempts m ON m.handle ? 'pack' AND m.handle->>'pack' = p.handle->>'pack'
					WHERE p.run_id = u.id
						AND p.number = g.attempt
						AND NOT m.waiting
				) t
			), 1)::float8
		FROM runs u
		JOIN segments g ON g.run_id = u.id
		JOIN series s ON s.run_id = u.id AND s.name IN (@speed, @seconds)
		JOIN rollups r ON r.series_id = s.id AND r.ordinal = g.ordinal
		WHERE u.id = ANY (@runs)
			AND g.of_run IS NULL
			AND r.n > 0
			AND r.first_step <= g.counts_to
		GROUP BY u.id, g.ordinal, g.attempt, g.number
		ORDER BY u.id, g.ordinal`,
		pgx.NamedArgs{"runs": runs, "speed": ablation.MetricTokensPerS, "seconds": ablation.MetricSeconds, "fine": fine})
}
