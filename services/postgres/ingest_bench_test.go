package postgres_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/postgres"
	"github.com/haigo-lab/haigo/services/postgres/local"
)

// BenchmarkIngest stores 1,000-point batches of ten metrics, as a run sends them, on a server that syncs its commits.
// Beside it a plain COPY of as many points per commit, the most that this Postgres can do; "of_copy" is the part of it
// that remains with cursor, claim, duplicates and roll-ups.
func BenchmarkIngest(b *testing.B) {
	server, err := local.Start(b.Context(), local.Options{Data: dataFolder(b)})
	if err != nil {
		b.Fatal(err)
	}
	defer server.Stop(context.Background())
	store, err := postgres.Open(b.Context(), server.URL)
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	w := &world{TB: b, Store: store, holder: ablation.Holder{Host: "host"}}
	w.must(store.Migrate(b.Context()))
	w.sweep("bench", 1, 1<<40)
	s := w.training()
	s.send(s.begin(nil))
	plain := copyRate(b, server.URL)
	var took []time.Duration
	var step int64
	for b.Loop() {
		batch := s.logged(step, 100)
		step += 100
		begun := time.Now()
		s.send(batch)
		took = append(took, time.Since(begun))
	}
	slices.Sort(took)
	rate := 1000 * float64(b.N) / b.Elapsed().Seconds()
	b.ReportMetric(rate, "points/s")
	b.ReportMetric(rate/plain, "of_copy")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50_ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99_ms")
}

// logged is a batch of ten metrics at steps steps as a worker makes it: with the times of its lines and what is remembered of
// the loss.
func (s *stream) logged(from, steps int64) ablation.Batch {
	b := s.next(metrics(from, steps)...)
	b.Watch = &ablation.Watch{}
	for step := from; step < from+steps; step++ {
		b.Times = append(b.Times, ablation.StepTime{Step: step, At: time.Now()})
	}
	for range 128 {
		b.Watch.Loss.Values = append(b.Watch.Loss.Values, rand.Float64())
		b.Watch.Grad.Values = append(b.Watch.Grad.Values, rand.Float64())
	}
	return b
}

// metrics are the points of ten metrics at steps steps.
func metrics(from, steps int64) []ablation.Point {
	var points []ablation.Point
	for step := from; step < from+steps; step++ {
		for m := range 10 {
			points = append(points, ablation.Point{Metric: fmt.Sprintf("metric%d", m), Step: step, Value: ablation.Real(rand.Float64())})
		}
	}
	return points
}

// copyRate is points a second by COPY into the same kind of table, 1,000 a commit.
func copyRate(b *testing.B, url string) float64 {
	b.Helper()
	conn, err := pgx.Connect(b.Context(), url)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(b.Context(), `CREATE TABLE plain (LIKE points INCLUDING ALL)`); err != nil {
		b.Fatal(err)
	}
	const batches = 300
	begun := time.Now()
	for n := range batches {
		_, err := conn.CopyFrom(b.Context(), pgx.Identifier{"plain"}, []string{"series_id", "ordinal", "step", "value"},
			pgx.CopyFromSlice(1000, func(i int) ([]any, error) {
				return []any{int32(i % 10), int16(0), int64(n*100 + i/10), rand.Float64()}, nil
			}))
		if err != nil {
			b.Fatal(err)
		}
	}
	return 1000 * batches / time.Since(begun).Seconds()
}
