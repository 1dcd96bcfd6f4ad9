package postgres

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Results are the newest counting values of every metric of a sweep's runs, in the runs' order. Step is that of the
// newest evaluation, -1 where there is none.
func (s *Store) Results(ctx context.Context, sweep string) ([]ablation.Result, error) {
	runs, err := s.Runs(ctx, sweep)
	if err != nil {
		return nil, err
	}
	values, err := s.newest(ctx, "w.name = ANY($1)", []string{sweep}, nil)
	if err != nil {
		return nil, err
	}
	results := make([]ablation.Result, len(runs))
	for i, r := range runs {
		results[i] = resultOf(r, values[r.ID])
	}
	return results, nil
}

func resultOf(run ablation.Run, values []ablation.Point) ablation.Result {
	result := ablation.Result{Run: run, Step: -1, Values: map[string]ablation.Real{}}
	for _, v := range values {
		result.Values[v.Metric] = v.Value
		if strings.HasPrefix(v.Metric, ablation.BPB("")) {
			result.Step = max(result.Step, v.Step)
		}
	}
	return result
}

// newest are the newest counting points of the metrics, or of all where metrics is nil, by the ids of their runs: those u
// of sweeps w for which the condition on $1 holds.
func (s *Store) newest(ctx context.Context, condition string, names, metrics []string) (map[string][]ablation.Point, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT DISTINCT ON (s.id) s.run_id, s.name, r.last_step, r.last
		FROM sweeps w
		JOIN runs u ON u.sweep_id = w.id
		JOIN series s ON s.run_id = u.id
		JOIN segments g ON g.run_id = u.id
		JOIN rollups r ON r.series_id = s.id AND r.ordinal = g.ordinal
		WHERE `+condition+`
			AND ($2::text[] IS NULL OR s.name = ANY($2))
			AND r.level = 12
			AND r.first_step <= g.counts_to
		ORDER BY s.id, r.last_step DESC, r.ordinal DESC`, names, metrics)
	if err != nil {
		return nil, known(err)
	}
	points := map[string][]ablation.Point{}
	var run string
	var p ablation.Point
	_, err = pgx.ForEachRow(rows, []any{&run, &p.Metric, &p.Step, &p.Value}, func() error {
		points[run] = append(points[run], p)
		return nil
	})
	return points, known(err)
}
