package main_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/postgres"
)

// scene is a sweep that trains, and what it stands on. Linux alone tells which processes are whose.
type scene struct {
	*testing.T // of all crashes

	data    string
	service *service
	store   *postgres.Store
	lost    map[string]int // attempts that a crash took, by run's id
}

func (c *scene) start() {
	c.Helper()
	c.service = dev(c, c.data)
	c.store = c.service.store(c)
}

// TestCrash kills what a sweep stands on while it trains, one thing after the other, and says after how many seconds pages
// answered again and the runs that trained were taken up again. The outcome is that of an undisturbed sweep. TestKill is the
// service's own death.
func TestCrash(t *testing.T) {
	want, _ := undisturbed(t, killTokens)
	c := &scene{T: t, data: folder(t), lost: map[string]int{}}
	sources(t, c.data)
	c.start()
	haigo(t, c.data, "sweep", "apply", sweepFile(t, "kill", killTokens))
	for _, crash := range []struct {
		of     string
		inject func(*testing.T, *scene)
	}{
		{"runner", killRunner},
		{"everything", killEverything},
		{"reboot", reboot},
		{"postgres", killPostgres},
		{"plugin", killPlugin},
	} {
		t.Run(crash.of, func(t *testing.T) {
			training := c.freeze(t)
			signal(syscall.SIGCONT, c.processes()...)
			begun := time.Now()
			crash.inject(t, c)
			injected, held := time.Now(), hold(c.data)
			c.service.await(t, "pages to answer", c.answers)
			serves := time.Since(begun)
			signal(syscall.SIGCONT, held...)
			c.service.await(t, "the runs to be taken up", func() bool { return c.takenUp(t, training, injected) })
			t.Logf("figure: serves after %.1f s (limit 10), %d runs taken up after %.1f s (limit 60)", serves.Seconds(), len(training), time.Since(begun).Seconds())
		})
	}
	got, attempts := fateOf(t, c.service, "kill")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outcome with crashes (-undisturbed +got):\n%s", diff)
	}
	runs, err := c.store.Runs(t.Context(), "kill")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range runs {
		if n := attempts[r.Name]; n != 1+c.lost[r.ID] {
			t.Errorf("run %s took %d attempts and lost %d", r.Name, n, c.lost[r.ID])
		}
	}
}

func killPlugin(t *testing.T, c *scene) {
	pids := c.plugins()
	if len(pids) == 0 {
		t.Fatal("the service has no plugin")
	}
	signal(syscall.SIGKILL, pids...)
	document, err := os.ReadFile(sweepFile(t, "other", 2*killTokens))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.PostForm(c.service.URL+"/new/check", url.Values{"document": {string(document)}}) // asks the trainer
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	now := c.plugins()
	if answer.StatusCode != http.StatusOK || len(now) == 0 || slices.ContainsFunc(now, func(pid int) bool { return slices.Contains(pids, pid) }) {
		t.Errorf("a plan after the death of plugin %v: %s, by %v", pids, answer.Status, now)
	}
}

func killPostgres(t *testing.T, c *scene) {
	if _, given := databases.Load(c.data); given {
		t.Skip("not run: a private Postgres killed (HAIGO_TEST_DATABASE_URL is set)")
	}
	signal(syscall.SIGKILL, family(c.postmaster())...)
}

// killRunner kills the training process alone; the one around it says so.
func killRunner(t *testing.T, c *scene) {
	run := c.freeze(t)[0]
	runners := childrenOf(c.wrapper(run))
	signal(syscall.SIGKILL, runners...)
	signal(syscall.SIGCONT, c.processes()...)
	c.lost[run]++
}

// killEverything is what a power cut leaves: the data folder alone, where what runners hadn't synced is gone. The database synced all.
func killEverything(t *testing.T, c *scene) {
	training := c.freeze(t)
	signal(syscall.SIGKILL, c.processes()...)
	<-c.service.done
	for _, run := range training {
		c.lost[run]++
		unsync(t, filepath.Join(c.attempt(run), spec.EventsFile))
	}
	c.start()
}

// unsync takes events away up to the last that tells of a checkpoint, with which a runner syncs.
func unsync(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	i := bytes.LastIndex(text, []byte(`"type":"checkpoint"`))
	if i < 0 {
		return
	}
	if err := os.Truncate(path, int64(i+bytes.IndexByte(text[i:], '\n')+1)); err != nil {
		t.Fatal(err)
	}
}

