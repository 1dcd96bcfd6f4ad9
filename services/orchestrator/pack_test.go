package orchestrator_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/engine"
	"github.com/haigo-lab/haigo/services/engine/enginetest"
	"github.com/haigo-lab/haigo/services/orchestrator"
	"github.com/haigo-lab/haigo/services/postgres"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
)

// packer is a talker whose runs share a process.
type packer struct{ talker }

func (packer) Plan(context.Context, string, []trainer.Assignment) (trainer.Plan, error) {
	program, err := os.Executable()
	return trainer.Plan{Parts: []spec.Part{{Name: "talk", Argv: []string{program, "pack"}, Dir: "."}}}, err
}

// workInPacks is a worker with one place, for packs of two.
func workInPacks(ctx context.Context, url, data string) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	holder, err := engine.Self()
	if err != nil {
		return err
	}
	store, err := postgres.Open(ctx, url)
	if err != nil {
		return err
	}
	w := orchestrator.Worker{
		Store: store, Trainers: packer{talker{cpu}}, Engines: []engine.Engine{&engine.Local{Exec: []string{program, "exec"}}}, Data: data,
		Holder: holder, Gone: engine.Gone, MaxRuns: 1, Pack: 2, Threads: 1, Log: slog.New(slog.NewJSONHandler(os.Stderr, nil)),
	}
	return w.Run(ctx)
}

// runPack is the runner of a pack, which writes its process down.
func runPack(ctx context.Context) error {
	if err := os.WriteFile("runner", []byte(strconv.Itoa(os.Getpid())), 0o644); err != nil {
		return err
	}
	return enginetest.RunPack(ctx, ".", talkInPack)
}

// talkInPack says what told says, saves a checkpoint in the middle, and waits there for the file "go" in the data folder.
func talkInPack(ctx context.Context, dir string) error {
	s, err := spec.ReadFile[spec.Spec](filepath.Join(dir, spec.SpecFile))
	if err != nil {
		return err
	}
	w, err := spec.OpenEvents(dir, s.Attempt)
	if err != nil {
		return err
	}
	from, half := int64(0), s.Steps/2
	started := spec.Started{Trainer: spec.Program{Name: "packer", Version: "1"}, Device: "none", SpecSHA256: strings.Repeat("0", 64)}
	if r := s.Checkpoint.ResumeFrom; r != nil {
		from, started.ResumedFrom = r.Step, &r.Step
	}
	err = w.Append(started)
	for step := from + 1; step <= half && err == nil; step++ {
		err = tell(w, s, step)
	}
	if err == nil && from < half {
		var saved spec.Saved
		if saved, err = spec.SaveCheckpoint(filepath.Dir(dir), s.RunID, half, s.Attempt, func(string) error { return nil }); err == nil {
			err = w.Append(saved)
		}
	}
	asked := waitFor(ctx, filepath.Join(dir, "..", "..", "..", "go"), filepath.Join(dir, spec.StopFile))
	if asked {
		return errors.Join(err, w.Append(spec.Finished{Outcome: spec.OutcomeStopped, Step: half}), w.Close())
	}
	for step := half + 1; step <= s.Steps && err == nil; step++ {
		err = tell(w, s, step)
	}
	return errors.Join(err, w.Append(spec.Finished{Outcome: spec.OutcomeCompleted, Step: s.Steps}), w.Close())
}

func tell(w *spec.EventWriter, s *spec.Spec, step int64) error {
	values := map[string]spec.Real{}
	for m := range metricsTold {
		values[metricName(m)] = spec.Real(told(m, step))
	}
	return w.Append(spec.Metrics{Step: step, Tokens: step * int64(s.BatchRows) * int64(s.RowTokens), Values: values})
}

// waitFor waits for one file to go on, or another, or the end of ctx, to stop.
func waitFor(ctx context.Context, on, stop string) (stopped bool) {
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for {
		if _, err := os.Stat(stop); err == nil || ctx.Err() != nil {
			return true
		}
		if _, err := os.Stat(on); err == nil {
			return false
		}
		<-look.C
	}
}

// pair waits until two runs are in the middle of an attempt, in one pack, and these are wanted.
func (f *factory) pair(wanted func(pack string, pair []ablation.Run) bool) (pack string, pair []ablation.Run) {
	f.Helper()
	f.until("two runs in one pack", func() bool {
		for pack, pair = range f.packed() {
			if len(pair) == 2 && wanted(pack, pair) {
				return true
			}
		}
		return false
	})
	return pack, pair
}

// packed is the runs that are in the middle, by their packs.
func (f *factory) packed() map[string][]ablation.Run {
	runs, err := f.store.Runs(f.Context(), "talk")
	if err != nil {
		f.Fatal(err)
	}
	in := map[string][]ablation.Run{}
	for _, r := range runs {
		if r.State != ablation.RunRunning || r.Progress.Step != f.steps/2 {
			continue
		}
		pack, err := spec.PackOf(spec.AttemptDir(spec.RunDir(f.data, r.ID), r.Progress.Attempt))
		if err != nil {
			f.Fatal(err)
		}
		in[pack] = append(in[pack], r)
	}
	return in
}

