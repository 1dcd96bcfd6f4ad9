package plugin

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"sync"

	"github.com/haigo-lab/haigo/plugins/cpu/kernel"
	"github.com/haigo-lab/haigo/plugins/cpu/machine"
	"github.com/haigo-lab/haigo/plugins/cpu/runner"
	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// Name is the trainer's name in a recipe.
const Name = "cpu"

// Plugin answers for the program at Executable, an absolute path.
type Plugin struct {
	Executable string
	Version    string
	speeds     func() speeds
}

var _ trainer.Trainer = (*Plugin)(nil)

// New is a trainer whose parts are run by the program at executable.
func New(executable, version string) *Plugin {
	return &Plugin{Executable: executable, Version: version, speeds: sync.OnceValue(measure)}
}

// Describe never fails: every machine has a processor.
func (p *Plugin) Describe(context.Context) (trainer.Description, error) {
	d := trainer.Description{
		Name: Name, Version: p.Version, NativeSchedules: true, Unit: "row", Deterministic: true, Shapes: shapes(),
		Devices: []trainer.Device{{Name: machine.Processor(), Threads: runtime.NumCPU(), MemoryBytes: machine.MemoryBytes()}},
	}
	for _, isa := range kernel.Available() {
		d.ISAs = append(d.ISAs, string(isa))
	}
	d.Precisions = []string{spec.PrecisionFP32}
	if kernel.Best().BF16() != nil {
		d.Precisions = append(d.Precisions, spec.PrecisionBF16)
	}
	return d, nil
}

// Plan is two parts: make the rows, which other runs may share, and train.
func (p *Plugin) Plan(_ context.Context, assignments []trainer.Assignment) (trainer.Plan, error) {
	if len(assignments) != 1 {
		return trainer.Plan{}, fmt.Errorf("plan: the cpu trainer takes one run a process, got %d", len(assignments))
	}
	a := assignments[0]
	start := int64(0)
	if r := a.Spec.Checkpoint.ResumeFrom; r != nil {
		start = r.Step
	}
	return trainer.Plan{Parts: []spec.Part{
		p.part(a, "rows", start, start),
		p.part(a, "run", start, a.Spec.Steps),
	}}, nil
}

func (p *Plugin) part(a trainer.Assignment, command string, from, to int64) spec.Part {
	return spec.Part{
		Name: command,
		Argv: []string{p.Executable, command, "--rows", a.Rows},
		Env:  map[string]string{"GOMAXPROCS": strconv.Itoa(runner.Threads(a.Spec))},
		Dir:  ".", StartStep: from, EndStep: to,
	}
}
