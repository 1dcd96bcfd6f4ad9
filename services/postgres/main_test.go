package postgres_test

import (
	"context"
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/postgres"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
)

func TestMain(m *testing.M) {
	// A course of the law is hundreds of transactions. The command line may ask for more.
	if err := flag.Set("rapid.checks", "30"); err != nil {
		panic(err)
	}
	time.Local = time.FixedZone("JST", 9*60*60) // see TestTimesAreUTC; before anything else reads it
	pgtest.Main(m)
}

// world is a store with a worker that asks it for runs.
type world struct {
	testing.TB
	*postgres.Store
	holder ablation.Holder
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return &world{TB: t, Store: pgtest.Store(t), holder: ablation.Holder{Host: "host", BootID: "boot", PID: 1, StartTime: 1}}
}

// application is a sweep of some arms and replicates, each run of steps steps.
func application(name string, arms, replicates int, steps int64) postgres.Application {
	seed := uint64(1<<63 + 7)
	a := postgres.Application{Sweep: ablation.Sweep{
		Name: name, Question: "ja か en か", Seed: &seed, Document: "name: " + name,
		Recipe: ablation.Recipe{Tokens: steps * 8, RowTokens: 4, BatchRows: 2},
	}}
	for i := range arms {
		arm := ablation.Arm{Name: fmt.Sprintf("arm%d", i), Label: ablation.Label{JA: "腕", EN: "arm"}, Index: i}
		a.Arms = append(a.Arms, arm)
		for r := range replicates {
			a.Runs = append(a.Runs, ablation.Run{
				ID: fmt.Sprintf("%s-%s-%d", name, arm.Name, r+1), Name: fmt.Sprintf("%s-s%d", arm.Name, r+1), Sweep: name,
				Arm: arm.Name, Replicate: int64(r + 1), DataSeed: 1<<64 - 1, MixSeed: 2, InitSeed: 3, Steps: steps,
			})
		}
	}
	return a
}

func (w *world) apply(a postgres.Application) {
	w.Helper()
	_, err := w.ApplySweep(context.Background(), a)
	w.must(err)
}

// sweep starts a sweep of one arm with as many runs.
func (w *world) sweep(name string, runs int, steps int64) {
	w.Helper()
	w.apply(application(name, 1, runs, steps))
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) request() postgres.ClaimRequest {
	return postgres.ClaimRequest{Holder: w.holder, Lease: time.Hour, MaxRuns: 1000}
}

// claim takes the next run that there must be.
func (w *world) claim() ablation.Claim {
	w.Helper()
	return w.claimWith(w.request())
}

func (w *world) claimWith(q postgres.ClaimRequest) ablation.Claim {
	w.Helper()
	c, err := w.Claim(context.Background(), q)
	w.must(err)
	if c == nil {
		w.Fatal("there is no run to claim")
	}
	return *c
}

// none fails the test where there is a run to claim.
func (w *world) none(q postgres.ClaimRequest) {
	w.Helper()
	c, err := w.Claim(context.Background(), q)
	w.must(err)
	if c != nil {
		w.Fatalf("claimed %s", c.Run.ID)
	}
}

// open starts the run's next attempt.
func (w *world) open(c ablation.Claim) ablation.Attempt {
	w.Helper()
	a, err := w.OpenAttempt(context.Background(), c, ablation.Attempt{
		Number: c.Run.Progress.Attempt + 1, Host: w.holder.Host, Engine: "local", SpecSHA256: "digest",
	})
	w.must(err)
	return a
}

// stream writes an attempt's events as batches that follow one another.
type stream struct {
	world   *world
	claim   ablation.Claim
	attempt int
	at      ablation.Cursor
	segment int
}

// training claims a run and opens its next attempt.
func (w *world) training() *stream {
	w.Helper()
	c := w.claim()
	return &stream{world: w, claim: c, attempt: w.open(c).Number}
}

// next is a batch behind the last.
func (s *stream) next(points ...ablation.Point) ablation.Batch {
	b := ablation.Batch{Attempt: s.attempt, From: s.at, Points: points}
	s.at.Seq += int64(len(points)) + 1
	s.at.Offset = s.at.Seq * 100
	b.To = s.at
	return b
}

// begin is a batch that opens a segment.
func (s *stream) begin(resumedFrom *int64, points ...ablation.Point) ablation.Batch {
	b := s.next(points...)
	b.Segment = &ablation.Segment{
		Number: s.segment, ResumedFrom: resumedFrom, Trainer: "cpu 1", Device: "cpu", ISA: "avx2", Threads: 1, StartedAt: time.Now(),
	}
	s.segment++
	return b
}

func (s *stream) send(b ablation.Batch) {
	s.world.Helper()
	s.world.must(s.world.Ingest(context.Background(), s.claim, b))
}

func (s *stream) end(outcome string, next ablation.RunState) {
	s.world.Helper()
	s.world.must(s.world.EndAttempt(context.Background(), s.claim, s.attempt, outcome, ablation.Label{}, next))
}

// losses are points of the metric loss at the steps from, from+1, …
func losses(from int64, values ...float64) []ablation.Point {
	points := make([]ablation.Point, len(values))
	for i, v := range values {
		points[i] = ablation.Point{Metric: ablation.MetricLoss, Step: from + int64(i), Value: ablation.Real(v)}
	}
	return points
}

func ptr[T any](v T) *T { return &v }
