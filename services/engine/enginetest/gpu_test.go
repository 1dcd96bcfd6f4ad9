package enginetest_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/haigo-lab/haigo/plugins/trainer/conformance"
	"github.com/haigo-lab/haigo/services/engine/enginetest"
)

// TestConform_gpu runs where JAX is installed, on the card if there is one, else on the processor by the same code.
func TestConform_gpu(t *testing.T) {
	t.Parallel()
	environment, err := filepath.Abs("../../../bin/gpu")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(environment, "ready.json")); err != nil {
		t.Skip("not run: the GPU trainer (JAX could not be brought from PyPI; make gpu tries again)")
	}
	program := enginetest.Build(t, "../../../plugins/gpu")
	if err := os.Symlink(environment, filepath.Join(filepath.Dir(program), "gpu")); err != nil {
		t.Fatal(err)
	}
	enginetest.Conform(t, enginetest.Host(t, "gpu", program), "gpu", conformance.Config{})
}
