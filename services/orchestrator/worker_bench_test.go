package orchestrator_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/services/postgres/local"
)

// BenchmarkWorker has one worker, a process of its own, store what a runner writes as fast as it can: ten metrics a step, read
// from events.jsonl, watched for divergence and acknowledged by a Postgres that syncs its commits. It reports points a second
// between the first that is stored and the last.
func BenchmarkWorker(b *testing.B) {
	data := b.TempDir()
	for _, dir := range []string{data, filepath.Dir(data)} {
		if err := os.Chmod(dir, 0o755); err != nil { // root's server runs as somebody else
			b.Fatal(err)
		}
	}
	server, err := local.Start(b.Context(), local.Options{Data: data, Bin: os.Getenv("HAIGO_POSTGRES_BIN")})
	if err != nil {
		b.Fatal(err)
	}
	defer server.Stop(context.Background())
	if err := open(b, server.URL).Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	f := newFactory(b, server.URL, 1, 100_000)
	w := f.worker()
	defer w.kill()
	f.until("the first points", func() bool { return f.step() > 0 })
	first, begun := f.step(), time.Now()
	f.until("the run's end", func() bool { return f.step() == f.steps })
	rate := metricsTold * float64(f.steps-first) / time.Since(begun).Seconds()
	f.until("its attempt's end", func() bool { return f.completed() == 1 })
	for b.Loop() { // once: the worker's is all the work there is
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(rate, "points/s")
}
