package postgres

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// late is how long after its time an alert is said to come late.
const late = 10 * time.Minute

// DueDeliveries takes up to limit deliveries whose time has come, in the order of their alerts. Nobody else is given them for the time of the hold; one
// that isn't settled until then is due again, so that an alert arrives at least once.
func (s *Store) DueDeliveries(ctx context.Context, limit int, hold time.Duration) ([]ablation.Delivery, error) {
	var due []ablation.Delivery
	err := s.tx(ctx, func(tx pgx.Tx) error {
		type taken struct {
			alert, channel int64
			tries          int
		}
		all, err := query(ctx, tx, func(row pgx.CollectableRow) (t taken, err error) {
			err = row.Scan(&t.alert, &t.channel, &t.tries)
			return t, err
		}, `
			UPDATE deliveries d
			SET tries = tries + 1, next_at = now() + $2::interval
			FROM (
				SELECT alert_id, channel_id
				FROM deliveries
				WHERE sent_at IS NULL
					AND NOT given_up
					AND next_at <= now()
				ORDER BY next_at, alert_id
				LIMIT $1
				FOR UPDATE SKIP LOCKED
			) t
			WHERE d.alert_id = t.alert_id
				AND d.channel_id = t.channel_id
			RETURNING d.alert_id, d.channel_id, d.tries`, limit, hold)
		due = nil
		for _, t := range all {
			d := ablation.Delivery{Tries: t.tries}
			if d.Alert, err = one(ctx, tx, scanAlert, `SELECT id, key, kind, sweep, recurrence, run_id, detail, at FROM alerts WHERE id = $1`, t.alert); err != nil {
				return err
			}
			d.Channel, err = one(ctx, tx, scanChannel, `SELECT `+channelColumns+` FROM `+channelTables+` WHERE c.id = $1`, t.channel)
			if err != nil {
				return err
			}
			d.Late = time.Since(d.Alert.At) > late
			due = append(due, d)
		}
		slices.SortFunc(due, func(a, b ablation.Delivery) int { return cmp.Compare(a.Alert.ID, b.Alert.ID) })
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("take due deliveries: %w", err)
	}
	return due, nil
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
