package postgres_test

import (
	or "cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/postgres"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
)

// TestIngest_Law compares what the store says of a run's points and roll-ups, after any course of batches, repeats, gaps,
// resumes, lost attempts and seals, with a model that keeps every point in memory.
func TestIngest_Law(t *testing.T) {
	url := pgtest.URL(t)
	store, err := postgres.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	raw, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close(context.Background())
	var n int
	rapid.Check(t, func(r *rapid.T) {
		n++
		w := &world{TB: t, Store: store, holder: ablation.Holder{Host: "host"}}
		c := &course{T: r, model: model{}, name: fmt.Sprintf("law%d", n), raw: raw}
		w.sweep(c.name, 1, 1<<40)
		c.stream = w.training()
		c.resume(nil)
		r.Repeat(map[string]func(*rapid.T){
			"batch":  func(r *rapid.T) { c.T = r; c.batch() },
			"repeat": func(r *rapid.T) { c.T = r; c.repeat() },
			"gap":    func(r *rapid.T) { c.T = r; c.gap() },
			"resume": func(r *rapid.T) { c.T = r; c.resume(c.earlier()) },
			"lose":   func(r *rapid.T) { c.T = r; c.lose() },
			"seal":   func(r *rapid.T) { c.T = r; c.seal() },
			"":       func(r *rapid.T) { c.T = r; c.check() },
		})
		c.T = r
		c.check()
		c.end("failed", ablation.RunFailed)
	})
}

// course is a run in the store and in the model.
type course struct {
	*rapid.T
	*stream
	model
	name string
	raw  *pgx.Conn
	last []ablation.Batch // what was sent under the present attempt
	step int64            // the last of the present segment
}

// model is every point by segment, in the order in which it came.
type model []stretch

type stretch struct {
	from   int64 // resumed from; -1: from the beginning
	points []ablation.Point
}

func (c *course) send(b ablation.Batch) {
	c.stream.send(b)
	c.last = append(c.last, b)
}

var values = rapid.Custom(func(t *rapid.T) ablation.Real {
	odd := []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), 5e-324, math.MaxFloat64, -math.MaxFloat64}
	if rapid.IntRange(0, 3).Draw(t, "odd") == 0 {
		return ablation.Real(rapid.SampledFrom(odd).Draw(t, "value"))
	}
	return ablation.Real(rapid.Float64().Draw(t, "value"))
})

// draw makes points past the last step, with duplicates among them.
func (c *course) draw() []ablation.Point {
	var points []ablation.Point
	for range rapid.IntRange(0, 15).Draw(c.T, "points") {
		c.step += rapid.SampledFrom([]int64{0, 0, 1, 1, 1, 7, 64, 1000}).Draw(c.T, "stride")
		name := rapid.SampledFrom([]string{"loss", "bpb/ja"}).Draw(c.T, "metric")
		points = append(points, ablation.Point{Metric: name, Step: c.step, Value: values.Draw(c.T, "value")})
	}
	return points
}

// keep adds to the model what is new in the present segment: nothing at or before the step that it resumed from.
func (c *course) keep(points []ablation.Point) {
	s := &c.model[len(c.model)-1]
	for _, p := range points {
		if p.Step > s.from && !slices.ContainsFunc(s.points, func(o ablation.Point) bool { return o.Metric == p.Metric && o.Step == p.Step }) {
			s.points = append(s.points, p)
		}
	}
}

func (c *course) batch() {
	points := c.draw()
	c.send(c.next(points...))
	c.keep(points)
}

// repeat sends what was stored before.
func (c *course) repeat() {
	if len(c.last) > 0 {
		c.stream.send(rapid.SampledFrom(c.last).Draw(c.T, "batch"))
	}
}

// gap sends a batch before the one that it follows.
func (c *course) gap() {
	at := c.at
	c.next(losses(c.step, 1)...)
	late := c.next(losses(c.step+1, 2)...)
	c.at = at
	err := c.world.Ingest(context.Background(), c.claim, late)
	if !errors.Is(err, ablation.ErrConflict) {
		c.Fatalf("a batch behind a gap: got %v, want a conflict", err)
	}
}

