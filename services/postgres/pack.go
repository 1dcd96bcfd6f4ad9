package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// shapeOf is what runs of sweep w have in common that may train in one process, as text: the shape and the method that arm a has
// instead of its sweep's, empty for the sweep's, and, where each replicate tunes another checkpoint, that of run r: runs that share a
// process share the weights that they leave still.
var shapeOf = shapeBy("r", "a")

func shapeBy(run, arm string) string {
	return `concat(` + arm + `.definition->'variant'->>'shape', ` + arm + `.definition->'variant'->>'method',
		CASE WHEN w.definition->'recipe'->>'kind' = 'tune' AND jsonb_array_length(w.definition->'parents') > 1 THEN ' ' || ` + run + `.replicate END)`
}

// placeOf is what takes a place on a machine: an attempt t of run b, or the pack that it is in.
const placeOf = `coalesce(t.handle->>'pack', b.id)`

// Pack is what runs of a sweep have in common that may train in one process.
type Pack struct {
	Sweep string
	Shape string // that their arms have instead of the sweep's, and the method likewise; empty: the sweep's
	Slots int    // at once in one process; 1: each has a process of its own
	Runs  int    // that the sweep has of this shape, and may train at once
}

// PackOf is the pack that a run belongs to. How many slots it has is decided once for a sweep's runs of one shape, from what choose
// says of it, and kept; where some of them have trained already and nothing was decided, they go on alone.
func (s *Store) PackOf(ctx context.Context, run string, choose func(Pack) int) (p Pack, err error) {
	err = s.tx(ctx, func(tx pgx.Tx) error {
		var sweep int64
		var decided *int
		var trained bool
		p = Pack{}
		if err := tx.QueryRow(ctx, `
			SELECT w.id, w.name, `+shapeOf+`, k.slots, EXISTS (SELECT FROM segments g WHERE g.run_id = ANY (o.ids)),
				least(cardinality(o.ids), nullif(w.runs_at_once, 0))
			FROM runs r
			JOIN sweeps w ON w.id = r.sweep_id
			JOIN arms a ON a.id = r.arm_id
			LEFT JOIN pack_slots k ON k.sweep_id = w.id AND k.shape = `+shapeOf+`
			CROSS JOIN LATERAL (
				SELECT array_agg(n.id) AS ids
				FROM runs n
				JOIN arms b ON b.id = n.arm_id
				WHERE n.sweep_id = w.id AND `+shapeBy("n", "b")+` = `+shapeOf+`
			) o
			WHERE r.id = $1`, run).Scan(&sweep, &p.Sweep, &p.Shape, &decided, &trained, &p.Runs); err != nil {
			return known(err)
		}
		if decided != nil {
			p.Slots = *decided
			return nil
		}
		p.Slots = 1
		if !trained {
			p.Slots = max(1, choose(p))
		}
		return tx.QueryRow(ctx, `
			INSERT INTO pack_slots AS k (sweep_id, shape, slots)
			VALUES ($1, $2, $3)
			ON CONFLICT (sweep_id, shape) DO UPDATE SET slots = k.slots
			RETURNING slots`, sweep, p.Shape, p.Slots).Scan(&p.Slots)
	})
	if err != nil {
		return p, fmt.Errorf("find what run %s may be packed with: %w", run, err)
	}
	return p, nil
}

// ClaimMate takes hold of the next queued run that may train in a pack beside others of its sweep and shape, nil when there is none.
// It takes no place on the machine: the pack has one, and keeps it while no older sweep waits.
func (s *Store) ClaimMate(ctx context.Context, q ClaimRequest, p Pack) (*ablation.Claim, error) {
	var claim *ablation.Claim
	err := s.tx(ctx, func(tx pgx.Tx) error {
		claim = nil
		if err := oneByOne(ctx, tx); err != nil {
			return err
		}
		ids, err := query(ctx, tx, pgx.RowTo[string], `
			WITH first AS (
				SELECT w.id, w.name
				FROM sweeps w
				WHERE `+sweepHasRoom+`
					AND EXISTS (SELECT FROM runs r WHERE r.sweep_id = w.id AND r.state = 'queued' AND `+ready+`)
				ORDER BY w.id
				LIMIT 1
			)
			SELECT r.id
			FROM first
			JOIN sweeps w ON w.id = first.id
			JOIN runs r ON r.sweep_id = first.id
			JOIN arms a ON a.id = r.arm_id
			WHERE first.name = $1
				AND `+shapeOf+` = $2
				AND r.state = 'queued'
				AND `+ready+`
			ORDER BY r.replicate, r.position
			LIMIT 1
			FOR UPDATE OF r SKIP LOCKED`, p.Sweep, p.Shape)
		if err != nil || len(ids) == 0 {
			return err
		}
		claim, err = take(ctx, tx, ids[0], q)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claim a run for a pack: %w", err)
	}
	return claim, nil
}
