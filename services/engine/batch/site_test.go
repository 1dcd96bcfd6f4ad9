package batch_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/postgres"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
)

// TestMain lets more tests go side by side than there are cores: they wait for a cluster to notice things.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "freeze" {
		freeze(os.Args[2], os.Args[3])
		return
	}
	if len(os.Args) == 2 && os.Args[1] == "pack" {
		trainPack()
		return
	}
	flag.Parse()
	_ = flag.Set("test.parallel", "8")
	for _, name := range []string{"DATABASE_URL", "SLURM_CONF", "HAIGO_DATA", "HAIGO_ENGINE"} {
		os.Unsetenv(name)
	}
	pgtest.Main(m)
}

// site is a cluster of two nodes, a data folder and a database, and haigo work on them.
type site struct {
	*testing.T
	named   string // part of its data folder's name
	cluster string // its folder
	port    int
	data    string
	url     string
	store   *postgres.Store
	grids   []string // variables of a Grid Engine
	tokens  string   // of a run; 500k unless given
	trainer string   // cpu unless given
	books   bool     // Slurm keeps accounts, in a database of its own
}

// newSite brings a cluster up, unless there is no engine to be tested but local.
func newSite(t *testing.T, engines string) *site {
	t.Helper()
	s := &site{T: t}
	s.open(engines)
	return s
}

func (s *site) open(engines string) {
	t := s.T
	t.Helper()
	s.url = pgtest.URL(t)
	s.data = s.folder(cmp.Or(s.named, "data"))
	if engines != "" {
		s.up()
		s.write("engines.yaml", engines)
	}
	var err error
	if s.store, err = postgres.Open(t.Context(), s.url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.store.Close)
	for _, lang := range []string{"ja", "en"} {
		s.haigo("corpus", "add", lang, s.text(lang), "--lang", lang, "--share", "0.1")
	}
}

