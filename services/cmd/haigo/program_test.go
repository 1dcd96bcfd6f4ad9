package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/postgres"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
)

// TestMain keeps the settings of whoever runs the tests away from the programs that they start.
func TestMain(m *testing.M) {
	os.Unsetenv("DATABASE_URL")
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, "HAIGO_") && !slices.Contains([]string{"HAIGO_TEST_DATABASE_URL", "HAIGO_POSTGRES_BIN", "HAIGO_BROWSER"}, name) {
			os.Unsetenv(name)
		}
	}
	pgtest.Main(m)
}

// program is bin/haigo as make build left it: these tests run what users run.
func program(t testing.TB) string {
	t.Helper()
	path, err := filepath.Abs("../../../bin/haigo")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v; run make build first", err)
	}
	return path
}

// folder is a data folder that Postgres' user may enter too, with a short path for its socket.
func folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "haigo-e2e-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if os.Getenv("HAIGO_TEST_DATABASE_URL") != "" {
		databases.Store(dir, pgtest.URL(t))
	}
	return dir
}

// databases are the addresses of the folders' databases on the server that the tests were given; without one each folder
// has a private server.
var databases sync.Map

// command is the program over a data folder, with the folder's database.
func command(t testing.TB, data string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program(t), append([]string{"--data", data}, args...)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.Env = os.Environ()
	if url, ok := databases.Load(data); ok {
		cmd.Env = append(cmd.Env, "DATABASE_URL="+url.(string))
	}
	return cmd
}

