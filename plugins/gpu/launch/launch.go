// Package launch starts what trains: it makes an attempt's rows, and turns into the Python program that trains on them. What
// stands in the way finishes the attempt with the reason. It computes nothing. Start with [Run].
package launch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/haigo-lab/haigo/plugins/cpu/machine"
	"github.com/haigo-lab/haigo/plugins/gpu/device"
	"github.com/haigo-lab/haigo/plugins/gpu/plugin"
	"github.com/haigo-lab/haigo/plugins/gpu/runner"
	"github.com/haigo-lab/haigo/plugins/gpu/venv"
	"github.com/haigo-lab/haigo/plugins/trainer/rows"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// Options say where an attempt is and who runs it.
type Options struct {
	Dir, Rows string // the attempt's folder, and that of cached rows; absolute
	Program   string // absolute path of this program
	Version   string
}

// Rows makes the rows of the attempt's sources.
func Rows(ctx context.Context, o Options) error {
	s, err := readSpec(o.Dir)
	if err != nil {
		return err
	}
	cause := prepare(ctx, o, s)
	if ctx.Err() != nil {
		return finish(o, s, spec.OutcomeStopped, spec.Say("asked to stop while rows were prepared", "行を作っている間に停止を求められました"))
	}
	return failed(o, s, cause)
}

func prepare(ctx context.Context, o Options, s *spec.Spec) error {
	if s.Tokenizer.Kind == spec.TokenizerBytes && s.Tune == nil {
		return rows.PrepareAll(ctx, s, o.Dir, o.Rows)
	}
	return aside(ctx, o.Program, runner.Cut, o.Rows, o.Dir)
}

// Run becomes the program that trains, and so returns only where it can't.
func Run(o Options) error {
	s, err := readSpec(o.Dir)
	if err != nil {
		return err
	}
	return failed(o, s, become(o, s))
}

func become(o Options, s *spec.Spec) error {
	if found := plugin.Unsupported(s); len(found) > 0 {
		return &spec.Invalid{Problems: found}
	}
	env, cache, program, err := open(o.Program)
	if err != nil {
		return err
	}
	cards, err := device.Cards(context.Background())
	if err != nil && env.Wheels == venv.CUDA {
		return err
	}
	argv := []string{env.Python, "-s", "-E", program, "--rows", o.Rows, "--version", o.Version, "--processor", machine.Processor()}
	whom, err := runs(o.Dir)
	if err != nil {
		return err
	}
	argv = append(argv, whom...)
	return syscall.Exec(env.Python, argv, append(os.Environ(), environment(cache, plugin.Threads(s), len(cards) > 0 && env.Wheels == venv.CUDA)...))
}

// runs are the program's arguments for what is to be trained in a folder: an attempt, or a pack's members.
func runs(dir string) ([]string, error) {
	pack, err := spec.ReadFile[spec.Pack](filepath.Join(dir, spec.PackFile))
	if errors.Is(err, fs.ErrNotExist) {
		return []string{dir}, nil
	}
	if err != nil {
		return nil, err
	}
	return []string{"--slots", strconv.Itoa(pack.Slots), "--pack", dir}, nil
}

// environment is what the libraries read. On a card operations are deterministic, and what was compiled and tuned once is
// kept: a later start runs the same program.
func environment(cache string, threads int, card bool) []string {
	list := []string{
		"JAX_COMPILATION_CACHE_DIR=" + filepath.Join(cache, "jax"), "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS=0.1",
		"JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES=-1", "TF_CPP_MIN_LOG_LEVEL=2",
	}
	if card {
		return append(list, "JAX_PLATFORMS=cuda,cpu", "XLA_FLAGS=--xla_gpu_deterministic_ops=true", "XLA_PYTHON_CLIENT_MEM_FRACTION=0.92")
	}
	flags := "XLA_FLAGS="
	if threads == 1 {
		flags += "--xla_cpu_multi_thread_eigen=false"
	}
	return append(list, "JAX_PLATFORMS=cpu", flags, "NPROC="+strconv.Itoa(threads), "OMP_NUM_THREADS="+strconv.Itoa(threads))
}

// cacheDir is this user's, for the program's files and for what JAX has compiled.
func cacheDir() (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		base = filepath.Join(os.TempDir(), "cache-"+strconv.Itoa(os.Getuid()))
	}
	dir := filepath.Join(base, "haigo", "gpu")
	return dir, os.MkdirAll(dir, 0o700)
}

func readSpec(dir string) (*spec.Spec, error) {
	data, err := os.ReadFile(filepath.Join(dir, spec.SpecFile))
	if err != nil {
		return nil, fmt.Errorf("read spec: %w", err)
	}
	s, err := spec.DecodeSpec(data)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", spec.SpecFile, err)
	}
	return s, nil
}

// failed finishes the attempt where there is a cause.
func failed(o Options, s *spec.Spec, cause error) error {
	if cause == nil {
		return nil
	}
	return errors.Join(cause, finish(o, s, spec.OutcomeFailed, cause))
}

func finish(o Options, s *spec.Spec, outcome string, why error) error {
	events, err := spec.OpenEvents(o.Dir, s.Attempt)
	if err != nil {
		return err
	}
	f := spec.Finished{Outcome: outcome, Reason: why.Error(), ReasonJA: spec.InJapanese(why), Retriable: outcome == spec.OutcomeStopped}
	if r := s.Checkpoint.ResumeFrom; r != nil {
		f.Step = r.Step
	}
	return errors.Join(events.Append(f), events.Close())
}
