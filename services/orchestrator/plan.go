package orchestrator

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// nextFirings is how many of a recurrence's times a plan tells.
const nextFirings = 10

// Plan says what a document would start, and stores nothing. A document that can't be read is an *ablation.Invalid;
// what else keeps it from starting stands in the plan's problems.
func (s *Sweeper) Plan(ctx context.Context, document []byte) (ablation.Plan, error) {
	sweep, err := read(document, "")
	if err != nil {
		return ablation.Plan{}, err
	}
	r, err := s.resolve(ctx, sweep, s.Patience)
	if err != nil {
		return ablation.Plan{}, err
	}
	p, err := s.plan(ctx, r, func(ctx context.Context, name string, of *spec.Spec) (trainer.Report, error) {
		return s.reports.once(ctx, name, of, s.Trainers.Check)
	})
	if err == nil && sweep.Recurrence != nil {
		p.Firings, err = sweep.Recurrence.Next(time.Now(), nextFirings)
	}
	if err != nil {
		return p, err
	}
	lost, err := s.superseded(ctx, sweep)
	if lost != nil {
		p.Supersedes = lost.Recurrence.Name
	}
	return p, err
}

// plan asks the trainer about the arms: one of each length and size, and every arm that changes over its run. Constant
// mixtures of one length and size differ in nothing that a trainer looks at.
func (s *Sweeper) plan(ctx context.Context, r *resolved, check check) (ablation.Plan, error) {
	estimates := make([]ablation.Estimate, len(r.Arms))
	var problems []ablation.Problem
	for i, arm := range r.Arms {
		if j := r.alike(i); j >= 0 {
			estimates[i] = estimates[j]
			continue
		}
		report, trained, err := s.ask(ctx, r, arm, check)
		if err != nil {
			return ablation.Plan{}, err
		}
		estimates[i] = s.estimated(r, report)
		estimates[i].Trainable = trained
		problems = append(problems, r.told(report, arm, problems)...)
	}
	p := r.Sweep.Plan(r.Sources, r.Tasks, r.expansion(), estimates)
	p.RunsAtOnce = s.side(r)
	if len(r.description.Devices) > 0 {
		p.Device = r.description.Devices[0].Name
	}
	p.Problems = append(p.Problems, r.Sweep.Place(problems)...)
	if r.existing != nil {
		p.Existing = r.existing.State
		p.Grow(r.stored)
	}
	return p, nil
}

// alike is the first of the arms that a trainer's word on holds for the i-th one too; -1 where there is none before it.
func (r *resolved) alike(i int) int {
	constant := func(a ablation.Arm) bool { return len(a.Weights) == 1 }
	if !constant(r.Arms[i]) {
		return -1
	}
	return slices.IndexFunc(r.Arms[:i], func(a ablation.Arm) bool { return constant(a) && a.Like(r.Arms[i]) })
}

// ask gives the trainer the first run of an arm; trained is how many parameters that would train, 0: all.
func (s *Sweeper) ask(ctx context.Context, r *resolved, arm ablation.Arm, check check) (report trainer.Report, trained int64, err error) {
	shape, err := shapeOf(r.Sweep.Recipe.For(arm).Shape, r.description, "recipe.shape")
	if err != nil {
		return trainer.Report{}, 0, err
	}
	m := material{sweep: r.Sweep, data: s.Data, shape: shape, sources: r.Sources, threads: max(1, s.Threads)}
	run := firstRun(r.Runs, arm)
	run.Interventions = foreseen(r.Sweep.Recipe.For(arm).Divergence, run.Steps)
	asked := m.runSpec(run, arm)
	if at := run.Start; at != nil && !at.GoesOn() && at.SHA256 != "" {
		asked.Init = &spec.Init{Path: s.folderOf(r, at.SHA256), ManifestSHA256: at.SHA256}
	}
	if asked.Tune == nil || asked.Init != nil {
		report, err = check(ctx, r.Sweep.Recipe.Trainer, asked)
		return report, some(asked), err
	}
	// What is to be tuned isn't there yet: all else of the run can be told.
	asked.Init = &spec.Init{Path: spec.KeptDir(s.Data, unwritten), ManifestSHA256: unwritten}
	report, err = check(ctx, r.Sweep.Recipe.Trainer, asked)
	report.Problems = slices.DeleteFunc(slices.Clone(report.Problems), func(p spec.Problem) bool { return strings.HasPrefix(p.Field, "init") })
	return report, some(asked), err
}

// some is how many parameters a run trains that leaves others still, 0 where it trains all.
func some(s *spec.Spec) int64 {
	if s.Tune == nil || s.Tune.LoRA == nil {
		return 0
	}
	return spec.Trainable(s)
}

// unwritten stands for the digest of a checkpoint that a run has yet to write.
var unwritten = strings.Repeat("0", 64)

