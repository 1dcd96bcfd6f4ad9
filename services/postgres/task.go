package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

const taskColumns = `name, version, lang, kind, norm, items, chance, majority, source, source_sha256, sha256, path, created_at`

// PutTask records a task version, the newest from now on. The same items again take the new file and origin.
func (s *Store) PutTask(ctx context.Context, t ablation.Task) error {
	tag, err := s.pool.Exec(ctx, `
		INSERT INTO tasks (name, version, lang, kind, norm, items, chance, majority, source, source_sha256, sha256, path)
		VALUES (@name, @version, @lang, @kind, @norm, @items, @chance, @majority, @source, @source_sha256, @sha256, @path)
		ON CONFLICT ON CONSTRAINT tasks_version_once
		DO UPDATE SET path = EXCLUDED.path, source_sha256 = EXCLUDED.source_sha256, norm = EXCLUDED.norm, majority = EXCLUDED.majority,
			added_at = EXCLUDED.added_at
		WHERE tasks.sha256 = EXCLUDED.sha256`,
		pgx.NamedArgs{
			"name": t.Name, "version": t.Version, "lang": t.Lang, "kind": t.Kind, "norm": t.Norm, "items": t.Items, "chance": t.Chance,
			"majority": t.Majority,
			"source":   t.Source, "source_sha256": t.SourceSHA256, "sha256": t.SHA256, "path": t.Path,
		})
	if err != nil {
		return fmt.Errorf("put task %s: %w", t.Name, known(err))
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("put task %s: version %s exists with other items: %w", t.Name, t.Version, ablation.ErrConflict)
	}
	return nil
}

// Tasks are all versions, by name, the newest of each name first.
func (s *Store) Tasks(ctx context.Context) ([]ablation.Task, error) {
	return query(ctx, s.pool, scanTask, `
		SELECT `+taskColumns+`
		FROM tasks
		ORDER BY name, added_at DESC, id DESC
		LIMIT 10000`)
}

// Task is one version of a task, the newest where version is empty.
func (s *Store) Task(ctx context.Context, name, version string) (ablation.Task, error) {
	t, err := one(ctx, s.pool, scanTask, `
		SELECT `+taskColumns+`
		FROM tasks
		WHERE name = $1
			AND ($2 = '' OR version = $2)
		ORDER BY added_at DESC, id DESC
		LIMIT 1`, name, version)
	if err != nil {
		return t, fmt.Errorf("task %s: %w", strings.TrimSpace(name+" "+version), err)
	}
	return t, nil
}

func scanTask(row pgx.CollectableRow) (ablation.Task, error) {
	var t ablation.Task
	err := row.Scan(&t.Name, &t.Version, &t.Lang, &t.Kind, &t.Norm, &t.Items, &t.Chance, &t.Majority, &t.Source, &t.SourceSHA256,
		&t.SHA256, &t.Path, &t.CreatedAt)
	return t, err
}
