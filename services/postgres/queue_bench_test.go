package postgres_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
)

// BenchmarkClaim takes runs from a queue of 10,000 in twenty sweeps, beside the same from a queue of 100: "of_short" is how
// much longer a claim takes. list_ms is one look at a sweep's 500 runs, sweeps_ms at the list of sweeps.
func BenchmarkClaim(b *testing.B) {
	short := queue(b, 1, 100)
	full := queue(b, 20, 500)
	plain := claims(b, short, 50)
	var took time.Duration
	n := 0
	for b.Loop() {
		took += claims(b, full, 1)
		n++
	}
	each := took / time.Duration(max(n, 1))
	b.ReportMetric(float64(each.Microseconds())/1000, "claim_ms")
	b.ReportMetric(float64(each)/float64(plain/50), "of_short")
	b.ReportMetric(ms(b, func() error { _, err := full.Runs(b.Context(), "bench7"); return err }), "list_ms")
	b.ReportMetric(ms(b, func() error { _, err := full.Sweeps(b.Context(), 100, 0); return err }), "sweeps_ms")
}

// queue is a store with so many sweeps of so many queued runs each.
func queue(b *testing.B, sweeps, runs int) *world {
	b.Helper()
	w := &world{TB: b, Store: pgtest.Store(b), holder: ablation.Holder{Host: "host", BootID: "boot", PID: 1, StartTime: 1}}
	for i := range sweeps {
		w.sweep(fmt.Sprintf("bench%d", i), runs, 100)
	}
	return w
}

// claims is how long n claims took. Each is given back at once, so that the queue stays as long as it is.
func claims(b *testing.B, w *world, n int) (took time.Duration) {
	b.Helper()
	q := w.request()
	for range n {
		begun := time.Now()
		c, err := w.Claim(context.Background(), q)
		took += time.Since(begun)
		if err != nil || c == nil {
			b.Fatal("no claim", err)
		}
		if err := w.Release(context.Background(), *c); err != nil {
			b.Fatal(err)
		}
	}
	return took
}

// ms is the least of five times that something took, in milliseconds.
func ms(b *testing.B, do func() error) float64 {
	b.Helper()
	least := time.Hour
	for range 5 {
		begun := time.Now()
		if err := do(); err != nil {
			b.Fatal(err)
		}
		least = min(least, time.Since(begun))
	}
	return float64(least.Microseconds()) / 1000
}
