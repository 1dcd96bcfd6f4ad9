package plugin

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/rows"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// Check reads manifests and what weights are started from, whose paths must be absolute, and verifies held-out files.
func (p *Plugin) Check(ctx context.Context, s *spec.Spec) (trainer.Report, error) {
	material := rows.Check(s)
	if s.Tune != nil {
		countPairs(s, &material)
	}
	report := trainer.Report{
		Rows: material.Rows, Epochs: material.Epochs, Parameters: spec.Parameters(s.Model),
		FLOPsPerToken: spec.FLOPsPerToken(s), MemoryBytes: memory(s),
	}
	devices, err := p.devices(ctx)
	if err == nil && len(devices) > 0 {
		report.TokensPerS, report.Pack = speed(s, devices[0]), together(s, devices[0])
	}
	report.Problems = slices.Concat(Unsupported(s), tooLarge(s, devices), checkInit(s), material.Problems, heldout(s))
	return report, nil
}

// Threads is how many threads a run on the processor uses.
func Threads(s *spec.Spec) int { return cmp.Or(s.Resources.Threads, runtime.NumCPU()) }

// Unsupported lists what a valid spec asks for and this trainer can't do, by field.
func Unsupported(s *spec.Spec) []spec.Problem {
	var found []spec.Problem
	need := func(ok bool, field, en, ja string) {
		if !ok {
			found = append(found, spec.Problem{Field: field, Message: en, MessageJA: ja})
		}
	}
	need(s.Optimizer.Decay != spec.DecayWSD || s.Optimizer.DecaySteps > 0, "optimizer.decay_steps",
		"is 0; wsd needs the number of steps at the end over which the rate falls",
		"0 です。wsd では、最後に学習率を下げるステップ数が要ります")
	return found
}

// tooLarge says where a spec needs more memory than it may take, or than any device here has.
func tooLarge(s *spec.Spec, devices []trainer.Device) []spec.Problem {
	need, most := memory(s), int64(0)
	for _, d := range devices {
		most = max(most, d.MemoryBytes)
	}
	if bound := s.Resources.MemoryBytes; bound > 0 && need > bound {
		return []spec.Problem{spec.NewProblem("resources.memory_bytes", spec.Say(
			"is %d, the run takes about %d; raise it, or take a smaller shape, batch or row",
			"%d ですが、ランにはおよそ %d バイト要ります。上限を上げるか、モデル・バッチ・行を小さくしてください", bound, need))}
	}
	if most > 0 && need > most {
		return []spec.Problem{spec.NewProblem("model", spec.Say(
			"takes about %d bytes of memory, %s has %d; take a smaller shape, batch or row",
			"メモリーがおよそ %d バイト要りますが、%s には %d バイトしかありません。モデル・バッチ・行を小さくしてください", need, devices[0].Name, most))}
	}
	return nil
}

// progress is what this trainer reads of a checkpoint's progress.json.
type progress struct {
	Step    int64        `json:"step"`
	Updates int64        `json:"updates"`
	ISA     string       `json:"isa"`
	Trainer spec.Program `json:"trainer"`
	Model   spec.Model   `json:"model"`
	// Tokenizer is nil in checkpoints of trainers that read bytes alone, and in older ones.
	Tokenizer *spec.Tokenizer `json:"tokenizer,omitempty"`
}

// known is what a tokenizer is known by.
func known(t spec.Tokenizer) spec.Tokenizer { return spec.Tokenizer{Kind: t.Kind, SHA256: t.SHA256} }

// checkInit says why a run can't start from the weights that its spec names.
func checkInit(s *spec.Spec) []spec.Problem {
	if s.Init == nil {
		return nil
	}
	_, digest, err := spec.FindCheckpoint(s.Init.Path)
	if err != nil {
		return []spec.Problem{spec.NewProblem("init.path", spec.Say("holds no whole checkpoint: %w", "完全なチェックポイントがありません：%v", err))}
	}
	if digest != s.Init.ManifestSHA256 {
		return []spec.Problem{spec.NewProblem("init.manifest_sha256", spec.Say("the manifest in %s has SHA-256 %s; the checkpoint was changed",
			"%s の manifest の SHA-256 は %s です。チェックポイントが変わっています", s.Init.Path, digest))}
	}
	p, err := spec.ReadFile[progress](spec.Resolve(s.Init.Path, "progress.json"))
	if err == nil && p.Model != s.Model {
		err = spec.Say("is of a model of another shape (%+v); ask for its shape", "モデルの形が異なります（%+v）。同じ形にしてください", p.Model)
	}
	if err == nil && p.Tokenizer != nil && known(*p.Tokenizer) != known(s.Tokenizer) {
		return []spec.Problem{spec.NewProblem("tokenizer", spec.Say("isn't the one that the model in %s was trained with; take that one",
			"%s のモデルを学習したものと違います。同じトークナイザーを使ってください", s.Init.Path))}
	}
	if err != nil {
		return []spec.Problem{spec.NewProblem("init", err)}
	}
	return nil
}

// heldout compares what is scored with its digests.
func heldout(s *spec.Spec) (found []spec.Problem) {
	verify := func(field, path, digest string) {
		if err := spec.VerifyFile(path, digest); err != nil {
			found = append(found, spec.NewProblem(field, err))
		}
	}
	for i, set := range s.Eval.Sets {
		if set.Path != "" {
			verify(fmt.Sprintf("eval.sets[%d]", i), set.Path, set.SHA256)
		}
	}
	for i, task := range s.Eval.Tasks {
		verify(fmt.Sprintf("eval.tasks[%d]", i), task.Path, task.SHA256)
	}
	return found
}
