package orchestrator_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"log/slog"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/engine"
	"github.com/haigo-lab/haigo/services/orchestrator"
	"github.com/haigo-lab/haigo/services/postgres"
	"github.com/haigo-lab/haigo/services/postgres/local"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
)

// long makes the faults as large as make faults has them.
var long = os.Getenv("HAIGO_FAULTS") == "long"

func size(short, longer int) int {
	if long {
		return longer
	}
	return short
}

// role makes this binary a worker, its exec or a runner, where it was started as one.
func role(args []string) {
	if len(args) < 2 {
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	var err error
	switch args[1] {
	case "exec": // exec --dir D
		err = engine.Exec(ctx, args[3])
	case "runner": // in the attempt's folder
		err = talk(".")
	case "patient":
		err = bidden(".")
	case "leaving":
		err = leave(".")
	case "repeating":
		err = repeat(".")
	case "despairing":
		err = despair(".")
	case "exploding":
		err = explode(".")
	case "pack": // in the pack's folder
		err = runPack(ctx)
	case "worker": // worker URL DATA
		err = work(ctx, args[2], args[3])
	case "packer": // packer URL DATA
		err = workInPacks(ctx, args[2], args[3])
	default:
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// talker is the embedded trainer with another runner: one that trains nothing and says what told says.
type talker struct{ inProcess }

// Describe implements orchestrator.Trainers: it could pack runs, and says of none that it should.
func (t talker) Describe(ctx context.Context, name string) (trainer.Description, error) {
	d, err := t.inProcess.Describe(ctx, name)
	d.Packs = true
	return d, err
}

func (talker) Plan(_ context.Context, _ string, _ []trainer.Assignment) (trainer.Plan, error) {
	program, err := os.Executable()
	return trainer.Plan{Parts: []spec.Part{{Name: "talk", Argv: []string{program, "runner"}, Dir: "."}}}, err
}

const metricsTold = 10

// told is the value of a metric at a step.
func told(metric int, step int64) float64 {
	return 2 + math.Sin(float64(step*metricsTold+int64(metric)))/100
}

func metricName(metric int) string {
	if metric == 0 {
		return ablation.MetricLoss
	}
	return fmt.Sprintf("told%d", metric)
}

// talk writes a run's events as fast as it can.
func talk(dir string) error {
	s, err := spec.ReadFile[spec.Spec](filepath.Join(dir, spec.SpecFile))
	if err != nil {
		return err
	}
	w, err := spec.OpenEvents(dir, s.Attempt)
	if err != nil {
		return err
	}
	if err := w.Append(spec.Started{Trainer: spec.Program{Name: "talker", Version: "1"}, Device: "none", SpecSHA256: strings.Repeat("0", 64)}); err != nil {
		return err
	}
	for step := int64(1); step <= s.Steps; step++ {
		for step == s.Steps/2 && held(dir) {
			time.Sleep(20 * time.Millisecond)
		}
		values := map[string]spec.Real{}
		for m := range metricsTold {
			values[metricName(m)] = spec.Real(told(m, step))
		}
		tokens := step * int64(s.BatchRows) * int64(s.RowTokens)
		if err := w.Append(spec.Metrics{Step: step, Tokens: tokens, Values: values}); err != nil {
			return err
		}
	}
	if err := w.Append(spec.Finished{Outcome: spec.OutcomeCompleted, Step: s.Steps}); err != nil {
		return err
	}
	return w.Close()
}

// holds is a file of the data folder: while it is there a run waits in its middle.
const holds = "hold"

// held reports whether the run of an attempt's folder is to wait.
func held(attempt string) bool {
	_, err := os.Stat(filepath.Join(attempt, "..", "..", "..", holds))
	return err == nil
}

func work(ctx context.Context, url, data string) error {
	store, err := postgres.Open(ctx, url)
	if err != nil {
		return err
	}
	return workOn(ctx, store, data, talker{cpu})
}

func workOn(ctx context.Context, store *postgres.Store, data string, trainers orchestrator.Trainers) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	return workWith(ctx, store, data, trainers, &engine.Local{Exec: []string{program, "exec"}})
}

func workWith(ctx context.Context, store *postgres.Store, data string, trainers orchestrator.Trainers, e engine.Engine) error {
	holder, err := engine.Self()
	if err != nil {
		return err
	}
	w := orchestrator.Worker{
		Store: store, Trainers: trainers, Engines: []engine.Engine{e}, Data: data,
		Holder: holder, Gone: engine.Gone, MaxRuns: 2, Threads: 1, Log: slog.New(slog.NewJSONHandler(os.Stderr, nil)),
	}
	return w.Run(ctx)
}

// factory is a database with a sweep of talking runs, and the workers on it.
type factory struct {
	testing.TB
	store     *postgres.Store
	url, data string
	steps     int64
	role      string // of the workers
	tries     int    // attempts that a run may need
}

// newFactory has so many runs: one, or two arms' of half as many seeds.
func newFactory(t testing.TB, url string, runs, steps int) *factory {
	t.Helper()
	seeds, second := runs, ""
	if runs > 1 {
		seeds, second = runs/2, "  less: {stages: [{until: 1.0, mixture: {web-ja: 0.25, web-en: 0.75}}]}\n"
	}
	f := &factory{t, open(t, url), url, t.TempDir(), int64(steps), "worker", 1}
	addText(t, f.store)
	document := fmt.Sprintf(`name: talk
sources: [web-ja, web-en]
recipe: {trainer: cpu, shape: {layers: 1, width: 16, heads: 1, ffn: 16}, tokens: %d, row_tokens: 16, batch_rows: 4, max_epochs: 1000000, on_divergence: report}
schedules:
  half: {stages: [{until: 1.0, mixture: {web-ja: 0.5, web-en: 0.5}}]}
%sseeds: %d
`, steps*64, second, seeds)
	if _, _, err := sweeper(f.store).Apply(t.Context(), []byte(document), ""); err != nil {
		t.Fatal(err)
	}
	return f
}

// worker is a worker's process.
type worker struct {
	*exec.Cmd
	log *logged
}

type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.b.String(), text)
}

