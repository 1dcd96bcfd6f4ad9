package postgres

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/haigo-lab/haigo/services/ablation"
)

// after leaves out points at or before the step that their segment resumed from: earlier segments said them, and a step
// counts once.
func after(points []ablation.Point, resumed int64) []ablation.Point {
	said := func(p ablation.Point) bool { return p.Step <= resumed }
	if !slices.ContainsFunc(points, said) {
		return points
	}
	return slices.DeleteFunc(slices.Clone(points), said)
}

// putPoints inserts points and feeds the roll-ups, which writes will store, with those that were really new.
func putPoints(ctx context.Context, tx pgx.Tx, writes *pgx.Batch, run string, ordinal int16, points []ablation.Point) error {
	if len(points) == 0 {
		return nil
	}
	ids, err := seriesIDs(ctx, tx, run, points)
	if err != nil {
		return err
	}
	c := pointArraysOf(points, ids)
	buckets := rollups{}
	c.feed(buckets, ordinal)
	// Points are new but for a runner that says one twice: the cursor has seen to that. So they go in as plain rows first.
	q := &pgx.Batch{}
	buckets.queueLoad(q)
	q.Queue(`SAVEPOINT points`)
	q.Queue(insertPoints, c.args(ordinal))
	err = tx.SendBatch(ctx, q).Close()
	switch {
	case err == nil:
		c.feed(buckets, ordinal)
	case saidTwice(err):
		if err := c.insertNew(ctx, tx, ordinal, buckets); err != nil {
			return err
		}
	default:
		return err
	}
	buckets.queueSave(writes)
	return nil
}

const insertPoints = `
		INSERT INTO points (series_id, ordinal, step, value)
		SELECT series_id, @ordinal, step, value
		FROM unnest(@series::integer[], @steps::bigint[], @values::double precision[]) AS t (series_id, step, value)`

// saidTwice reports that a point is there already.
func saidTwice(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == codeUnique && pg.ConstraintName == "points_pkey"
}

// pointArrays are points by columns, as one statement takes many of them.
type pointArrays struct {
	series []int32
	steps  []int64
	values []float64
}

// pointArraysOf puts neighbours in the index together. Of a point that is said twice the first stays.
func pointArraysOf(points []ablation.Point, ids map[string]int32) (c pointArrays) {
	type row struct {
		series int32
		step   int64
		value  float64
	}
	rows := make([]row, len(points))
	for i, p := range points {
		rows[i] = row{ids[p.Metric], p.Step, float64(p.Value)}
	}
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Or(cmp.Compare(a.series, b.series), cmp.Compare(a.step, b.step)) })
	rows = slices.CompactFunc(rows, func(a, b row) bool { return a.series == b.series && a.step == b.step })
	c.series, c.steps, c.values = make([]int32, len(rows)), make([]int64, len(rows)), make([]float64, len(rows))
	for i, r := range rows {
		c.series[i], c.steps[i], c.values[i] = r.series, r.step, r.value
	}
	return c
}

func (c pointArrays) args(ordinal int16) pgx.NamedArgs {
	return pgx.NamedArgs{"ordinal": ordinal, "series": c.series, "steps": c.steps, "values": c.values}
}

// feed adds the points to their buckets, each in the order of steps, so that sums don't depend on how batches were cut.
func (c pointArrays) feed(buckets rollups, ordinal int16) {
	for _, level := range []int16{fine, coarse} {
		var key rollupKey
		var b ablation.Bucket
		for i, step := range c.steps {
			p := point(step, c.values[i])
			if next := (rollupKey{c.series[i], ordinal, level, step >> level << level}); next != key {
				if i > 0 {
					buckets[key] = b
				}
				key = next
				if before, there := buckets[key]; there {
					p = merge(before, p)
				}
				b = p
				continue
			}
			b = merge(b, p)
		}
		buckets[key] = b
	}
}

// insertNew inserts those points that aren't there yet, behind an insert of all of them that failed.
func (c pointArrays) insertNew(ctx context.Context, tx pgx.Tx, ordinal int16, buckets rollups) error {
	if _, err := tx.Exec(ctx, `ROLLBACK TO SAVEPOINT points`); err != nil {
		return err
	}
	rows, err := tx.Query(ctx, insertPoints+`
		ON CONFLICT DO NOTHING
		RETURNING series_id, step, value`, c.args(ordinal))
	if err != nil {
		return err
	}
	var id int32
	var step int64
	var value float64
	_, err = pgx.ForEachRow(rows, []any{&id, &step, &value}, func() error {
		buckets.add(id, ordinal, step, value)
		return nil
	})
	return err
}

// seriesIDs are the numbers of the points' metrics, given to those that have none yet.
func seriesIDs(ctx context.Context, tx pgx.Tx, run string, points []ablation.Point) (map[string]int32, error) {
	seen := map[string]bool{}
	var names []string
	for _, p := range points {
		if !seen[p.Metric] {
			seen[p.Metric] = true
			names = append(names, p.Metric)
		}
	}
	ids := make(map[string]int32, len(names))
	read := func() error {
		rows, err := tx.Query(ctx, `SELECT name, id FROM series WHERE run_id = $1 AND name = ANY ($2)`, run, names)
		if err != nil {
			return err
		}
		var name string
		var id int32
		_, err = pgx.ForEachRow(rows, []any{&name, &id}, func() error {
			ids[name] = id
			return nil
		})
		return err
	}
	if err := read(); err != nil || len(ids) == len(names) {
		return ids, err
	}
	if _, err := tx.Exec(ctx, `
		INSERT INTO series (run_id, name)
		SELECT $1, unnest($2::text[])
		ON CONFLICT DO NOTHING`, run, names); err != nil {
		return nil, err
	}
	return ids, read()
}
