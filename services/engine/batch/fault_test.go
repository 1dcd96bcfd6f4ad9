package batch_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// The faults of a cluster. Each test holds the order of things and the outcome, which is the undisturbed sweep's to the last
// bit; how long it takes is the cluster's affair.

const onSlurm = `
engine: slurm
slurm: {partition: debug, poll: 300ms, silent_after: 15s, lost_after: 5s, timeout: 1m%s}
`

// same compares with the undisturbed sweep, and the attempts that its runs took with what they should have taken.
func (s *site) same(seeds int, attempts ...int) {
	s.Helper()
	if took := s.undisturbedEnds(seeds); !slices.Equal(took, attempts) {
		s.Errorf("the runs took %v attempts, want %v", took, attempts)
	}
}

// undisturbedEnds compares with the undisturbed sweep and returns how many attempts each run took.
func (s *site) undisturbedEnds(seeds int) (took []int) {
	s.Helper()
	got, took := s.ends()
	if diff := cmp.Diff(s.undisturbed(seeds), got); diff != "" {
		s.Errorf("-undisturbed +got\n%s", diff)
	}
	s.Logf("figure: %d runs as undisturbed, in %v attempts", len(took), took)
	return took
}

// TestFault_SlurmKilledAfterSbatch: the service dies when the cluster has the job and the database doesn't know it yet.
func TestFault_SlurmKilledAfterSbatch(t *testing.T) {
	t.Parallel()
	s := newSite(t, fmt.Sprintf(onSlurm, ""))
	pid := s.killedAfterSubmitting(onSlurm, "sbatch")
	s.work()
	s.until("the job is found", func() bool { return s.handle(s.run(1), 1) != nil })
	s.signal(pid, syscall.SIGCONT)
	s.same(1, 1)
	if jobs := strings.Fields(s.slurm("squeue", "--noheader", "--states=all", "--format=%i")); len(jobs) != 1 {
		t.Errorf("jobs %v, want one", jobs)
	}
}

// killedAfterSubmitting starts a run and kills the service while the command that submitted its job hangs; for the next one no
// command does. The job's runner is frozen, for that one takes a while to find it: it returns its pid.
func (s *site) killedAfterSubmitting(engines, command string) int {
	s.Helper()
	hang := filepath.Join(s.data, "hang")
	s.script("hang", "#!/bin/sh\nsh -c \"$1\" || exit\ncase $1 in *"+command+"*) touch '"+hang+".submitted'; exec sleep 1000 ;; esac\n")
	s.write("engines.yaml", fmt.Sprintf(engines, ", prefix: ["+hang+"]"))
	w := s.work()
	s.apply(1)
	frozen := s.freeze(s.run(1), "checkpoint")
	s.until("a job is submitted", func() bool { _, err := os.Stat(hang + ".submitted"); return err == nil })
	w.end(syscall.SIGKILL)
	if h := s.handle(s.run(1), 1); h != nil {
		s.Fatalf("the job was written down before the kill: %v", h)
	}
	s.write("engines.yaml", fmt.Sprintf(engines, ""))
	return s.caught(s.run(1), frozen)
}

const onPBS = `
engine: pbs
pbs: {queue: debug, poll: 300ms, silent_after: 15s, lost_after: 5s%s}
`

// TestFault_PBS on the Torque commands over Slurm: no second job after a kill between qsub and commit, and a job whose node
// is lost, of which qstat says that it is complete, goes on as a further attempt.
func TestFault_PBS(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("qsub"); err != nil {
		t.Skip("not run: the PBS dialect (slurm-wlm-torque isn't installed)")
	}
	s := newSite(t, fmt.Sprintf(onPBS, ""))
	pid := s.killedAfterSubmitting(onPBS, "qsub")
	run := s.run(1)
	s.work()
	s.until("the job is found", func() bool { return s.handle(run, 1) != nil })
	s.tool("kill-node", s.node(pid))
	s.same(1, 2)
	s.resumed(run, 2)
	if jobs := strings.Count(s.slurm("qstat", "-f"), "Job Id:"); jobs != 2 {
		t.Errorf("%d jobs, want one of each attempt", jobs)
	}
}

