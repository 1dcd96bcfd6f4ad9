package main_test

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/postgres"
)

// long makes the faults as large as make faults LONG=1 has them.
var long = os.Getenv("HAIGO_FAULTS") == "long"

// killTokens make runs that last for some seconds: long enough to be killed in.
const killTokens = 400_000

// fate is everything of a sweep that must not depend on who was killed meanwhile.
type fate struct {
	Values map[string]map[string]ablation.Real // by run; without what depends on the clock
	Curves map[string]map[string]string        // by run and metric: number and digest of the points that count
	States map[string]ablation.RunState
	Points int64
}

func fateOf(t *testing.T, s *service, sweep string) (fate, map[string]int) {
	t.Helper()
	store := s.store(t)
	f := fate{Values: map[string]map[string]ablation.Real{}, Curves: map[string]map[string]string{}, States: map[string]ablation.RunState{}}
	attempts := map[string]int{}
	for _, r := range awaitEnd(t, store, sweep) {
		maps.DeleteFunc(r.Values, func(name string, _ ablation.Real) bool { return clocked(name) })
		f.Values[r.Run.Name], f.States[r.Run.Name], attempts[r.Run.Name] = r.Values, r.Run.State, r.Run.Progress.Attempt
		f.Curves[r.Run.Name] = curves(t, store, r.Run.ID)
	}
	var err error
	if f.Points, err = store.CountingPoints(t.Context(), sweep); err != nil {
		t.Fatal(err)
	}
	return f, attempts
}

// clocked reports a metric that two runs of the same never agree on.
func clocked(metric string) bool {
	return metric == ablation.MetricTokensPerS || metric == ablation.MetricMFU || metric == ablation.MetricSeconds
}

func curves(t *testing.T, store *postgres.Store, run string) map[string]string {
	t.Helper()
	names, err := store.MetricNames(t.Context(), []string{run})
	if err != nil {
		t.Fatal(err)
	}
	digests := map[string]string{}
	for _, name := range slices.DeleteFunc(names, clocked) {
		points, err := store.Points(t.Context(), run, name, 0, math.MaxInt64, math.MaxInt32)
		if err != nil {
			t.Fatal(err)
		}
		h := sha256.New()
		for _, p := range points {
			_ = binary.Write(h, binary.BigEndian, p.Step)
			_ = binary.Write(h, binary.BigEndian, math.Float64bits(float64(p.Value)))
		}
		digests[name] = fmt.Sprintf("%d points, %x", len(points), h.Sum(nil)[:8])
	}
	return digests
}

// calm are the fates of undisturbed sweeps, by tokens; each is trained once for all tests.
var calm = struct {
	sync.Mutex
	fates map[int]fate
	took  map[int]time.Duration
	wrote map[int]int64
}{fates: map[int]fate{}, took: map[int]time.Duration{}, wrote: map[int]int64{}}

// undisturbed is the fate of a sweep in which nobody is killed, and how long it trains.
func undisturbed(t *testing.T, tokens int) (fate, time.Duration) {
	t.Helper()
	calm.Lock()
	defer calm.Unlock()
	if f, known := calm.fates[tokens]; known {
		return f, calm.took[tokens]
	}
	data := folder(t)
	sources(t, data)
	s := dev(t, data)
	haigo(t, data, "sweep", "apply", sweepFile(t, "kill", tokens))
	begun := time.Now()
	f, _ := fateOf(t, s, "kill")
	calm.fates[tokens], calm.took[tokens], calm.wrote[tokens] = f, time.Since(begun), wrote(data)
	s.end(syscall.SIGTERM)
	return f, calm.took[tokens]
}

// TestKill kills the service five times while it trains a sweep; in the long form twenty times at random steps of one that takes
// ten minutes. Runs go on without it, but for the while in which it starts again.
func TestKill(t *testing.T) {
	kills, tokens := 5, killTokens
	if long {
		_, took := undisturbed(t, tokens)
		kills, tokens = 20, int(killTokens*(11*time.Minute).Seconds()/took.Seconds())
	}
	want, _ := undisturbed(t, tokens)
	data := folder(t)
	sources(t, data)
	s := dev(t, data)
	haigo(t, data, "sweep", "apply", sweepFile(t, "kill", tokens))
	var serves, stores time.Duration
	for i := range kills {
		seen, due := lines(data), int64(0)
		if long {
			due = int64(.95 * float64(calm.wrote[tokens]) * (float64(i) + rand.Float64()) / float64(kills))
		}
		store := s.store(t)
		await(t, "further events", func() bool { return wrote(data) > due && lines(data) > seen+40 || ended(t, store, "kill") })
		if ended(t, store, "kill") {
			t.Fatalf("the sweep ended before the service could be killed %d times: give it more tokens", kills)
		}
		s.end(syscall.SIGKILL)
		seen = lines(data)
		await(t, "runs to go on by themselves", func() bool { return lines(data) > seen+20 || len(trainers(data)) == 0 })
		held := hold(data)
		begun := time.Now()
		s = dev(t, data)
		serves = max(serves, time.Since(begun))
		store = s.store(t)
		stored := points(t, store)
		signal(syscall.SIGCONT, held...)
		await(t, "further points to be stored", func() bool { return points(t, store) > stored || ended(t, store, "kill") })
		stores = max(stores, time.Since(begun))
	}
	got, attempts := fateOf(t, s, "kill")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outcome with a killed service (-undisturbed +got):\n%s", diff)
	}
	for run, n := range attempts {
		if n != 1 {
			t.Errorf("run %s took %d attempts, want 1", run, n)
		}
	}
	t.Logf("figure: %d kills, %d points as undisturbed; serves after %.1f s at most, stores after %.1f s at most", kills, got.Points, serves.Seconds(), stores.Seconds())
}