// reboot leaves what a machine finds that was started anew: data folder and database name processes of an earlier boot, whose
// pids and start times are by chance those of a process that has nothing to do with it, and lives on.
func reboot(t *testing.T, c *scene) {
	stranger := exec.Command("sleep", "3600")
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = errors.Join(stranger.Process.Kill(), stranger.Wait()) }()
	training, all, database := c.freeze(t), c.processes(), family(c.postmaster())
	signal(syscall.SIGKILL, slices.DeleteFunc(slices.Clone(all), func(pid int) bool { return slices.Contains(database, pid) })...)
	signal(syscall.SIGCONT, database...)
	<-c.service.done
	conn, err := pgx.Connect(t.Context(), c.service.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	for _, run := range training {
		c.lost[run]++
		path := filepath.Join(c.attempt(run), spec.ProcessFile)
		p, err := spec.ReadFile[spec.Process](path)
		if err != nil {
			t.Fatal(err)
		}
		p.PID, p.StartTime, p.BootID = stranger.Process.Pid, startTime(t, stranger.Process.Pid), "earlier"
		if err := spec.WriteFile(path, p); err != nil {
			t.Fatal(err)
		}
		_, err = conn.Exec(t.Context(), `
			WITH earlier AS (UPDATE runs SET holder_boot_id = 'earlier' WHERE id = $1)
			UPDATE attempts
			SET handle = handle || jsonb_build_object('pid', $2::int, 'start_time', $3::bigint, 'boot_id', 'earlier')
			WHERE run_id = $1
				AND ended_at IS NULL`, run, p.PID, p.StartTime)
		if err != nil {
			t.Fatal(err)
		}
	}
	_ = conn.Close(t.Context())
	signal(syscall.SIGKILL, database...)
	c.start()
	c.service.await(t, "the runs to be taken up", func() bool { return c.takenUp(t, training, time.Now().Add(-time.Minute)) })
	if commandLine(stranger.Process.Pid) != "sleep 3600" {
		t.Error("a process that has nothing to do with a run was killed")
	}
}