// earlier is a step to resume from, nil for the beginning.
func (c *course) earlier() *int64 {
	if rapid.IntRange(0, 5).Draw(c.T, "anew") == 0 {
		return nil
	}
	return ptr(rapid.Int64Range(0, c.step).Draw(c.T, "from"))
}

func (c *course) resume(from *int64) {
	c.step = 0
	s := stretch{from: -1}
	if from != nil {
		c.step, s.from = *from, *from
	}
	c.model = append(c.model, s)
	points := c.draw()
	c.send(c.begin(from, points...))
	c.keep(points)
}

// lose ends the attempt and goes on with the next.
func (c *course) lose() {
	c.end("lost", ablation.RunQueued)
	c.reopen()
}

// seal ends the run, seals its points and takes it up again.
func (c *course) seal() {
	c.end("failed", ablation.RunFailed)
	for sealed := true; sealed; {
		var err error
		sealed, err = c.world.SealOnce(context.Background())
		c.world.must(err)
	}
	c.world.must(c.world.RetryRun(context.Background(), c.claim.Run.ID))
	c.reopen()
}

func (c *course) reopen() {
	from := c.earlier()
	*c.stream, c.last = *c.world.training(), nil
	c.resume(from)
}

// check compares the store with the model.
func (c *course) check() {
	run := c.claim.Run.ID
	for _, metric := range []string{"loss", "bpb/ja"} {
		points, err := c.world.Points(context.Background(), run, metric, 0, math.MaxInt64, 1<<20)
		c.world.must(err)
		want := c.counting(metric)
		if diff := cmp.Diff(want, points, bits); diff != "" {
			c.Fatalf("points of %s (-want +got):\n%s", metric, diff)
		}
		limit := rapid.IntRange(1, 40).Draw(c.T, "buckets")
		curves, err := c.world.Curves(context.Background(), []string{run}, metric, 0, math.MaxInt64, limit)
		c.world.must(err)
		c.checkCurve(curves[0].Buckets, want, limit)
	}
	n, err := c.world.CountingPoints(context.Background(), c.name)
	c.world.must(err)
	if want := len(c.counting("loss")) + len(c.counting("bpb/ja")); n != int64(want) {
		c.Fatalf("%d points count, want %d", n, want)
	}
	if diff := cmp.Diff(c.rollups(), c.stored(), same); diff != "" {
		c.Fatalf("roll-ups (-want +got):\n%s", diff)
	}
}

// checkCurve looks for every point and both extremes among the buckets that count.
func (c *course) checkCurve(buckets []ablation.Bucket, want []ablation.Point, limit int) {
	var all []ablation.Bucket
	for _, b := range buckets {
		if !b.Superseded {
			all = append(all, b)
		}
	}
	if len(all) > limit {
		c.Fatalf("%d buckets, want at most %d", len(all), limit)
	}
	if got, want := extremes(all), extremes(fold(want)); got != want {
		c.Fatalf("the curve's extremes are %+v, the points' %+v", got, want)
	}
}

// extent is what no width of buckets may lose.
type extent struct{ n, nan, pos, neg, minStep, maxStep, first, last int64 }

func extremes(buckets []ablation.Bucket) (e extent) {
	var low, high ablation.Real
	for i, b := range buckets {
		if b.N > 0 && (e.n == 0 || b.Min < low || b.Min == low && b.MinStep < e.minStep) {
			low, e.minStep = b.Min, b.MinStep
		}
		if b.N > 0 && (e.n == 0 || b.Max > high || b.Max == high && b.MaxStep < e.maxStep) {
			high, e.maxStep = b.Max, b.MaxStep
		}
		e.n, e.nan, e.pos, e.neg = e.n+b.N, e.nan+b.NaN, e.pos+b.PosInf, e.neg+b.NegInf
		if i == 0 || b.FromStep < e.first {
			e.first = b.FromStep
		}
		e.last = max(e.last, b.ToStep)
	}
	return e
}

// counting are the points of a metric that no later segment supersedes, in order of steps.
func (m model) counting(metric string) []ablation.Point {
	points := []ablation.Point{}
	for i, s := range m {
		for _, p := range s.points {
			if p.Metric == metric && m.cuts(i, p.Step) == 0 {
				points = append(points, p)
			}
		}
	}
	return points
}

