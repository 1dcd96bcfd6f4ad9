package batch

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/services/engine"
)

// TestBatch_later: what says that there are too many jobs by now, or that nobody is there to ask, is no word on the job.
func TestBatch_later(t *testing.T) {
	t.Parallel()
	later := []string{
		"sbatch: error: AssocGrpSubmitJobsLimit\nsbatch: error: Batch job submission failed: Job violates accounting/QOS policy",
		"sbatch: error: QOSMaxSubmitJobPerUserLimit",
		"sbatch: error: Batch job submission failed: Required partition not available (inactive or drain)",
		"squeue: error: Munge encode failed: Failed to access \"munge.socket.2\"",
		"qsub: would exceed limit on jobs queued in server for user a",
		"qsub: Queue is not enabled",
		"Unable to run job: job rejected: only 10 jobs are allowed per user (current job count: 10)",
		"/bin/sh: 0: Cannot fork: Resource temporarily unavailable",
	}
	for _, said := range later {
		if c := (commands{}); !c.unreachable(&failure{name: "x", said: said, err: errors.New("exit status 1")}) {
			t.Errorf("%q is taken for an answer", said)
		}
	}
	if c := (commands{}); !c.unreachable(&failure{name: "x", err: syscall.EAGAIN}) {
		t.Errorf("%v is taken for an answer", syscall.EAGAIN)
	}
	if c := (commands{}); c.unreachable(&failure{name: "x", said: "sbatch: error: invalid partition specified: gpus", err: errors.New("exit status 1")}) {
		t.Error("a partition that there isn't is waited for")
	}
}

// TestSubmitted: what a login shell prints is no job.
func TestSubmitted(t *testing.T) {
	t.Parallel()
	const motd = "Welcome to login1. Maintenance on Friday.\n"
	for name, v := range map[string]struct {
		dialect
		printed, want string
	}{
		"slurm":           {&slurm{}, motd + "7;cluster\n", "7"},
		"pbs":             {&pbs{}, motd + "12.server\n", "12.server"},
		"gridengine":      {&gridEngine{}, motd + "9\n", "9"},
		"no job at all":   {&slurm{}, motd, ""},
		"nothing":         {&pbs{}, "", ""},
		"a date and more": {&pbs{}, "1 Dec 2026\n", ""},
		"a date alone":    {&pbs{}, "2026-12-01\n10:15\n", ""},
		"words after it":  {&slurm{}, "--> Checking 4 nodes ... OK\n 7 \n\n--> Good luck\n", "7"},
	} {
		id, err := v.submitted(v.printed)
		if id != v.want || (err == nil) != (v.want != "") {
			t.Errorf("%s: %q, %v; want %q", name, id, err, v.want)
		}
	}
}

// TestSlurm_accountsAway: where sacct doesn't tell, jobs are submitted and their ends are found all the same.
func TestSlurm_accountsAway(t *testing.T) {
	t.Parallel()
	for name, v := range map[string]struct {
		said  string
		again error // of a second submission of one attempt, which may be a job already
	}{
		"away":    {"sacct: error: slurmdbd: Connection refused", engine.ErrAway},
		"refuses": {"sacct: error: slurmdbd: Problem getting jobs: Access/permission denied", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			fake := filepath.Join(dir, "slurm")
			script := "#!/bin/sh\ncase $1 in *sacct*) echo '" + v.said + "' >&2; exit 1 ;; *sbatch*) echo 17 ;; *scontrol*) echo 'JobName=haigo-k JobState=FAILED' ;; esac\n"
			if err := os.WriteFile(fake, []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
			jobs := Jobs{CPUs: 1, Prefix: []string{"/bin/sh", fake}, Timeout: time.Minute}
			b := Open(Settings{Slurm: &Slurm{Jobs: jobs}}, Options{Program: "/bin/true", Data: dir})[0]
			defer b.Close()
			h, err := b.Submit(t.Context(), dir, "k")
			if got, parsed := parse(h); err != nil || parsed != nil || got.Job != "17" {
				t.Errorf("submitted job %s: %v", got.Job, errors.Join(err, parsed))
			}
			if _, err := b.Submit(t.Context(), dir, "k"); !errors.Is(err, v.again) {
				t.Errorf("again: %v, want %v", err, v.again)
			}
			if found, err := b.dialect.history(t.Context(), []string{"17"}); err != nil || len(found) != 1 || found[0].word != over {
				t.Errorf("history: %+v, %v", found, err)
			}
		})
	}
}
