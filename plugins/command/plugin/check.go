package plugin

import (
	"context"
	"fmt"
	"slices"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/rows"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// Check compares a spec with what the file says that the command can do, and reads manifests and held-out files.
func (p *Plugin) Check(_ context.Context, s *spec.Spec) (trainer.Report, error) {
	f, err := read(p.file)
	if err != nil {
		return trainer.Report{Problems: []spec.Problem{spec.NewProblem("", err)}}, nil
	}
	material := rows.Check(s)
	report := trainer.Report{
		Rows: material.Rows, Epochs: material.Epochs, TokensPerS: f.TokensPerS,
		Parameters: spec.Parameters(s.Model), FLOPsPerToken: spec.FLOPsPerToken(s),
	}
	report.MemoryBytes = f.memory(report.Parameters)
	c := check{material.Problems}
	c.abilities(f, s)
	c.memory(s, report.MemoryBytes)
	c.heldout(s)
	if _, err := p.part(f, trainer.Assignment{Spec: s}); err != nil {
		c.problem("", err)
	}
	report.Problems = c.problems
	return report, nil
}

func (f *File) memory(parameters int64) int64 {
	per := f.BytesPerParameter
	if per <= 0 {
		per = usualBytesPerParameter
	}
	return int64(per * float64(parameters))
}

// check collects problems.
type check struct{ problems []spec.Problem }

func (c *check) problem(field string, words error) {
	c.problems = append(c.problems, spec.NewProblem(field, words))
}

// abilities refuses what the command isn't said to be able to do.
func (c *check) abilities(f *File, s *spec.Spec) {
	for _, v := range []struct {
		asked      bool
		can, field string
	}{
		{s.Init != nil, canWeights, "init"},
		{s.Kind == spec.KindTune, canTune, "kind"},
		{len(s.Eval.Tasks) > 0, canTasks, "eval.tasks"},
		{len(s.Interventions) > 0, canInterventions, "interventions"},
		{s.Mode == spec.ModeMultinomial, canMultinomial, "mode"},
		{s.Tokenizer.Kind != spec.TokenizerBytes, canTokenizer, "tokenizer.kind"},
	} {
		if v.asked && !f.can(v.can) {
			c.problem(v.field, spec.Say("the training command isn't said to be able to do this; if it is, add %s to can in its file",
				"学習コマンドはこれに対応していません。対応しているなら、トレーナーのファイルの can に %s を加えてください", v.can))
		}
	}
	if !slices.Contains(f.precisions(), s.Precision) {
		c.problem("precision", spec.Say("is %s, the training command computes in %v", "%s ですが、学習コマンドの精度は %v です", s.Precision, f.precisions()))
	}
	if f.Prepare && s.Tokenizer.Kind != spec.TokenizerBytes {
		c.problem("tokenizer.kind", spec.Say("rows are prepared of bytes only; let the command make its own, without prepare",
			"prepare で作れるのはバイトの行だけです。prepare をやめて、コマンドの側で行を作ってください"))
	}
}

func (c *check) memory(s *spec.Spec, need int64) {
	if bound := s.Resources.MemoryBytes; bound > 0 && need > bound {
		c.problem("resources.memory_bytes", spec.Say("is %d, the run takes about %d; raise it, or take a smaller shape",
			"%d ですが、ランにはおよそ %d バイト要ります。上限を上げるか、小さいモデルにしてください", bound, need))
	}
}

// heldout compares what is scored with its digests.
func (c *check) heldout(s *spec.Spec) {
	for i, set := range s.Eval.Sets {
		if set.Path != "" {
			c.file(fmt.Sprintf("eval.sets[%d]", i), set.Path, set.SHA256)
		}
	}
	for i, task := range s.Eval.Tasks {
		c.file(fmt.Sprintf("eval.tasks[%d]", i), task.Path, task.SHA256)
	}
}

func (c *check) file(field, path, digest string) {
	if err := spec.VerifyFile(path, digest); err != nil {
		c.problem(field, err)
	}
}
