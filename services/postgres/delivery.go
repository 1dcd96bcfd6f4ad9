package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// late is how long after its time an alert is said to come late.
const late = 10 * time.Minute

// passes is after how many tries a delivery lets later ones of its channel pass: what a target refuses for ever must not keep
// the others back.
const passes = 5

// waits is a delivery that was neither made nor given up and whose time has come.
const waits = `d.sent_at IS NULL AND NOT d.given_up AND d.next_at <= now()`

// DueChannels are the channels through which something is to be sent now.
func (s *Store) DueChannels(ctx context.Context) ([]ablation.Channel, error) {
	return query(ctx, s.pool, scanChannel, `
		SELECT `+channelColumns+`
		FROM `+channelTables+`
		WHERE EXISTS (SELECT FROM deliveries d WHERE d.channel_id = c.id AND `+waits+`)
		ORDER BY c.id`)
}

// TakeDelivery takes the oldest alert that is due through a channel; ablation.ErrNotFound where none is. Nobody else is given
// it for the time of the hold. One that isn't settled until then is due again, so that an alert arrives at least once.
func (s *Store) TakeDelivery(ctx context.Context, c ablation.Channel, hold time.Duration) (ablation.Delivery, error) {
	d, err := one(ctx, s.pool, scanDelivery, `
		UPDATE deliveries d
		SET tries = tries + 1, next_at = now() + $2::interval
		FROM alerts a
		WHERE d.channel_id = $1
			AND a.id = d.alert_id
			AND d.alert_id = (
				SELECT d.alert_id
				FROM deliveries d
				WHERE d.channel_id = $1
					AND `+waits+`
				ORDER BY d.tries >= $4, d.alert_id
				LIMIT 1
				FOR UPDATE SKIP LOCKED
			)
		RETURNING d.tries, a.at < now() - $3::interval, a.id, a.key, a.kind, a.sweep, a.recurrence, a.run_id, a.detail, a.at`, c.ID, hold, late, passes)
	if err != nil {
		return d, fmt.Errorf("take a delivery of channel %d: %w", c.ID, err)
	}
	d.Channel = c
	return d, nil
}

func scanDelivery(row pgx.CollectableRow) (d ablation.Delivery, err error) {
	a := &d.Alert
	err = row.Scan(&d.Tries, &d.Late, &a.ID, &a.Key, &a.Kind, &a.Sweep, &a.Recurrence, &a.RunID, &a.Detail, &a.At)
	return d, err
}

// Delivered records that an alert arrived.
func (s *Store) Delivered(ctx context.Context, d ablation.Delivery) error {
	return s.settleDelivery(ctx, d, `sent_at = now(), given_up = false, trouble = '{}'`, `true`)
}

// Undelivered records why an alert didn't arrive. It is tried again after a while, or given up where that is zero. One that
// somebody else has taken since, because the hold was over, is left to them.
func (s *Store) Undelivered(ctx context.Context, d ablation.Delivery, trouble ablation.Label, again time.Duration) error {
	return s.settleDelivery(ctx, d, `trouble = $3, given_up = $4::interval = '0', next_at = now() + $4::interval`, `tries = $5`,
		cleanLabel(trouble), again, d.Tries)
}

func (s *Store) settleDelivery(ctx context.Context, d ablation.Delivery, set, where string, args ...any) error {
	_, err := s.pool.Exec(ctx, `
		UPDATE deliveries
		SET `+set+`
		WHERE alert_id = $1
			AND channel_id = $2
			AND sent_at IS NULL
			AND `+where, append([]any{d.Alert.ID, d.Channel.ID}, args...)...)
	if err != nil {
		return fmt.Errorf("settle delivery of alert %d: %w", d.Alert.ID, known(err))
	}
	return nil
}

// Postpone lets all that is due through a channel wait for a while; no try is counted.
func (s *Store) Postpone(ctx context.Context, channel int64, wait time.Duration) error {
	_, err := s.pool.Exec(ctx, `UPDATE deliveries d SET next_at = now() + $2::interval WHERE d.channel_id = $1 AND `+waits, channel, wait)
	if err != nil {
		return fmt.Errorf("postpone channel %d: %w", channel, known(err))
	}
	return nil
}