// startTime is when a process began, in ticks since boot.
func startTime(t *testing.T, pid int) (ticks int64) {
	t.Helper()
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, after, _ := strings.Cut(string(line), ") ")
	fields := strings.Fields(after)
	if err != nil || len(fields) < 20 {
		t.Fatalf("%s: %v", line, err)
	}
	ticks, err = strconv.ParseInt(fields[19], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return ticks
}

// freeze stops every process at a moment at which each run that was begun trains and has a checkpoint: their ids.
func (c *scene) freeze(t *testing.T) (training []string) {
	t.Helper()
	await(t, "runs to train", func() bool {
		if ended(t, c.store, "kill") {
			t.Fatal("the sweep ended before everything could be killed: give it more tokens")
		}
		pids := c.processes()
		signal(syscall.SIGSTOP, pids...)
		var all bool
		if training, all = c.training(); all {
			return true
		}
		signal(syscall.SIGCONT, pids...)
		return false
	})
	return training
}

// training are the runs that are between their first checkpoint and their end; all: no other has begun.
func (c *scene) training() (runs []string, all bool) {
	dirs, _ := filepath.Glob(filepath.Join(c.data, "runs", "*"))
	for _, dir := range dirs {
		run := filepath.Base(dir)
		attempt := c.attempt(run)
		if _, err := os.Stat(filepath.Join(attempt, spec.ExitFile)); err == nil {
			continue
		}
		last, err := spec.LastEvent(filepath.Join(attempt, spec.EventsFile))
		saved, _ := filepath.Glob(filepath.Join(dir, "checkpoints", "step-*"))
		if err != nil || last == nil || last.Finished != nil || len(saved) == 0 || len(childrenOf(c.wrapper(run))) == 0 {
			return nil, false
		}
		runs = append(runs, run)
	}
	return runs, len(runs) > 0
}

// attempt is the folder of a run's newest attempt.
func (c *scene) attempt(run string) string {
	all, _ := filepath.Glob(filepath.Join(c.data, "runs", run, "attempt-*"))
	if len(all) == 0 {
		return ""
	}
	return slices.Max(all)
}

// wrapper is the process around a run's runner, 0 where none lives.
func (c *scene) wrapper(run string) int {
	p, err := spec.ReadFile[spec.Process](filepath.Join(c.attempt(run), spec.ProcessFile))
	if err != nil || !strings.Contains(commandLine(p.PID), c.data) {
		return 0
	}
	return p.PID
}

// commandLine is how a process was started, empty for one that has ended.
func commandLine(pid int) string {
	line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return strings.ReplaceAll(strings.Trim(string(line), "\x00"), "\x00", " ")
}

// answers reports whether a page that asks the database is served.
func (c *scene) answers() bool {
	answer, err := http.Get(c.service.URL + "/sweeps/kill")
	if err != nil {
		return false
	}
	answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// takenUp reports whether each of the runs has ended since, or is held, with its newest attempt's events flowing.
func (c *scene) takenUp(t *testing.T, runs []string, since time.Time) bool {
	t.Helper()
	all, err := c.store.Runs(t.Context(), "kill")
	if err != nil {
		return false
	}
	for _, r := range all {
		if !slices.Contains(runs, r.ID) || r.State == ablation.RunCompleted {
			continue
		}
		p := r.Progress
		if r.State == ablation.RunFailed || p.Attempt > 1+c.lost[r.ID] {
			t.Fatalf("run %s is %s in attempt %d (%s)", r.Name, r.State, p.Attempt, r.Message.EN)
		}
		attempts, err := c.store.Attempts(t.Context(), r.ID)
		if err != nil || p.Attempt != 1+c.lost[r.ID] || attempts[len(attempts)-1].Cursor.Seq == 0 || p.Unobserved || !p.EventAt.After(since) {
			return false
		}
	}
	return true
}

// processes are all that belong to the data folder.
func (c *scene) processes() []int {
	return slices.Concat(family(c.service.PID), family(c.postmaster()), trainers(c.data))
}

// trainers are the processes around the runs that train on a data folder, and what these have started.
func trainers(data string) (pids []int) {
	attempts, _ := filepath.Glob(filepath.Join(data, "runs", "*", "attempt-*"))
	for _, attempt := range attempts {
		if _, err := os.Stat(filepath.Join(attempt, spec.ExitFile)); err == nil {
			continue
		}
		p, err := spec.ReadFile[spec.Process](filepath.Join(attempt, spec.ProcessFile))
		if err == nil && strings.Contains(commandLine(p.PID), data) {
			pids = append(pids, family(p.PID)...)
		}
	}
	return pids
}

// hold stops all that trains on a data folder, so that no run ends while something is slow; SIGCONT lets it go on.
func hold(data string) (pids []int) {
	for {
		signal(syscall.SIGSTOP, trainers(data)...)
		all := trainers(data) // one that was just being started is among these
		if len(all) == len(pids) {
			return all
		}
		pids = all
	}
}

// plugins are the trainers that the service asks: those among its children.
func (c *scene) plugins() (pids []int) {
	for _, pid := range childrenOf(c.service.PID) {
		if strings.HasSuffix(commandLine(pid), "haigo-cpu") {
			pids = append(pids, pid)
		}
	}
	return pids
}

// postmaster is the private server's first process, 0 where there is none.
func (c *scene) postmaster() int {
	lines, _ := os.ReadFile(filepath.Join(c.data, "postgres", "cluster", "postmaster.pid"))
	first, _, _ := strings.Cut(string(lines), "\n")
	pid, _ := strconv.Atoi(first)
	if !strings.Contains(commandLine(pid), c.data) {
		return 0
	}
	return pid
}

// family is a process with all that it has started, and they.
func family(pid int) []int {
	if pid == 0 {
		return nil
	}
	pids := []int{pid}
	for i := 0; i < len(pids); i++ {
		pids = append(pids, childrenOf(pids[i])...)
	}
	return pids
}

// childrenOf are the processes that any thread of this one has started.
func childrenOf(pid int) (pids []int) {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, list := range lists {
		content, _ := os.ReadFile(list)
		for _, field := range strings.Fields(string(content)) {
			if child, err := strconv.Atoi(field); err == nil {
				pids = append(pids, child)
			}
		}
	}
	return pids
}

func signal(s syscall.Signal, pids ...int) {
	for _, pid := range pids {
		_ = syscall.Kill(pid, s) // may have ended
	}
}
