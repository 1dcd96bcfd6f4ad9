package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Channels are all channels by name, each with how its last delivery went.
func (s *Store) Channels(ctx context.Context) ([]ablation.Channel, error) {
	return query(ctx, s.pool, scanChannel, `
		SELECT `+channelColumns+`
		FROM `+channelTables+`
		ORDER BY c.name`)
}

// Channel is the channel with this id.
func (s *Store) Channel(ctx context.Context, id int64) (ablation.Channel, error) {
	c, err := one(ctx, s.pool, scanChannel, `
		SELECT `+channelColumns+`
		FROM `+channelTables+`
		WHERE c.id = $1`, id)
	if err != nil {
		return c, fmt.Errorf("channel %d: %w", id, err)
	}
	return c, nil
}

const channelColumns = `c.id, c.name, c.kind, c.sealed, c.hint, c.lang, c.of, c.kinds, c.quiet, c.created_at, l.sent_at, l.trouble`

const channelTables = `channels c
		CROSS JOIN LATERAL (
			SELECT max(d.sent_at) AS sent_at,
				coalesce((array_agg(d.trouble ORDER BY d.alert_id DESC) FILTER (WHERE d.tries > 0))[1], '{}') AS trouble
			FROM deliveries d
			WHERE d.channel_id = c.id
		) l`

func scanChannel(row pgx.CollectableRow) (ablation.Channel, error) {
	var c ablation.Channel
	var quiet []byte
	err := row.Scan(&c.ID, &c.Name, &c.Kind, &c.Sealed, &c.Hint, &c.Lang, &c.Of, &c.Kinds, &quiet, &c.CreatedAt, &c.SentAt, &c.Trouble)
	if err != nil || quiet == nil {
		return c, err
	}
	return c, json.Unmarshal(quiet, &c.Quiet)
}

// PutChannel adds a channel and returns its id; a name that is taken is ablation.ErrConflict. It gets the alerts that are
// raised from now on.
func (s *Store) PutChannel(ctx context.Context, c ablation.Channel) (id int64, err error) {
	quiet, err := json.Marshal(c.Quiet)
	if err != nil {
		return 0, fmt.Errorf("write the quiet hours: %w", err)
	}
	err = s.tx(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `
			INSERT INTO channels (name, kind, sealed, hint, lang, of, kinds, quiet)
			VALUES (@name, @kind, @sealed, @hint, @lang, @of, @kinds, nullif(@quiet::jsonb, 'null'))
			ON CONFLICT ON CONSTRAINT channels_name_once DO NOTHING
			RETURNING id`,
			pgx.NamedArgs{
				"name": c.Name, "kind": c.Kind, "sealed": c.Sealed, "hint": c.Hint, "lang": c.Lang, "of": c.Of, "kinds": c.Kinds, "quiet": quiet,
			}).Scan(&id)
	})
	if errors.Is(err, ablation.ErrNotFound) {
		return 0, ablation.Conflict("a channel is called %s already; choose another name", "%s という通知先はもうあります。別の名前にしてください", c.Name)
	}
	if err != nil {
		return 0, fmt.Errorf("add channel %s: %w", c.Name, err)
	}
	return id, nil
}

// RemoveChannel takes a channel away, with what was on its way through it.
func (s *Store) RemoveChannel(ctx context.Context, id int64) error {
	tag, err := s.pool.Exec(ctx, `DELETE FROM channels WHERE id = $1`, id)
	if err != nil {
		return fmt.Errorf("remove channel %d: %w", id, known(err))
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("channel %d: %w", id, ablation.ErrNotFound)
	}
	return nil
}
