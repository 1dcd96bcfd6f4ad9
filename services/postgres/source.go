package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/haigo-lab/haigo/services/ablation"
)

const sourceColumns = `name, version, lang, role, manifest_sha256, dir, bytes, documents, heldout_bytes, heldout_documents,
	rejected, origin, created_at`

// PutSource records a source version, the newest from now on. The same manifest again only moves its folder.
func (s *Store) PutSource(ctx context.Context, v ablation.Source) error {
	return putSource(ctx, s.pool, v)
}

// executor is a pool or a transaction.
type executor interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

func putSource(ctx context.Context, to executor, v ablation.Source) error {
	_, err := to.Exec(ctx, `
		INSERT INTO sources (name, version, lang, role, manifest_sha256, dir, bytes, documents, heldout_bytes, heldout_documents,
			rejected, origin)
		VALUES (@name, @version, @lang, @role, @manifest, @dir, @bytes, @documents, @heldout_bytes, @heldout_documents,
			@rejected, @origin)
		ON CONFLICT ON CONSTRAINT sources_manifest_once
		DO UPDATE SET dir = EXCLUDED.dir, added_at = EXCLUDED.added_at`,
		pgx.NamedArgs{
			"name": v.Name, "version": v.Version, "lang": v.Lang, "role": v.Role, "manifest": v.ManifestSHA256, "dir": v.Dir,
			"bytes": v.Bytes, "documents": v.Documents, "heldout_bytes": v.HeldoutBytes, "heldout_documents": v.HeldoutDocuments,
			"rejected": orEmpty(v.Rejected), "origin": orNone(v.Origin),
		})
	if err != nil {
		return fmt.Errorf("put source %s: %w", v.Name, known(err))
	}
	return nil
}

// Sources are all versions that are here, by name, the newest of each name first.
func (s *Store) Sources(ctx context.Context) ([]ablation.Source, error) {
	return query(ctx, s.pool, scanSource, `
		SELECT `+sourceColumns+`
		FROM sources
		WHERE role <> 'elsewhere'
		ORDER BY name, added_at DESC, id DESC
		LIMIT 10000`)
}

// Source is one version of a source, the newest that is here where version is empty.
func (s *Store) Source(ctx context.Context, name, version string) (ablation.Source, error) {
	v, err := one(ctx, s.pool, scanSource, `
		SELECT `+sourceColumns+`
		FROM sources
		WHERE name = $1
			AND ($2 = '' AND role <> 'elsewhere' OR version = $2)
		ORDER BY added_at DESC, id DESC
		LIMIT 1`, name, version)
	if err != nil {
		return v, fmt.Errorf("source %s: %w", strings.TrimSpace(name+" "+version), err)
	}
	return v, nil
}

func scanSource(row pgx.CollectableRow) (ablation.Source, error) {
	var v ablation.Source
	err := row.Scan(&v.Name, &v.Version, &v.Lang, &v.Role, &v.ManifestSHA256, &v.Dir, &v.Bytes, &v.Documents, &v.HeldoutBytes,
		&v.HeldoutDocuments, &v.Rejected, &v.Origin, &v.CreatedAt)
	return v, err
}

func orEmpty[K comparable, V any](m map[K]V) map[K]V {
	if m == nil {
		return map[K]V{}
	}
	return m
}

func orNone[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