// haigo runs a command to its end and returns what it printed on stdout.
func haigo(t testing.TB, data string, args ...string) string {
	t.Helper()
	cmd := command(t, data, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("haigo %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return stdout.String()
}

// refused runs a command that must fail, and returns what it printed on stderr.
func refused(t *testing.T, env []string, data string, args ...string) string {
	t.Helper()
	cmd := command(t, data, args...)
	cmd.Env = append(cmd.Env, env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err == nil {
		t.Fatalf("haigo %s succeeded, want an error", strings.Join(args, " "))
	}
	return stderr.String()
}

// process is a running program.
type process struct {
	cmd  *exec.Cmd
	log  *lockedBuffer // what it said on stderr and, unless that goes elsewhere, on stdout
	done chan struct{}
	err  error // how it ended, once done is closed
}

// start starts a command, which is ended with the test at the latest.
func start(t testing.TB, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{cmd: cmd, log: &lockedBuffer{}, done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p.log, p.log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.done)
		p.err = cmd.Wait()
	}()
	t.Cleanup(func() { p.end(syscall.SIGTERM) })
	return p
}

// await waits for what the process is about to do; its end before that fails the test.
func (p *process) await(t testing.TB, what string, ok func() bool) {
	t.Helper()
	await(t, what, func() bool {
		select {
		case <-p.done:
			t.Fatalf("waiting for %s: the process ended (%v):\n%s", what, p.err, p.log.String())
		default:
		}
		return ok()
	})
}

// end signals the process and waits for its end.
func (p *process) end(signal syscall.Signal) {
	_ = p.cmd.Process.Signal(signal)
	<-p.done
}

// service is a running haigo dev.
type service struct {
	*process    `json:"-"`
	URL         string `json:"url"`
	DatabaseURL string `json:"database_url"`
	PID         int    `json:"pid"`
}

// dev starts haigo dev on the data folder and waits until it serves.
func dev(t testing.TB, data string) *service {
	t.Helper()
	return serving(t, data, "dev")
}

// serving starts dev, or serve, which trains nothing, with further flags.
func serving(t testing.TB, data, verb string, flags ...string) *service {
	t.Helper()
	ready := filepath.Join(data, "ready.json")
	_ = os.Remove(ready)
	flags = append([]string{"--verbose", "--runs-at-once", "2", verb, "--listen", "127.0.0.1:0", "--ready-file", ready}, flags...)
	s := &service{process: start(t, command(t, data, flags...))}
	s.await(t, "haigo to serve", func() bool {
		content, err := os.ReadFile(ready)
		return err == nil && json.Unmarshal(content, s) == nil
	})
	return s
}

// store connects to the service's database.
func (s *service) store(t testing.TB) *postgres.Store {
	t.Helper()
	store, err := postgres.Open(t.Context(), s.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	return store
}

// await polls until ok, for at most ten minutes, or an hour in the long form of faults: what is waited for takes as long as
// the machine makes it.
func await(t testing.TB, what string, ok func() bool) {
	t.Helper()
	patience := 10 * time.Minute
	if long {
		patience = time.Hour
	}
	for deadline := time.Now().Add(patience); ; {
		if ok() {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("gave up waiting for %s", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// text writes invented documents in three languages below dir: enough for sets and tasks, small enough to train fast.
func text(t testing.TB, dir string) {
	t.Helper()
	words := map[string][]string{
		"ja":   strings.Fields("春 の 川 を 渡る 舟 は 静か に 進み 、 岸 の 桜 が 水面 へ 散って いく 町 人 山 雨 夜 朝 火 石 道 橋 鳥 魚 花 風 雲 声"),
		"en":   strings.Fields("the old mill stood beside a narrow river and every morning its wheel turned slowly while children carried bread along dusty road toward market under grey clouds"),
		"code": strings.Fields("func return if err != nil { } for range := append len map string int64 struct type var const make chan go defer select case"),
	}
	stops := map[string]string{"ja": "。", "en": ". ", "code": "\n"}
	for lang, vocabulary := range words {
		random := rand.New(rand.NewPCG(1, uint64(len(lang))))
		if err := os.MkdirAll(filepath.Join(dir, lang), 0o755); err != nil {
			t.Fatal(err)
		}
		var lines bytes.Buffer
		for i := range 600 {
			line, err := json.Marshal(map[string]string{"id": fmt.Sprint(i), "text": invented(random, vocabulary, lang, stops[lang])})
			if err != nil {
				t.Fatal(err)
			}
			lines.Write(append(line, '\n'))
		}
		if err := os.WriteFile(filepath.Join(dir, lang, "text.jsonl"), lines.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func invented(random *rand.Rand, vocabulary []string, lang, stop string) string {
	var b strings.Builder
	space := " "
	if lang == "ja" {
		space = ""
	}
	for range 8 {
		var sentence strings.Builder
		for range 5 + random.IntN(8) {
			sentence.WriteString(vocabulary[random.IntN(len(vocabulary))] + space)
		}
		b.WriteString(capital(lang, sentence.String()) + stop)
	}
	return b.String()
}

// capital begins an English sentence as one: without it there are none to ask for.
func capital(lang, sentence string) string {
	if lang != "en" {
		return sentence
	}
	return strings.ToUpper(sentence[:1]) + sentence[1:]
}

// sweepFile is a small sweep of the demo's form: two arms, two seeds.
func sweepFile(t *testing.T, name string, tokens int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name+".yaml")
	document := fmt.Sprintf(`name: %s
question: 殺しても同じ結果になるか
sources: [ja, en, code]
recipe:
  shape: {layers: 2, width: 32, heads: 2, ffn: 96}
  tokens: %d
  row_tokens: 64
  batch_rows: 8
  optimizer: {peak_lr: 3e-3}
  eval: {every: 25%%}
  checkpoint: {every: 5%%}
  max_epochs: 100
schedules:
  ja57: {stages: [{until: 1.0, mixture: {ja: 0.57, en: 0.31, code: 0.12}}]}
  ja33: {stages: [{until: 1.0, mixture: {ja: 0.33, en: 0.55, code: 0.12}}]}
seeds: 2
seed: 7
`, name, tokens)
	if err := os.WriteFile(path, []byte(document), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// sources adds the invented text to the data folder.
func sources(t testing.TB, data string) {
	t.Helper()
	dir := t.TempDir()
	text(t, dir)
	sourcesOf(t, data, dir)
}

// sourcesOf adds what text wrote to the data folder.
func sourcesOf(t testing.TB, data, dir string) {
	t.Helper()
	for _, lang := range []string{"ja", "en", "code"} {
		haigo(t, data, "corpus", "add", lang, filepath.Join(dir, lang), "--lang", lang, "--share", "0.05")
	}
}

// awaitEnd waits until no run of the sweep is left to train.
func awaitEnd(t testing.TB, store *postgres.Store, sweep string) []ablation.Result {
	t.Helper()
	await(t, "the sweep to end", func() bool {
		w, err := store.Sweep(context.Background(), sweep)
		return err == nil && w.State == ablation.SweepCompleted
	})
	results, err := store.Results(t.Context(), sweep)
	if err != nil {
		t.Fatal(err)
	}
	return results
}
