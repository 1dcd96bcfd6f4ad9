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
	return query(ctx, s.pool, func(row pgx.CollectableRow) (p ablation.Spending, err error) {
		err = row.Scan(&p.Sweep, &p.Budget, &p.ClosesAt, &p.DeviceHours)
		return p, err
	}, `
		SELECT w.name, w.definition->'budget', w.closes_at, `+deviceHours+`
		FROM sweeps w
		WHERE w.state IN ('running', 'paused')
			AND (w.closes_at IS NOT NULL OR w.definition->'budget' ?| ARRAY['yen', 'gpu_hours'])
		ORDER BY w.id`, pgx.NamedArgs{"now": now})
}
