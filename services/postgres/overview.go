package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Overview is what a list shows of one sweep.
type Overview struct {
	Arms    []ablation.Arm    // in order
	Sources []ablation.Source // in the sweep's order; name and language alone
	Results []ablation.Result // of the metrics asked for, in the order of runs
}

// Overviews are those of the sweeps of these names, by name, in as many queries as for one. Results hold the newest
// counting values of the metrics; a name that no sweep has is left out.
func (s *Store) Overviews(ctx context.Context, sweeps, metrics []string) (map[string]*Overview, error) {
	all := map[string]*Overview{}
	of := func(sweep string) *Overview {
		if all[sweep] == nil {
			all[sweep] = &Overview{}
		}
		return all[sweep]
	}
	if err := s.overviewArms(ctx, of, sweeps); err != nil {
		return nil, err
	}
	if err := s.overviewSources(ctx, of, sweeps); err != nil {
		return nil, err
	}
	return all, s.overviewResults(ctx, of, sweeps, metrics)
}

func (s *Store) overviewArms(ctx context.Context, of func(string) *Overview, sweeps []string) error {
	return each(ctx, s.pool, scanArm, func(sweep string, arm ablation.Arm) { of(sweep).Arms = append(of(sweep).Arms, arm) }, `
		SELECT w.name, a.position, a.definition
		FROM arms a
		JOIN sweeps w ON w.id = a.sweep_id
		WHERE w.name = ANY($1)
		ORDER BY a.position`, sweeps)
}

func (s *Store) overviewSources(ctx context.Context, of func(string) *Overview, sweeps []string) error {
	rows, err := s.pool.Query(ctx, `
		SELECT w.name, v.name, v.lang
		FROM sweep_sources p
		JOIN sources v ON v.id = p.source_id
		JOIN sweeps w ON w.id = p.sweep_id
		WHERE w.name = ANY($1)
		ORDER BY p.position`, sweeps)
	if err != nil {
		return known(err)
	}
	var sweep string
	var source ablation.Source
	_, err = pgx.ForEachRow(rows, []any{&sweep, &source.Name, &source.Lang}, func() error {
		of(sweep).Sources = append(of(sweep).Sources, source)
		return nil
	})
	return known(err)
}

func (s *Store) overviewResults(ctx context.Context, of func(string) *Overview, sweeps, metrics []string) error {
	runs, err := query(ctx, s.pool, scanRun, `
		SELECT `+runColumns+`
		FROM `+runTables+`
		WHERE w.name = ANY($1)
		ORDER BY a.position, r.replicate`, sweeps)
	if err != nil {
		return err
	}
	values, err := s.newest(ctx, "w.name = ANY($1)", sweeps, metrics)
	if err != nil {
		return err
	}
	for _, r := range runs {
		of(r.Sweep).Results = append(of(r.Sweep).Results, resultOf(r, values[r.ID]))
	}
	return nil
}