// TestFault_SlurmControllerAway: runs end, and others wait for the controller, while nobody answers; in the long form for a
// minute.
func TestFault_SlurmControllerAway(t *testing.T) {
	t.Parallel()
	s := newSite(t, fmt.Sprintf(onSlurm, ", runs: 1"))
	w := s.work()
	s.apply(2)
	pid := s.frozen(s.run(1))
	s.tool("stop-controller")
	s.until("the service has noticed", func() bool { return strings.Contains(w.said(), "The batch system doesn't answer") })
	s.signal(pid, syscall.SIGCONT)
	s.until("the second run waits for the controller", func() bool { return strings.Contains(w.said(), "An attempt can't be started now") })
	if os.Getenv("HAIGO_FAULTS") == "long" {
		time.Sleep(time.Minute)
	}
	s.tool("start-controller")
	s.same(2, 1, 1)
}

// TestFault_SlurmNodeKilled: the run goes on, on the other node, from its checkpoint.
func TestFault_SlurmNodeKilled(t *testing.T) {
	t.Parallel()
	s := newSite(t, fmt.Sprintf(onSlurm, ", exclude_after: 1"))
	s.work()
	s.apply(1)
	run := s.run(1)
	node := s.node(s.frozen(run))
	s.tool("kill-node", node)
	s.same(1, 2)
	s.resumed(run, 2)
	if shown := s.slurm("scontrol", "show", "job", s.handle(run, 2)["job"]); strings.Contains(shown, " NodeList="+node) {
		t.Errorf("the second attempt ran on %s as well:\n%s", node, shown)
	}
	bad, err := os.ReadFile(filepath.Join(s.data, "engine-slurm-nodes.json"))
	if err != nil || !strings.Contains(string(bad), `"`+node+`"`) {
		t.Errorf("the node %s isn't remembered: %s, %v", node, bad, err)
	}
}

// TestFault_SlurmNodeCut: a node that nobody reaches trains on, beside the attempt that took its place; only that one counts.
func TestFault_SlurmNodeCut(t *testing.T) {
	t.Parallel()
	s := newSite(t, fmt.Sprintf(onSlurm, ""))
	s.work()
	s.apply(1)
	run := s.run(1)
	old := s.frozen(run)
	process, err := spec.ReadFile[spec.Process](filepath.Join(s.attempt(run, 1), spec.ProcessFile))
	if err != nil {
		t.Fatal(err)
	}
	s.signal(process.PID, syscall.SIGSTOP) // its heartbeats reach nobody
	t.Cleanup(func() { _ = syscall.Kill(process.PID, syscall.SIGCONT) })
	s.tool("cut-node", s.node(old))
	next := 0
	s.until("the next attempt trains", func() bool { next = s.runner(run, 2); return next > 0 })
	s.signal(next, syscall.SIGSTOP)
	events := filepath.Join(s.attempt(run, 1), spec.EventsFile)
	before, err := os.Stat(events)
	if err != nil {
		t.Fatal(err)
	}
	s.signal(old, syscall.SIGCONT)
	s.until("the old attempt has written on", func() bool {
		now, err := os.Stat(events)
		return err == nil && now.Size() > before.Size()
	})
	s.signal(next, syscall.SIGCONT)
	s.same(1, 2)
	s.resumed(run, 2)
}

// TestFault_SlurmJobForgotten: of two jobs that nobody knows any more one had ended well, the other is lost.
func TestFault_SlurmJobForgotten(t *testing.T) {
	t.Parallel()
	newSite(t, fmt.Sprintf(onSlurm, "")).forgets()
}

