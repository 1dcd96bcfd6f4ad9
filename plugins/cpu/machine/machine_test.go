package machine_test

import (
	"runtime"
	"testing"

	"github.com/haigo-lab/haigo/plugins/cpu/machine"
)

func TestMachine_IsDescribed(t *testing.T) {
	t.Parallel()
	if machine.Processor() == "" {
		t.Error("the processor has no name")
	}
	if n := machine.MemoryBytes(); runtime.GOOS == "linux" && n < 64<<20 {
		t.Errorf("the machine has %d bytes of memory", n)
	}
}
