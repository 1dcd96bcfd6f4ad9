package plugin

import (
	"context"
	"slices"

	"github.com/haigo-lab/haigo/plugins/cpu/runner"
	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/rows"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// Check reads manifests, held-out files and what weights are started from, whose paths must be absolute, and measures this machine once.
func (p *Plugin) Check(_ context.Context, s *spec.Spec) (trainer.Report, error) {
	material, config := rows.Check(s), runner.Config(s)
	report := trainer.Report{
		Problems: slices.Concat(runner.Unsupported(s), runner.TooLarge(s), runner.CheckInit(s, ""), material.Problems),
		Rows:     material.Rows, Epochs: material.Epochs,
		MemoryBytes: config.MemoryBytes(s.BatchRows, runner.Threads(s)),
		Parameters:  config.Parameters(), FLOPsPerToken: config.FLOPsPerToken(),
		TokensPerS: p.speeds().tokensPerS(runner.Threads(s), config),
	}
	if err := runner.CheckExam(s, ""); err != nil {
		report.Problems = append(report.Problems, spec.NewProblem("eval", err))
	}
	return report, nil
}
