package postgres

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Speed is how fast runs like those of a recipe went, on whatever machines they ran: tokens of a run per second from its
// start to its end, scoring and all, over the last twenty that were completed in one attempt and that started from no
// other run. runs is how many that were; 0: none yet.
func (s *Store) Speed(ctx context.Context, r ablation.Recipe) (tokensPerS float64, runs int, err error) {
	shape, err := json.Marshal(r.Shape)
	if err != nil {
		return 0, 0, fmt.Errorf("write the shape: %w", err)
	}
	err = s.pool.QueryRow(ctx, `
		SELECT coalesce(sum(tokens) / nullif(sum(seconds), 0), 0), count(*)
		FROM (
			SELECT r.steps * r.tokens_per_step AS tokens, extract(epoch FROM r.finished_at - r.started_at)::float8 AS seconds
			FROM `+runTables+`
			WHERE r.state = 'completed'
				AND r.started_at IS NOT NULL
				AND r.attempt = 1
				AND r.start_run IS NULL
				AND w.definition -> 'recipe' ->> 'trainer' = @trainer
				AND w.definition -> 'recipe' ->> 'precision' = @precision
				AND w.definition -> 'recipe' ->> 'tokenizer' = @tokenizer
				AND (w.definition -> 'recipe' ->> 'row_tokens')::int = @row_tokens
				AND (w.definition -> 'recipe' ->> 'batch_rows')::int = @batch_rows
				AND coalesce(a.definition -> 'variant' -> 'shape', w.definition -> 'recipe' -> 'shape') = @shape
			ORDER BY r.finished_at DESC
			LIMIT 20
		) AS like_it`,
		pgx.NamedArgs{
			"trainer": r.Trainer, "precision": r.Precision, "tokenizer": r.Tokenizer, "row_tokens": r.RowTokens, "batch_rows": r.BatchRows, "shape": shape,
		}).
		Scan(&tokensPerS, &runs)
	if err != nil {
		return 0, 0, fmt.Errorf("speed of runs: %w", err)
	}
	return tokensPerS, runs, nil
}
