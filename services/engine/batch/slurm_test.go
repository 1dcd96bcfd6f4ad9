package batch_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// noisy is a login shell that greets, and keeps the numbers of submitted jobs to itself.
const noisy = `#!/bin/sh
echo "Welcome to login1. Maintenance on Friday."
case $1 in *sbatch*) sh -c "$1" >"$0.kept" ;; *) exec sh -c "$1" ;; esac
`

// TestSlurm_Waits: a job that no node has room for is said to wait, and stopping its run takes it out of the queue. A job whose
// number isn't printed is found by its name.
func TestSlurm_Waits(t *testing.T) {
	t.Parallel()
	s := newSite(t, fmt.Sprintf(onSlurm, ""))
	s.write("engines.yaml", fmt.Sprintf(onSlurm, ", cpus: 2, prefix: ["+s.script("login", noisy)+"]"))
	s.tokens = "2M" // none ends before it is frozen
	if said := s.haigo("doctor"); !strings.Contains(said, "yes  engine slurm  slurm") {
		t.Errorf("doctor:\n%s", said)
	}
	s.work()
	s.apply(3)
	began := make(chan [2]int, 3)
	for seed := 1; seed <= 3; seed++ {
		frozen := s.freeze(s.run(seed), "started")
		go func() { began <- [2]int{seed, frozen()} }()
	}
	training := map[int]int{} // pids by seed: whichever two were submitted first
	for range 2 {
		one := <-began
		training[one[0]] = one[1]
	}
	seed := 1
	for training[seed] > 0 {
		seed++
	}
	third := s.run(seed)
	s.until("the third run waits", func() bool {
		attempts, err := s.store.Attempts(t.Context(), third.ID)
		return err == nil && len(attempts) == 1 && attempts[0].Waiting
	})
	s.haigo("run", "stop", third.ID)
	s.until("it is stopped", func() bool { return s.run(seed).State == ablation.RunStopped })
	job := s.handle(third, 1)["job"]
	s.until("its job leaves the queue", func() bool {
		return strings.Contains(s.slurm("scontrol", "show", "job", job), "JobState=CANCELLED")
	})
	for seed, pid := range training { // there is room for it now
		s.haigo("run", "stop", s.run(seed).ID)
		s.signal(pid, syscall.SIGCONT)
		s.until("another has left", func() bool { return s.run(seed).State == ablation.RunStopped })
	}
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
