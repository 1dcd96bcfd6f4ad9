package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// TestGPU trains two mixtures with two seeds with the gpu trainer, from the file that the cpu trainer would take: each is better in
// the language that it reads more of, with both seeds. All four train in one process, which is killed once: they go on in another
// one of as many slots, and what they say a second time is the same to the last bit.
func TestGPU(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat(filepath.Join(filepath.Dir(program(t)), "gpu", "ready.json")); err != nil {
		t.Skip("not run: the GPU trainer (JAX could not be brought from PyPI; make gpu tries again)")
	}
	data := folder(t)
	sources(t, data)
	s := serving(t, data, "dev", "--pack", "4")
	haigo(t, data, "sweep", "apply", sweepOf(t, "languages", "trainer: gpu, checkpoint: {every: 25%}", english+"\n"+japanese))
	store := s.store(t)
	s.await(t, "every run to be past a checkpoint", func() bool {
		runs, err := store.Runs(t.Context(), "languages")
		return err == nil && len(runs) == 4 && !slices.ContainsFunc(runs, func(r ablation.Run) bool { return r.Progress.Step <= r.Steps/4 })
	})
	packs, err := os.ReadDir(filepath.Join(data, "packs"))
	if err != nil || len(packs) != 1 {
		t.Fatalf("%d processes train four runs, %v", len(packs), err)
	}
	killPack(t, filepath.Join(data, "packs", packs[0].Name()))
	runs, all := finishedRuns(t, s, "languages")
	again := 0
	for _, r := range runs {
		said := map[int64]spec.Real{}
		for number := 1; number <= r.Progress.Attempt; number++ {
			again += saysTheSame(t, spec.AttemptDir(spec.RunDir(data, r.ID), number), said)
		}
	}
	t.Logf("figure: %d steps of 4 runs in a pack said twice, to the same bits", again)
	betterInItsOwn(t, runs, all)
}

// betterInItsOwn checks that each mixture is better in the language that it reads more of, with every seed.
func betterInItsOwn(t *testing.T, runs []ablation.Run, all []map[string]ablation.Real) {
	t.Helper()
	scores := map[string]map[uint64]ablation.Real{}
	for i, r := range runs {
		for _, language := range []string{"ja", "en"} {
			key := r.Arm + " in " + language
			if scores[key] == nil {
				scores[key] = map[uint64]ablation.Real{}
			}
			scores[key][r.InitSeed] = all[i]["bpb/"+language+"@200"]
		}
	}
	for seed := range scores["ja in ja"] {
		t.Logf("seed %x: ja %v against %v, en %v against %v", seed, scores["ja in ja"][seed], scores["en in ja"][seed], scores["en in en"][seed], scores["ja in en"][seed])
		if !(scores["ja in ja"][seed] < scores["en in ja"][seed] && scores["en in en"][seed] < scores["ja in en"][seed]) {
			t.Errorf("seed %x: a mixture isn't better in the language that it reads more of", seed)
		}
	}
}

// killPack ends a pack's processes as a power cut would.
func killPack(t *testing.T, pack string) {
	t.Helper()
	p, err := spec.ReadFile[spec.Process](filepath.Join(pack, spec.ProcessFile))
	if err != nil {
		t.Fatal(err)
	}
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", p.PID))
	if err != nil || len(threads) == 0 {
		t.Log("not run: a pack that is killed (it has ended, or this system doesn't show a process's children)")
		return
	}
	doomed := strconv.Itoa(p.PID)
	for _, thread := range threads {
		children, _ := os.ReadFile(thread) // the thread may have ended
		doomed += " " + string(children)
	}
	for _, pid := range strings.Fields(doomed) {
		if n, err := strconv.Atoi(pid); err == nil {
			_ = syscall.Kill(n, syscall.SIGKILL) // may have ended
		}
	}
}

// saysTheSame holds an attempt's losses against those that were said before, adds them, and counts what was said twice.
func saysTheSame(t *testing.T, dir string, said map[int64]spec.Real) (again int) {
	t.Helper()
	tail := spec.Tail{Path: filepath.Join(dir, spec.EventsFile)}
	lines, err := tail.Read(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		if l.Started != nil && !strings.HasSuffix(l.Started.ISA, "-r4") {
			t.Errorf("%s says that it trains as %s", dir, l.Started.ISA)
		}
		if l.Metrics == nil {
			continue
		}
		before, twice := said[l.Metrics.Step]
		now := l.Metrics.Values[ablation.MetricLoss]
		if twice && before != now {
			t.Errorf("%s: the loss of step %d is %v, and was %v", dir, l.Metrics.Step, now, before)
		}
		if twice {
			again++
		}
		said[l.Metrics.Step] = now
	}
	return again
}
