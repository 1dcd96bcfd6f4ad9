package batch_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/engine"
	"github.com/haigo-lab/haigo/services/engine/batch"
	"github.com/haigo-lab/haigo/services/engine/enginetest"
)

// trainPack is a pack's runner, whose members train until they are asked to stop.
func trainPack() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	err := enginetest.RunPack(ctx, ".", func(ctx context.Context, dir string) error {
		if err := os.WriteFile(filepath.Join(dir, "pid"), []byte(strconv.Itoa(os.Getpid())), 0o644); err != nil {
			return err
		}
		look := time.NewTicker(5 * time.Millisecond)
		defer look.Stop()
		for {
			if _, err := os.Stat(filepath.Join(dir, spec.StopFile)); err == nil || ctx.Err() != nil {
				return nil
			}
			<-look.C
		}
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// barracks is a site's engine with packs, and attempts of one member each.
type barracks struct {
	*site
	*batch.Batch
}

// engine is Slurm, with further settings.
func (s *site) engine(more string) barracks {
	s.Helper()
	set, err := settings(s.T, fmt.Sprintf("slurm: {partition: debug, poll: 300ms, silent_after: 15s, lost_after: 5s, timeout: 1m, prefix: [env, SLURM_CONF=%s/c/slurm.conf, sh, -c]%s}", s.cluster, more))
	program, err2 := filepath.Abs("../../../bin/haigo")
	if err := errors.Join(err, err2); err != nil {
		s.Fatal(err)
	}
	b := batch.Open(set, batch.Options{Program: program, Data: s.data})[0]
	s.Cleanup(b.Close)
	return barracks{s, b}
}

// pack submits the job of a pack with so many slots.
func (b barracks) pack(name string, slots int) string {
	b.Helper()
	dir := spec.PackDir(b.data, name)
	binary, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	p := trainer.Plan{Parts: []spec.Part{{Name: "0", Argv: []string{binary, "pack"}, Dir: ".", Env: map[string]string{}}}}
	if err := engine.PreparePack(dir, spec.Pack{PackVersion: spec.PackVersion, Slots: slots}, []byte("{}"), p, rand.Text()); err != nil {
		b.Fatal(err)
	}
	if _, err := b.Submit(b.Context(), dir, name); err != nil {
		b.Fatal(err)
	}
	return dir
}

// member is a run's attempt in a pack.
type member struct {
	barracks
	dir    string
	handle engine.Handle
}

func (b barracks) member(run string) *member {
	b.Helper()
	dir := spec.AttemptDir(spec.RunDir(b.data, run), 1)
	if err := engine.PrepareMember(dir, []byte("{}")); err != nil {
		b.Fatal(err)
	}
	return &member{barracks: b, dir: dir}
}

func (m *member) join(pack string) *member {
	m.Helper()
	h, err := m.Join(m.Context(), pack, m.dir)
	if err != nil {
		m.Fatal(err)
	}
	m.handle = h
	return m
}

func (m *member) is(want engine.State) {
	m.Helper()
	m.until(filepath.Dir(m.dir)+" is "+string(want), func() bool {
		statuses, err := m.Poll(m.Context(), []engine.Handle{m.handle})
		if err != nil {
			m.Fatal(err)
		}
		return statuses[0].State == want
	})
}

// trains waits until a pack trains the member, and returns its process.
func (m *member) trains() (pid int) {
	m.Helper()
	m.until(m.dir+" trains", func() bool {
		text, _ := os.ReadFile(filepath.Join(m.dir, "pid"))
		pid, _ = strconv.Atoi(string(text))
		return pid > 0
	})
	return pid
}

func (m *member) stop() {
	m.Helper()
	if err := m.Stop(m.Context(), m.handle, time.Minute); err != nil {
		m.Fatal(err)
	}
}

// TestSlurm_Pack: the runs of a pack share one job. Who waits for a slot is taken when one is free, or never once it is stopped;
// when the job's node is lost, what it trained has ended, and who waited joins another pack.
func TestSlurm_Pack(t *testing.T) {
	t.Parallel()
	s := &site{T: t}
	s.data = s.folder("data")
	s.up()
	b := s.engine("")
	p := b.pack("p", 2)
	first, second := b.member("first").join(p), b.member("second").join(p)
	pid := first.trains()
	if second.trains() != pid {
		t.Error("members of one pack have processes of their own")
	}
	waits, never, last := b.member("waits").join(p), b.member("xx").join(p), b.member("zz").join(p)
	waits.is(engine.Waiting)
	never.stop()
	never.is(engine.Ended)
	first.stop()
	first.is(engine.Ended)
	waits.trains()
	for _, m := range []*member{second, waits} {
		m.is(engine.Running)
	}
	b.tool("kill-node", s.node(pid))
	for _, m := range []*member{second, waits} {
		m.is(engine.Ended)
	}
	last.is(engine.NotStarted)
	if inside, err := b.PackOf(last.dir); inside != "" || err != nil {
		t.Errorf("is still in %q: %v", inside, err)
	}
	last.join(b.pack("q", 2))
	if last.trains(); last.trains() == pid {
		t.Error("the pack that was lost trains")
	}
	if err := last.Kill(t.Context(), last.handle); err != nil {
		t.Fatal(err)
	}
	last.is(engine.Ended)
	if _, err := os.Stat(filepath.Join(never.dir, "pid")); err == nil {
		t.Error("a member that was stopped while it waited has trained")
	}
}

// TestSlurm_packWaits: a pack's job that waits for a node is found by another service; it leaves the queue once all that waited
// for it were stopped.
func TestSlurm_packWaits(t *testing.T) {
	t.Parallel()
	s := &site{T: t}
	s.data = s.folder("data")
	s.up()
	b := s.engine(", options: [--hold]")
	p := b.pack("p", 2)
	first, second := b.member("first").join(p), b.member("second").join(p)
	again := s.engine("")
	if inside, err := again.PackOf(first.dir); inside != p || err != nil {
		t.Fatalf("in %q: %v", inside, err)
	}
	if h, err := again.Submit(t.Context(), p, "p"); err != nil || !strings.Contains(string(first.handle), `"job":`+job(h)) {
		t.Fatalf("found %s, %v; its member has %s", h, err, first.handle)
	}
	first.is(engine.Waiting)
	first.stop()
	first.is(engine.Ended)
	second.is(engine.Waiting)
	second.stop()
	second.is(engine.Ended)
	s.until("the job leaves the queue", func() bool {
		return strings.Contains(s.slurm("squeue", "--noheader", "--states=all", "--format=%T"), "CANCELLED")
	})
}

// job is the number of a handle's job, as it is written there.
func job(h engine.Handle) string {
	_, after, _ := strings.Cut(string(h), `"job":`)
	number, _, _ := strings.Cut(after, ",")
	return number
}

// TestFault_SlurmPackLost: two runs train in one job of the gpu trainer; when its node is lost both go on from their checkpoints, in
// another.
func TestFault_SlurmPackLost(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("../../../bin/gpu/ready.json"); err != nil {
		t.Skip("not run: the GPU trainer (JAX could not be brought from PyPI; make gpu tries again)")
	}
	s := newSite(t, fmt.Sprintf(onSlurm, ", runs: 1"))
	s.trainer, s.tokens = "gpu", "2M"
	s.work("--pack", "2")
	s.apply(2)
	for seed := range 2 {
		s.until("a run is past a checkpoint", func() bool { r := s.run(seed + 1); return r.Progress.Step > r.Steps/10 })
	}
	process, err := spec.ReadFile[spec.Process](filepath.Join(s.attempt(s.run(1), 1), spec.ProcessFile))
	if err != nil {
		t.Fatal(err)
	}
	s.tool("kill-node", s.node(process.PID))
	if _, took := s.ends(); !slices.Equal(took, []int{2, 2}) {
		t.Errorf("the runs took %v attempts, want two each", took)
	}
	for seed := range 2 {
		s.resumed(s.run(seed+1), 2)
	}
	for number := range 2 {
		if one, other := s.handle(s.run(1), number+1)["job"], s.handle(s.run(2), number+1)["job"]; one != other {
			t.Errorf("attempt %d of the runs in jobs %s and %s", number+1, one, other)
		}
	}
	t.Logf("figure: two runs in a job, both resumed in the next")
}