// foreseen is what a run of so many steps would do otherwise if it went back on divergence: a trainer that can't is refused
// before a run needs it.
func foreseen(d ablation.Divergence, steps int64) []ablation.Intervention {
	if d.Policy != ablation.DivergenceRollback {
		return nil
	}
	return []ablation.Intervention{d.Intervene(0, 1, steps)}
}

func firstRun(runs []ablation.Run, arm ablation.Arm) ablation.Run {
	for _, run := range runs {
		if run.Arm == arm.Name {
			return run
		}
	}
	return ablation.Run{}
}

// side is how many of the sweep's runs go side by side on this machine.
func (s *Sweeper) side(r *resolved) int {
	side := max(1, min(s.RunsAtOnce, r.untrained()))
	if most := r.Sweep.Budget.RunsAtOnce; most > 0 {
		side = min(side, most)
	}
	return side
}

// untrained is how many runs are to train, those that are there already and haven't ended among them; all where none is.
func (r *resolved) untrained() int {
	ended := 0
	for _, run := range r.stored {
		if run.State.Ended() {
			ended++
		}
	}
	if ended >= len(r.Runs) {
		return len(r.Runs)
	}
	return len(r.Runs) - ended
}

func (s *Sweeper) estimated(r *resolved, report trainer.Report) ablation.Estimate {
	return ablation.Estimate{
		Trainer: r.description.Name, Parameters: report.Parameters, FLOPsPerToken: report.FLOPsPerToken,
		MemoryBytes: report.MemoryBytes, TokensPerS: report.TokensPerS * float64(s.side(r)), Rows: report.Rows,
	}
}

// told are the report's problems that no earlier arm had. That a source has no row to read the plan says itself.
func (r *resolved) told(report trainer.Report, arm ablation.Arm, before []ablation.Problem) []ablation.Problem {
	var out []ablation.Problem
	seen := map[string]bool{}
	for _, p := range before {
		seen[p.Message.EN] = true
	}
	for _, p := range report.Problems {
		field, same := documentField(p.Field, arm)
		message := ablation.Label{EN: p.Message, JA: cmp.Or(p.MessageJA, p.Message)}
		switch {
		case field == onDivergence:
			message = cantGoBack(message)
		case !same:
			message = ablation.Label{EN: p.Field + ": " + message.EN, JA: p.Field + "：" + message.JA}
		}
		if !seen[message.EN] && !r.rowless(p.Field) {
			out = append(out, ablation.Problem{Field: field, Message: message})
		}
	}
	return out
}

// rowless reports whether a field of spec.json is a source without a row.
func (r *resolved) rowless(field string) bool {
	for i, source := range r.Sources {
		if field == fmt.Sprintf("sources[%d]", i) && source.Rows(r.Sweep.Recipe.RowTokens) == 0 {
			return true
		}
	}
	return false
}

// cantGoBack is what a trainer's word on an intervention means: it is in no sweep file, and says what asks for one.
func cantGoBack(word ablation.Label) ablation.Label {
	return ablation.Label{
		EN: "rollback goes on with a lower learning rate or skipped steps, which this trainer can't do; take stop or report, or another trainer (" + word.EN + ")",
		JA: "rollback では学習率を下げるかステップを飛ばして続けますが、このトレーナーは対応していません。stop か report にするか、別のトレーナーを選んでください（" + word.JA + "）",
	}
}

// onDivergence is the sweep file's key for what a run does that diverges.
const onDivergence = "recipe.on_divergence"

// documentFields are the sweep file's keys for the fields of spec.json.
var documentFields = map[string]string{
	"steps": "recipe.tokens", "batch_rows": "recipe.batch_rows", "row_tokens": "recipe.row_tokens",
	"precision": "recipe.precision", "tokenizer": "recipe.tokenizer", "model": "recipe.shape",
	"optimizer": "recipe.optimizer", "eval": "recipe.eval", "checkpoint": "recipe.checkpoint", "sources": "sources",
	"resources": "recipe.shape", "init": "recipe.start", "interventions": onDivergence, "kind": "recipe.kind",
}

// documentField is where a problem of spec.json stands in the sweep file, and whether that is the same thing under another
// key: of steps, devices and weights the file says something else.
func documentField(field string, arm ablation.Arm) (path string, same bool) {
	root := field
	if i := strings.IndexAny(field, ".["); i >= 0 {
		root = field[:i]
	}
	switch known := documentFields[root]; {
	case root == "weights":
		return arm.Field(), false
	case known == "":
		return "recipe", false
	case root == "tune":
		return "recipe.method", false
	case root == "steps", root == "resources", root == "init", root == "interventions":
		return known, false
	default:
		return known + strings.TrimPrefix(field, root), true
	}
}
