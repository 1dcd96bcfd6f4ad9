package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// late is how long after its time an alert is said to come late.
const late = 10 * time.Minute

// passes is after how many tries a delivery lets later ones of its channel pass: what one target refuses for ever must not
// keep the others back.
const passes = 5

// DueChannels are the channels that have a delivery whose time has come.
func (s *Store) DueChannels(ctx context.Context) ([]int64, error) {
	due, err := query(ctx, s.pool, pgx.RowTo[int64], `
		SELECT DISTINCT channel_id
		FROM deliveries
		WHERE sent_at IS NULL
			AND NOT given_up
			AND next_at <= now()
		ORDER BY channel_id`)
	if err != nil {
		return nil, fmt.Errorf("look for due deliveries: %w", err)
	}
	return due, nil
}

// TakeDelivery takes the channel's oldest delivery whose time has come, nil where there is none. Nobody else is given it for
// the time of the hold; one that isn't settled until then is due again, so that an alert arrives at least once.
func (s *Store) TakeDelivery(ctx context.Context, channel int64, hold time.Duration) (d *ablation.Delivery, err error) {
	err = s.tx(ctx, func(tx pgx.Tx) error {
		d = nil
		var next ablation.Delivery
		var alert int64
		err := tx.QueryRow(ctx, `
			UPDATE deliveries
			SET tries = tries + 1, next_at = now() + $3::interval
			WHERE channel_id = $1
				AND alert_id = (
					SELECT alert_id
					FROM deliveries
					WHERE channel_id = $1
						AND sent_at IS NULL
						AND NOT given_up
						AND next_at <= now()
					ORDER BY tries >= $2, alert_id
					LIMIT 1
					FOR UPDATE SKIP LOCKED
				)
			RETURNING alert_id, tries`, channel, passes, hold).Scan(&alert, &next.Tries)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		if next.Alert, err = one(ctx, tx, scanAlert, `SELECT id, key, kind, sweep, recurrence, run_id, detail, at FROM alerts WHERE id = $1`, alert); err != nil {
			return err
		}
		if next.Channel, err = one(ctx, tx, scanChannel, `SELECT `+channelColumns+` FROM `+channelTables+` WHERE c.id = $1`, channel); err != nil {
			return err
		}
		next.Late = time.Since(next.Alert.At) > late
		d = &next
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("take a due delivery: %w", err)
	}
	return d, nil
}

// PostponeChannel lets all deliveries of a channel wait whose time has come, without counting a try.
func (s *Store) PostponeChannel(ctx context.Context, channel int64, until time.Time) error {
	_, err := s.pool.Exec(ctx, `
		UPDATE deliveries
		SET next_at = $2
		WHERE channel_id = $1
			AND sent_at IS NULL
			AND NOT given_up
			AND next_at <= now()`, channel, until)
	if err != nil {
		return fmt.Errorf("postpone deliveries: %w", known(err))
	}
	return nil
}

// Delivered records that an alert arrived.
func (s *Store) Delivered(ctx context.Context, d ablation.Delivery) error {
	return s.settleDelivery(ctx, d, `sent_at = now(), trouble = ''`)
}

// Postpone lets a delivery wait until a time, without counting the try.
func (s *Store) Postpone(ctx context.Context, d ablation.Delivery, until time.Time) error {
	return s.settleDelivery(ctx, d, `tries = tries - 1, next_at = $3`, until)
}

// Undelivered records why an alert didn't arrive. It is tried again at next, or given up where that is zero.
func (s *Store) Undelivered(ctx context.Context, d ablation.Delivery, trouble string, next time.Time) error {
	if next.IsZero() {
		return s.settleDelivery(ctx, d, `given_up = true, trouble = $3`, clean(trouble))
	}
	return s.settleDelivery(ctx, d, `trouble = $3, next_at = $4`, clean(trouble), next)
}

func (s *Store) settleDelivery(ctx context.Context, d ablation.Delivery, set string, args ...any) error {
	_, err := s.pool.Exec(ctx, `
		UPDATE deliveries
		SET `+set+`
		WHERE alert_id = $1
			AND channel_id = $2
			AND sent_at IS NULL`, append([]any{d.Alert.ID, d.Channel.ID}, args...)...)
	if err != nil {
		return fmt.Errorf("settle delivery of alert %d: %w", d.Alert.ID, known(err))
	}
	return nil
}
