package plugin

import (
	"context"
	"fmt"
	"runtime"

	"github.com/haigo-lab/haigo/plugins/cpu/machine"
	"github.com/haigo-lab/haigo/plugins/gpu/device"
	"github.com/haigo-lab/haigo/plugins/gpu/venv"
	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// Name is the trainer's name in a recipe.
const Name = "gpu"

// Plugin answers for the program at Executable, an absolute path.
type Plugin struct {
	Executable string
	Version    string
}

var _ trainer.Trainer = (*Plugin)(nil)

// New is a trainer whose parts are run by the program at executable.
func New(executable, version string) *Plugin { return &Plugin{executable, version} }

// Describe never fails. Where nothing can be trained it has no device and says why.
func (p *Plugin) Describe(ctx context.Context) (trainer.Description, error) {
	d := trainer.Description{
		Name: Name, Version: p.Version, Packs: true, NativeSchedules: true, Unit: "row", Deterministic: true, Shapes: shapes(),
		Precisions: []string{spec.PrecisionFP32, spec.PrecisionBF16},
		Tokenizers: []trainer.Tokenizer{{Name: "unigram-8k", Vocab: 1 << 13}, {Name: "unigram-32k", Vocab: 1 << 15}, {Name: trainer.TokenizerFile}},
		Tokenize:   []string{p.Executable, "tokenizer"},
	}
	devices, err := p.devices(ctx)
	if err != nil {
		d.Absent, d.AbsentJA = err.Error(), spec.InJapanese(err)
	}
	d.Devices = devices
	for i, s := range d.Shapes {
		d.Shapes[i].StepTokens = fitting(s, devices)
	}
	return d, nil
}

// devices are the cards, or the processor where there is none.
func (p *Plugin) devices(ctx context.Context) ([]trainer.Device, error) {
	env, err := venv.Open(venv.Beside(p.Executable))
	if err != nil {
		return nil, err
	}
	cards, err := device.Cards(ctx)
	if err != nil {
		return nil, err
	}
	if len(cards) > 0 && env.Wheels != venv.CUDA {
		return nil, spec.Say("JAX was installed without CUDA, and there is %s; run make gpu again",
			"JAX が CUDA なしで入っていますが、%s があります。make gpu をもう一度実行してください", cards[0].Name)
	}
	if len(cards) == 0 {
		return []trainer.Device{{Name: machine.Processor(), Threads: runtime.NumCPU(), MemoryBytes: machine.MemoryBytes()}}, nil
	}
	var list []trainer.Device
	for _, c := range cards {
		list = append(list, trainer.Device{Name: c.Name, MemoryBytes: c.MemoryBytes})
	}
	return list, nil
}

// Plan is two parts: make the rows, which other runs may share, and train. In a pack's folder the first makes those of the run that
// it is opened for, which are its members', and the second trains all members.
func (p *Plugin) Plan(_ context.Context, assignments []trainer.Assignment) (trainer.Plan, error) {
	if len(assignments) != 1 {
		return trainer.Plan{}, fmt.Errorf("plan: the gpu trainer plans for one run, which others may join, got %d", len(assignments))
	}
	a := assignments[0]
	start := int64(0)
	if r := a.Spec.Checkpoint.ResumeFrom; r != nil {
		start = r.Step
	}
	part := func(command string, end int64) spec.Part {
		return spec.Part{
			Name: command, Argv: []string{p.Executable, command, "--rows", a.Rows}, Env: map[string]string{}, Dir: ".",
			StartStep: start, EndStep: end,
		}
	}
	return trainer.Plan{Parts: []spec.Part{part("rows", start), part("run", a.Spec.Steps)}}, nil
}
