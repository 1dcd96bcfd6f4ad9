// Package enginetest runs the conformance suite on real processes: a trainer plugin started by the plugin host, its plans
// run by the local engine. The test binary itself is the wrapper that the engine starts.
package enginetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/conformance"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/engine"
	"github.com/haigo-lab/haigo/services/trainers"
)

// Main is what a package's TestMain calls first: where the engine has started the test binary as its wrapper, it does
// the wrapper's work and exits.
func Main() {
	if len(os.Args) != 4 || os.Args[1] != "exec" {
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := engine.Exec(ctx, os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// Local is a local engine whose wrapper is the test binary; the package's TestMain calls [Main].
func Local(tb testing.TB) *engine.Local {
	tb.Helper()
	binary, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	return &engine.Local{Exec: []string{binary, "exec"}}
}

// Build builds a plugin's program, for example from "../../plugins/cpu", and returns its path.
func Build(tb testing.TB, pkg string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "plugin")
	build := exec.Command("go", "build", "-o", path, pkg)
	if out, err := build.CombinedOutput(); err != nil {
		tb.Fatalf("build %s: %v\n%s", pkg, err, out)
	}
	look(tb, pkg)
	return path
}

// look makes the go command see that the test depends on the program's sources: it remembers a test's result until a
// file that the test looked at changes.
func look(tb testing.TB, pkg string) {
	tb.Helper()
	const files = `{{with .Module}}{{if .Main}}{{range $.GoFiles}}{{$.Dir}}/{{.}} {{end}}{{range $.SFiles}}{{$.Dir}}/{{.}} {{end}}{{end}}{{end}}`
	list, err := exec.Command("go", "list", "-deps", "-f", files, pkg).Output()
	if err != nil {
		tb.Fatalf("list the sources of %s: %v", pkg, err)
	}
	for _, path := range strings.Fields(string(list)) {
		if _, err := os.Stat(path); err != nil {
			tb.Fatal(err)
		}
	}
}

// Host is a plugin host that knows one trainer.
func Host(tb testing.TB, name, program string) *trainers.Host {
	tb.Helper()
	return host(tb, name, program, tb.TempDir())
}

// CommandHost is a plugin host with the one trainer that a file for the command plugin, whose program is given, describes.
// Scripts are put beside that file.
func CommandHost(tb testing.TB, program, name, description string, scripts ...fs.FS) *trainers.Host {
	tb.Helper()
	data := tb.TempDir()
	path := filepath.Join(data, "trainers", name+".yaml")
	if err := errors.Join(os.Mkdir(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(description), 0o644)); err != nil {
		tb.Fatal(err)
	}
	for _, folder := range scripts {
		for _, pattern := range []string{"*.sh", "*.awk", "*.py"} {
			names, _ := fs.Glob(folder, pattern)
			for _, name := range names {
				content, err := fs.ReadFile(folder, name)
				if err := errors.Join(err, os.WriteFile(filepath.Join(filepath.Dir(path), name), content, 0o644)); err != nil {
					tb.Fatal(err)
				}
			}
		}
	}
	return host(tb, "command", program, data)
}

func host(tb testing.TB, name, program, data string) *trainers.Host {
	tb.Helper()
	digest, _, err := spec.DigestFile(program)
	if err != nil {
		tb.Fatal(err)
	}
	bin := tb.TempDir()
	list := fmt.Sprintf("plugins:\n  - name: %s\n    file: %q\n    sha256: %s\n", name, program, digest)
	if err := os.WriteFile(filepath.Join(bin, "plugins.yaml"), []byte(list), 0o644); err != nil {
		tb.Fatal(err)
	}
	host, err := trainers.Open(trainers.Options{Bin: bin, Data: data})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := host.Close(); err != nil {
			tb.Error(err)
		}
	})
	return host
}

// Conform runs the conformance suite against a host's trainer of that name. Config's Trainer and Engine are filled in.
func Conform(t *testing.T, host *trainers.Host, name string, c conformance.Config) {
	t.Helper()
	c.Trainer = named{host, name}
	c.Engine = &local{Local: Local(t), handles: map[string]engine.Handle{}}
	conformance.Run(t, c)
}

// named is one trainer of a host.
type named struct {
	host *trainers.Host
	name string
}

func (n named) Describe(ctx context.Context) (trainer.Description, error) {
	return n.host.Describe(ctx, n.name)
}

func (n named) Check(ctx context.Context, s *spec.Spec) (trainer.Report, error) {
	return n.host.Check(ctx, n.name, s)
}

func (n named) Plan(ctx context.Context, a []trainer.Assignment) (trainer.Plan, error) {
	return n.host.Plan(ctx, n.name, a)
}

// local is the local engine as the suite needs it.
type local struct {
	*engine.Local
	mu      sync.Mutex
	handles map[string]engine.Handle
}

func (l *local) Start(tb testing.TB, dir string, specJSON []byte, plan trainer.Plan) {
	tb.Helper()
	if err := engine.Prepare(dir, specJSON, plan, rand.Text()); err != nil {
		tb.Fatal(err)
	}
	h, err := l.Submit(context.Background(), dir, dir)
	if err != nil {
		tb.Fatal(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.handles[dir] = h
}

func (l *local) handle(dir string) engine.Handle {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.handles[dir]
}

func (l *local) Alive(tb testing.TB, dir string) bool {
	tb.Helper()
	statuses, err := l.Poll(context.Background(), []engine.Handle{l.handle(dir)})
	if err != nil {
		tb.Fatal(err)
	}
	return statuses[0].State == engine.Running
}

func (l *local) Kill(tb testing.TB, dir string) {
	tb.Helper()
	if err := l.Local.Kill(context.Background(), l.handle(dir)); err != nil {
		tb.Error(err)
	}
}