// cuts is how many segments after the i-th supersede its step.
func (m model) cuts(i int, step int64) (n int) {
	for _, later := range m[i+1:] {
		if step > later.from {
			n++
		}
	}
	return n
}

type bucketName struct {
	metric         string
	ordinal, level int
	bucket         int64
	cuts           int
}

// rollups are what must be stored, by segment, width and start.
func (m model) rollups() []named {
	groups := map[bucketName][]ablation.Point{}
	for i, s := range m {
		for _, p := range s.points {
			for _, level := range []int{6, 12} {
				k := bucketName{p.Metric, i, level, p.Step >> level, m.cuts(i, p.Step)}
				groups[k] = append(groups[k], p)
			}
		}
	}
	out := []named{}
	for k, points := range groups {
		out = append(out, named{k.metric, k.ordinal, k.level, fold(points)[0]})
	}
	slices.SortFunc(out, named.compare)
	return out
}

// fold is the roll-up of points in order, none where there is none.
func fold(points []ablation.Point) []ablation.Bucket {
	if len(points) == 0 {
		return nil
	}
	b := ablation.Bucket{FromStep: points[0].Step, MinStep: -1, MaxStep: -1}
	for _, p := range points {
		v := float64(p.Value)
		b.ToStep, b.Last, b.LastStep = p.Step, p.Value, p.Step
		switch {
		case math.IsNaN(v):
			b.NaN++
			continue
		case v > math.MaxFloat64:
			b.PosInf++
			continue
		case v < -math.MaxFloat64:
			b.NegInf++
			continue
		}
		if b.N == 0 || p.Value < b.Min {
			b.Min, b.MinStep = p.Value, p.Step
		}
		if b.N == 0 || p.Value > b.Max {
			b.Max, b.MaxStep = p.Value, p.Step
		}
		if b.N++; b.N == 1 {
			b.Sum, b.SumSquares = p.Value, p.Value*p.Value
			continue
		}
		b.Sum += p.Value
		b.SumSquares += p.Value * p.Value
	}
	return []ablation.Bucket{b}
}

// named is a stored roll-up.
type named struct {
	Metric         string
	Ordinal, Level int
	Bucket         ablation.Bucket
}

func (a named) compare(b named) int {
	return or.Or(or.Compare(a.Metric, b.Metric), a.Ordinal-b.Ordinal, a.Level-b.Level, or.Compare(a.Bucket.FromStep, b.Bucket.FromStep))
}

// stored are the run's roll-ups as they lie in the database.
func (c *course) stored() []named {
	rows, err := c.raw.Query(context.Background(), `
		SELECT s.name, r.ordinal, r.level, r.first_step, r.last_step, r.n, r.n_nan, r.n_pos_inf, r.n_neg_inf,
			r.min, r.min_step, r.max, r.max_step, r.last, r.last_step, r.sum, r.squares
		FROM rollups r
		JOIN series s ON s.id = r.series_id
		WHERE s.run_id = $1`, c.claim.Run.ID)
	c.world.must(err)
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (n named, err error) {
		b := &n.Bucket
		err = row.Scan(&n.Metric, &n.Ordinal, &n.Level, &b.FromStep, &b.ToStep, &b.N, &b.NaN, &b.PosInf, &b.NegInf,
			&b.Min, &b.MinStep, &b.Max, &b.MaxStep, &b.Last, &b.LastStep, &b.Sum, &b.SumSquares)
		return n, err
	})
	c.world.must(err)
	slices.SortFunc(out, named.compare)
	return out
}

// same compares reals as numbers; NaN equals NaN.
var same = cmp.Comparer(func(a, b ablation.Real) bool { return a == b || a != a && b != b })

// bits compares reals by their bits: NaN equals NaN, and -0 isn't 0.
var bits = cmp.Comparer(func(a, b ablation.Real) bool {
	x, y := float64(a), float64(b)
	return math.Float64bits(x) == math.Float64bits(y) || math.IsNaN(x) && math.IsNaN(y)
})
