package trainers_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-plugin"
	"go.uber.org/goleak"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/plugins/trainer/spec/spectest"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/trainers"
)

// TestMain is the tests' plugins too: a script starts this binary again with a role.
func TestMain(m *testing.M) {
	switch os.Getenv("ROLE") {
	case "":
		goleak.VerifyTestMain(m)
	case "plugin":
		trainer.Serve(curious{})
	case "later version":
		plugin.Serve(&plugin.ServeConfig{
			HandshakeConfig:  trainer.Handshake(),
			VersionedPlugins: map[int]plugin.PluginSet{9: trainer.Plugins(curious{})[trainer.ProtocolVersion]},
			GRPCServer:       plugin.DefaultGRPCServer,
		})
	case "host":
		holdPlugin()
	}
}

// holdPlugin is a host that says when its plugin runs, and never ends.
func holdPlugin() {
	h, err := trainers.Open(trainers.Options{Bin: os.Getenv("BIN"), Data: os.TempDir()})
	if err == nil {
		_, err = h.Describe(context.Background(), "curious")
	}
	fmt.Println(err)
	select {}
}

// curious is a trainer that shows its process: pid as version, environment as instruction sets.
type curious struct{}

func (curious) Describe(context.Context) (trainer.Description, error) {
	return trainer.Description{
		Name: "curious", Version: strconv.Itoa(os.Getpid()), ISAs: os.Environ(),
		Tokenize: []string{"/bin/sh", "-c", makesTokenizer, "learn"},
	}, nil
}

// makesTokenizer makes the folder that an order names, or says why it doesn't.
const makesTokenizer = `
test -z "$DATABASE_URL" || exit 3
dir=$(sed -n 's/.*"dir": "\(.*\)".*/\1/p' "$1")
case $dir in *refused) echo '{"en": "no text", "ja": "テキストがありません"}'; exit 1;; *broken) echo oops >&2; exit 1;; esac
mkdir "$dir"`

func (curious) Check(ctx context.Context, s *spec.Spec) (trainer.Report, error) {
	switch s.RunID {
	case "die":
		os.Exit(3)
	case "hang":
		<-ctx.Done()
		select {} // a plugin that ignores its deadline
	}
	return trainer.Report{Parameters: s.Steps}, nil
}

func (curious) Plan(_ context.Context, a []trainer.Assignment) (trainer.Plan, error) {
	return trainer.Plan{}, fmt.Errorf("no room in %s", a[0].Dir)
}

func TestHost_calls(t *testing.T) {
	t.Parallel()
	h := open(t, role("plugin"))
	pid := describe(t, h)
	report, err := h.Check(t.Context(), "curious", spectest.Spec())
	if err != nil || report.Parameters != spectest.Spec().Steps {
		t.Errorf("check: %+v, %v", report, err)
	}
	_, err = h.Plan(t.Context(), "curious", []trainer.Assignment{{Spec: spectest.Spec(), Dir: "/data"}})
	if err == nil || err.Error() != "trainer curious: plan: no room in /data" {
		t.Errorf("plan: got %v", err)
	}
	if again := describe(t, h); again != pid {
		t.Errorf("the second call ran in process %d, the first in %d", again, pid)
	}
}

func TestHost_passesOnNoSecret(t *testing.T) {
	t.Setenv("DATABASE_URL", "postgres://secret")
	d, err := open(t, role("plugin")).Describe(t.Context(), "curious")
	if err != nil || strings.Contains(strings.Join(d.ISAs, "\n"), "secret") {
		t.Errorf("environment %q, %v", d.ISAs, err)
	}
}

// TestHost_tokenizer: the program's word reaches whoever asked, in both languages.
func TestHost_tokenizer(t *testing.T) {
	t.Setenv("DATABASE_URL", "postgres://secret")
	h, data := open(t, role("plugin")), t.TempDir()
	order := func(name string) error {
		return h.Tokenize(t.Context(), "curious", spec.TokenizerOrder{Dir: filepath.Join(data, "tokenizers", name)})
	}
	if err := order("made"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(data, "tokenizers", "made")); err != nil {
		t.Error(err)
	}
	var refused *ablation.Refusal
	if err := order("refused"); !errors.As(err, &refused) || refused.Message != (ablation.Label{EN: "no text", JA: "テキストがありません"}) {
		t.Errorf("refused: %v", err)
	}
	if err := order("broken"); err == nil || errors.As(err, &refused) || !strings.Contains(err.Error(), "oops") {
		t.Errorf("broken: %v", err)
	}
}

