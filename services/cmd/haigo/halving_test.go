package main_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/postgres"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
)

// halving is a sweep whose runs are where the test has taken them, and the services that judge them.
type halving struct {
	*testing.T
	data  string
	db    *pgx.Conn // stands in services' way
	seen  *pgx.Conn // looks on
	store *postgres.Store
	sweep string
	runs  []ablation.Claim // in order of arms
}

// halved is a sweep of seven mixtures, stopped early.
func halved(t *testing.T, data, name string) *halving {
	t.Helper()
	url, ok := databases.Load(data)
	if !ok {
		t.Fatal("the data folder has a database of its own")
	}
	h := &halving{T: t, data: data, sweep: name}
	for _, conn := range []**pgx.Conn{&h.db, &h.seen} {
		var err error
		if *conn, err = pgx.Connect(t.Context(), url.(string)); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { (*conn).Close(context.Background()) })
	}
	h.store = (&service{DatabaseURL: url.(string)}).store(t)
	file := strings.Builder{}
	fmt.Fprintf(&file, "name: %s\nsources: [ja, en]\nrecipe: {shape: {layers: 1, width: 16, heads: 1, ffn: 16}, tokens: 512, row_tokens: 16, batch_rows: 4, max_epochs: 1000}\nschedules:\n", name)
	for i, arm := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		fmt.Fprintf(&file, "  %s: {stages: [{until: 1.0, mixture: {ja: 0.%d, en: 0.%d}}]}\n", arm, 1+i, 9-i)
	}
	file.WriteString("design: {baseline: g}\nseeds: 1\nearly_stop: {at: [25%, 75%], keep: 0.34}\n")
	path := filepath.Join(t.TempDir(), name+".yaml")
	if err := os.WriteFile(path, []byte(file.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	haigo(t, data, "sweep", "apply", path)
	for range 7 {
		h.claim()
	}
	return h
}

// claim takes the next run, as a worker would that nobody else sees.
func (h *halving) claim() {
	h.Helper()
	claim, err := h.store.Claim(h.Context(), postgres.ClaimRequest{Holder: ablation.Holder{Host: "elsewhere", BootID: "b", PID: 1, StartTime: 1}, Lease: time.Hour, MaxRuns: 100})
	if err != nil || claim == nil {
		h.Fatalf("claim: %v, %v", claim, err)
	}
	if _, err := h.store.OpenAttempt(h.Context(), *claim, ablation.Attempt{RunID: claim.Run.ID, Number: 1, Host: "elsewhere", Engine: "local", SpecSHA256: strings.Repeat("0", 64)}); err != nil {
		h.Fatal(err)
	}
	h.runs = append(h.runs, *claim)
}

// train takes all runs that go on from a step to another, and counts them; the later an arm in the alphabet, the worse it scores.
func (h *halving) train(from, to int64) (n int) {
	h.Helper()
	for _, claim := range h.runs {
		run, err := h.store.Run(h.Context(), claim.Run.ID)
		if err != nil {
			h.Fatal(err)
		}
		if run.State != ablation.RunRunning {
			continue
		}
		n++
		b := ablation.Batch{Attempt: 1, From: ablation.Cursor{Offset: from, Seq: from}, To: ablation.Cursor{Offset: to, Seq: to}}
		if from == 0 {
			b.Segment = &ablation.Segment{Trainer: "cpu 1", Device: "d", ISA: "i", Threads: 1, StartedAt: time.Unix(1, 0)}
		}
		for step := from + 1; step <= to; step++ {
			value := ablation.Real(float64(run.Arm[0]) / float64(step))
			b.Points = append(b.Points, ablation.Point{Metric: "bpb/ja", Step: step, Value: value}, ablation.Point{Metric: "bpb/en", Step: step, Value: value})
		}
		if err := h.store.Ingest(h.Context(), claim, b); err != nil {
			h.Fatal(err)
		}
	}
	return n
}

// killed starts a service that comes as far as what is in its way, and kills it there: in the midst of a judgement.
func (h *halving) killed(inTheWay string, args ...any) {
	h.Helper()
	h.idle()
	tx, err := h.db.Begin(h.Context())
	if err != nil {
		h.Fatal(err)
	}
	if _, err := tx.Exec(h.Context(), inTheWay, args...); err != nil {
		h.Fatal(err)
	}
	s := serving(h.T, h.data, "serve")
	s.await(h.T, "a judgement to wait", func() bool { return h.waiting() > 0 })
	s.end(syscall.SIGKILL)
	if err := tx.Rollback(h.Context()); err != nil { // what the dead service had begun ends without it
		h.Fatal(err)
	}
}

// idle waits until nothing waits for a lock: connections of services that were killed end by themselves.
func (h *halving) idle() {
	h.Helper()
	await(h.T, "dead services' connections to end", func() bool { return h.waiting() == 0 })
}

// waiting is how many connections to the database wait for a lock.
func (h *halving) waiting() (n int) {
	h.Helper()
	if err := h.seen.QueryRow(h.Context(), "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&n); err != nil {
		h.Fatal(err)
	}
	return n
}

// judged lets a service judge all that is due and says what became of every run: at which rungs it was judged, and how.
func (h *halving) judged(due int) (verdicts []string) {
	h.Helper()
	h.idle()
	s := serving(h.T, h.data, "serve")
	s.await(h.T, "all judgements", func() bool { verdicts = h.verdicts(); return len(verdicts) >= due })
	s.end(syscall.SIGTERM)
	return h.verdicts()
}

func (h *halving) verdicts() []string {
	h.Helper()
	rows, err := h.seen.Query(h.Context(), `
		SELECT format('%s at rung %s: stopped %s, the run is %s', a.name, j.rung, j.stopped, r.state)
		FROM judgements j
		JOIN runs r ON r.id = j.run_id
		JOIN arms a ON a.id = r.arm_id
		JOIN sweeps w ON w.id = r.sweep_id
		WHERE w.name = $1
		ORDER BY a.name, j.rung`, h.sweep)
	if err != nil {
		h.Fatal(err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		h.Fatal(err)
	}
	return out
}

// TestHalving_killed: a service that is killed in the midst of a judgement, before any of a rung or between two of them, changes
// nothing of which runs are stopped, and where.
func TestHalving_killed(t *testing.T) {
	t.Parallel()
	data := folder(t)
	databases.Store(data, pgtest.URL(t))
	sources(t, data)
	run := func(name string, disturbed bool) [][]string {
		h := halved(t, data, name)
		var out [][]string
		for _, rung := range []struct{ from, to, between int64 }{{0, 2, 3}, {2, 6, 1}} {
			due := len(h.verdicts()) + h.train(rung.from, rung.to)
			if disturbed {
				h.killed("SELECT 1 FROM runs WHERE id = $1 FOR UPDATE", h.runs[rung.between].Run.ID)
				h.killed("LOCK TABLE judgements IN SHARE MODE") // it may be read, not written
			}
			out = append(out, h.judged(due))
		}
		return out
	}
	want := run("undisturbed", false)
	if diff := cmp.Diff(want, run("killed", true)); diff != "" {
		t.Errorf("judgements of services that were killed (-undisturbed +killed):\n%s", diff)
	}
}
