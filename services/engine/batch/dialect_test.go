package batch

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/engine"
)

var reports = cmp.AllowUnexported(report{})

// TestSlurmReports reads what Slurm 22.05 printed.
func TestSlurmReports(t *testing.T) {
	t.Parallel()
	got := slurmReports(strings.Join([]string{
		"44|COMPLETED|n1|None|haigo-5d2f-a0001",
		"45|FAILED|n2|NonZeroExitCode|a|b",
		"48|CANCELLED by 0|None assigned|0:0|haigo-x",
		"49|PENDING||Resources|haigo-y",
		"50|RUNNING|n[1-2]|None|haigo-z",
		"51|NODE_FAIL|n1|NodeDown|haigo-w",
		"52|OUT_OF_ME+|n1|OutOfMemory|haigo-v",
		"slurm_load_jobs error",
	}, "\n"))
	want := []report{
		{"44", "haigo-5d2f-a0001", over, "n1", "COMPLETED None"},
		{"45", "a|b", over, "n2", "FAILED NonZeroExitCode"},
		{"48", "haigo-x", over, "", "CANCELLED by 0 0:0"},
		{"49", "haigo-y", waiting, "", "PENDING Resources"},
		{"50", "haigo-z", running, "", "RUNNING None"},
		{"51", "haigo-w", failing, "n1", "NODE_FAIL NodeDown"},
		{"52", "haigo-v", over, "n1", "OUT_OF_ME+ OutOfMemory"},
	}
	if diff := cmp.Diff(want, got, reports); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	shown := slurmShown("7", "JobId=7 JobName=haigo-k UserId=root(0) JobState=NODE_FAIL Reason=NodeDown NodeList=n2 BatchHost=n2")
	if diff := cmp.Diff(report{"7", "haigo-k", failing, "n2", "NODE_FAIL"}, shown, reports); diff != "" {
		t.Errorf("scontrol: -want +got\n%s", diff)
	}
}

