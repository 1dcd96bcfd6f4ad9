package plugin

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/haigo-lab/haigo/plugins/cpu/machine"
	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/rows"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// Plugin is the trainer that a file describes.
type Plugin struct{ executable, name, file string }

var _ trainer.Trainer = (*Plugin)(nil)

// New is the trainer of that name which file describes. executable is this program, absolute, for the part that prepares.
func New(executable, name, file string) *Plugin { return &Plugin{executable, name, file} }

// Describe says what the file says; a file that can't be read, or a program that the PATH lacks, is its error. A program
// whose path is given but isn't here may be on the nodes of a cluster: that is said beside the devices.
func (p *Plugin) Describe(context.Context) (trainer.Description, error) {
	f, err := read(p.file)
	if err != nil {
		return trainer.Description{}, err
	}
	d := trainer.Description{
		Name: p.name, Version: f.version(), NativeSchedules: true, Unit: "row", Deterministic: f.Deterministic, Precisions: f.precisions(),
	}
	program, err := p.program(fill(f.Command[0], p.ofFile(f)), fill(f.Env["PATH"], p.ofFile(f)))
	if err != nil {
		return trainer.Description{}, err
	}
	if _, err := exec.LookPath(program); err != nil {
		absent := spec.Say("%s isn't a program on this machine; put it there, or train where it is", "%s はこのマシンで実行できるプログラムではありません。置くか、それがあるマシンで学習してください", program)
		d.Absent, d.AbsentJA = absent.Error(), spec.InJapanese(absent)
	}
	for _, v := range f.Devices {
		d.Devices = append(d.Devices, trainer.Device{Name: v.Name, Threads: v.Threads, MemoryBytes: v.Memory})
	}
	if len(f.Devices) == 0 {
		d.Devices = []trainer.Device{{Name: machine.Processor(), Threads: runtime.NumCPU(), MemoryBytes: machine.MemoryBytes()}}
	}
	for _, s := range f.Shapes {
		d.Shapes = append(d.Shapes, trainer.Shape{Name: s.Name, Model: s.model(), PeakLR: s.PeakLR})
	}
	return d, nil
}

func (s Shape) model() spec.Model {
	m := spec.Model{
		Layers: s.Layers, Width: s.Width, Heads: s.Heads, KVHeads: s.KVHeads, FFN: s.FFN, Vocab: s.Vocab, Tied: !s.Untied,
		RopeBase: spec.Real(s.RopeBase), NormEps: 1e-5, QKNorm: s.QKNorm,
	}
	if m.KVHeads == 0 {
		m.KVHeads = m.Heads
	}
	if m.Vocab == 0 {
		m.Vocab = rows.Vocabulary
	}
	if m.RopeBase == 0 {
		m.RopeBase = 10000
	}
	return m
}

// Plan is the command, after a part that prepares where the file asks for it.
func (p *Plugin) Plan(_ context.Context, assignments []trainer.Assignment) (trainer.Plan, error) {
	if len(assignments) != 1 {
		return trainer.Plan{}, fmt.Errorf("plan: the trainer %s takes one run a process, got %d", p.name, len(assignments))
	}
	f, err := read(p.file)
	if err != nil {
		return trainer.Plan{}, err
	}
	a := assignments[0]
	train, err := p.part(f, a)
	if err != nil {
		return trainer.Plan{}, err
	}
	plan := trainer.Plan{Parts: []spec.Part{train}}
	if f.Prepare {
		prepare := spec.Part{
			Name: "prepare", Argv: []string{p.executable, "prepare", "--rows", a.Rows}, Env: map[string]string{}, Dir: ".",
			StartStep: train.StartStep, EndStep: train.StartStep,
		}
		plan.Parts = []spec.Part{prepare, train}
	}
	return plan, nil
}

func (p *Plugin) part(f *File, a trainer.Assignment) (spec.Part, error) {
	values := p.values(f, a)
	value := func(name string) string { return values[name] }
	part := spec.Part{Name: "command", Env: map[string]string{}, Dir: ".", EndStep: a.Spec.Steps}
	if r := a.Spec.Checkpoint.ResumeFrom; r != nil {
		part.StartStep = r.Step
	}
	for name, text := range f.Env {
		part.Env[name] = fill(text, value)
	}
	if f.Dir != "" {
		part.Dir = p.besides(f.Dir)
	}
	for _, word := range f.Command {
		part.Argv = append(part.Argv, fill(word, value))
	}
	var err error
	part.Argv[0], err = p.program(part.Argv[0], part.Env["PATH"])
	return part, err
}

// ofFile gives the placeholders that hold without an attempt; the others are empty.
func (p *Plugin) ofFile(f *File) func(string) string {
	return func(name string) string {
		return map[string]string{"here": filepath.Dir(p.file), "name": p.name, "version": f.version()}[name]
	}
}

// besides is a path that is relative to the file.
func (p *Plugin) besides(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(p.file), path)
}

// program is the absolute path of a program. One without a slash is looked for on the PATH that the file gives, else on
// this process's; an absolute one may be there on other machines alone, and is left as it is.
func (p *Plugin) program(name, path string) (string, error) {
	if strings.ContainsRune(name, '/') {
		return p.besides(name), nil
	}
	if path == "" {
		path = os.Getenv("PATH")
	}
	for _, folder := range filepath.SplitList(path) {
		if found := filepath.Join(folder, name); filepath.IsAbs(folder) {
			if _, err := exec.LookPath(found); err == nil {
				return found, nil
			}
		}
	}
	return "", spec.Say("there is no program %s on the PATH (%s); give its absolute path, or PATH under env",
		"プログラム %s が PATH（%s）にありません。絶対パスで書くか、env に PATH を書いてください", name, path)
}
