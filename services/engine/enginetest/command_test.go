package enginetest_test

import (
	"fmt"
	"testing"

	"github.com/haigo-lab/haigo/plugins/trainer/conformance"
	"github.com/haigo-lab/haigo/services/engine/enginetest"
)

// TestConform_command: a runner of somebody else's, here that of the CPU trainer, as a command that a file describes.
func TestConform_command(t *testing.T) {
	t.Parallel()
	runner := enginetest.Build(t, "../../../plugins/cpu")
	file := fmt.Sprintf(`
command: [%q, run, --rows, "{rows}", --dir, "{dir}"]
prepare: true
version: unknown
deterministic: true
precisions: [fp32]
can: [tasks, interventions, multinomial]
`, runner)
	host := enginetest.CommandHost(t, enginetest.Build(t, "../../../plugins/command"), "cpu", file)
	enginetest.Conform(t, host, "cpu", conformance.Config{})
}