// TestPBSReports reads the long form of qstat, a value of which goes on in a further line.
func TestPBSReports(t *testing.T) {
	t.Parallel()
	got := pbsReports("Job Id: 12.pbs1\n    Job_Name = haigoabc\n    job_state = Q\n    Variable_List = PBS_O_HOME=/home/x,\n\tPBS_O_Q=a = b\n\n" +
		"Job Id:\t13\n\tJob_Name = haigodef\n\tjob_state = R\n\texec_host = n1/1+n2/1\n\nJob Id: 14\n    Job_Name = haigoghi\n    job_state = C\n")
	want := []report{{"12.pbs1", "haigoabc", waiting, "", "Q"}, {"13", "haigodef", running, "n1", "R"}, {"14", "haigoghi", over, "", "C"}}
	if diff := cmp.Diff(want, got, reports); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestGridReports reads what Grid Engine 8.1.9 printed.
func TestGridReports(t *testing.T) {
	t.Parallel()
	job := func(number, name, state, queue string) string {
		return "<job_list state=\"x\"><JB_job_number>" + number + "</JB_job_number><JAT_prio>0.75000</JAT_prio><JB_name>" + name + "</JB_name><JB_owner>root</JB_owner><state>" +
			state + "</state><queue_name>" + queue + "</queue_name><slots>1</slots></job_list>\n"
	}
	listed := "<?xml version='1.0'?>\n<job_info  xmlns:xsd=\"http://arc.liv.ac.uk/qstat.xsd\"><queue_info>" + job("1", "haigo-a", "r", "all.q@n1") + job("2", "haigo-b", "dr", "all.q@n2") +
		"</queue_info><job_info>" + job("3", "haigo-c", "qw", "") + job("4", "haigo-d", "Eqw", "") + job("5", "haigo-e", "hqw", "") + "</job_info></job_info>"
	want := []report{
		{"1", "haigo-a", running, "n1", "r"}, {"2", "haigo-b", running, "n2", "dr"}, {"3", "haigo-c", waiting, "", "qw"}, {"4", "haigo-d", over, "", "Eqw"}, {"5", "haigo-e", waiting, "", "hqw"},
	}
	got, err := gridReports(listed)
	if diff := cmp.Diff(want, got, reports); diff != "" || err != nil {
		t.Errorf("%v, -want +got\n%s", err, diff)
	}
	if got, err := gridReports("Welcome & <hello>\n" + listed); len(got) != len(want) || err != nil {
		t.Errorf("after a shell's words: %v, %v", got, err)
	}
	if _, err := gridReports(listed[:300]); !errors.Is(err, engine.ErrAway) {
		t.Errorf("of half an answer: %v", err)
	}
	ended := strings.Repeat("=", 62) + "\nqname        all.q               \nhostname     vm                  \njobname      haigo-t1            \njobnumber    1                   \nfailed       0    \nexit_status  0                   \n"
	if diff := cmp.Diff([]report{{"1", "haigo-t1", over, "vm", "failed 0 exit_status 0"}}, gridAccounts(ended), reports); diff != "" {
		t.Errorf("qacct: -want +got\n%s", diff)
	}
}

func TestSubmit_Templates(t *testing.T) {
	t.Parallel()
	jobs := Jobs{CPUs: 8, TimeLimit: 90 * time.Second, LeaveBefore: 30 * time.Second, Options: []string{"--constraint=h100"}}
	s := &slurm{Slurm: &Slurm{Jobs: jobs, Partition: "gpu", Account: "lab", GRES: "gpu:1"}}
	want := "sbatch --parsable --no-requeue --job-name haigo-k --chdir /d --output job.log --open-mode=append --ntasks=1 --cpus-per-task=8 " +
		"--partition=gpu --account=lab --gres=gpu:1 --exclude=n1,n3 --time=2 --constraint=h100 /d/job.sh"
	if got := strings.Join(s.submit(job{name: "haigo-k", dir: "/d", script: "/d/job.sh", exclude: []string{"n1", "n3"}}), " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := strings.Join(s.submit(job{name: "haigo-k", dir: "/配合 100%j", script: "/d/job.sh"}), " "); !strings.Contains(got, " --chdir /配合 100%j --output /配合 100%%j/job.log ") {
		t.Errorf("in a folder that is a pattern: %s", got)
	}
	s.Options = []string{"--exclude=n7,n[8-9]", "--constraint=h100", "-x", "n5", "-xn6"} // a site's own: sbatch reads one --exclude only
	want = strings.Replace(want, "--exclude=n1,n3", "--exclude=n7,n[8-9],n5,n6,n1,n3", 1)
	if got := strings.Join(s.submit(job{name: "haigo-k", dir: "/d", script: "/d/job.sh", exclude: []string{"n1", "n3"}}), " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	p := &pbs{PBS: &PBS{Jobs: jobs, Queue: "rt_HF", Project: "gaa", Group: "gaa"}}
	p.Options = nil
	want = "qsub -N haigok -r n -o /d/job.log -e /d/job.err -m n -l select=1:ncpus=8 -l walltime=00:01:30 -q rt_HF -P gaa -W group_list=gaa /d/job.sh"
	if got := strings.Join(p.submit(job{name: "haigok", dir: "/d", script: "/d/job.sh"}), " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	want = strings.Replace(strings.Replace(strings.TrimSuffix(want, " /d/job.sh"), "/d/job.log", "/dev/null", 1), "/d/job.err", "/dev/null", 1)
	if got := strings.Join(p.submit(job{name: "haigok"}), " "); got != want {
		t.Errorf("of a folder that it would misread, over ssh: got  %s\nwant %s", got, want)
	}
	g := &gridEngine{GridEngine: &GridEngine{Jobs: jobs, Resources: []string{"node_f=1"}, Parallel: "smp", Project: "lab"}}
	g.TimeLimit, g.Options = 6*time.Hour, []string{"-g", "tga-lab"}
	want = "qsub -terse -N haigo-k -r n -m n -S /bin/sh -wd /d -j y -o /d/job.log -l h_rt=6:00:00 -l node_f=1 -pe smp 8 -P lab -g tga-lab /d/job.sh"
	if got := strings.Join(g.submit(job{name: "haigo-k", dir: "/d", script: "/d/job.sh"}), " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if a, b := p.jobName("x-a0001"), p.jobName("x-a0002"); len(a) != 15 || a == b {
		t.Errorf("names %q and %q; want two of 15 characters", a, b)
	}
}

// TestScript runs a job's script: what the administrator gives is data, but for setup.
func TestScript(t *testing.T) {
	t.Parallel()
	j := Jobs{
		Container: []string{"/bin/echo", "a 'b' $(c)"}, Env: map[string]string{"X": "it's; $HOME"}, Setup: "Y=$X", TimeLimit: time.Hour, LeaveBefore: 5 * time.Minute,
	}
	out, err := exec.Command("/bin/sh", "-c", j.script("/opt/haigo", "/data/runs/r/attempt 1")).CombinedOutput()
	if want := "a 'b' $(c) /opt/haigo exec --dir /data/runs/r/attempt 1 --leave-after 55m0s\n"; err != nil || string(out) != want {
		t.Errorf("got %q, %v, want %q", out, err, want)
	}
	j.Container = []string{"/bin/sh", "-c", `echo "$X"`}
	out, err = exec.Command("/bin/sh", "-c", j.script("", "")).CombinedOutput()
	if err != nil || string(out) != "it's; $HOME\n" {
		t.Errorf("got %q, %v", out, err)
	}
	missing := Jobs{Modules: []string{"cuda/12.4"}, Setup: "module() { return 1; }"}
	if out, err := exec.Command("/bin/sh", "-c", missing.script("/bin/echo", "")).CombinedOutput(); err == nil {
		t.Errorf("trained without a module: %s", out)
	}
}

// TestExamine: what only a job on a node would show is said not to be tried.
func TestExamine(t *testing.T) {
	t.Parallel()
	jobs := Jobs{Modules: []string{"cuda/12.4"}, Setup: "ulimit -n 4096", Container: []string{"apptainer", "exec", "/apps/i.sif"}}
	b := open(jobs, nil, commands{}, &said{}, Options{Program: "/apps/haigo", Data: t.TempDir()}, 0, 0)
	defer b.Close()
	want := "it answers; not tried, as that takes a job: module load cuda/12.4, setup, container, whether nodes see /apps/haigo and the data folder"
	if got, err := b.Examine(t.Context()); err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

// TestCommands: a command behind a prefix is one line of quoted words, a slow one is given up, and what can't be reached is
// told from what was refused.
func TestCommands(t *testing.T) {
	t.Parallel()
	c := commands{prefix: []string{"/bin/sh", "-c"}, timeout: 10 * time.Second}
	if out, err := c.run(t.Context(), []string{"printf", "%s|", "a b", "it's", "$HOME"}, ""); err != nil || out != "a b|it's|$HOME|" {
		t.Errorf("got %q, %v", out, err)
	}
	if out, err := c.run(t.Context(), []string{"cat"}, "script"); err != nil || out != "script" {
		t.Errorf("got %q, %v", out, err)
	}
	for said, away := range map[string]bool{
		"sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)": true,
		"sbatch: error: invalid partition specified: gpu":                                                  false,
	} {
		_, err := c.run(t.Context(), []string{"sh", "-c", "echo '" + said + "' >&2; exit 1"}, "")
		if errors.Is(err, engine.ErrAway) != away || err == nil || !strings.Contains(err.Error(), said) {
			t.Errorf("%q: got %v", said, err)
		}
	}
	if _, err := c.run(t.Context(), []string{"sh", "-c", "exit 255"}, ""); !errors.Is(err, engine.ErrAway) {
		t.Errorf("a prefix that reached nobody: %v", err)
	}
	c.timeout = 50 * time.Millisecond
	if _, err := c.run(t.Context(), []string{"sleep", "1000"}, ""); !errors.Is(err, engine.ErrAway) {
		t.Errorf("a command that hangs: %v", err)
	}
	if _, err := (commands{timeout: time.Second}).run(t.Context(), []string{"sbatch-nowhere"}, ""); err == nil || errors.Is(err, engine.ErrAway) || !strings.Contains(err.Error(), "give a prefix") {
		t.Errorf("a command that isn't there: %v", err)
	}
}

// TestNodes: a node is excluded after two failures, and jobs that were lost with it at once are one.
func TestNodes(t *testing.T) {
	t.Parallel()
	n := &nodes{path: t.TempDir() + "/nodes.json", after: 2, lasts: time.Hour, settings: "a"}
	before, after := time.Now(), time.Now().Add(time.Hour)
	if !n.blame("n2", before) || !n.blame("n1", before) || n.blame("n1", before) || !n.blame("n2", after) {
		t.Error("a failure isn't counted, or one is counted twice")
	}
	again := &nodes{path: n.path, after: 2, lasts: time.Hour, settings: "a"}
	if got := again.excluded(); !slices.Equal(got, []string{"n2"}) {
		t.Errorf("got %v, want n2 after a restart", got)
	}
	again.lasts = 0
	if got := again.excluded(); len(got) > 0 {
		t.Errorf("old failures exclude %v", got)
	}
	again.lasts, again.settings = time.Hour, "b"
	if got := again.excluded(); len(got) > 0 {
		t.Errorf("under other settings %v are excluded", got)
	}
}

// TestNodes_scripts: a script that fails before exec begins is the node's fault where it goes well on others, else its own.
func TestNodes_scripts(t *testing.T) {
	t.Parallel()
	for name, v := range map[string]struct {
		jobs string // a node each, with + where exec began
		want []string
	}{
		"it never went well":                     {"n1 n2 n1 n2 n1", nil},
		"it went well on the same node alone":    {"n1+ n1 n1 n1", nil},
		"it goes well elsewhere":                 {"n2+ n1 n1", []string{"n1"}},
		"it goes well elsewhere after a failure": {"n1 n2+ n1 n2+ n1", []string{"n1"}},
		"it goes well no more":                   {"n2+ n1 n2 n1 n2 n3", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := &nodes{path: t.TempDir() + "/nodes.json", after: 2, lasts: time.Hour}
			for i, job := range strings.Fields(v.jobs) {
				node, well := strings.CutSuffix(job, "+")
				if well {
					n.began(node)
				} else {
					n.refused(node, time.Now().Add(time.Duration(i)*time.Hour))
				}
			}
			if got := n.excluded(); !slices.Equal(got, v.want) {
				t.Errorf("excluded are %v, want %v", got, v.want)
			}
		})
	}
}

// TestFinish: what the system says of a job's end is told, and its node is blamed where that says so.
func TestFinish(t *testing.T) {
	t.Parallel()
	for name, v := range map[string]struct {
		job     report
		stopped bool // by us
		began   bool // exec, before
		said    string
		blamed  int
	}{
		"its node failed":                  {report{word: failing, reason: "NODE_FAIL None"}, false, true, "NODE_FAIL", 1},
		"it ended":                         {report{word: over, reason: "OUT_OF_MEMORY OutOfMemory"}, false, true, "OUT_OF_MEMORY OutOfMemory", 0},
		"its script failed":                {report{word: over, reason: "FAILED NonZeroExitCode"}, false, false, "FAILED NonZeroExitCode", 1},
		"it was cancelled before it began": {report{word: over, reason: "CANCELLED None"}, true, false, "CANCELLED", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			v.job.id, v.job.name, v.job.node = "7", "haigo-k", "n1"
			b := open(Jobs{SilentAfter: time.Minute}, nil, commands{timeout: time.Minute}, &said{list_: []report{v.job}}, Options{Data: dir}, 0, 0)
			defer b.Close()
			b.nodes.began("n2")
			h := handle{Dir: dir, Job: "7", Name: "haigo-k"}
			b.judge(h, engine.Trace{}, time.Now())
			if v.stopped {
				if err := b.Stop(t.Context(), engine.Handle(fmt.Sprintf(`{"dir":%q,"job":"7","name":"haigo-k"}`, dir)), 0); err != nil {
					t.Fatal(err)
				}
			}
			if err := b.look(t.Context()); err != nil {
				t.Fatal(err)
			}
			if state := b.judge(h, engine.Trace{Started: v.began}, time.Now().Add(settle)); state != engine.Ended || b.said(h) != v.said {
				t.Errorf("%s, said %q; want %q", state, b.said(h), v.said)
			}
			if got := b.nodes.read().Failures["n1"]; len(got) != v.blamed {
				t.Errorf("the node's failures: %v, want %d", got, v.blamed)
			}
		})
	}
}

// TestNewest: of several jobs of one name the one that lives is the attempt's.
func TestNewest(t *testing.T) {
	t.Parallel()
	list := []report{{id: "1", name: "a", word: over}, {id: "2", name: "a", word: running}, {id: "3", name: "a", word: failing}, {id: "4", name: "b"}}
	if got := newest(list, "a"); got != "2" {
		t.Errorf("got job %s, want 2", got)
	}
	if got := newest(list[:1], "a") + newest(list, "c"); got != "1" {
		t.Errorf("got %q, want 1", got)
	}
}

// said is a batch system that says what it is told to.
type said struct {
	dialect
	list_, history_ []report
	err             error
}

func (*said) excludes() bool { return false }

func (s *said) examine(context.Context, string) (string, error)     { return "it answers", s.err }
func (s *said) name() string                                        { return "said" }
func (s *said) list(context.Context) ([]report, error)              { return s.list_, s.err }
func (s *said) cancel(string) []string                              { return []string{"true"} }
func (s *said) history(context.Context, []string) ([]report, error) { return s.history_, s.err }

// TestJudge goes through the order in which an attempt's end is believed.
func TestJudge(t *testing.T) {
	t.Parallel()
	now := time.Now()
	begun := engine.Trace{Started: true, Beat: now.Add(-2 * time.Minute)}
	beating := engine.Trace{Started: true, Beat: now}
	one := func(w word) []report { return []report{{id: "7", name: "haigo-k", word: w, node: "n1"}} }
	for _, v := range []struct {
		name          string
		list, history []report
		err           error
		trace         engine.Trace
		beats         bool          // again, since
		later         time.Duration // between the look and the question
		want          engine.State
	}{
		{"exit.json, whatever the queue says", one(running), nil, nil, engine.Trace{Started: true, Exited: true}, false, 0, engine.Ended},
		{"in the queue", one(waiting), nil, nil, engine.Trace{}, false, 0, engine.Waiting},
		{"running, without a heartbeat", one(running), nil, nil, begun, false, 0, engine.Running},
		{"its node failed, and it beats", one(failing), nil, nil, beating, false, time.Second, engine.Running},
		{"its node failed, and it doesn't beat", one(failing), nil, nil, begun, false, settle, engine.Ended},
		{"it ended a moment ago", one(over), nil, nil, begun, false, 0, engine.Unobserved},
		{"cancelled while it waited", one(over), nil, nil, engine.Trace{}, false, settle, engine.Ended},
		{"ended by the accounting's word", nil, one(over), nil, begun, false, settle, engine.Ended},
		{"running by the accounting's word alone", nil, one(running), nil, begun, false, time.Minute, engine.Unobserved},
		{"known to nobody, for a moment", nil, nil, nil, begun, false, time.Minute, engine.Unobserved},
		{"known to nobody, for long", nil, nil, nil, begun, false, 5 * time.Minute, engine.Ended},
		{"known to nobody, and it beats", nil, nil, nil, begun, true, 5 * time.Minute, engine.Running},
		{"known to nobody, with a heartbeat of a clock that is ahead", nil, nil, nil, engine.Trace{Started: true, Beat: now.Add(time.Hour)}, false, 5 * time.Minute, engine.Ended},
		{"known to nobody, and it beats by a clock that is behind", nil, nil, nil, engine.Trace{Started: true, Beat: now.Add(-time.Hour)}, true, 5 * time.Minute, engine.Running},
		{"nobody answers", nil, nil, engine.ErrAway, begun, false, time.Hour, engine.Unobserved},
		{"another job of that number", []report{{id: "7", name: "other", word: over}}, nil, nil, begun, false, time.Minute, engine.Unobserved},
	} {
		t.Run(v.name, func(t *testing.T) { // one after the other: a parallel one would wait for clusters while its heartbeat gets old
			b := open(Jobs{SilentAfter: time.Minute, LostAfter: 5 * time.Minute, Timeout: time.Second}, nil, commands{timeout: time.Second},
				&said{list_: v.list, history_: v.history, err: v.err}, Options{Data: t.TempDir()}, 0, 0)
			defer b.Close()
			h := handle{Dir: "/d", Job: "7", Name: "haigo-k"}
			b.judge(h, v.trace, now)
			at := time.Now()
			if err := b.look(t.Context()); !errors.Is(err, v.err) {
				t.Fatal(err)
			}
			if v.later > 0 {
				at = time.Now().Add(v.later)
			}
			if v.beats {
				v.trace.Beat = v.trace.Beat.Add(10 * time.Second)
			}
			if got := b.judge(h, v.trace, at); got != v.want {
				t.Errorf("got %s, want %s", got, v.want)
			}
		})
	}
}