func (f *factory) worker() worker {
	f.Helper()
	w := worker{exec.Command(os.Args[0], f.role, f.url, f.data), &logged{}}
	w.Stderr = w.log
	if err := w.Start(); err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { w.kill() })
	return w
}

// kill ends a worker as a power cut would; again does nothing.
func (w worker) kill() {
	_ = w.Process.Kill()
	_ = w.Wait()
}

// until waits for what other processes do, for as long as the machine takes.
func (f *factory) until(what string, ok func() bool) {
	f.Helper()
	for deadline := time.Now().Add(15 * time.Minute); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			f.Fatalf("gave up waiting for %s", what)
		}
		f.fine(what)
	}
}

// fine fails the test where a run has failed.
func (f *factory) fine(what string) {
	f.Helper()
	runs, err := f.store.Runs(f.Context(), "talk")
	if err != nil {
		return // the database is away
	}
	for _, r := range runs {
		if r.State == ablation.RunFailed || r.Progress.Attempt > f.tries {
			f.Fatalf("waiting for %s: run %s is %s after %d attempts (%s)", what, r.Name, r.State, r.Progress.Attempt, r.Message.EN)
		}
	}
}

// step is how far all runs together are stored.
func (f *factory) step() (n int64) {
	runs, err := f.store.Runs(f.Context(), "talk")
	if err != nil {
		return -1
	}
	for _, r := range runs {
		n += r.Progress.Step
	}
	return n
}

func (f *factory) completed() int {
	w, err := f.store.Sweep(f.Context(), "talk")
	if err != nil {
		return -1
	}
	return w.Counts.Completed
}

// holds checks that every run took one attempt, begun once, and that what was told of it is stored: number, sum and digest.
func (f *factory) holds() {
	f.Helper()
	runs, err := f.store.Runs(f.Context(), "talk")
	if err != nil {
		f.Fatal(err)
	}
	var points int64
	for _, r := range runs {
		if r.State != ablation.RunCompleted || r.Progress.Attempt != 1 {
			f.Errorf("run %s is %s after %d attempts (%s)", r.Name, r.State, r.Progress.Attempt, r.Message.EN)
		}
		if n := f.begun(r.ID); n != 1 {
			f.Errorf("run %s was begun %d times, by its folder", r.Name, n)
		}
		points += f.stored(r)
	}
	clocked := int64(len(runs)) * f.steps // the service's own metric: seconds
	if n, err := f.store.CountingPoints(f.Context(), "talk"); err != nil || n != points+clocked {
		f.Errorf("%d points count, %d are stored, %v", n, points+clocked, err)
	}
	f.Logf("figure: %d of %d points once", points, int64(len(runs))*f.steps*metricsTold)
}

// begun is how often a run's training began, in whatever attempts: a second runner in one's folder would write on after the first.
func (f *factory) begun(run string) (n int) {
	f.Helper()
	files, err := filepath.Glob(filepath.Join(spec.RunDir(f.data, run), "attempt-*", spec.EventsFile))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		events, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		n += bytes.Count(events, []byte(`"type":"started"`))
	}
	return n
}