func TestHost_startsAnotherAfterADeath(t *testing.T) {
	t.Parallel()
	h := open(t, role("plugin"))
	first := describe(t, h)
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if second := describe(t, h); second == first {
		t.Errorf("process %d answered after its death", first)
	}
	_, err := h.Check(t.Context(), "curious", with("die"))
	if !errors.Is(err, trainer.ErrGone) {
		t.Errorf("a plugin that dies at every call: got %v, want %v", err, trainer.ErrGone)
	}
	describe(t, h)
}

func TestHost_endsWhatHangs(t *testing.T) {
	t.Parallel()
	o := write(t, role("plugin"))
	o.CallTimeout = 5 * time.Second // what doesn't hang answers sooner on any machine
	h := openWith(t, o)
	first := describe(t, h)
	if _, err := h.Check(t.Context(), "curious", with("hang")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
	}
	if second := describe(t, h); second == first {
		t.Errorf("process %d was asked again after it hung", first)
	}
	if err := syscall.Kill(describe(t, h), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	var err error
	for err == nil { // the signal arrives when it arrives
		_, err = h.Describe(t.Context(), "curious")
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("stopped plugin: got %v, want %v", err, context.DeadlineExceeded)
	}
}

func TestHost_killedLeavesNoPlugin(t *testing.T) {
	t.Parallel()
	o, sockets := write(t, role("plugin")), t.TempDir()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	host := exec.Command(binary)
	host.Env = []string{"ROLE=host", "BIN=" + o.Bin, "TMPDIR=" + sockets}
	out, err := host.StdoutPipe()
	if err := errors.Join(err, host.Start()); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err := errors.Join(err, host.Process.Kill()); err != nil || line != "<nil>\n" {
		t.Fatalf("host: %v, %s", err, line)
	}
	_ = host.Wait() // says that it was killed
	socket, err := filepath.Glob(filepath.Join(sockets, "haigo-plugins-*", "plugin*"))
	if err != nil || len(socket) != 1 {
		t.Fatalf("sockets: %v, %v", socket, err)
	}
	for { // until nobody listens, or the test's own deadline
		conn, err := net.Dial("unix", socket[0])
		if err != nil {
			break
		}
		_, _ = io.Copy(io.Discard, conn) // ends with the plugin
		_ = conn.Close()
	}
}

// A folder for passing files may have a longer path than a socket.
func TestHost_longTemporaryFolder(t *testing.T) {
	o := write(t, role("plugin"))
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 30))
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", dir)
	describe(t, openWith(t, o))
}

func TestHost_callersEndTheirOwnCallOnly(t *testing.T) {
	t.Parallel()
	h := open(t, role("plugin"))
	first := describe(t, h)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Check(ctx, "curious", with("hang")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if second := describe(t, h); second != first {
		t.Error("a cancelled call ended the plugin")
	}
}

func TestHost_refuses(t *testing.T) {
	t.Parallel()
	for _, v := range []struct{ name, script, want string }{
		{"another protocol version", role("later version"), "speaks another version of the trainer protocol than this program (1)"},
		{"garbage", "echo hello", "isn't a trainer plugin, or writes to standard output before it serves"},
		{"silence", "sleep 1000", "started and said nothing; is it a trainer plugin?"},
		{"an early end", "exit 1", "isn't a trainer plugin"},
		{"another name", role("plugin"), "calls itself curious; correct the name there"},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			name, o := "curious", write(t, v.script)
			if v.name == "another name" {
				name = "other"
				listed(t, o.Bin, name, filepath.Join(o.Bin, "plugin"))
			}
			if v.name == "silence" {
				o.StartTimeout = 2 * time.Second
			}
			_, err := openWith(t, o).Describe(t.Context(), name)
			if err == nil || !strings.Contains(err.Error(), v.want) {
				t.Errorf("got %v, want …%s", err, v.want)
			}
			if errors.Is(err, trainer.ErrUnready) == (v.name == "another name") {
				t.Errorf("%v is an answer", err)
			}
		})
	}
}

