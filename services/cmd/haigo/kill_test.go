package main_test

import (
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/postgres"
)

// fate is everything of a sweep that must not depend on who was killed meanwhile.
type fate struct {
	Values map[string]map[string]ablation.Real // by run; without what depends on the clock
	States map[string]ablation.RunState
	Points int64
}

func fateOf(t *testing.T, s *service, sweep string) (fate, map[string]int) {
	t.Helper()
	store := s.store(t)
	f := fate{Values: map[string]map[string]ablation.Real{}, States: map[string]ablation.RunState{}}
	attempts := map[string]int{}
	for _, r := range awaitEnd(t, store, sweep) {
		maps.DeleteFunc(r.Values, func(name string, _ ablation.Real) bool {
			return name == ablation.MetricTokensPerS || name == ablation.MetricMFU || name == ablation.MetricSeconds
		})
		f.Values[r.Run.Name], f.States[r.Run.Name], attempts[r.Run.Name] = r.Values, r.Run.State, r.Run.Progress.Attempt
	}
	var err error
	if f.Points, err = store.CountingPoints(t.Context(), sweep); err != nil {
		t.Fatal(err)
	}
	return f, attempts
}

// TestKill trains one sweep three times: undisturbed, with the service killed five times, and with runners killed.
func TestKill(t *testing.T) {
	const tokens = 400_000
	undisturbed := folder(t)
	sources(t, undisturbed)
	quiet := dev(t, undisturbed)
	haigo(t, undisturbed, "sweep", "apply", sweepFile(t, "kill", tokens))
	want, _ := fateOf(t, quiet, "kill")
	quiet.end(syscall.SIGTERM)

	t.Run("service killed five times", func(t *testing.T) {
		data := folder(t)
		sources(t, data)
		s := dev(t, data)
		haigo(t, data, "sweep", "apply", sweepFile(t, "kill", tokens))
		var serves, stores time.Duration
		for range 5 {
			seen := lines(data)
			store := s.store(t)
			await(t, "further events", func() bool { return lines(data) > seen+40 || ended(t, store, "kill") })
			if ended(t, store, "kill") {
				t.Fatal("the sweep ended before the service could be killed five times: give it more tokens")
			}
			s.end(syscall.SIGKILL)
			begun := time.Now()
			s = dev(t, data)
			serves = max(serves, time.Since(begun))
			store = s.store(t)
			stored := points(t, store)
			await(t, "further points to be stored", func() bool { return points(t, store) > stored || ended(t, store, "kill") })
			stores = max(stores, time.Since(begun))
		}
		t.Logf("figure: killed five times, serves after %.1f s at most, stores after %.1f s at most", serves.Seconds(), stores.Seconds())
		got, attempts := fateOf(t, s, "kill")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("outcome with a killed service (-undisturbed +got):\n%s", diff)
		}
		for run, n := range attempts {
			if n != 1 {
				t.Errorf("run %s took %d attempts, want 1", run, n)
			}
		}
	})

	t.Run("runners killed", func(t *testing.T) {
		data := folder(t)
		sources(t, data)
		s := dev(t, data)
		haigo(t, data, "sweep", "apply", sweepFile(t, "kill", tokens))
		var killed []string
		store := s.store(t)
		await(t, "two runners to kill with a checkpoint behind them", func() bool {
			killed = killRunners(t, data, killed)
			return len(killed) == 2 || ended(t, store, "kill")
		})
		got, attempts := fateOf(t, s, "kill")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("outcome with killed runners (-undisturbed +got):\n%s", diff)
		}
		second := 0
		for _, n := range attempts {
			if n == 2 {
				second++
			}
		}
		if second != len(killed) || second == 0 {
			t.Errorf("killed runners of %d runs, %d took a second attempt (%v)", len(killed), second, attempts)
		}
	})
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
		if len(killed) == 2 || len(saved) == 0 || strings.Contains(strings.Join(killed, " "), run) {
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
	// Any thread of the wrapper may have started it.
	var children []byte
	lists, _ := filepath.Glob(filepath.Join("/proc", strconv.Itoa(process.PID), "task", "*", "children"))
	for _, list := range lists {
		content, _ := os.ReadFile(list)
		children = append(append(children, content...), ' ')
	}
	for _, field := range strings.Fields(string(children)) {
		pid, err := strconv.Atoi(field)
		if err == nil && syscall.Kill(pid, syscall.SIGKILL) == nil {
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
