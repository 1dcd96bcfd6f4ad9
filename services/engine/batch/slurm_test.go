package batch_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// TestSlurm_Waits: a job that no node has room for is said to wait, and stopping its run takes it out of the queue.
func TestSlurm_Waits(t *testing.T) {
	t.Parallel()
	s := newSite(t, fmt.Sprintf(onSlurm, ", cpus: 2"))
	if said := s.haigo("doctor"); !strings.Contains(said, "yes  engine slurm") {
		t.Errorf("doctor:\n%s", said)
	}
	s.work()
	s.apply(3)
	frozen := []int{s.frozen(s.run(1)), s.frozen(s.run(2))}
	third := s.run(3)
	s.until("the third run waits", func() bool {
		attempts, err := s.store.Attempts(t.Context(), third.ID)
		return err == nil && len(attempts) == 1 && attempts[0].Waiting
	})
	s.haigo("run", "stop", third.ID)
	s.until("it is stopped", func() bool { return s.run(3).State == ablation.RunStopped })
	for _, pid := range frozen {
		s.signal(pid, syscall.SIGCONT)
	}
	s.until("the others have completed", func() bool {
		return s.run(1).State == ablation.RunCompleted && s.run(2).State == ablation.RunCompleted
	})
	if s.exists(third, 1, spec.ProcessFile) {
		t.Error("the stopped run's job was started")
	}
}

// TestDoctor_Slurm: what can't be submitted is said, with the system's own words.
func TestDoctor_Slurm(t *testing.T) {
	t.Parallel()
	s := newSite(t, fmt.Sprintf(onSlurm, ", account: lab"))
	s.write("engines.yaml", "slurm: {partition: nowhere}\npbs: {prefix: [/bin/false]}")
	cmd := s.command("doctor")
	out, err := cmd.Output()
	for _, want := range []string{"no   engine slurm", "invalid partition specified: nowhere", "no   engine pbs"} {
		if err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%q isn't said: %v\n%s", want, err, out)
		}
	}
}
