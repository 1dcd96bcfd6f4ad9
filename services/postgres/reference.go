package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// PutReferences records results of other models, all or none. A model's result of the same task, metric and shots takes
// the new value.
func (s *Store) PutReferences(ctx context.Context, list []ablation.Reference) error {
	err := s.tx(ctx, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		for _, r := range list {
			batch.Queue(`
				INSERT INTO reference_results (model, task, metric, shots, value, standard_error, items, file, ran_at)
				VALUES (@model, @task, @metric, @shots, @value, @error, @items, @file, @ran_at)
				ON CONFLICT ON CONSTRAINT reference_results_once
				DO UPDATE SET value = EXCLUDED.value, standard_error = EXCLUDED.standard_error, items = EXCLUDED.items,
					file = EXCLUDED.file, ran_at = EXCLUDED.ran_at`,
				pgx.NamedArgs{
					"model": clean(r.Model), "task": clean(r.Task), "metric": clean(r.Metric), "shots": r.Shots, "value": float64(r.Value),
					"error": (*float64)(r.StandardError), "items": r.Items, "file": clean(r.File), "ran_at": r.RanAt,
				})
		}
		return tx.SendBatch(ctx, batch).Close()
	})
	if err != nil {
		return fmt.Errorf("put reference results: %w", known(err))
	}
	return nil
}

// References are all results of other models, by task, metric and model, at most 10,000.
func (s *Store) References(ctx context.Context) ([]ablation.Reference, error) {
	return query(ctx, s.pool, func(row pgx.CollectableRow) (ablation.Reference, error) {
		var r ablation.Reference
		var e *float64
		err := row.Scan(&r.Model, &r.Task, &r.Metric, &r.Shots, &r.Value, &e, &r.Items, &r.File, &r.RanAt)
		r.StandardError = (*ablation.Real)(e)
		return r, err
	}, `
		SELECT model, task, metric, shots, value, standard_error, items, file, ran_at
		FROM reference_results
		ORDER BY task, metric, model, shots
		LIMIT 10000`)
}