// stored checks what is stored of a run that was told to its end, and counts it.
func (f *factory) stored(r ablation.Run) (points int64) {
	f.Helper()
	for m := range metricsTold {
		got, err := f.store.Points(f.Context(), r.ID, metricName(m), 0, math.MaxInt64, int(f.steps)+10)
		if err != nil {
			f.Fatal(err)
		}
		want := make([]ablation.Point, f.steps)
		for i := range want {
			want[i] = ablation.Point{Step: int64(i + 1), Value: ablation.Real(told(m, int64(i+1)))}
		}
		if a, b := sum(want), sum(got); a != b {
			f.Errorf("%s of run %s: %s are stored, %s were told", metricName(m), r.Name, b, a)
		}
		points += int64(len(got))
	}
	return points
}

// sum is number, sum and digest of points.
func sum(points []ablation.Point) string {
	h, total := sha256.New(), 0.0
	for _, p := range points {
		_ = binary.Write(h, binary.BigEndian, p.Step)
		_ = binary.Write(h, binary.BigEndian, math.Float64bits(float64(p.Value)))
		total += float64(p.Value)
	}
	return fmt.Sprintf("%d points, sum %v, %s", len(points), total, hex.EncodeToString(h.Sum(nil))[:8])
}

// The service is killed again and again while it stores what a runner wrote.
func TestFault_ServiceKilledWhileItStores(t *testing.T) {
	t.Parallel()
	f := newFactory(t, pgtest.URL(t), 1, size(4_000, 100_000))
	for range size(2, 20) {
		w, seen := f.worker(), f.step()
		f.until("more to be stored", func() bool { return f.step() > seen || f.completed() == 1 })
		w.kill()
	}
	f.worker()
	f.until("the run's end", func() bool { return f.completed() == 1 })
	f.holds()
}

// A service is killed again and again, in the long form every five seconds over 500 runs: each is trained once.
func TestFault_ManyRunsKilled(t *testing.T) {
	t.Parallel()
	newFactory(t, pgtest.URL(t), size(6, 500), 20).killing(1)
}

// Two services on one database, by mistake, and one after the other killed: no run is trained twice, none is left out.
func TestFault_ManyRunsAndTwoServicesKilled(t *testing.T) {
	t.Parallel()
	newFactory(t, pgtest.URL(t), size(6, 500), 20).killing(2)
}

// killing runs so many services side by side, and kills one after the other until all runs have ended.
func (f *factory) killing(services int) {
	f.Helper()
	runs, err := f.store.Runs(f.Context(), "talk")
	if err != nil {
		f.Fatal(err)
	}
	workers := make([]worker, services)
	for i := range workers {
		workers[i] = f.worker()
	}
	kills := 0
	for ; f.completed() < len(runs); kills++ {
		if seen := f.completed(); long {
			time.Sleep(5 * time.Second)
		} else {
			f.until("further runs to end", func() bool { return f.completed() >= min(len(runs), seen+2) })
		}
		workers[kills%services].kill()
		workers[kills%services] = f.worker()
	}
	f.holds()
	f.Logf("figure: %d kills, %d of %d runs trained, each once", kills, f.completed(), len(runs))
}

// Postgres is away for a while, in order, by kill -9, or alive and silent: the runner goes on, the service waits, and stores
// all of it afterwards.
func TestFault_PostgresAway(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(f *factory, s *local.Server) (back func()){ // nil: it must be started again
		"in order": func(f *factory, s *local.Server) func() {
			if err := s.Stop(f.Context()); err != nil {
				f.Fatal(err)
			}
			return nil
		},
		"killed": func(f *factory, s *local.Server) func() {
			f.signal(syscall.SIGKILL, f.postgres(s))
			if err := s.Stop(f.Context()); err != nil { // nobody brings it back at once
				f.Fatal(err)
			}
			return nil
		},
		"silent": func(f *factory, s *local.Server) func() {
			all := f.postgres(s)
			f.signal(syscall.SIGSTOP, all)
			f.Cleanup(func() { f.signal(syscall.SIGCONT, all) })
			f.runnerEnds()
			return func() { f.signal(syscall.SIGCONT, all) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			home := privateFolder(t)
			server := private(t, home)
			f := newFactory(t, server.URL, 1, size(5_000, 100_000))
			w := f.worker()
			f.until("the first points", func() bool { return f.step() > 0 })
			back := leave(f, server)
			if back == nil {
				f.until("the service to try again", func() bool { return w.log.count("trying again")+w.log.count("look again") >= 2 })
				back = func() { private(t, home) }
			}
			if long {
				time.Sleep(5 * time.Minute)
			}
			back()
			f.until("the run's end", func() bool { return f.completed() == 1 })
			f.holds()
		})
	}
}

