package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Spending is what the sweeps have used by now that go on and that a budget or a closing hour bounds. An attempt that
// isn't proved ended counts up to now.
func (s *Store) Spending(ctx context.Context, now time.Time) ([]ablation.Spending, error) {
	return query(ctx, s.pool, scanSpending, spending+`
		WHERE w.state IN ('running', 'paused')
			AND (w.closes_at IS NOT NULL OR w.definition->'budget' ?| ARRAY['yen', 'gpu_hours'])
		ORDER BY w.id`, pgx.NamedArgs{"now": now})
}

// SweepSpending is what a sweep has used by now, bounded or not.
func (s *Store) SweepSpending(ctx context.Context, sweep string) (ablation.Spending, error) {
	now, err := s.Now(ctx)
	if err != nil {
		return ablation.Spending{}, err
	}
	return one(ctx, s.pool, scanSpending, spending+`WHERE w.name = @sweep`, pgx.NamedArgs{"now": now, "sweep": sweep})
}

func scanSpending(row pgx.CollectableRow) (p ablation.Spending, err error) {
	err = row.Scan(&p.Sweep, &p.Budget, &p.ClosesAt, &p.ByDevice)
	for _, hours := range p.ByDevice {
		p.DeviceHours += hours
	}
	return p, err
}

const spending = `
		SELECT w.name, coalesce(w.definition->'budget', '{}'), w.closes_at, coalesce((
			SELECT jsonb_object_agg(d.name, d.hours)
			FROM (
				SELECT h.name, sum(h.hours) AS hours
				FROM (
					SELECT coalesce(max(g.device), '') AS name, ` + heldHours + ` AS hours
					FROM attempts t
					JOIN runs r ON r.id = t.run_id
					LEFT JOIN LATERAL (
						SELECT device
						FROM segments
						WHERE run_id = t.run_id AND attempt = t.number AND of_run IS NULL
						ORDER BY ordinal DESC
						LIMIT 1
					) g ON true
					WHERE r.sweep_id = w.id
						AND NOT t.waiting
					GROUP BY ` + oneDevice + `
				) h
				GROUP BY 1
			) d
		), '{}')
		FROM sweeps w
`