func (s *site) folder(name string) string {
	s.Helper()
	dir, err := os.MkdirTemp("", "haigo-"+name+"-")
	if err := errors.Join(err, os.Chmod(dir, 0o755)); err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func (s *site) write(name, content string) {
	s.Helper()
	if err := os.WriteFile(filepath.Join(s.data, name), []byte(content), 0o644); err != nil {
		s.Fatal(err)
	}
}

// script writes a program, and returns where it is.
func (s *site) script(name, content string) string {
	s.Helper()
	s.write(name, content)
	path := filepath.Join(s.data, name)
	if err := os.Chmod(path, 0o755); err != nil {
		s.Fatal(err)
	}
	return path
}

// text is invented: enough for a few rows and a held-out set.
func (s *site) text(lang string) string {
	s.Helper()
	path := filepath.Join(s.TempDir(), lang+".jsonl")
	words := map[string][]string{"ja": {"春の", "川を", "舟が", "渡る。", "朝の", "町に", "雨が", "降る。"}, "en": strings.SplitAfter("the old mill stood beside a narrow river ", " ")}
	random := rand.New(rand.NewPCG(3, uint64(len(lang))))
	var b bytes.Buffer
	for i := range 200 {
		var text strings.Builder
		for range 40 {
			text.WriteString(words[lang][random.IntN(8)])
		}
		fmt.Fprintf(&b, "{\"id\":\"%d\",\"text\":%q}\n", i, text.String())
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		s.Fatal(err)
	}
	return path
}

// up starts the cluster on ports of its own.
func (s *site) up() {
	s.Helper()
	if _, err := exec.LookPath("slurmctld"); err != nil || os.Getuid() != 0 {
		s.Skip("not run: Slurm (it isn't installed, or the tests don't run as root)")
	}
	s.cluster, s.port = s.folder("slurm"), ports(s.T)
	s.Cleanup(func() { s.tool("down") })
	if out, err := s.ask("up"); err != nil {
		s.Logf("cluster up: %v\n%s", err, out)
		s.Skip("not run: Slurm (the tests' cluster doesn't come up on this machine)")
	}
}

// slots are places for ports, below those that the system gives out; each is taken once.
var slots = struct {
	sync.Mutex
	left []int
}{left: rand.Perm(600)}

// ports is the first of the ports that a cluster listens on, all free now.
func ports(t *testing.T) int {
	t.Helper()
	slots.Lock()
	defer slots.Unlock()
	for len(slots.left) > 0 {
		first, free := 20_000+20*slots.left[0], true
		slots.left = slots.left[1:]
		for _, i := range []int{0, 1, 11, 12} {
			l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", first+i))
			if free = free && err == nil; err == nil {
				l.Close()
			}
		}
		if free {
			return first
		}
	}
	t.Fatal("no free ports")
	return 0
}

func (s *site) tool(args ...string) {
	s.Helper()
	if out, err := s.ask(args...); err != nil {
		s.Fatalf("cluster %v: %v\n%s", args, err, out)
	}
}

func (s *site) ask(args ...string) ([]byte, error) {
	cmd := exec.Command("../../../.ci/slurm/cluster", args...)
	cmd.Env = append(os.Environ(), "SLURM_LOCAL_DIR="+s.cluster+"/c", "SLURM_LOCAL_PORT="+strconv.Itoa(s.port))
	if s.books {
		cmd.Env = append(cmd.Env, "SLURM_LOCAL_DBD=1")
	}
	return cmd.CombinedOutput()
}

// env is what haigo and the batch system's commands run with.
func (s *site) env() []string {
	env := append(os.Environ(), "DATABASE_URL="+s.url)
	if s.cluster != "" {
		env = append(env, "SLURM_CONF="+s.cluster+"/c/slurm.conf")
	}
	return append(env, s.grids...)
}

func (s *site) command(args ...string) *exec.Cmd {
	s.Helper()
	program, err := filepath.Abs("../../../bin/haigo")
	if err == nil {
		_, err = os.Stat(program)
	}
	if err != nil {
		s.Fatalf("%v; run make build first", err)
	}
	cmd := exec.Command(program, append([]string{"--data", s.data, "--verbose"}, args...)...)
	cmd.Env = s.env()
	return cmd
}

func (s *site) haigo(args ...string) string {
	s.Helper()
	out, err := s.command(args...).CombinedOutput()
	if err != nil {
		s.Fatalf("haigo %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// slurm runs one of the system's own commands.
func (s *site) slurm(argv ...string) string {
	s.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	if s.grids != nil { // its commands aren't on our own path
		cmd = exec.Command("/usr/lib/gridengine/"+argv[0], argv[1:]...)
	}
	cmd.Env = s.env()
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.Fatalf("%v: %v\n%s", argv, err, out)
	}
	return string(out)
}

// service is a running haigo work.
type service struct {
	cmd *exec.Cmd
	log string
}

func (s *site) work(flags ...string) *service {
	s.Helper()
	log, err := os.CreateTemp(s.data, "work-*.log")
	if err != nil {
		s.Fatal(err)
	}
	defer log.Close()
	w := &service{cmd: s.command(append([]string{"work"}, flags...)...), log: log.Name()}
	w.cmd.Stderr = log
	if err := w.cmd.Start(); err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() {
		w.end(syscall.SIGTERM)
		if s.Failed() {
			s.Logf("haigo work said:\n%s", w.said())
		}
	})
	return w
}

func (w *service) end(signal syscall.Signal) {
	if w.cmd.ProcessState == nil {
		_ = w.cmd.Process.Signal(signal)
		_ = w.cmd.Wait() // says that it was signalled
	}
}

func (w *service) said() string {
	text, _ := os.ReadFile(w.log)
	return string(text)
}

// apply starts a sweep of one arm with so many seeds, with a checkpoint at each twentieth.
func (s *site) apply(seeds int) {
	s.Helper()
	s.write("sweep.yaml", fmt.Sprintf(`name: s
sources: [ja, en]
recipe:
  trainer: %s
  shape: {layers: 2, width: 32, heads: 2, ffn: 96}
  tokens: %s
  row_tokens: 64
  batch_rows: 8
  eval: {every: 50%%}
  checkpoint: {every: 5%%}
  max_epochs: 1000
schedules:
  half: {stages: [{until: 1.0, mixture: {ja: 0.5, en: 0.5}}]}
seeds: %d
seed: 7
`, cmp.Or(s.trainer, "cpu"), cmp.Or(s.tokens, "500k"), seeds))
	s.haigo("sweep", "apply", filepath.Join(s.data, "sweep.yaml"))
}

// run is the run of a seed, from 1.
func (s *site) run(seed int) ablation.Run {
	s.Helper()
	runs, err := s.store.Runs(context.Background(), "s")
	if err != nil || len(runs) < seed {
		s.Fatalf("%d runs, %v", len(runs), err)
	}
	return runs[seed-1]
}

func (s *site) attempt(run ablation.Run, number int) string {
	return spec.AttemptDir(spec.RunDir(s.data, run.ID), number)
}

// fate is what must not depend on faults.
type fate struct {
	Values map[string]map[string]ablation.Real
	Points int64
}

// ends waits until all runs have completed and returns their values and the attempts that each took.
func (s *site) ends() (f fate, attempts []int) {
	s.Helper()
	s.until("the sweep has completed", func() bool {
		w, err := s.store.Sweep(context.Background(), "s")
		return err == nil && w.State == ablation.SweepCompleted
	})
	results, err := s.store.Results(s.Context(), "s")
	if err != nil {
		s.Fatal(err)
	}
	f.Values = map[string]map[string]ablation.Real{}
	for _, r := range results {
		if r.Run.State != ablation.RunCompleted {
			s.Errorf("run %s is %s: %v", r.Run.Name, r.Run.State, r.Run.Message)
		}
		maps.DeleteFunc(r.Values, func(name string, _ ablation.Real) bool {
			return name == ablation.MetricTokensPerS || name == ablation.MetricMFU || name == ablation.MetricSeconds
		})
		f.Values[r.Run.Name] = r.Values
		attempts = append(attempts, r.Run.Progress.Attempt)
	}
	if f.Points, err = s.store.CountingPoints(s.Context(), "s"); err != nil {
		s.Fatal(err)
	}
	return f, attempts
}

// undisturbed is the fate of the sweep on this machine, without faults; by seeds.
var undisturbed struct {
	sync.Mutex
	fates map[int]fate
}

func (s *site) undisturbed(seeds int) fate {
	s.Helper()
	undisturbed.Lock()
	defer undisturbed.Unlock()
	if f, done := undisturbed.fates[seeds]; done {
		return f
	}
	alone := newSite(s.T, "")
	alone.work()
	alone.apply(seeds)
	f, _ := alone.ends()
	if undisturbed.fates == nil {
		undisturbed.fates = map[int]fate{}
	}
	undisturbed.fates[seeds] = f
	return f
}

// stuck is how long a cluster takes that is called stuck.
const stuck = 4 * time.Minute

// until looks again and again, until what it waits for is stuck.
func (s *site) until(what string, so func() bool) {
	s.Helper()
	for deadline := time.Now().Add(stuck); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.Fatalf("never: %s", what)
		}
	}
}

