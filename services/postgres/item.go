package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// queueItems keeps what items gave. A later attempt of the run that comes to the same step scores them again, alike; its
// values stay.
func queueItems(writes *pgx.Batch, run string, list []ablation.ItemScores) {
	for _, v := range list {
		c := columnsOf(v.Items)
		writes.Queue(`
			INSERT INTO item_scores (run_id, task, step, ids, nats, bytes, accuracy, margin, exact, f1)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
			ON CONFLICT (run_id, task)
			DO UPDATE SET step = EXCLUDED.step, ids = EXCLUDED.ids, nats = EXCLUDED.nats, bytes = EXCLUDED.bytes,
				accuracy = EXCLUDED.accuracy, margin = EXCLUDED.margin, exact = EXCLUDED.exact, f1 = EXCLUDED.f1`,
			run, v.Task, v.Step, c.ids, c.nats, c.bytes, c.accuracy, c.margin, c.exact, c.f1)
	}
}

// itemColumns are items' values, a column each.
type itemColumns struct {
	ids                         []string
	nats                        []float64
	bytes                       []int32
	accuracy, margin, exact, f1 []float32
}

func columnsOf(items []ablation.ItemScore) itemColumns {
	c := itemColumns{ids: []string{}, nats: []float64{}, bytes: []int32{}, accuracy: []float32{}, margin: []float32{}, exact: []float32{}, f1: []float32{}}
	for _, v := range items {
		c.ids, c.nats, c.bytes = append(c.ids, clean(v.ID)), append(c.nats, v.Nats), append(c.bytes, int32(v.Bytes))
		c.accuracy, c.margin = append(c.accuracy, float32(v.Accuracy)), append(c.margin, float32(v.Margin))
		c.exact, c.f1 = append(c.exact, float32(v.Exact)), append(c.f1, float32(v.F1))
	}
	return c
}

func (c itemColumns) items() []ablation.ItemScore {
	items := make([]ablation.ItemScore, len(c.ids))
	for i := range items {
		items[i] = ablation.ItemScore{
			ID: c.ids[i], Nats: c.nats[i], Bytes: int(c.bytes[i]), Accuracy: float64(c.accuracy[i]), Margin: float64(c.margin[i]),
			Exact: float64(c.exact[i]), F1: float64(c.f1[i]),
		}
	}
	return items
}

// ItemScores are what the items of every task gave at the end of a sweep's completed runs, in the runs' order, then by
// task. Accuracy, margin, exact match and F1 come in single precision.
func (s *Store) ItemScores(ctx context.Context, sweep string) ([]ablation.ItemScores, error) {
	return query(ctx, s.pool, func(row pgx.CollectableRow) (ablation.ItemScores, error) {
		var v ablation.ItemScores
		var c itemColumns
		err := row.Scan(&v.RunID, &v.Task, &v.Step, &c.ids, &c.nats, &c.bytes, &c.accuracy, &c.margin, &c.exact, &c.f1)
		v.Items = c.items()
		return v, err
	}, `
		SELECT i.run_id, i.task, i.step, i.ids, i.nats, i.bytes, i.accuracy, i.margin, i.exact, i.f1
		FROM sweeps w
		JOIN runs r ON r.sweep_id = w.id
		JOIN item_scores i ON i.run_id = r.id
		WHERE w.name = $1
			AND r.state = 'completed'
			AND i.step = r.steps
		ORDER BY r.position, i.task`, sweep)
}
