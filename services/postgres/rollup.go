package postgres

import (
	"context"
	"math"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Widths of buckets, as powers of two of steps.
const (
	fine   = 6
	coarse = 12
)

// rollupKey names a bucket. Its start is a multiple of its width, or the first step behind a cut.
type rollupKey struct {
	series  int32
	ordinal int16
	level   int16
	start   int64
}

// rollups are buckets in memory, to be stored in place of those of the same keys.
type rollups map[rollupKey]ablation.Bucket

// add feeds a point to the buckets that it lies in.
func (r rollups) add(series int32, ordinal int16, step int64, value float64) {
	for _, level := range []int16{fine, coarse} {
		r.addTo(rollupKey{series, ordinal, level, step >> level << level}, step, value)
	}
}

func (r rollups) addTo(key rollupKey, step int64, value float64) {
	b, ok := r[key]
	if ok {
		b = merge(b, point(step, value))
	} else {
		b = point(step, value)
	}
	r[key] = b
}

// point is a bucket of a single point. The extremes of one that isn't finite have step -1 and mean nothing.
func point(step int64, value float64) ablation.Bucket {
	b := ablation.Bucket{FromStep: step, ToStep: step, Last: ablation.Real(value), LastStep: step, MinStep: -1, MaxStep: -1}
	switch {
	case math.IsNaN(value):
		b.NaN = 1
	case math.IsInf(value, 1):
		b.PosInf = 1
	case math.IsInf(value, -1):
		b.NegInf = 1
	default:
		b.N, b.Min, b.Max, b.Sum, b.SumSquares = 1, b.Last, b.Last, b.Last, b.Last*b.Last
		b.MinStep, b.MaxStep = step, step
	}
	return b
}

// merge is one bucket of two. Of equal extremes the earlier step stays. Sums overflow to infinities, as floats do
// everywhere but in SQL.
func merge(a, b ablation.Bucket) ablation.Bucket {
	if b.N > 0 && (a.N == 0 || b.Min < a.Min || b.Min == a.Min && b.MinStep < a.MinStep) {
		a.Min, a.MinStep = b.Min, b.MinStep
	}
	if b.N > 0 && (a.N == 0 || b.Max > a.Max || b.Max == a.Max && b.MaxStep < a.MaxStep) {
		a.Max, a.MaxStep = b.Max, b.MaxStep
	}
	if b.LastStep > a.LastStep {
		a.Last, a.LastStep = b.Last, b.LastStep
	}
	a.N, a.NaN, a.PosInf, a.NegInf = a.N+b.N, a.NaN+b.NaN, a.PosInf+b.PosInf, a.NegInf+b.NegInf
	a.Sum, a.SumSquares = a.Sum+b.Sum, a.SumSquares+b.SumSquares
	a.FromStep, a.ToStep = min(a.FromStep, b.FromStep), max(a.ToStep, b.ToStep)
	return a
}

const bucketColumns = `r.first_step, r.last_step, r.n, r.n_nan, r.n_pos_inf, r.n_neg_inf, r.min, r.min_step, r.max, r.max_step,
			r.last, r.last_step, r.sum, r.squares`

// into are where a row of bucketColumns goes.
func into(b *ablation.Bucket) []any {
	return []any{
		&b.FromStep, &b.ToStep, &b.N, &b.NaN, &b.PosInf, &b.NegInf, &b.Min, &b.MinStep, &b.Max, &b.MaxStep,
		&b.Last, &b.LastStep, &b.Sum, &b.SumSquares,
	}
}

// queueLoad reads the stored buckets of the keys that r has, one ordinal's, in place of r's own.
func (r rollups) queueLoad(q *pgx.Batch) {
	var series []int32
	var ordinals, levels []int16
	var starts []int64
	for key := range r {
		series, ordinals = append(series, key.series), append(ordinals, key.ordinal)
		levels, starts = append(levels, key.level), append(starts, key.start)
	}
	q.Queue(`
		SELECT r.series_id, r.ordinal, r.level, r.start, `+bucketColumns+`
		FROM unnest($1::integer[], $2::smallint[], $3::smallint[], $4::bigint[]) AS k (series_id, ordinal, level, start)
		JOIN rollups r USING (series_id, ordinal, level, start)`, series, ordinals, levels, starts).Query(r.read)
}

func (r rollups) read(rows pgx.Rows) error {
	clear(r)
	var key rollupKey
	var b ablation.Bucket
	_, err := pgx.ForEachRow(rows, append([]any{&key.series, &key.ordinal, &key.level, &key.start}, into(&b)...), func() error {
		r[key] = b
		return nil
	})
	return err
}

// save writes the buckets, over those of the same keys.
func (r rollups) save(ctx context.Context, tx pgx.Tx) error {
	q := &pgx.Batch{}
	r.queueSave(q)
	return tx.SendBatch(ctx, q).Close()
}

// queueSave is save, with the statements of a batch.
func (r rollups) queueSave(q *pgx.Batch) {
	var c bucketArrays
	for key, b := range r {
		c.add(key, b)
	}
	q.Queue(`
		INSERT INTO rollups (series_id, ordinal, level, start, first_step, last_step, n, n_nan, n_pos_inf, n_neg_inf,
			min, min_step, max, max_step, last, sum, squares)
		SELECT *
		FROM unnest(@series::integer[], @ordinal::smallint[], @level::smallint[], @start::bigint[], @first::bigint[], @last_step::bigint[],
			@n::bigint[], @nan::bigint[], @pos::bigint[], @neg::bigint[], @min::float8[], @min_step::bigint[], @max::float8[],
			@max_step::bigint[], @last::float8[], @sum::float8[], @squares::float8[])
		ON CONFLICT (series_id, ordinal, level, start) DO UPDATE
		SET first_step = EXCLUDED.first_step, last_step = EXCLUDED.last_step, n = EXCLUDED.n, n_nan = EXCLUDED.n_nan,
			n_pos_inf = EXCLUDED.n_pos_inf, n_neg_inf = EXCLUDED.n_neg_inf, min = EXCLUDED.min, min_step = EXCLUDED.min_step,
			max = EXCLUDED.max, max_step = EXCLUDED.max_step, last = EXCLUDED.last, sum = EXCLUDED.sum, squares = EXCLUDED.squares`,
		c.args())
}

// bucketArrays are buckets by columns, as one statement takes many of them.
type bucketArrays struct {
	series                                                 []int32
	ordinal, level                                         []int16
	start, first, lastStep, n, nan, pos, neg, minAt, maxAt []int64
	min, max, last, sum, squares                           []float64
}

func (c *bucketArrays) add(key rollupKey, b ablation.Bucket) {
	c.series, c.ordinal, c.level, c.start = append(c.series, key.series), append(c.ordinal, key.ordinal), append(c.level, key.level), append(c.start, key.start)
	c.first, c.lastStep = append(c.first, b.FromStep), append(c.lastStep, b.ToStep)
	c.n, c.nan, c.pos, c.neg = append(c.n, b.N), append(c.nan, b.NaN), append(c.pos, b.PosInf), append(c.neg, b.NegInf)
	c.min, c.minAt = append(c.min, float64(b.Min)), append(c.minAt, b.MinStep)
	c.max, c.maxAt = append(c.max, float64(b.Max)), append(c.maxAt, b.MaxStep)
	c.last, c.sum, c.squares = append(c.last, float64(b.Last)), append(c.sum, float64(b.Sum)), append(c.squares, float64(b.SumSquares))
}

func (c *bucketArrays) args() pgx.NamedArgs {
	return pgx.NamedArgs{
		"series": c.series, "ordinal": c.ordinal, "level": c.level, "start": c.start, "first": c.first, "last_step": c.lastStep,
		"n": c.n, "nan": c.nan, "pos": c.pos, "neg": c.neg, "min": c.min, "min_step": c.minAt, "max": c.max, "max_step": c.maxAt,
		"last": c.last, "sum": c.sum, "squares": c.squares,
	}
}
