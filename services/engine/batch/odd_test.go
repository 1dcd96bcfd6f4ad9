package batch_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/haigo-lab/haigo/services/engine"
)

// TestSubmit_oddFolder: in a folder whose name means something to shells and batch systems runs train as in any other, and what
// their jobs say is kept.
func TestSubmit_oddFolder(t *testing.T) {
	t.Parallel()
	const odd = `odd 'a" \b $c,d:e%j (配合)`
	for name, engines := range map[string]string{"slurm": onSlurm, "pbs": onPBS, "gridengine": onGrid} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath("qsub"); name == "pbs" && err != nil {
				t.Skip("not run: the PBS dialect (slurm-wlm-torque isn't installed)")
			}
			engines := fmt.Sprintf(engines, ", setup: 'echo prepared'")
			s := &site{T: t, named: odd}
			if name == "gridengine" {
				s.open("")
				s.grid()
				s.write("engines.yaml", engines)
			} else {
				s.open(engines)
			}
			s.work()
			s.apply(1)
			s.same(1, 1)
			said, err := os.ReadFile(filepath.Join(s.attempt(s.run(1), 1), engine.JobLog))
			if err != nil || !strings.Contains(string(said), "prepared") {
				t.Errorf("the job said %q, %v", said, err)
			}
		})
	}
}
