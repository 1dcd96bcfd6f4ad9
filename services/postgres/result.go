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
	results, place := make([]ablation.Result, len(runs)), map[string]int{}
	for i, r := range runs {
		results[i] = ablation.Result{Run: r, Step: -1, Values: map[string]ablation.Real{}}
		place[r.ID] = i
	}
	rows, err := s.pool.Query(ctx, `
		SELECT DISTINCT ON (s.id) s.run_id, s.name, r.last_step, r.last
		FROM sweeps w
		JOIN runs u ON u.sweep_id = w.id
		JOIN series s ON s.run_id = u.id
		JOIN segments g ON g.run_id = u.id
		JOIN rollups r ON r.series_id = s.id AND r.ordinal = g.ordinal
		WHERE w.name = $1
			AND r.level = 12
			AND r.first_step <= g.counts_to
		ORDER BY s.id, r.last_step DESC, r.ordinal DESC`, sweep)
	if err != nil {
		return nil, known(err)
	}
	var run, name string
	var step int64
	var value ablation.Real
	_, err = pgx.ForEachRow(rows, []any{&run, &name, &step, &value}, func() error {
		i, ok := place[run]
		if !ok {
			return nil // started between the two reads
		}
		results[i].Values[name] = value
		if strings.HasPrefix(name, ablation.BPB("")) {
			results[i].Step = max(results[i].Step, step)
		}
		return nil
	})
	return results, known(err)
}
