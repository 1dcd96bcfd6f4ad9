package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Points are a metric's counting points of one run between two steps (both included), oldest first, at most limit.
func (s *Store) Points(ctx context.Context, run, metric string, from, to int64, limit int) ([]ablation.Point, error) {
	return query(ctx, s.pool, func(row pgx.CollectableRow) (ablation.Point, error) {
		p := ablation.Point{Metric: metric}
		err := row.Scan(&p.Step, &p.Value)
		return p, err
	}, `
		SELECT p.step, p.value
		FROM series s
		JOIN segments g ON g.run_id = s.run_id
		JOIN LATERAL (`+pointsBetween("$3", "least($4, g.counts_to)")+`) p ON true
		WHERE s.run_id = $1
			AND s.name = $2
		ORDER BY p.step
		LIMIT $5`, run, metric, from, to, limit)
}

// MetricNames are the metrics that any of the runs has, in alphabetical order.
func (s *Store) MetricNames(ctx context.Context, runs []string) ([]string, error) {
	return query(ctx, s.pool, pgx.RowTo[string], `
		SELECT DISTINCT name
		FROM series
		WHERE run_id = ANY ($1)
		ORDER BY name
		LIMIT 10000`, runs)
}

// CountingPoints is how many points of a sweep's runs count.
func (s *Store) CountingPoints(ctx context.Context, sweep string) (n int64, err error) {
	err = s.pool.QueryRow(ctx, `
		SELECT coalesce(sum(r.n + r.n_nan + r.n_pos_inf + r.n_neg_inf), 0)::bigint
		FROM sweeps w
		JOIN runs u ON u.sweep_id = w.id
		JOIN segments g ON g.run_id = u.id
		JOIN series s ON s.run_id = u.id
		JOIN rollups r ON r.series_id = s.id AND r.ordinal = g.ordinal
		WHERE w.name = $1
			AND r.level = 12
			AND r.first_step <= g.counts_to`, sweep).Scan(&n)
	return n, known(err)
}

// pointsBetween reads the points of series s in segment g, sealed or not, between two steps (SQL expressions, both
// included).
func pointsBetween(from, to string) string {
	return `
			SELECT p.step, p.value
			FROM points p
			WHERE p.series_id = s.id
				AND p.ordinal = g.ordinal
				AND p.step BETWEEN ` + from + ` AND ` + to + `
			UNION ALL
			SELECT u.step, u.value
			FROM chunks c, unnest(c.steps, c.vals) AS u (step, value)
			WHERE c.series_id = s.id
				AND c.ordinal = g.ordinal
				AND c.last_step >= ` + from + `
				AND c.first_step <= ` + to + `
				AND u.step BETWEEN ` + from + ` AND ` + to + `
		`
}
