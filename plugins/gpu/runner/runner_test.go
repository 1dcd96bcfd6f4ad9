package runner_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/haigo-lab/haigo/plugins/gpu/runner"
	"github.com/haigo-lab/haigo/plugins/gpu/venv"
	"github.com/haigo-lab/haigo/plugins/trainer/sampler"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// python is that of the environment in bin/gpu, with one thread and without optimising machine code, which would take longer
// than what it saves.
func python(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	dir, err := filepath.Abs("../../../bin/gpu")
	if err != nil {
		t.Fatal(err)
	}
	env, err := venv.Open(dir)
	if err != nil {
		t.Skip("not run: the GPU trainer (JAX could not be brought from PyPI; make gpu tries again)")
	}
	c := exec.CommandContext(t.Context(), env.Python, append([]string{"-B"}, args...)...)
	c.Env = append(os.Environ(), "JAX_PLATFORMS=cpu", "PYTHONPATH=.", "NPROC=1", "XLA_FLAGS=--xla_cpu_multi_thread_eigen=false --xla_backend_optimization_level=0",
		"JAX_COMPILATION_CACHE_DIR="+t.TempDir(), "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS=0.1")
	return c
}

// TestPython runs the tests beside the program, in Python.
func TestPython(t *testing.T) {
	t.Parallel()
	look(t)
	out, err := python(t, "-m", "unittest", "discover", "-s", "tests").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if at := strings.Index(line, "largest difference"); at >= 0 {
			t.Log(strings.TrimSpace(line[at:]))
		}
	}
}

// look makes the go command see that the test depends on the tests in Python: it remembers a result until a file that was
// looked at changes.
func look(t *testing.T) {
	t.Helper()
	paths, err := filepath.Glob("tests/*.py")
	if err != nil || len(paths) == 0 {
		t.Fatalf("tests in Python: %v, %v", paths, err)
	}
	for _, path := range paths {
		if _, err := os.Stat(path); err != nil {
			t.Fatal(err)
		}
	}
}

const digests = `
import json, sys
import sampler
for line in sys.stdin:
    spec = json.loads(line)
    whole, blocks = sampler.Plan(spec, spec["sizes"]).digests()
    print(whole, *blocks)
`

// TestPlan_IsTheSamplers: plans worked out in Python are those of package sampler.
func TestPlan_IsTheSamplers(t *testing.T) {
	t.Parallel()
	var specs, want strings.Builder
	draw := rapid.Custom(config)
	for seed := range 30 {
		c := draw.Example(seed)
		p, err := sampler.New(c)
		if err != nil {
			t.Fatal(err)
		}
		d, err := p.Digests(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&want, strings.Join(append([]string{d.Plan}, d.Blocks...), " "))
		fmt.Fprintln(&specs, encode(c))
	}
	c := python(t, "-c", digests)
	c.Stdin = strings.NewReader(specs.String())
	got, err := c.CombinedOutput()
	if err != nil || string(got) != want.String() {
		t.Errorf("%v: got\n%s\nwant\n%s", err, got, want.String())
	}
}

// config is a plan of either mode over small sources, with a table that changes and switches a source off; some are longer
// than a block.
func config(t *rapid.T) sampler.Config {
	c := sampler.Config{
		Mode:    rapid.SampledFrom([]string{spec.ModeExact, spec.ModeMultinomial}).Draw(t, "mode"),
		MixSeed: rapid.Uint64().Draw(t, "mix seed"), DataSeed: rapid.Uint64().Draw(t, "data seed"),
		Steps: rapid.SampledFrom([]int64{1, 7, 60, 2100}).Draw(t, "steps"), BatchRows: rapid.IntRange(1, 9).Draw(t, "batch rows"),
		Sizes: rapid.SliceOfN(rapid.Int64Range(1, 700), 3, 3).Draw(t, "sizes"),
	}
	for from := int64(0); from < c.Steps; from += 1 + c.Steps/3 {
		w := []int64{rapid.Int64Range(0, spec.WeightTotal/2).Draw(t, "weight"), 0, 0}
		w[1+rapid.IntRange(0, 1).Draw(t, "rest")] = spec.WeightTotal - w[0]
		c.Weights = append(c.Weights, spec.Weights{FromStep: from, W: w})
	}
	return c
}

func encode(c sampler.Config) string {
	var table []string
	for _, w := range c.Weights {
		table = append(table, fmt.Sprintf(`{"from_step":%d,"w":[%d,%d,%d]}`, w.FromStep, w.W[0], w.W[1], w.W[2]))
	}
	return fmt.Sprintf(`{"mode":%q,"mix_seed":"%016x","data_seed":"%016x","steps":%d,"batch_rows":%d,"sizes":[%d,%d,%d],"weights":[%s]}`,
		c.Mode, c.MixSeed, c.DataSeed, c.Steps, c.BatchRows, c.Sizes[0], c.Sizes[1], c.Sizes[2], strings.Join(table, ","))
}

// TestUnpack puts every module there, once.
func TestUnpack(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	main, err := runner.Unpack(cache)
	if err != nil {
		t.Fatal(err)
	}
	again, err := runner.Unpack(cache)
	if err != nil || again != main {
		t.Errorf("%v: then %s, now %s", err, main, again)
	}
	wrote, err := filepath.Glob(filepath.Join(filepath.Dir(main), "*.py"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := filepath.Glob("*.py")
	if err != nil || len(wrote) != len(want) {
		t.Errorf("%d files, want %d", len(wrote), len(want))
	}
}
