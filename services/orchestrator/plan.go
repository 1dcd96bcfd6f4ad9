package orchestrator

import (
	"cmp"
	"context"
	"strings"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/services/ablation"
)

// Plan says what a document would start, and stores nothing. A document that can't be read is an *ablation.Invalid;
// what else keeps it from starting stands in the plan's problems.
func (s *Sweeper) Plan(ctx context.Context, document []byte) (ablation.Plan, error) {
	r, err := s.resolve(ctx, document, "")
	if err != nil {
		return ablation.Plan{}, err
	}
	return s.plan(ctx, r)
}

// plan asks the trainer about one run of every arm: arms differ in nothing else that it looks at.
func (s *Sweeper) plan(ctx context.Context, r *resolved) (ablation.Plan, error) {
	m := material{sweep: r.Sweep, shape: r.shape, sources: r.Sources, threads: 1}
	estimate := ablation.Estimate{Trainer: r.description.Name}
	var problems []ablation.Problem
	for _, arm := range r.Arms {
		report, err := s.Trainers.Check(ctx, r.Sweep.Recipe.Trainer, m.runSpec(firstRun(r.Runs, arm), arm))
		if err != nil {
			return ablation.Plan{}, err
		}
		estimate = estimated(r, report, s.RunsAtOnce)
		problems = append(problems, found(report, arm, problems)...)
	}
	p := r.Sweep.Plan(r.Sources, r.Tasks, r.Arms, r.Runs, estimate)
	p.Problems = append(p.Problems, r.Sweep.Place(problems)...)
	if r.existing != nil {
		p.Existing = r.existing.State
	}
	return p, nil
}

func firstRun(runs []ablation.Run, arm ablation.Arm) ablation.Run {
	for _, run := range runs {
		if run.Arm == arm.Name {
			return run
		}
	}
	return ablation.Run{}
}

func estimated(r *resolved, report trainer.Report, atOnce int) ablation.Estimate {
	side := max(1, min(atOnce, len(r.Runs)))
	if most := r.Sweep.Budget.RunsAtOnce; most > 0 {
		side = min(side, most)
	}
	return ablation.Estimate{
		Trainer: r.description.Name, Parameters: report.Parameters, FLOPsPerToken: report.FLOPsPerToken,
		MemoryBytes: report.MemoryBytes, TokensPerS: report.TokensPerS * float64(side), Rows: report.Rows,
	}
}

// found are the report's problems that no earlier arm had.
func found(report trainer.Report, arm ablation.Arm, before []ablation.Problem) []ablation.Problem {
	var out []ablation.Problem
	seen := map[string]bool{}
	for _, p := range before {
		seen[p.Message.EN] = true
	}
	for _, p := range report.Problems {
		message := ablation.Label{EN: p.Field + ": " + p.Message, JA: p.Field + ": " + p.Message}
		if !seen[message.EN] {
			out = append(out, ablation.Problem{Field: documentField(p.Field, arm), Message: message})
		}
	}
	return out
}

// documentFields are the sweep file's keys for the fields of spec.json.
var documentFields = map[string]string{
	"steps": "recipe.tokens", "batch_rows": "recipe.batch_rows", "row_tokens": "recipe.row_tokens",
	"precision": "recipe.precision", "tokenizer": "recipe.tokenizer", "model": "recipe.shape",
	"optimizer": "recipe.optimizer", "eval": "recipe.eval", "checkpoint": "recipe.checkpoint", "sources": "sources",
	"resources": "recipe.shape",
}

// documentField is where a problem of spec.json stands in the sweep file.
func documentField(field string, arm ablation.Arm) string {
	root, _, _ := strings.Cut(field, ".")
	root, _, _ = strings.Cut(root, "[")
	if root == "weights" {
		return "schedules." + arm.Name
	}
	return cmp.Or(documentFields[root], "recipe")
}
