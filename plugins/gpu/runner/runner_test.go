package runner_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/haigo-lab/haigo/plugins/gpu/plugin"
	"github.com/haigo-lab/haigo/plugins/gpu/runner"
	"github.com/haigo-lab/haigo/plugins/gpu/venv"
	"github.com/haigo-lab/haigo/plugins/trainer/rows/rowstest"
	"github.com/haigo-lab/haigo/plugins/trainer/sampler"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/plugins/trainer/trainertest"
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

// TestPairs_areCountedAsTheyAreCut: the rows of prompts and answers that a plan tells of are those that there come to be.
func TestPairs_areCountedAsTheyAreCut(t *testing.T) {
	t.Parallel()
	draw := rapid.Custom(func(t *rapid.T) []string {
		return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
			text := strings.Repeat("q", rapid.IntRange(0, 70).Draw(t, "prompt"))
			if rapid.IntRange(0, 9).Draw(t, "plain") > 0 {
				text += spec.AnswerAfter + strings.Repeat("答", rapid.IntRange(1, 30).Draw(t, "answer"))
			}
			return text
		}), 1, 60).Draw(t, "texts")
	})
	s := &spec.Spec{
		SpecVersion: spec.Version, RunID: "run", Attempt: 1, Kind: spec.KindTune, Mode: spec.ModeExact, Steps: 6, BatchRows: 4, RowTokens: 64,
		Tokenizer: spec.Tokenizer{Kind: spec.TokenizerBytes},
		Model:     spec.Model{Layers: 1, Width: 32, Heads: 2, KVHeads: 2, FFN: 48, Vocab: 257, Tied: true, RopeBase: 10000, NormEps: 1e-5},
		Optimizer: spec.Optimizer{PeakLR: 1e-2, Decay: spec.DecayCosine, Beta1: 0.9, Beta2: 0.95, Eps: 1e-8},
		Precision: spec.PrecisionFP32, OnNonfinite: spec.NonfiniteStop,
		Tune: &spec.Tune{Method: spec.MethodFull, AnswerAfter: spec.AnswerAfter},
	}
	dir, cache := t.TempDir(), t.TempDir()
	for seed := range 8 {
		name := "s" + string(rune('a'+seed)) // is its language too
		last := "q" + spec.AnswerAfter + strings.Repeat("a", 64)
		source := rowstest.Write(t, filepath.Join(dir, name), name, draw.Example(seed), []string{last})
		s.Sources = append(s.Sources, source)
	}
	s.Init = &spec.Init{Path: "/nowhere", ManifestSHA256: s.Sources[0].ManifestSHA256}
	s.Weights = []spec.Weights{{W: append([]int64{spec.WeightTotal}, make([]int64, len(s.Sources)-1)...)}}
	data, err := spec.Encode(s)
	if err != nil {
		t.Fatal(err)
	}
	report, err := trainertest.Open(t, plugin.New(filepath.Join(dir, "haigo-gpu"), "v1")).Check(t.Context(), s)
	if err := errors.Join(err, os.WriteFile(filepath.Join(dir, spec.SpecFile), data, 0o644)); err != nil {
		t.Fatal(err)
	}
	if out, err := python(t, "cut.py", cache, dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cut := map[string]int64{}
	paths, _ := filepath.Glob(filepath.Join(cache, "*", spec.RowsFile))
	for _, path := range paths {
		info, err := spec.ReadFile[spec.Rows](path)
		if err != nil || *info.AnswerAfter != spec.AnswerAfter {
			t.Fatalf("%+v, %v", info, err)
		}
		i := slices.IndexFunc(s.Sources, func(v spec.Source) bool { return v.ManifestSHA256 == info.ManifestSHA256 })
		cut[s.Sources[i].Name] = info.Rows
	}
	if diff := cmp.Diff(cut, report.Rows); diff != "" {
		t.Errorf("%v: rows (-cut +counted):\n%s", report.Problems, diff)
	}
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