// TestFault_SlurmJobAccounted: of two jobs that the controller has forgotten one had ended well, and the accounts tell of the
// other that its node failed.
func TestFault_SlurmJobAccounted(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"slurmdbd", "mariadbd"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("not run: Slurm's accounts (%s isn't installed)", program)
		}
	}
	s := &site{T: t, books: true}
	s.open(fmt.Sprintf(onSlurm, ", exclude_after: 1"))
	if said := s.haigo("doctor"); !strings.Contains(said, "with accounting") {
		t.Errorf("doctor:\n%s", said)
	}
	if said := s.forgets().said(); !strings.Contains(said, "NODE_FAIL") {
		t.Error("the node's failure wasn't read in the accounts")
	}
}

// forgets lets one of two jobs end and the other's node fail, while no service looks and the controller forgets both.
func (s *site) forgets() *service {
	s.Helper()
	w := s.work()
	s.apply(2)
	first, second := s.run(1), s.run(2)
	lost := s.frozen(second)
	s.until("the service knows both jobs", func() bool { return s.handle(first, 1) != nil && s.handle(second, 1) != nil })
	w.end(syscall.SIGKILL)
	s.until("the first has ended", func() bool { return s.exists(first, 1, spec.ExitFile) })
	node := s.node(lost)
	s.tool("kill-node", node)
	if s.books {
		s.until("the accounts tell of the node", func() bool {
			return strings.Contains(s.slurm("sacct", "--allocations", "--noheader", "--format=state"), "NODE_FAIL")
		})
	}
	s.tool("forget")
	s.tool("start-node", node)
	w = s.work()
	s.same(2, 1, 2)
	s.resumed(second, 2)
	return w
}

// TestFault_SlurmTimeLimit: the runner leaves before the limit, with a checkpoint, and the next job goes on. It is asked to when
// it had 40 s, of which its first checkpoint takes a few.
func TestFault_SlurmTimeLimit(t *testing.T) {
	t.Parallel()
	s := newSite(t, fmt.Sprintf(onSlurm, ", time_limit: 10m, leave_before: 560s"))
	s.work()
	s.apply(1)
	run := s.run(1)
	pid := s.frozen(run)
	s.until("the runner is asked to leave", func() bool { return s.exists(run, 1, spec.StopFile) })
	s.signal(pid, syscall.SIGCONT)
	// How often the limit comes is the machine's affair: a slow one trains less before it.
	if took := s.undisturbedEnds(1); took[0] < 2 {
		t.Errorf("the run took %v attempts, want another after the limit", took)
	}
	s.resumed(run, 2)
	last, err := spec.LastEvent(filepath.Join(s.attempt(run, 1), spec.EventsFile))
	if err != nil || last.Finished == nil || last.Finished.Outcome != spec.OutcomeStopped {
		t.Errorf("the first attempt ended with %+v, %v", last, err)
	}
}

// TestFault_SlurmNodeExcluded: a node that failed twice, on what the other one does well, gets no third job, though it is idle
// and the other one busy.
func TestFault_SlurmNodeExcluded(t *testing.T) {
	t.Parallel()
	s := newSite(t, fmt.Sprintf(onSlurm, ", cpus: 2, exclude_after: 2, setup: 'test $SLURMD_NODENAME != n1 || exit 1'"))
	s.slurm("scontrol", "update", "nodename=n1", "state=drain", "reason=test")
	s.work()
	s.apply(2)
	busy, failing := 1, 2
	s.until("a run begins on the other node", func() bool {
		if s.exists(s.run(2), 1, spec.ProcessFile) {
			busy, failing = 2, 1
		}
		return s.exists(s.run(busy), 1, spec.ProcessFile)
	})
	pid := s.frozen(s.run(busy))
	s.until("the service has seen it begin", func() bool {
		seen, _ := os.ReadFile(filepath.Join(s.data, "engine-slurm-nodes.json"))
		return strings.Contains(string(seen), "n2")
	})
	s.slurm("scontrol", "update", "nodename=n1", "state=resume")
	run := s.run(failing)
	s.until("a third job is submitted", func() bool { return s.handle(run, 3) != nil })
	shown := s.slurm("scontrol", "show", "job", s.handle(run, 3)["job"])
	if !strings.Contains(shown, "JobState=PENDING") || !strings.Contains(shown, "ExcNodeList=n1") {
		t.Errorf("the third job:\n%s", shown)
	}
	if attempts, err := s.store.Attempts(t.Context(), run.ID); err != nil || !strings.Contains(attempts[0].Reason.EN, "the batch system says: FAILED") {
		t.Errorf("the system's word isn't said: %+v, %v", attempts, err)
	}
	s.signal(pid, syscall.SIGCONT)
	want := []int{3, 3}
	want[busy-1] = 1
	s.same(2, want...)
}