// privateFolder is where a server's data may lie: root's server runs as somebody else.
func privateFolder(t *testing.T) string {
	t.Helper()
	data := t.TempDir()
	for dir := data; dir != filepath.Clean(os.TempDir()) && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return data
}

// private is a server of the test's own, with our tables.
func private(t *testing.T, data string) *local.Server {
	t.Helper()
	server, err := local.Start(context.Background(), local.Options{Data: data, Bin: os.Getenv("HAIGO_POSTGRES_BIN"), Fast: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop(context.Background()) })
	if err := open(t, server.URL).Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return server
}

// postgres stops the server's first process, which then starts no other, and returns all there are.
func (f *factory) postgres(s *local.Server) (pids []int) {
	f.Helper()
	conn, err := pgx.Connect(f.Context(), f.url)
	if err != nil {
		f.Fatal(err)
	}
	defer conn.Close(context.Background())
	var first int
	content, err := os.ReadFile(filepath.Join(s.Home, "cluster", "postmaster.pid"))
	if err == nil {
		_, err = fmt.Sscan(string(content), &first)
	}
	if err != nil {
		f.Fatal(err)
	}
	f.signal(syscall.SIGSTOP, []int{first})
	rows, err := conn.Query(f.Context(), `SELECT pid FROM pg_stat_activity`)
	if err != nil {
		f.Fatal(err)
	}
	others, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		f.Fatal(err)
	}
	return append(others, first)
}

func (f *factory) signal(s syscall.Signal, pids []int) {
	for _, pid := range pids {
		_ = syscall.Kill(pid, s) // may have ended
	}
}

// runnerEnds waits for a runner's end without asking the database.
func (f *factory) runnerEnds() {
	f.Helper()
	for deadline := time.Now().Add(15 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		ended, _ := filepath.Glob(filepath.Join(f.data, "runs", "*", "attempt-*", spec.ExitFile))
		if len(ended) > 0 {
			return
		}
		if time.Now().After(deadline) {
			f.Fatal("gave up waiting for the runner's end")
		}
	}
}

// Every commit that writes anything takes 200 ms.
func TestFault_SlowCommits(t *testing.T) {
	t.Parallel()
	f := newFactory(t, pgtest.URL(t), 1, size(800, 20_000))
	f.sql(`
		CREATE SEQUENCE slow_commits;
		CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			IF current_setting('slow.commit', true) IS DISTINCT FROM txid_current()::text THEN -- once a transaction
				PERFORM set_config('slow.commit', txid_current()::text, true), nextval('slow_commits'), pg_sleep(0.2);
			END IF;
			RETURN NULL;
		END $$;
		DO $$
		DECLARE t regclass;
		BEGIN
			FOR t IN SELECT oid FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' LOOP
				EXECUTE format('CREATE CONSTRAINT TRIGGER slow AFTER INSERT OR UPDATE OR DELETE ON %s DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()', t);
			END LOOP;
		END $$`)
	f.worker()
	f.until("the run's end", func() bool { return f.completed() == 1 })
	f.holds()
	f.Logf("figure: %d commits, each 200 ms slower", f.number(`SELECT last_value FROM slow_commits`))
}

// A service is paused past its lease; another goes on; then the first wakes and must write nothing.
func TestFault_HolderPausedPastItsLease(t *testing.T) {
	t.Parallel()
	f := newFactory(t, pgtest.URL(t), 1, size(6_000, 60_000))
	if err := os.WriteFile(filepath.Join(f.data, holds), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	paused := f.worker()
	f.until("the first points", func() bool { return f.step() > 0 })
	if err := paused.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if !long {
		f.sql(`UPDATE runs SET lease_until = now() - interval '1 second' WHERE lease_until IS NOT NULL`)
	}
	f.worker()
	f.until("the other to take it", func() bool { return f.epoch() >= 2 })
	if err := paused.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(f.data, holds)); err != nil {
		t.Fatal(err)
	}
	f.until("the run's end", func() bool { return f.completed() == 1 })
	f.until("the first to see it", func() bool { return paused.log.count("Lost the claim") > 0 })
	f.holds()
}

func (f *factory) sql(statement string) {
	f.Helper()
	sql(f, f.url, statement)
}

func sql(t testing.TB, url, statement string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// epoch is the run's fencing token.
func (f *factory) epoch() int64 { return f.number(`SELECT max(epoch) FROM runs`) }

// number is what a query of one value returns.
func (f *factory) number(query string) (n int64) {
	f.Helper()
	conn, err := pgx.Connect(f.Context(), f.url)
	if err != nil {
		f.Fatal(err)
	}
	defer conn.Close(context.Background())
	if err := conn.QueryRow(f.Context(), query).Scan(&n); err != nil {
		f.Fatal(err)
	}
	return n
}
