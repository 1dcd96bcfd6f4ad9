package main_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

const (
	memoryRuns    = 50
	memorySteps   = 40_000
	memoryViewers = 50
	memoryRounds  = 5
)

// BenchmarkMemory has 50 viewers look at a sweep of 50 runs with 20 million points: each keeps a stream of events open, and
// whenever the sweep changes reads its page, the curves of all runs and a run's page and curve. It reports the service's
// memory, at most and in the end, and the database's size. The points are put where the store puts them, by the server.
func BenchmarkMemory(b *testing.B) {
	data := folder(b)
	sources(b, data)
	s := serving(b, data, "serve")
	haigo(b, data, "sweep", "apply", memorySweep(b))
	conn, err := pgx.Connect(b.Context(), s.DatabaseURL)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(context.Background())
	bytes := fill(b, conn)
	before := memory(b, s.PID, "VmRSS")
	for b.Loop() {
		look(b, conn, s)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(before, "MiB-before")
	b.ReportMetric(memory(b, s.PID, "VmHWM"), "MiB-peak")
	b.ReportMetric(memory(b, s.PID, "VmRSS"), "MiB-after")
	b.ReportMetric(bytes/(1<<20), "MiB-database")
}

func memorySweep(b *testing.B) string {
	path := filepath.Join(b.TempDir(), "memory.yaml")
	document := fmt.Sprintf(`name: memory
sources: [ja, en, code]
recipe: {shape: {layers: 1, width: 16, heads: 1, ffn: 16}, tokens: %d, row_tokens: 16, batch_rows: 1, max_epochs: 100000}
schedules:
`, memorySteps*16)
	for arm := range 5 {
		document += fmt.Sprintf("  arm%d: {stages: [{until: 1.0, mixture: {ja: 0.%d, en: 0.%d}}]}\n", arm, arm+2, 8-arm)
	}
	document += fmt.Sprintf("seeds: %d\n", memoryRuns/5)
	if err := os.WriteFile(path, []byte(document), 0o644); err != nil {
		b.Fatal(err)
	}
	return path
}

// fill gives each run ten metrics at every step, and the sizes of tables and indexes. The steps of extremes are not those
// that the store would find: nobody reads them here.
func fill(b *testing.B, conn *pgx.Conn) (bytes float64) {
	b.Helper()
	const series = `SELECT id, unnest('{loss, grad_norm, lr, tokens_per_s, bpb/ja, bpb/en, bpb/code, rows/ja, rows/en, rows/code}'::text[]) FROM runs`
	for _, statement := range []string{
		`INSERT INTO attempts (run_id, number, host, engine, spec_sha256) SELECT id, 1, 'bench', 'local', '' FROM runs`,
		`INSERT INTO segments (run_id, ordinal, attempt, number, trainer, device, isa, threads, started_at)
			SELECT id, 0, 1, 0, 'cpu 1', 'cpu', 'avx2', 1, now() FROM runs`,
		`UPDATE runs SET state = 'running', attempt = 1, step = steps - 1, started_at = now(), event_at = now(), metric_at = now()`,
		`INSERT INTO series (run_id, name) ` + series,
		`ALTER TABLE points DROP CONSTRAINT points_pkey`,
		fmt.Sprintf(`INSERT INTO points SELECT id, 0, step, 2 + sin(step * id) FROM series, generate_series(1, %d) AS g (step)`, memorySteps),
		`ALTER TABLE points ADD CONSTRAINT points_pkey PRIMARY KEY (series_id, ordinal, step)`,
		`INSERT INTO rollups (series_id, ordinal, level, start, n, n_nan, n_pos_inf, n_neg_inf, first_step, min, min_step, max, max_step,
				last, last_step, sum, squares)
			SELECT series_id, ordinal, level, step >> level << level, count(*), 0, 0, 0, min(step), min(value), min(step), max(value), max(step),
				max(value), max(step), sum(value), sum(value * value)
			FROM points, (VALUES (6::smallint), (12::smallint)) AS l (level)
			GROUP BY series_id, ordinal, level, step >> level`,
		`ANALYZE`,
	} {
		if _, err := conn.Exec(b.Context(), statement); err != nil {
			b.Fatalf("%s: %v", statement, err)
		}
	}
	var points int64
	if err := conn.QueryRow(b.Context(), `SELECT (SELECT count(*) FROM points), pg_database_size(current_database())::float8`).Scan(&points, &bytes); err != nil {
		b.Fatal(err)
	}
	if points != 10*memoryRuns*memorySteps {
		b.Fatalf("%d points are there", points)
	}
	return bytes
}

// look is so many viewers through so many changes of the sweep.
func look(b *testing.B, conn *pgx.Conn, s *service) {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	changed := make([]chan struct{}, memoryViewers) // a stream said so
	var streams sync.WaitGroup
	for i := range changed {
		changed[i] = make(chan struct{}, 1)
		streams.Go(func() { watch(b, ctx, s.URL+"/api/v1/events?sweep=memory", changed[i]) })
	}
	defer streams.Wait()
	defer cancel()
	run := oneRun(b, conn)
	for range memoryRounds {
		var viewers sync.WaitGroup
		for i := range changed {
			viewers.Go(func() {
				<-changed[i]
				for _, path := range []string{"/sweeps/memory", "/api/v1/sweeps/memory/charts/curve?metric=loss", "/runs/" + run, "/api/v1/runs/" + run + "/charts/curve?metric=loss"} {
					read(b, s.URL+path)
				}
			})
		}
		viewers.Wait()
		if _, err := conn.Exec(b.Context(), `WITH seen AS (UPDATE runs SET event_at = now() RETURNING id)
			SELECT pg_notify('haigo', '{"sweep": "memory", "run_id": "' || min(id) || '"}') FROM seen`); err != nil {
			b.Fatal(err)
		}
	}
}

func oneRun(b *testing.B, conn *pgx.Conn) (id string) {
	b.Helper()
	if err := conn.QueryRow(b.Context(), `SELECT min(id) FROM runs`).Scan(&id); err != nil {
		b.Fatal(err)
	}
	return id
}

// watch keeps a stream open until ctx ends. Its beginning is a change, too.
func watch(b *testing.B, ctx context.Context, url string, changed chan<- struct{}) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		b.Error(err)
		return
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		b.Error(err)
		return
	}
	defer answer.Body.Close()
	changed <- struct{}{}
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "data:") {
			select {
			case changed <- struct{}{}:
			default:
			}
		}
	}
}

func read(b *testing.B, url string) {
	answer, err := http.Get(url)
	if err != nil {
		b.Error(err)
		return
	}
	defer answer.Body.Close()
	if n, err := io.Copy(io.Discard, answer.Body); err != nil || answer.StatusCode != http.StatusOK || n == 0 {
		b.Errorf("%s: %s, %d bytes, %v", url, answer.Status, n, err)
	}
}

// memory is a line of a process's status in MiB: VmRSS is what it holds, VmHWM the most that it held.
func memory(b *testing.B, pid int, name string) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Skipf("not run: a process's memory (%v)", err)
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			kB, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
			if err != nil {
				b.Fatal(err)
			}
			return kB / 1024
		}
	}
	b.Fatalf("no %s in %s", name, status)
	return 0
}