func points(t *testing.T, store *postgres.Store) int64 {
	t.Helper()
	n, err := store.CountingPoints(t.Context(), "kill")
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func ended(t *testing.T, store *postgres.Store, sweep string) bool {
	w, err := store.Sweep(t.Context(), sweep)
	return err == nil && w.State == ablation.SweepCompleted
}

// wrote is how many bytes of events all runs have written.
func wrote(data string) (n int64) {
	files, _ := filepath.Glob(filepath.Join(data, "runs", "*", "attempt-*", spec.EventsFile))
	for _, file := range files {
		if info, err := os.Stat(file); err == nil {
			n += info.Size()
		}
	}
	return n
}

// lines is how many events all runs have written.
func lines(data string) int {
	files, _ := filepath.Glob(filepath.Join(data, "runs", "*", "attempt-*", spec.EventsFile))
	n := 0
	for _, file := range files {
		content, _ := os.ReadFile(file)
		n += strings.Count(string(content), "\n")
	}
	return n
}

// killRunners kills the training process of every run that has a checkpoint and wasn't killed yet, at most two in all.
func killRunners(t *testing.T, data string, killed []string) []string {
	folders, _ := filepath.Glob(filepath.Join(data, "runs", "*", "attempt-0001"))
	for _, dir := range folders {
		run := filepath.Dir(dir)
		saved, _ := filepath.Glob(filepath.Join(run, "checkpoints", "step-*"))
		if len(killed) == 2 || len(saved) == 0 || slices.Contains(killed, run) {
			continue
		}
		if kill(t, dir) {
			killed = append(killed, run)
		}
	}
	return killed
}

// kill ends the runner of the attempt in dir: the child of the process that process.json names.
func kill(t *testing.T, dir string) bool {
	process, err := spec.ReadFile[spec.Process](filepath.Join(dir, spec.ProcessFile))
	if err != nil {
		return false
	}
	if _, err := os.Stat(filepath.Join(dir, spec.ExitFile)); err == nil {
		return false
	}
	for _, pid := range childrenOf(process.PID) {
		if syscall.Kill(pid, syscall.SIGKILL) == nil {
			t.Logf("killed runner %d of %s", pid, filepath.Base(filepath.Dir(dir)))
			return true
		}
	}
	return false
}

// TestKill_WhileItMakesItsDatabase kills the program while initdb runs, which outlives it, and starts it again at once.
func TestKill_WhileItMakesItsDatabase(t *testing.T) {
	data := folder(t)
	if _, given := databases.Load(data); given {
		t.Skip("not run: making a private database (HAIGO_TEST_DATABASE_URL is set)")
	}
	for range 3 {
		p := start(t, command(t, data, "sweep", "list"))
		p.await(t, "initdb to write", func() bool {
			halves, _ := filepath.Glob(filepath.Join(data, "postgres", "cluster.new-*", "base"))
			return len(halves) > 0
		})
		p.end(syscall.SIGKILL)
	}
	haigo(t, data, "sweep", "list")
}

// TestTwoServers runs two servers with a worker each on one data folder, as somebody does by mistake, and kills one of them in
// the middle: no run starts twice, and the outcome is that of one server.
func TestTwoServers(t *testing.T) {
	want, _ := undisturbed(t, killTokens)
	data := folder(t)
	sources(t, data)
	first, second := dev(t, data), dev(t, data)
	haigo(t, data, "sweep", "apply", sweepFile(t, "kill", killTokens))
	store := second.store(t)
	await(t, "points to be stored", func() bool { return points(t, store) > 0 })
	first.end(syscall.SIGKILL)
	dev(t, data)
	got, attempts := fateOf(t, second, "kill")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outcome with two servers (-one +two):\n%s", diff)
	}
	for run, n := range attempts {
		if n != 1 {
			t.Errorf("run %s took %d attempts, want 1", run, n)
		}
	}
	t.Logf("figure: %d runs by two servers, one of them killed; %d points as by one", len(attempts), got.Points)
}
