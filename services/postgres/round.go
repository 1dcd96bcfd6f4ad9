package postgres

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// sweepRounds are the rounds of a sweep w, in order.
const sweepRounds = `coalesce((SELECT jsonb_agg(n.round || jsonb_build_object('decided_at', n.decided_at) ORDER BY n.number) FROM rounds n WHERE n.sweep_id = w.id), '[]')`

// planning holds for a sweep w that plans itself and hasn't come to its verdict.
const planning = `(
			w.definition #> '{design,adaptive}' IS NOT NULL
			AND NOT EXISTS (SELECT FROM rounds n WHERE n.sweep_id = w.id AND n.kind = 'verdict')
		)`

// Planning are the sweeps whose next round is to be decided on: those that run, plan themselves, and have no run that is left.
func (s *Store) Planning(ctx context.Context) ([]ablation.Sweep, error) {
	return query(ctx, s.pool, scanSweep, `
		SELECT `+sweepColumns+`
		FROM `+sweepTables+`
		WHERE w.state = 'running'
			AND c.queued = 0
			AND c.running = 0
			AND `+planning+`
		ORDER BY w.id`)
}

// AddRound adds a round to a sweep that plans itself, with the arms and runs of the application that the sweep lacks, all in one
// transaction; with its verdict the sweep completes. won is false where the sweep has changed since the round was decided on, or
// doesn't run any more; then nothing was added.
func (s *Store) AddRound(ctx context.Context, a Application, r ablation.Round) (won bool, err error) {
	err = s.tx(ctx, func(tx pgx.Tx) error {
		won = false
		state, err := lockSweep(ctx, tx, a.Sweep.Name)
		if err != nil || state != ablation.SweepRunning {
			return err
		}
		version, err := sweepVersion(ctx, tx, a.Sweep.Name)
		if err != nil || version != r.Read.Version {
			return err
		}
		if fresh, err := putRound(ctx, tx, a.Sweep.ID, r); err != nil || !fresh {
			return err
		}
		if err := putArms(ctx, tx, a.Sweep.ID, a.Arms); err != nil {
			return err
		}
		if _, err := putRuns(ctx, tx, a.Sweep.ID, a); err != nil {
			return err
		}
		if err := finishSweep(ctx, tx, a.Sweep.ID); err != nil {
			return err
		}
		won = true
		return tell(ctx, tx, ablation.Event{Sweep: a.Sweep.Name})
	})
	if err != nil {
		return false, fmt.Errorf("add round %d of sweep %s: %w", r.Number, a.Sweep.Name, err)
	}
	return won, nil
}

// putRound writes a round down; false where there is one of its number.
func putRound(ctx context.Context, tx pgx.Tx, sweep int64, r ablation.Round) (fresh bool, err error) {
	round, err := json.Marshal(r)
	if err != nil {
		return false, fmt.Errorf("write round %d: %w", r.Number, err)
	}
	tag, err := tx.Exec(ctx, `
		INSERT INTO rounds (sweep_id, number, kind, round)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (sweep_id, number) DO NOTHING`, sweep, r.Number, r.Kind, round)
	return err == nil && tag.RowsAffected() == 1, err
}