// frozen waits for a run's first checkpoint and freezes its runner, whose pid it returns.
func (s *site) frozen(run ablation.Run) int {
	s.Helper()
	return s.caught(run, s.freeze(run, "checkpoint"))
}

// caught waits for a freeze and returns the runner's pid.
func (s *site) caught(run ablation.Run, frozen func() int) int {
	s.Helper()
	pid := frozen()
	if pid == 0 || s.exists(run, 1, spec.ExitFile) {
		s.Fatal("the run had ended before it was frozen: give it more tokens")
	}
	return pid
}

// freeze freezes a run's runner once there is an event of a type. What it returns waits for that, and returns the runner's pid; 0
// where it ended before, or doesn't come.
func (s *site) freeze(run ablation.Run, event string) func() int {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), stuck)
	freezer := exec.CommandContext(ctx, os.Args[0], "freeze", s.attempt(run, 1), event)
	freezer.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	out, err := freezer.StdoutPipe()
	if err := errors.Join(err, freezer.Start()); err != nil {
		s.Fatal(err)
	}
	return func() int {
		defer cancel()
		said, _ := io.ReadAll(out)
		_ = freezer.Wait() // says whether it was given up
		pid, _ := strconv.Atoi(strings.TrimSpace(string(said)))
		return pid
	}
}

// freeze stops an attempt's runner once there is an event of a type, and prints its pid; nothing where it has ended. It is a
// process in a session of its own: the system shares processors out among sessions, and would let the job train on to its end
// while the tests' session, with all that goes on in it, waits for its turn.
func freeze(attempt, event string) {
	tests := os.Getppid()
	for pid := 0; os.Getppid() == tests; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(filepath.Join(attempt, spec.ExitFile)); err == nil {
			return
		}
		if pid == 0 {
			pid = runner(attempt)
		}
		events, _ := os.ReadFile(filepath.Join(attempt, spec.EventsFile))
		if whole := events[:bytes.LastIndexByte(events, '\n')+1]; pid > 0 && bytes.Contains(whole, []byte(`"type":"`+event+`"`)) {
			if syscall.Kill(pid, syscall.SIGSTOP) == nil {
				fmt.Println(pid)
			}
			return
		}
	}
}

func (s *site) signal(pid int, signal syscall.Signal) {
	s.Helper()
	if err := syscall.Kill(pid, signal); err != nil {
		s.Fatalf("%v of process %d: %v", signal, pid, err)
	}
}