// TestFault_SlurmNodeBreaksRuns: a node on which training breaks off, as with a broken device, and which is idle again at once, doesn't
// draw every attempt.
func TestFault_SlurmNodeBreaksRuns(t *testing.T) {
	t.Parallel()
	s := newSite(t, fmt.Sprintf(onSlurm, ", cpus: 2, exclude_after: 2"))
	if err := os.Mkdir(filepath.Join(s.data, "trainers"), 0o755); err != nil {
		t.Fatal(err)
	}
	s.write("trainers/short.yaml", `command: [sh, "{here}/short.sh"]
version: "1"
deterministic: true
precisions: [fp32]
can: [multinomial]
env: {ATTEMPT: "{attempt}", STEPS: "{steps}"}
shapes: [{name: tiny, layers: 2, width: 32, heads: 2, ffn: 96, peak_lr: 1.0}]
`)
	s.write("trainers/short.sh", `[ "$SLURMD_NODENAME" != n1 ] || { echo "uncorrectable ECC error" >&2; exit 1; }
head=$(printf '"attempt":%d,"segment":0,"time":"2026-11-24T00:00:00Z"' "$ATTEMPT")
cat >>events.jsonl <<END
{"seq":1,"type":"started",$head,"trainer":{"name":"short","version":"1"},"device":"","isa":"","threads":1,"resumed_from":null,"spec_sha256":""}
{"seq":2,"type":"finished",$head,"outcome":"completed","step":$STEPS,"reason":"","retriable":false}
END
`)
	s.trainer = "short"
	s.work()
	s.apply(1)
	_, attempts := s.ends()
	last := s.slurm("scontrol", "show", "job", s.handle(s.run(1), attempts[0])["job"])
	if attempts[0] > 3 || !strings.Contains(last, " NodeList=n2\n") {
		t.Errorf("%d attempts, the last:\n%s", attempts[0], last)
	}
	t.Logf("figure: completed on the other node in attempt %d", attempts[0])
}

const onGrid = `
engine: gridengine
gridengine: {queue: all.q, time_limit: 1h, poll: 300ms, silent_after: 15s, lost_after: 5s%s}
`

// TestFault_GridEngine on a real one: no second job after a kill between qsub and commit; a job that somebody deletes goes on as
// a further attempt, from its checkpoint.
func TestFault_GridEngine(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	s.grid()
	s.write("engines.yaml", fmt.Sprintf(onGrid, ""))
	if said := s.haigo("doctor"); !strings.Contains(said, "yes  engine gridengine") {
		t.Errorf("doctor:\n%s", said)
	}
	s.killedAfterSubmitting(onGrid, "qsub")
	run := s.run(1)
	s.work()
	s.until("the job is found", func() bool { return s.handle(run, 1) != nil })
	s.slurm("qdel", s.handle(run, 1)["job"])
	s.same(1, 2)
	s.resumed(run, 2)
	said := ""
	s.until("the last job is accounted for", func() bool {
		said = s.slurm("qacct", "-j")
		return strings.Contains(said, run.ID+"-a0002")
	})
	if strings.Count(said, "jobnumber") != 2 {
		t.Errorf("want one job of each attempt:\n%s", said)
	}
}