func TestHost_checksTheFileBeforeEveryStart(t *testing.T) {
	t.Parallel()
	o := write(t, role("plugin"))
	h := openWith(t, o)
	pid := describe(t, h)
	path := filepath.Join(o.Bin, "plugin")
	old, _, err := spec.DigestFile(path)
	if err != nil {
		t.Fatal(err)
	}
	script(t, path, role("plugin")+" # changed")
	changed, _, err := spec.DigestFile(path)
	if err := errors.Join(err, syscall.Kill(pid, syscall.SIGKILL)); err != nil {
		t.Fatal(err)
	}
	_, err = h.Describe(t.Context(), "curious")
	for _, part := range []string{filepath.Base(path), old, changed, "run make build"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("got %v, want it to name %s", err, part)
		}
	}
	listed(t, o.Bin, "curious", path) // an upgrade
	if again := describe(t, h); again == pid {
		t.Errorf("process %d answered after its death", pid)
	} else if err := syscall.Kill(again, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Describe(t.Context(), "curious"); err == nil || !strings.Contains(err.Error(), "isn't there; run make build") {
		t.Errorf("missing file: got %v", err)
	}
}

func TestHost_unknownTrainer(t *testing.T) {
	t.Parallel()
	_, err := open(t, role("plugin")).Describe(t.Context(), "../../bin/sh")
	if !errors.Is(err, ablation.ErrNotFound) || !strings.Contains(err.Error(), "take one of curious") {
		t.Errorf("got %v", err)
	}
	none := openWith(t, trainers.Options{Bin: t.TempDir(), Data: t.TempDir()})
	if _, err := none.Describe(t.Context(), "cpu"); err == nil || !strings.Contains(err.Error(), "run make build") {
		t.Errorf("no list: got %v", err)
	}
}

// A trainer that is listed while the service runs is known to it, too.
func TestHost_listedLater(t *testing.T) {
	t.Parallel()
	o := trainers.Options{Bin: t.TempDir(), Data: t.TempDir()}
	h := openWith(t, o)
	path := filepath.Join(o.Data, "plugin")
	script(t, path, role("plugin"))
	listed(t, o.Data, "curious", path)
	describe(t, h)
	if names := h.Names(); !slices.Contains(names, "curious") {
		t.Errorf("the trainers are %v", names)
	}
}

func TestHost_closed(t *testing.T) {
	t.Parallel()
	h := open(t, role("plugin"))
	pid := describe(t, h)
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the plugin is still there: %v", err)
	}
	if _, err := h.Describe(t.Context(), "curious"); err == nil {
		t.Error("a closed host answered")
	}
}

func TestOpen_lists(t *testing.T) {
	t.Parallel()
	entry := func(name, digest string) string {
		return "plugins:\n  - name: " + name + "\n    file: x\n    sha256: " + digest + "\n"
	}
	digest := strings.Repeat("a", 64)
	for _, v := range []struct{ name, bin, data, want string }{
		{"both add up", entry("a", digest), entry("b", digest), ""},
		{"a name twice", entry("a", digest), entry("a", digest), "trainer a is listed in"},
		{"an unknown key", entry("a", digest) + "    argv: [x]\n", "", "argv"},
		{"a bad name", entry("A", digest), "", "entry 1: give name"},
		{"no digest", entry("a", `""`), "", "entry 1: give name"},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			o := trainers.Options{Bin: t.TempDir(), Data: t.TempDir()}
			for dir, text := range map[string]string{o.Bin: v.bin, o.Data: v.data} {
				if err := os.WriteFile(filepath.Join(dir, "plugins.yaml"), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			h, err := trainers.Open(o)
			if v.want == "" {
				if err != nil || strings.Join(h.Names(), " ") != "a b" {
					t.Fatalf("got %v", err)
				}
				err = h.Close()
			}
			if v.want == "" && err != nil || v.want != "" && (err == nil || !strings.Contains(err.Error(), v.want)) {
				t.Errorf("got %v, want %q", err, v.want)
			}
		})
	}
}