// runner is the training process of an attempt; 0 for none.
func (s *site) runner(run ablation.Run, number int) int { return runner(s.attempt(run, number)) }

// runner is the child of an attempt's exec that has its nonce; 0 for none.
func runner(attempt string) int {
	launch, err := spec.ReadFile[spec.Launch](filepath.Join(attempt, spec.LaunchFile))
	if err != nil {
		return 0
	}
	process, err := spec.ReadFile[spec.Process](filepath.Join(attempt, spec.ProcessFile))
	if err != nil {
		return 0
	}
	for _, child := range children(process.PID) {
		environ, _ := os.ReadFile(filepath.Join("/proc", child, "environ"))
		argv, _ := os.ReadFile(filepath.Join("/proc", child, "cmdline"))
		if bytes.Contains(environ, []byte("HAIGO_NONCE="+launch.Nonce)) && bytes.Contains(argv, []byte("\x00run\x00")) {
			pid, _ := strconv.Atoi(child)
			return pid
		}
	}
	return 0
}

// children are the pids of a process's children, or all that there are where the system doesn't tell.
func children(pid int) (pids []string) {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, thread := range threads {
		of, _ := os.ReadFile(thread)
		pids = append(pids, strings.Fields(string(of))...)
	}
	if len(threads) > 0 {
		return pids
	}
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range all {
		pids = append(pids, filepath.Base(dir))
	}
	return pids
}

// node is where a process's job runs.
func (s *site) node(pid int) string {
	s.Helper()
	environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil {
		s.Fatal(err)
	}
	for variable := range strings.SplitSeq(string(environ), "\x00") {
		if name, ok := strings.CutPrefix(variable, "SLURMD_NODENAME="); ok {
			return name
		}
	}
	s.Fatalf("process %d runs on no node", pid)
	return ""
}

// resumed asserts that an attempt went on from a checkpoint, by its runner's own word.
func (s *site) resumed(run ablation.Run, number int) {
	s.Helper()
	tail := spec.Tail{Path: filepath.Join(s.attempt(run, number), spec.EventsFile)}
	lines, err := tail.Read(1)
	if err != nil || len(lines) == 0 || lines[0].Started == nil {
		s.Fatalf("attempt %d of %s began with %+v, %v", number, run.Name, lines, err)
	}
	if from := lines[0].Started.ResumedFrom; from == nil || *from == 0 {
		s.Errorf("attempt %d of %s began at its first step", number, run.Name)
	}
}

func (s *site) exists(run ablation.Run, number int, file string) bool {
	_, err := os.Stat(filepath.Join(s.attempt(run, number), file))
	return err == nil
}

// handle is what the store keeps of an attempt's job; nil before it was kept.
func (s *site) handle(run ablation.Run, number int) map[string]string {
	s.Helper()
	attempts, err := s.store.Attempts(context.Background(), run.ID)
	if err != nil || len(attempts) < number || len(attempts[number-1].Handle) == 0 {
		return nil
	}
	h := map[string]string{}
	if err := json.Unmarshal(attempts[number-1].Handle, &h); err != nil {
		s.Fatal(err)
	}
	return h
}

// grid brings a Grid Engine of one node up, in whose words haigo work then speaks.
func (s *site) grid() {
	s.Helper()
	if _, err := os.Stat("/usr/lib/gridengine/sge_qmaster"); err != nil || os.Getuid() != 0 {
		s.Skip("not run: Grid Engine (.ci/gridengine/cluster install brings it, or the tests don't run as root)")
	}
	dir := s.folder("gridengine") + "/c"
	tool := func(args ...string) (string, error) {
		cmd := exec.Command("../../../.ci/gridengine/cluster", args...)
		cmd.Env = append(os.Environ(), "GRIDENGINE_LOCAL_DIR="+dir, "GRIDENGINE_LOCAL_PORT="+strconv.Itoa(s.port))
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	s.port = ports(s.T)
	s.Cleanup(func() {
		if out, err := tool("down"); err != nil {
			s.Errorf("cluster down: %v\n%s", err, out)
		}
	})
	if out, err := tool("up"); err != nil {
		s.Logf("cluster up: %v\n%s", err, out)
		s.Skip("not run: Grid Engine (the tests' cluster doesn't come up on this machine)")
	}
	said, err := tool("env")
	if err != nil {
		s.Fatal(err)
	}
	for _, variable := range strings.Fields(strings.TrimPrefix(said, "export ")) {
		name, value, _ := strings.Cut(variable, "=")
		s.grids = append(s.grids, name+"="+os.ExpandEnv(value))
	}
}
