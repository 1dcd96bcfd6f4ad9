package postgres_test

import (
	"context"
	"iter"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/postgres"
	"github.com/haigo-lab/haigo/services/postgres/local"
)

// BenchmarkIngest_WhilePolled stores 1,000-point batches of a long run while ten readers draw its curve once a second.
func BenchmarkIngest_WhilePolled(b *testing.B) {
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
	const before = 50_000 // steps that are there already
	for step := int64(0); step < before; step += 1000 {
		s.send(s.next(metrics(step, 1000)...))
	}

	ctx, cancel := context.WithCancel(b.Context())
	var readers sync.WaitGroup
	var mutex sync.Mutex
	var reads []time.Duration
	for range 10 {
		readers.Go(func() {
			for range tick(ctx) {
				begun := time.Now()
				_, err := store.Curves(ctx, []string{s.claim.Run.ID}, "metric0", 0, math.MaxInt64, 1000)
				if err != nil && ctx.Err() == nil {
					b.Error(err)
				}
				mutex.Lock()
				reads = append(reads, time.Since(begun))
				mutex.Unlock()
			}
		})
	}
	var took []time.Duration
	step := int64(before)
	for b.Loop() {
		batch := s.logged(step, 100)
		step += 100
		begun := time.Now()
		s.send(batch)
		took = append(took, time.Since(begun))
	}
	cancel()
	readers.Wait()
	slices.Sort(took)
	slices.Sort(reads)
	b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "points/s")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50_ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99_ms")
	b.ReportMetric(float64(reads[len(reads)/2].Microseconds())/1000, "read_p50_ms")
}

// tick yields at once and then every second until ctx ends.
func tick(ctx context.Context) iter.Seq[struct{}] {
	return func(yield func(struct{}) bool) {
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		for ctx.Err() == nil && yield(struct{}{}) {
			select {
			case <-ctx.Done():
			case <-ticker.C:
			}
		}
	}
}
