package main_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// switching is a sweep of three arms that turn from English to Japanese after a part of their tokens.
func switching(t *testing.T, recipe string) string {
	t.Helper()
	text := "name: switch\nsources: [ja, en, code]\nrecipe: {tokens: 200k, shape: {layers: 2, width: 64, heads: 2, ffn: 176}, row_tokens: 64, " +
		"batch_rows: 16, optimizer: {peak_lr: 3e-3}, checkpoint: {every: 30%, keep: 1}" + recipe + "}\nschedules:\n"
	for _, percent := range []int{80, 50, 30} {
		text += fmt.Sprintf("  turn%d: {stages: [{until: %d%%, mixture: {ja: 0.1, en: 0.8, code: 0.1}}, {until: 1.0, mixture: {ja: 0.8, en: 0.1, code: 0.1}}]}\n", percent, percent)
	}
	file := filepath.Join(t.TempDir(), "switch.yaml")
	if err := os.WriteFile(file, []byte(text+"seeds: 2\nseed: 7\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// history is every point of a run that counts, as METRIC@STEP; without what depends on the clock.
func history(t *testing.T, s *service, run ablation.Run) map[string]ablation.Real {
	t.Helper()
	store, all := s.store(t), map[string]ablation.Real{}
	names, err := store.MetricNames(t.Context(), []string{run.ID})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		points, err := store.Points(t.Context(), run.ID, name, 0, run.Steps, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range points {
			all[fmt.Sprintf("%s@%d", name, p.Step)] = p.Value
		}
	}
	maps.DeleteFunc(all, func(key string, _ ablation.Real) bool {
		return strings.HasPrefix(key, ablation.MetricTokensPerS+"@") || strings.HasPrefix(key, ablation.MetricMFU+"@") || strings.HasPrefix(key, ablation.MetricSeconds+"@")
	})
	return all
}

func histories(t *testing.T, s *service) (map[string]map[string]ablation.Real, []ablation.Run) {
	t.Helper()
	all, runs := map[string]map[string]ablation.Real{}, []ablation.Run{}
	for _, r := range awaitEnd(t, s.store(t), "switch") {
		if r.Run.State != ablation.RunCompleted {
			t.Errorf("run %s is %s: %s", r.Run.Name, r.Run.State, r.Run.Message.EN)
		}
		all[r.Run.Name], runs = history(t, s, r.Run), append(runs, r.Run)
	}
	return all, runs
}

// TestTrunk trains arms that share their beginning alone, with shared trunks, and with trunks whose runners are killed:
// every point of every run is the same.
func TestTrunk(t *testing.T) {
	alone := folder(t)
	sources(t, alone)
	s := dev(t, alone)
	haigo(t, alone, "sweep", "apply", switching(t, ", share_trunks: false"))
	want, runs := histories(t, s)
	wantFate, _ := fateOf(t, s, "switch")
	for _, r := range runs {
		if r.Start != nil {
			t.Fatalf("run %s starts from %+v", r.Name, r.Start)
		}
	}
	s.end(syscall.SIGTERM)

	t.Run("shared", func(t *testing.T) {
		data := folder(t)
		sources(t, data)
		s := dev(t, data)
		var plan ablation.Plan
		if err := json.Unmarshal([]byte(haigo(t, data, "sweep", "plan", switching(t, ""), "--json")), &plan); err != nil {
			t.Fatal(err)
		}
		haigo(t, data, "sweep", "apply", switching(t, ""))
		got, runs := histories(t, s)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-alone +shared\n%s", diff)
		}
		gotFate, attempts := fateOf(t, s, "switch")
		if diff := cmp.Diff(wantFate, gotFate); diff != "" {
			t.Errorf("-alone +shared\n%s", diff)
		}
		trained, all := int64(0), int64(0)
		for _, r := range runs {
			if attempts[r.Name] != 1 {
				t.Errorf("run %s took %d attempts, want 1", r.Name, attempts[r.Name])
			}
			steps := trainedSteps(t, data, r.ID)
			trained, all = trained+steps, all+r.Steps
			if r.Start != nil && steps != r.Steps-r.Start.Step {
				t.Errorf("run %s trained %d of %d steps, it starts at %d", r.Name, steps, r.Steps, r.Start.Step)
			}
		}
		if perStep := int64(16 * 64); plan.SavedTokens != (all-trained)*perStep || plan.TotalTokens != trained*perStep || trained == all {
			t.Errorf("the plan saves %d tokens and trains %d; %d of %d steps were trained", plan.SavedTokens, plan.TotalTokens, trained, all)
		}
		t.Logf("trained %d of %d steps", trained, all)
	})

	t.Run("trunks killed", func(t *testing.T) {
		data := folder(t)
		sources(t, data)
		s := dev(t, data)
		haigo(t, data, "sweep", "apply", switching(t, ""))
		store := s.store(t)
		var killed []string
		await(t, "a trunk to kill with a checkpoint behind it", func() bool {
			killed = killRunners(t, data, killed)
			return len(killed) == 2 || ended(t, store, "switch")
		})
		if got, _ := histories(t, s); len(killed) == 0 {
			t.Error("nothing was killed")
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-alone +killed\n%s", diff)
		}
	})

	t.Run("a trunk stopped", func(t *testing.T) {
		data := folder(t)
		sources(t, data)
		s := dev(t, data)
		haigo(t, data, "sweep", "apply", switching(t, ""))
		store := s.store(t)
		all, err := store.Runs(t.Context(), "switch")
		if err != nil {
			t.Fatal(err)
		}
		var trunk string
		for _, r := range all {
			if r.Start != nil && trunk == "" {
				trunk = r.Start.Run
			}
		}
		if err := store.StopRun(t.Context(), trunk, ablation.StopPerson); err != nil {
			t.Fatal(err)
		}
		for _, r := range awaitEnd(t, store, "switch") {
			if r.Run.ID == trunk {
				continue
			}
			if diff := cmp.Diff(want[r.Run.Name], history(t, s, r.Run)); diff != "" {
				t.Errorf("%s: -alone +without its trunk\n%s", r.Run.Name, diff)
			}
		}
	})
}

// trainedSteps is how many steps a run's own runners trained.
func trainedSteps(t *testing.T, data, run string) (n int64) {
	t.Helper()
	for attempt := 1; ; attempt++ {
		path := filepath.Join(spec.AttemptDir(spec.RunDir(data, run), attempt), spec.EventsFile)
		lines, err := (&spec.Tail{Path: path}).Read(1 << 20)
		if len(lines) == 0 || err != nil {
			return n
		}
		for _, line := range lines {
			if line.Metrics != nil {
				n++
			}
		}
	}
}
