package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

const additionColumns = `id, name, lang, licence, path, text_column, split, heldout_share, drop_near_duplicates, part_of, part_bytes, state, epoch, progress, version, message, created_at, ended_at`

// PutAddition puts text in line to be read. The same text asked for twice is one addition; other text for a source that is
// being read is ablation.ErrConflict.
func (s *Store) PutAddition(ctx context.Context, a ablation.Addition) (added ablation.Addition, err error) {
	err = s.tx(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			INSERT INTO additions (name, lang, licence, path, text_column, split, heldout_share, drop_near_duplicates, part_of, part_bytes)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
			ON CONFLICT DO NOTHING`, a.Name, a.Lang, a.Licence, a.Path, a.Column, a.Split, a.Share, a.DropNear, a.Of, a.Bytes)
		if err != nil {
			return err
		}
		added, err = one(ctx, tx, scanAddition, `
			SELECT `+additionColumns+`
			FROM additions
			WHERE name = $1
				AND state IN ('waiting', 'reading')
			FOR UPDATE`, a.Name)
		if err != nil {
			return err
		}
		if !added.Asks(a) {
			return ablation.Conflict("text for the source %s is being read already; wait for its end, or cancel it", "データソース %s のテキストを読み込み中です。終わるのを待つか、中止してください", a.Name)
		}
		return tell(ctx, tx, ablation.Event{Source: a.Name})
	})
	if err != nil {
		return added, fmt.Errorf("add source %s: %w", a.Name, known(err))
	}
	return added, nil
}

// Additions are the newest, at most limit.
func (s *Store) Additions(ctx context.Context, limit int) ([]ablation.Addition, error) {
	return query(ctx, s.pool, scanAddition, `
		SELECT `+additionColumns+`
		FROM additions
		ORDER BY id DESC
		LIMIT $1`, limit)
}

// Addition is one of them.
func (s *Store) Addition(ctx context.Context, id int64) (ablation.Addition, error) {
	return one(ctx, s.pool, scanAddition, `SELECT `+additionColumns+` FROM additions WHERE id = $1`, id)
}

// ClaimAddition is the next addition to read, nil for none: one that waits, or one whose reader hasn't been heard of for
// its lease.
func (s *Store) ClaimAddition(ctx context.Context, lease time.Duration) (*ablation.Addition, error) {
	found, err := query(ctx, s.pool, scanAddition, `
		UPDATE additions
		SET state = 'reading', epoch = epoch + 1, progress = '{}', lease_until = now() + $1
		WHERE id = (
			SELECT id
			FROM additions
			WHERE state = 'waiting'
				OR state = 'reading' AND lease_until < now()
			ORDER BY id
			LIMIT 1
			FOR UPDATE SKIP LOCKED
		)
		RETURNING `+additionColumns, lease)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// TellAddition stores how far a reader is, and holds the addition for another lease; false where it is no longer the
// reader's, or was cancelled: then it must stop.
func (s *Store) TellAddition(ctx context.Context, a ablation.Addition, lease time.Duration) (held bool, err error) {
	return s.moveAddition(ctx, a, `
		UPDATE additions
		SET progress = @progress, lease_until = now() + @lease
		WHERE id = @id
			AND epoch = @epoch
			AND state = 'reading'`, lease)
}

// EndAddition stores what became of an addition, and leaves one in line that only waits again; false where it is no longer
// the reader's, or was cancelled.
func (s *Store) EndAddition(ctx context.Context, a ablation.Addition) (held bool, err error) {
	return s.moveAddition(ctx, a, `
		UPDATE additions
		SET state = @state, progress = @progress, version = @version, message = @message,
			ended_at = CASE WHEN @state = 'waiting' THEN NULL ELSE now() END
		WHERE id = @id
			AND epoch = @epoch
			AND state = 'reading'`, 0)
}

func (s *Store) moveAddition(ctx context.Context, a ablation.Addition, sql string, lease time.Duration) (held bool, err error) {
	err = s.tx(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, sql, pgx.NamedArgs{
			"id": a.ID, "epoch": a.Epoch, "state": string(a.State), "progress": a.Progress, "version": a.Version, "message": a.Message, "lease": lease,
		})
		if held = err == nil && tag.RowsAffected() == 1; !held {
			return err
		}
		return tell(ctx, tx, ablation.Event{Source: a.Name})
	})
	if err != nil {
		return false, fmt.Errorf("addition %d: %w", a.ID, known(err))
	}
	return held, nil
}

// CancelAddition ends an addition that hasn't ended; its reader leaves nothing behind.
func (s *Store) CancelAddition(ctx context.Context, id int64) error {
	err := s.tx(ctx, func(tx pgx.Tx) error {
		a, err := one(ctx, tx, scanAddition, `SELECT `+additionColumns+` FROM additions WHERE id = $1 FOR UPDATE`, id)
		if err != nil || a.State.Ended() {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE additions SET state = 'cancelled', ended_at = now() WHERE id = $1`, id); err != nil {
			return err
		}
		return tell(ctx, tx, ablation.Event{Source: a.Name})
	})
	if err != nil {
		return fmt.Errorf("cancel addition %d: %w", id, known(err))
	}
	return nil
}

func scanAddition(row pgx.CollectableRow) (ablation.Addition, error) {
	var a ablation.Addition
	err := row.Scan(&a.ID, &a.Name, &a.Lang, &a.Licence, &a.Path, &a.Column, &a.Split, &a.Share, &a.DropNear, &a.Of, &a.Bytes, &a.State, &a.Epoch, &a.Progress, &a.Version, &a.Message, &a.CreatedAt, &a.EndedAt)
	return a, err
}
