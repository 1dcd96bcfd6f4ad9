package sampler_test

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/haigo-lab/haigo/plugins/trainer/sampler"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// outcome is what both implementations say of a plan.
type outcome struct {
	sampler.Digests
	Drawn, Residual []int64
}

// TestReference holds random plans, and one of more than a block, against a second implementation in Python.
func TestReference(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("not run: the sampler's reference needs python3")
	}
	configs := []sampler.Config{{
		Mode: spec.ModeExact, MixSeed: 1, DataSeed: 2, Steps: 1003, BatchRows: 1, Sizes: []int64{3, 1 << 33},
		Weights: []spec.Weights{{W: quantise([]float64{0.3, 0.7})}},
	}}
	for seed := range 40 {
		configs = append(configs, rapid.Custom(config).Example(seed))
	}
	var asked, heard bytes.Buffer
	for _, c := range configs {
		if err := json.NewEncoder(&asked).Encode(wire(c)); err != nil {
			t.Fatal(err)
		}
	}
	reference := exec.CommandContext(t.Context(), python, "testdata/reference.py")
	reference.Stdin, reference.Stdout = &asked, &heard
	if err := reference.Run(); err != nil {
		t.Fatal(err)
	}
	answers := json.NewDecoder(&heard)
	for i, c := range configs {
		var want outcome
		if err := answers.Decode(&want); err != nil {
			t.Fatal(err)
		}
		p := plan(t, c)
		end := cursor(t, p, p.Steps())
		got := outcome{digests(t, p), end.Drawn(), end.Residual()}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("plan %d, %+v (-Python +Go):\n%s", i, c, diff)
		}
	}
}

// wire is a configuration as the reference reads it.
func wire(c sampler.Config) map[string]any {
	return map[string]any{
		"mode": c.Mode, "mix_seed": spec.Seed(c.MixSeed), "data_seed": spec.Seed(c.DataSeed), "steps": c.Steps,
		"batch_rows": c.BatchRows, "sizes": c.Sizes, "weights": c.Weights,
	}
}