// role is a script that starts this test binary as a plugin.
func role(name string) string {
	binary, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf("export ROLE=%q\nexec %q", name, binary)
}

func open(t *testing.T, text string) *trainers.Host {
	t.Helper()
	return openWith(t, write(t, text))
}

func openWith(t *testing.T, o trainers.Options) *trainers.Host {
	t.Helper()
	h, err := trainers.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// write makes a folder with one plugin, named curious.
func write(t *testing.T, text string) trainers.Options {
	t.Helper()
	o := trainers.Options{Bin: t.TempDir(), Data: t.TempDir()}
	path := filepath.Join(o.Bin, "plugin")
	script(t, path, text)
	listed(t, o.Bin, "curious", path)
	return o
}

// script writes a file by rename: a program that runs can't be written to. Nor can one be run that is open for writing, also in a
// process that another test is just starting: meanwhile none is.
func script(t *testing.T, path, text string) {
	t.Helper()
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	err := os.WriteFile(path+".new", []byte("#!/bin/sh\n"+text+"\n"), 0o755)
	if err := errors.Join(err, os.Rename(path+".new", path)); err != nil {
		t.Fatal(err)
	}
}

func listed(t *testing.T, dir, name, path string) {
	t.Helper()
	digest, _, err := spec.DigestFile(path)
	text := fmt.Sprintf("plugins:\n  - {name: %s, file: plugin, sha256: %s}\n", name, digest)
	if err := errors.Join(err, os.WriteFile(filepath.Join(dir, "plugins.yaml"), []byte(text), 0o644)); err != nil {
		t.Fatal(err)
	}
}

// describe is the pid of the plugin that answered.
func describe(t *testing.T, h *trainers.Host) int {
	t.Helper()
	d, err := h.Describe(t.Context(), "curious")
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(d.Version)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func with(run string) *spec.Spec {
	s := spectest.Spec()
	s.RunID = run
	return s
}

// TestOpen_commands: a file in the folder trainers is a trainer, run by the plugin that is none itself. One that can't be is said
// to be none, and keeps nothing else from working.
func TestOpen_commands(t *testing.T) {
	t.Parallel()
	for _, v := range []struct{ name, plugin, files, want string }{
		{"two", "command", "mine.yaml theirs.yaml", ""},
		{"a bad name", "command", "My trainer.yaml", "named as its file"},
		{"its own name", "command", "command.yaml", "named as its file"},
		{"a name twice", "command", "cpu.yaml", "a trainer cpu already"},
		{"without the plugin", "other", "mine.yaml", "run make build"},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			o := write(t, role("plugin"))
			entry := "  - {name: %s, file: plugin, sha256: " + strings.Repeat("a", 64) + "}\n"
			list := "plugins:\n" + fmt.Sprintf(entry, "cpu") + fmt.Sprintf(entry, v.plugin)
			if err := os.WriteFile(filepath.Join(o.Bin, "plugins.yaml"), []byte(list), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(filepath.Join(o.Data, "trainers"), 0o755); err != nil {
				t.Fatal(err)
			}
			for name := range strings.SplitSeq(v.files, ".yaml") {
				if name = strings.TrimSpace(name); name == "" {
					continue
				}
				if err := os.WriteFile(filepath.Join(o.Data, "trainers", name+".yaml"), []byte("command: [true]"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			h := openWith(t, o)
			faults := fmt.Sprint(h.Faults())
			if v.want == "" {
				if strings.Join(h.Names(), " ") != "cpu mine theirs" || faults != "[]" {
					t.Fatalf("got %v, and %s", h.Names(), faults)
				}
				return
			}
			if !strings.Contains(faults, "trainers/"+v.files+": ") || !strings.Contains(faults, v.want) || h.Names()[0] != "cpu" {
				t.Errorf("got %v, and %s, want …%s", h.Names(), faults, v.want)
			}
			if _, err := h.Describe(t.Context(), "nobody"); !errors.Is(err, ablation.ErrNotFound) || !strings.Contains(err.Error(), v.want) {
				t.Errorf("an unknown trainer: %v, want …%s", err, v.want)
			}
		})
	}
}
