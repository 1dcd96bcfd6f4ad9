package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// pointsBetween reads the points of series s, sealed or not, between two steps (SQL expressions, both included).
func pointsBetween(from, to string) string {
	return `
			SELECT p.ordinal, p.step, p.value
			FROM points p
			WHERE p.series_id = s.id
				AND p.step BETWEEN ` + from + ` AND ` + to + `
			UNION ALL
			SELECT c.ordinal, u.step, u.value
			FROM chunks c, unnest(c.steps, c.vals) AS u (step, value)
			WHERE c.series_id = s.id
				AND c.last_step >= ` + from + `
				AND c.first_step <= ` + to + `
				AND u.step BETWEEN ` + from + ` AND ` + to + `
		`
}

// Curves are a metric of some runs between two steps (both included), each as at most about maxBuckets buckets: single
// points where they fit, else roll-ups of 64 or 4,096 steps. No spike is lost at any width. Superseded buckets stand
// apart from those that count.
func (s *Store) Curves(ctx context.Context, runs []string, metric string, from, to int64, maxBuckets int) ([]ablation.Curve, error) {
	level, err := s.levelFor(ctx, runs, metric, from, to, maxBuckets)
	if err != nil {
		return nil, err
	}
	sql := curveOfRollups
	if level == 0 {
		sql = curveOfPoints
	}
	rows, err := s.pool.Query(ctx, sql, pgx.NamedArgs{"runs": runs, "metric": metric, "from": from, "to": to, "level": level})
	if err != nil {
		return nil, known(err)
	}
	return collectCurves(rows, runs, metric)
}

const curveOfRollups = `
		SELECT s.run_id, r.first_step, r.last_step, r.n, r.n_nan, r.n_pos_inf, r.n_neg_inf, r.min, r.min_step, r.max, r.max_step,
			r.last, r.last_step, r.sum, r.squares, r.superseded
		FROM series s
		JOIN rollups r ON r.series_id = s.id
		WHERE s.run_id = ANY (@runs)
			AND s.name = @metric
			AND r.level = @level
			AND r.last_step >= @from
			AND r.first_step <= @to
		ORDER BY s.run_id, r.bucket, r.superseded DESC, r.ordinal`

var curveOfPoints = `
		SELECT s.run_id, p.step, p.step, (` + finite + `)::int::bigint, (value = 'NaN')::int::bigint,
			(value = 'Infinity')::int::bigint, (value = '-Infinity')::int::bigint,
			value, p.step, value, p.step, value, p.step, value, value * value, p.step > g.counts_to
		FROM series s
		JOIN LATERAL (` + pointsBetween("@from", "@to") + `) p ON true
		JOIN segments g ON g.run_id = s.run_id AND g.ordinal = p.ordinal
		WHERE s.run_id = ANY (@runs)
			AND s.name = @metric
			AND @level = 0
		ORDER BY s.run_id, p.step, p.step > g.counts_to DESC, p.ordinal`

// levelFor is the finest level whose buckets fit: 0 for single points. It counts by the roll-ups, never by the points.
func (s *Store) levelFor(ctx context.Context, runs []string, metric string, from, to int64, maxBuckets int) (int, error) {
	var points, fine int64
	err := s.pool.QueryRow(ctx, `
		SELECT coalesce(max(points), 0), coalesce(max(buckets), 0)
		FROM (
			SELECT sum(r.n + r.n_nan + r.n_pos_inf + r.n_neg_inf)::bigint AS points, count(*) AS buckets
			FROM series s
			JOIN rollups r ON r.series_id = s.id
			WHERE s.run_id = ANY ($1)
				AND s.name = $2
				AND r.level = 6
				AND r.last_step >= $3
				AND r.first_step <= $4
			GROUP BY s.run_id
		) runs`, runs, metric, from, to).Scan(&points, &fine)
	switch {
	case err != nil:
		return 0, known(err)
	case points <= int64(maxBuckets):
		return 0, nil
	case fine <= int64(maxBuckets):
		return 6, nil
	}
	return 12, nil
}

// collectCurves gives every run a curve, in the order asked for.
func collectCurves(rows pgx.Rows, runs []string, metric string) ([]ablation.Curve, error) {
	curves := make([]ablation.Curve, len(runs))
	place := map[string]int{}
	for i, id := range runs {
		curves[i] = ablation.Curve{RunID: id, Metric: metric, Buckets: []ablation.Bucket{}}
		place[id] = i
	}
	var id string
	var b ablation.Bucket
	into := []any{
		&id, &b.FromStep, &b.ToStep, &b.N, &b.NaN, &b.PosInf, &b.NegInf, &b.Min, &b.MinStep, &b.Max, &b.MaxStep, &b.Last,
		&b.LastStep, &b.Sum, &b.SumSquares, &b.Superseded,
	}
	_, err := pgx.ForEachRow(rows, into, func() error {
		c := &curves[place[id]]
		c.Buckets = append(c.Buckets, b)
		return nil
	})
	return curves, known(err)
}

// Points are a metric's counting points of one run between two steps (both included), oldest first, at most limit.
func (s *Store) Points(ctx context.Context, run, metric string, from, to int64, limit int) ([]ablation.Point, error) {
	return query(ctx, s.pool, func(row pgx.CollectableRow) (ablation.Point, error) {
		p := ablation.Point{Metric: metric}
		err := row.Scan(&p.Step, &p.Value)
		return p, err
	}, `
		SELECT p.step, p.value
		FROM series s
		JOIN LATERAL (`+pointsBetween("$3", "$4")+`) p ON true
		JOIN segments g ON g.run_id = s.run_id AND g.ordinal = p.ordinal
		WHERE s.run_id = $1
			AND s.name = $2
			AND p.step <= g.counts_to
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
		FROM rollups r
		JOIN series s ON s.id = r.series_id
		JOIN runs u ON u.id = s.run_id
		JOIN sweeps w ON w.id = u.sweep_id
		WHERE w.name = $1
			AND r.level = 12
			AND NOT r.superseded`, sweep).Scan(&n)
	return n, known(err)
}
