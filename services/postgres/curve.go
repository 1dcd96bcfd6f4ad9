package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// readable is how many points a chart reads at most where roll-ups would be too wide for it.
const readable = 1 << 14

// Curves are a metric of some runs between two steps (both included), in the order of runs, each as at most about
// maxBuckets buckets (and as many superseded ones): single points where they fit, else buckets of 2^k steps. Every
// extreme of the points is that of a bucket, whatever the width. Superseded buckets stand apart from those that count.
func (s *Store) Curves(ctx context.Context, runs []string, metric string, from, to int64, maxBuckets int) ([]ablation.Curve, error) {
	level, err := s.levelFor(ctx, runs, metric, from, to, maxBuckets)
	if err != nil {
		return nil, err
	}
	curves := make([]ablation.Curve, len(runs))
	for i, id := range runs {
		curves[i] = ablation.Curve{RunID: id, Metric: metric, Buckets: []ablation.Bucket{}}
	}
	args := pgx.NamedArgs{"runs": runs, "metric": metric, "from": from, "to": to, "level": level}
	if level == 0 {
		err = s.readPoints(ctx, curves, args)
	} else {
		err = s.readRollups(ctx, curves, args)
	}
	for i := range curves {
		curves[i].Buckets = thin(curves[i].Buckets, level, maxBuckets)
	}
	return curves, known(err)
}

// Around is the range of steps, widened to the nearest points of the metric that the runs have on either side of it: a
// line through them runs up to its ends.
func (s *Store) Around(ctx context.Context, runs []string, metric string, from, to int64) (before, after int64, err error) {
	err = s.pool.QueryRow(ctx, `
		SELECT least($3, min(before)), greatest($4, max(after))
		FROM (
			SELECT max(r.last_step) FILTER (WHERE r.last_step < $3) AS before,
				min(r.first_step) FILTER (WHERE r.first_step > $4) AS after
			FROM series s
			JOIN segments g ON g.run_id = s.run_id
			JOIN rollups r ON r.series_id = s.id AND r.ordinal = g.ordinal
			WHERE s.run_id = ANY ($1)
				AND s.name = $2
				AND r.level = 6
				AND r.first_step <= g.counts_to
			GROUP BY s.run_id
		) runs`, runs, metric, from, to).Scan(&before, &after)
	return before, after, known(err)
}

// levelFor is the level to read: that of the widest buckets that are no wider than the curve's will be, 0 for single
// points. Where these are too many, or thrown away,
// roll-ups serve. The coarse roll-ups tell how much there is.
func (s *Store) levelFor(ctx context.Context, runs []string, metric string, from, to int64, maxBuckets int) (int, error) {
	var all, points, span int64
	var gone bool
	err := s.pool.QueryRow(ctx, `
		SELECT coalesce(sum(points), 0)::bigint, coalesce(max(points), 0), coalesce(max(span), 0),
			EXISTS (SELECT FROM runs r, (VALUES ($2)) AS s (name) WHERE r.id = ANY ($1) AND 'points' = ANY (r.dropped) AND `+bulky+`)
		FROM (
			SELECT sum(r.n + r.n_nan + r.n_pos_inf + r.n_neg_inf)::bigint AS points,
				max(least(r.last_step, $4)) - min(greatest(r.first_step, $3)) + 1 AS span
			FROM series s
			JOIN rollups r ON r.series_id = s.id
			WHERE s.run_id = ANY ($1)
				AND s.name = $2
				AND r.level = 12
				AND r.last_step >= $3
				AND r.first_step <= $4
			GROUP BY s.run_id
		) runs`, runs, metric, from, to).Scan(&all, &points, &span, &gone)
	most := int64(max(maxBuckets, 1))
	switch {
	case err != nil:
		return 0, known(err)
	case points <= most && !gone:
		return 0, nil
	case span>>coarse > most/2:
		return coarse, nil
	case span>>fine > most/2 || all > readable || gone:
		return fine, nil
	}
	return 0, nil
}

func (s *Store) readRollups(ctx context.Context, curves []ablation.Curve, args pgx.NamedArgs) error {
	rows, err := s.pool.Query(ctx, `
		SELECT u.place, r.first_step > g.counts_to, `+bucketColumns+`
		FROM unnest(@runs::text[]) WITH ORDINALITY AS u (run_id, place)
		JOIN series s ON s.run_id = u.run_id AND s.name = @metric
		JOIN segments g ON g.run_id = u.run_id
		JOIN rollups r ON r.series_id = s.id AND r.ordinal = g.ordinal
		WHERE r.level = @level
			AND r.last_step >= @from
			AND r.first_step <= @to
		ORDER BY u.place, r.first_step, r.ordinal`, args)
	if err != nil {
		return err
	}
	var place int64
	var b ablation.Bucket
	_, err = pgx.ForEachRow(rows, append([]any{&place, &b.Superseded}, into(&b)...), func() error {
		curves[place-1].Buckets = append(curves[place-1].Buckets, b)
		return nil
	})
	return err
}

func (s *Store) readPoints(ctx context.Context, curves []ablation.Curve, args pgx.NamedArgs) error {
	rows, err := s.pool.Query(ctx, `
		SELECT u.place, p.step > g.counts_to, p.step, p.value
		FROM unnest(@runs::text[]) WITH ORDINALITY AS u (run_id, place)
		JOIN series s ON s.run_id = u.run_id AND s.name = @metric
		JOIN segments g ON g.run_id = u.run_id
		JOIN LATERAL (`+pointsBetween("@from", "@to")+`) p ON true
		ORDER BY u.place, p.step, g.ordinal`, args)
	if err != nil {
		return err
	}
	var place, step int64
	var superseded bool
	var value float64
	_, err = pgx.ForEachRow(rows, []any{&place, &superseded, &step, &value}, func() error {
		b := point(step, value)
		b.Superseded = superseded
		curves[place-1].Buckets = append(curves[place-1].Buckets, b)
		return nil
	})
	return err
}

// thin merges buckets of 2^level steps, in order of their first steps, into wider ones until at most limit that count
// and limit superseded ones are left.
func thin(buckets []ablation.Bucket, level, limit int) []ablation.Bucket {
	for ; tooMany(buckets, limit); level++ {
		buckets = widen(buckets, level+1)
	}
	return buckets
}

func tooMany(buckets []ablation.Bucket, limit int) bool {
	var n [2]int
	for _, b := range buckets {
		n[side(b)]++
	}
	return max(n[0], n[1]) > max(limit, 1)
}

// widen merges the buckets that begin in the same 2^level steps, those that count apart from those that don't.
func widen(buckets []ablation.Bucket, level int) []ablation.Bucket {
	out := make([]ablation.Bucket, 0, len(buckets))
	newest := [2]int{-1, -1}
	for _, b := range buckets {
		i := newest[side(b)]
		if i >= 0 && out[i].FromStep>>level == b.FromStep>>level {
			out[i] = merge(out[i], b)
			continue
		}
		newest[side(b)] = len(out)
		out = append(out, b)
	}
	return out
}

func side(b ablation.Bucket) int {
	if b.Superseded {
		return 1
	}
	return 0
}
