package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

const shareColumns = `id, hint, sweep, question, kind, live, chart, csv, fingerprints, version, created_at, expires_at, revoked_at, views, embed_in`

// CreateShare stores a chart under its secret's SHA-256.
func (s *Store) CreateShare(ctx context.Context, hash [32]byte, v ablation.Share) (ablation.Share, error) {
	created, err := s.changeShare(ctx, `
		INSERT INTO shares (secret_hash, hint, sweep, question, kind, live, chart, csv, fingerprints, version, expires_at, embed_in)
		VALUES (@hash, @hint, @sweep, @question, @kind, @live, @chart, @csv, @fingerprints, @version, @expires, @embed)
		RETURNING `+shareColumns,
		pgx.NamedArgs{
			"hash": hash[:], "hint": v.Hint, "sweep": v.Sweep, "question": v.Question, "kind": v.Kind, "live": v.Live,
			"chart": string(v.Chart), "csv": v.CSV, "fingerprints": orEmpty(v.Fingerprints), "version": v.Version, "expires": v.ExpiresAt,
			"embed": orNone(v.EmbedIn),
		})
	if err != nil {
		return created, fmt.Errorf("create share: %w", err)
	}
	return created, nil
}

// changeShare is the share that a statement changes, and tells those who listen; ablation.ErrNotFound where it changes none.
func (s *Store) changeShare(ctx context.Context, sql string, args ...any) (changed ablation.Share, err error) {
	err = s.tx(ctx, func(tx pgx.Tx) error {
		if changed, err = one(ctx, tx, scanShare, sql, args...); err != nil {
			return err
		}
		return tell(ctx, tx, ablation.Event{Share: changed.ID})
	})
	return changed, err
}

// OpenShare is the share with this secret, and counts a view of it. Unknown, expired and revoked are all
// ablation.ErrNotFound.
func (s *Store) OpenShare(ctx context.Context, hash [32]byte) (ablation.Share, error) {
	return s.changeShare(ctx, `
		UPDATE shares
		SET views = views + 1
		WHERE secret_hash = $1
			AND revoked_at IS NULL
			AND expires_at > now()
		RETURNING `+shareColumns, hash[:])
}

// Share is the share with this secret, as OpenShare, without counting a view.
func (s *Store) Share(ctx context.Context, hash [32]byte) (ablation.Share, error) {
	return one(ctx, s.pool, scanShare, `
		SELECT `+shareColumns+`
		FROM shares
		WHERE secret_hash = $1
			AND revoked_at IS NULL
			AND expires_at > now()`, hash[:])
}

// Shares are all shares, newest first.
func (s *Store) Shares(ctx context.Context) ([]ablation.Share, error) {
	return query(ctx, s.pool, scanShare, `
		SELECT `+shareColumns+`
		FROM shares
		ORDER BY id DESC
		LIMIT 1000`)
}

// RevokeShare ends a share; ending it again changes nothing.
func (s *Store) RevokeShare(ctx context.Context, id int64) error {
	_, err := s.changeShare(ctx, `
		UPDATE shares
		SET revoked_at = coalesce(revoked_at, now())
		WHERE id = $1
		RETURNING `+shareColumns, id)
	if err != nil {
		return fmt.Errorf("revoke share %d: %w", id, err)
	}
	return nil
}

// ShareNumbered is the share of an id, ended or not.
func (s *Store) ShareNumbered(ctx context.Context, id int64) (ablation.Share, error) {
	v, err := one(ctx, s.pool, scanShare, `SELECT `+shareColumns+` FROM shares WHERE id = $1`, id)
	if err != nil {
		return v, fmt.Errorf("share %d: %w", id, err)
	}
	return v, nil
}

// EmbedShare says which origins' pages may show a share in a frame from now on, in place of those that might before.
func (s *Store) EmbedShare(ctx context.Context, id int64, origins []string) (ablation.Share, error) {
	v, err := s.changeShare(ctx, `
		UPDATE shares
		SET embed_in = $2
		WHERE id = $1
		RETURNING `+shareColumns, id, orNone(origins))
	if err != nil {
		return v, fmt.Errorf("let share %d be embedded: %w", id, err)
	}
	return v, nil
}

// ReplaceShareSecret puts a share behind a new secret; the old one no longer opens it. An expired or revoked share is
// ablation.ErrConflict.
func (s *Store) ReplaceShareSecret(ctx context.Context, id int64, hash [32]byte, hint string) (replaced ablation.Share, err error) {
	err = s.tx(ctx, func(tx pgx.Tx) error {
		if _, err := one(ctx, tx, scanShare, `SELECT `+shareColumns+` FROM shares WHERE id = $1 FOR UPDATE`, id); err != nil {
			return err
		}
		found, err := query(ctx, tx, scanShare, `
			UPDATE shares
			SET secret_hash = @hash, hint = @hint
			WHERE id = @id
				AND revoked_at IS NULL
				AND expires_at > now()
			RETURNING `+shareColumns, pgx.NamedArgs{"id": id, "hash": hash[:], "hint": hint})
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return ablation.Conflict("this share has expired or was revoked, so it gets no new link; make another on the sweep's page",
				"この共有は期限切れか取り消し済みなので、リンクを作り直せません。スイープのページで新しく共有してください")
		}
		replaced = found[0]
		return tell(ctx, tx, ablation.Event{Share: id})
	})
	if err != nil {
		return replaced, fmt.Errorf("replace the secret of share %d: %w", id, err)
	}
	return replaced, nil
}

func scanShare(row pgx.CollectableRow) (ablation.Share, error) {
	var v ablation.Share
	var chart string
	err := row.Scan(&v.ID, &v.Hint, &v.Sweep, &v.Question, &v.Kind, &v.Live, &chart, &v.CSV, &v.Fingerprints, &v.Version, &v.CreatedAt,
		&v.ExpiresAt, &v.RevokedAt, &v.Views, &v.EmbedIn)
	v.Chart = []byte(chart)
	return v, err
}