// killPack ends a pack's exec and its runner as a power cut would.
func (f *factory) killPack(pack string) {
	f.Helper()
	p, err := spec.ReadFile[spec.Process](filepath.Join(pack, spec.ProcessFile))
	if err != nil {
		f.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(pack, "runner"))
	if err != nil {
		f.Fatal(err)
	}
	runner, err := strconv.Atoi(string(text))
	if err != nil {
		f.Fatal(err)
	}
	f.signal(syscall.SIGKILL, []int{p.PID, runner})
}

// TestPack: six runs share two slots of one process on a machine that has one place. One that is stopped leaves its slot to the
// next; where the process is killed, after a worker was, those that it trained go on in another; what all told is stored once.
func TestPack(t *testing.T) {
	t.Parallel()
	f := newFactory(t, pgtest.URL(t), 6, 20)
	f.role, f.tries = "packer", 2
	t.Cleanup(f.disband)
	w := f.worker()
	pack, first := f.pair(func(string, []ablation.Run) bool { return true })
	stopped, beside := first[0], first[1]
	if err := f.store.StopRun(t.Context(), stopped.ID, ablation.StopPerson); err != nil {
		t.Fatal(err)
	}
	same, lost := f.pair(func(_ string, pair []ablation.Run) bool { return !slices.Contains(names(pair), stopped.Name) })
	if same != pack || !slices.Contains(names(lost), beside.Name) {
		t.Errorf("%v train in %s, before %v did in %s", names(lost), same, names(first), pack)
	}
	w.kill()
	w = f.worker()
	f.until("its runs to be taken over", func() bool { return w.log.count("Adopted a run") == 2 })
	f.killPack(pack)
	f.pair(func(next string, _ []ablation.Run) bool { return next != pack })
	if err := os.WriteFile(filepath.Join(f.data, "go"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	f.until("the runs' ends", func() bool { return f.completed() == 5 })
	f.told(stopped.Name, names(lost))
	if dirs, err := os.ReadDir(filepath.Join(f.data, "packs")); err != nil || len(dirs) != 2 {
		t.Errorf("%d packs, %v", len(dirs), err)
	}
}

// told checks what became of all runs: of one that was stopped, and of those whose process was killed.
func (f *factory) told(stopped string, lost []string) {
	f.Helper()
	runs, err := f.store.Runs(f.Context(), "talk")
	if err != nil {
		f.Fatal(err)
	}
	for _, r := range runs {
		attempts, want := 1, ablation.RunCompleted
		switch {
		case r.Name == stopped:
			want = ablation.RunStopped
		case slices.Contains(lost, r.Name):
			attempts = 2
		}
		if r.State != want || r.Progress.Attempt != attempts {
			f.Errorf("run %s is %s after %d attempts, want %s after %d", r.Name, r.State, r.Progress.Attempt, want, attempts)
		}
		if r.Name != stopped {
			f.stored(r)
		}
		f.inPacks(r, attempts)
	}
}

// inPacks checks that every attempt of a run trained in a pack, and that the second went on from the first one's checkpoint.
func (f *factory) inPacks(r ablation.Run, attempts int) {
	f.Helper()
	all, err := f.store.Attempts(f.Context(), r.ID)
	if err != nil || len(all) != attempts {
		f.Fatalf("run %s has %d attempts, %v", r.Name, len(all), err)
	}
	for _, a := range all {
		var h struct{ Pack string }
		if err := json.Unmarshal(a.Handle, &h); err != nil || h.Pack == "" {
			f.Errorf("attempt %d of run %s trained in no pack: %s, %v", a.Number, r.Name, a.Handle, err)
		}
		s, err := spec.ReadFile[spec.Spec](filepath.Join(spec.AttemptDir(spec.RunDir(f.data, r.ID), a.Number), spec.SpecFile))
		if err != nil {
			f.Fatal(err)
		}
		if from := s.Checkpoint.ResumeFrom; (from != nil) != (a.Number > 1) || from != nil && from.Step != f.steps/2 {
			f.Errorf("attempt %d of run %s went on from %+v", a.Number, r.Name, from)
		}
	}
}

func names(runs []ablation.Run) (out []string) {
	for _, r := range runs {
		out = append(out, r.Name)
	}
	slices.Sort(out)
	return out
}

// disband ends the packs' processes.
func (f *factory) disband() {
	found, _ := filepath.Glob(filepath.Join(f.data, "packs", "*"))
	for _, pack := range found {
		if p, err := spec.ReadFile[spec.Process](filepath.Join(pack, spec.ProcessFile)); err == nil {
			_ = syscall.Kill(p.PID, syscall.SIGTERM)
		}
	}
	for _, pack := range found {
		f.until("a pack to leave", func() bool {
			status, err := engine.Verdict(pack)
			return err != nil || status.State != engine.Running
		})
	}
}
