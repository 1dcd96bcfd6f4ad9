package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

const channel = "haigo"

// tell notifies the listeners when the transaction commits.
func tell(ctx context.Context, tx pgx.Tx, e ablation.Event) error {
	q := &pgx.Batch{}
	if err := queueTell(q, e); err != nil {
		return err
	}
	return tx.SendBatch(ctx, q).Close()
}

// queueTell is tell, with the statements of a batch.
func queueTell(q *pgx.Batch, e ablation.Event) error {
	data, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("write a notification: %w", err)
	}
	q.Queue(`SELECT pg_notify($1, $2)`, channel, string(data))
	return nil
}

// Listen calls f, one call at a time, for every change until ctx ends. After each start and each reconnection f gets an
// empty event: whatever may have been missed is to be asked for again. It returns nil when ctx ends.
func (s *Store) Listen(ctx context.Context, f func(ablation.Event)) error {
	for pause := 100 * time.Millisecond; ctx.Err() == nil; pause = min(2*pause, 5*time.Second) {
		begun := time.Now()
		_ = s.listenOnce(ctx, f) // whatever ended it, the answer is to listen again
		if time.Since(begun) > time.Minute {
			pause = 100 * time.Millisecond
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
	return nil
}

// listenOnce holds a connection of its own, outside the pool, until it breaks.
func (s *Store) listenOnce(ctx context.Context, f func(ablation.Event)) error {
	conn, err := pgx.ConnectConfig(ctx, s.pool.Config().ConnConfig)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return err
	}
	f(ablation.Event{})
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		var e ablation.Event
		if json.Unmarshal([]byte(n.Payload), &e) == nil {
			f(e)
		}
	}
}
