package ablation

import (
	"cmp"
	"slices"
)

// Grow applies a document to the sweep that bears its name already. Where it adds schedules, seeds or to its designs, or
// changes nothing, the result is the sweep as it shall be: what was fixed at the start (id, seed, versions, trainer)
// stays, arms keep their order and new ones follow, labels, question, budget, recurrence and share_trunks are the new
// ones, and so is keep where the document has another than before. Anything else is an *[Invalid] that names each field; another name makes another sweep.
func Grow(old, next Sweep) (Sweep, error) {
	g := growth{next: next, settled: old.Verdict() != nil}
	g.same("sources", sameSources(old.Sources, next.Sources))
	g.recipe(old.Recipe, next.Recipe, lengthens(old.Design.Product, next.Design.Product) || len(old.Sources) != len(next.Sources))
	g.same("tasks", slices.Equal(old.Tasks, next.Tasks))
	g.same("early_stop", sameEarlyStop(old.EarlyStop, next.EarlyStop))
	g.same("seed", next.Seed == nil || old.Seed != nil && *next.Seed == *old.Seed)
	g.same("design.baseline", old.Design.Baseline == next.Design.Baseline)
	g.same("design.control", old.Design.Control == next.Design.Control)
	schedules := g.schedules(old.Schedules, next.Schedules)
	design := g.design(old.Design, next.Design)
	g.same("seeds", containsAll(next.Seeds, old.Seeds))
	if len(g.problems) > 0 {
		return Sweep{}, &Invalid{Problems: g.problems}
	}
	out := old
	out.Question, out.QuestionEN = next.Question, next.QuestionEN
	out.Budget, out.Recurrence, out.Document = next.Budget, next.Recurrence, next.Document
	out.Schedules, out.Design, out.Seeds = schedules, design, next.Seeds
	out.Recipe.ShareTrunks = next.Recipe.ShareTrunks
	if was, err := ParseSweep([]byte(old.Document)); err != nil || !was.Keep.equal(next.Keep) {
		out.Keep = next.Keep // else it stays what somebody may have said since
	}
	return out, nil
}

// growth collects the fields that may not change.
type growth struct {
	next     Sweep
	settled  bool // the old sweep has planned itself to its end
	problems []Problem
}

func (g *growth) same(field string, ok bool) {
	if !ok {
		p := g.next.place(field, say(
			"differs from the sweep that bears the name %s; a sweep takes new schedules, seeds, designs, and more values or arms of a design only: undo this, or give the sweep another name",
			"%s という名前のスイープと異なります。足せるのは配合スケジュール、シード、実験計画とその値やアームだけです。元に戻すか、スイープの名前を変えてください", g.next.Name))
		p.Command = "--as NEW"
		g.problems = append(g.problems, p)
	}
}

// sameSources compares names, and versions where the document asks for one.
func sameSources(old, next []SourceRef) bool {
	return slices.EqualFunc(old, next, func(a, b SourceRef) bool {
		return a.Name == b.Name && (b.Version == "" || a.Version == b.Version)
	})
}

// recipe compares what the document says; what it leaves to the trainer is as it was recorded at the start.
// others says that the product's token budgets or the number of sources have changed, which brings another default of what
// is scored; where they may not differ that is refused elsewhere.
func (g *growth) recipe(old, next Recipe, others bool) {
	g.same("recipe.trainer", next.Trainer == "" || old.Trainer == next.Trainer)
	g.same("recipe.kind", old.Kind == next.Kind)
	g.same("recipe.method", old.Method == next.Method)
	g.same("recipe.answer_after", old.AnswerAfter == next.AnswerAfter)
	g.same("recipe.shape", old.Shape == next.Shape || next.Shape.Preset != "" && old.Shape.Preset == next.Shape.Preset)
	g.same("recipe.tokenizer", old.Tokenizer == next.Tokenizer)
	g.same("recipe.tokens", old.Tokens == next.Tokens)
	g.same("recipe.row_tokens", old.RowTokens == next.RowTokens)
	next.GoOn(old)
	old.Optimizer.Beta2, next.Optimizer.Beta2 = cmp.Or(old.Optimizer.Beta2, DefaultBeta2), cmp.Or(next.Optimizer.Beta2, DefaultBeta2)
	g.same("recipe.batch_rows", old.BatchRows == next.BatchRows)
	g.same("recipe.precision", old.Precision == next.Precision)
	next.Optimizer.PeakLR = cmp.Or(next.Optimizer.PeakLR, old.Optimizer.PeakLR)
	g.same("recipe.optimizer", old.Optimizer == next.Optimizer)
	others = others || old.Tokens != next.Tokens
	g.same("recipe.eval.items", next.ItemsOpen || old.Items == next.Items)
	g.same("recipe.eval", old.TaskEval == next.TaskEval && (others || (next.EvalOpen || old.Eval == next.Eval) && (next.SetBytes == 0 || old.SetBytes == next.SetBytes)))
	g.same("recipe.start", old.Start == next.Start || old.Start != nil && next.Start != nil && *old.Start == *next.Start)
	g.same("recipe.checkpoint", old.Checkpoint == next.Checkpoint)
	g.same("recipe.on_divergence", old.Divergence == next.Divergence)
	g.same("recipe.max_epochs", old.MaxEpochs == next.MaxEpochs)
}

// schedules are the old ones in their order, with the new labels, then those that are added.
func (g *growth) schedules(old, next []Schedule) []Schedule {
	var out []Schedule
	for _, was := range old {
		i := slices.IndexFunc(next, func(c Schedule) bool { return c.Name == was.Name })
		g.same("schedules."+was.Name, i >= 0 && slices.EqualFunc(was.Stages, next[i].Stages, sameStage))
		if i >= 0 {
			out = append(out, next[i])
		}
	}
	for _, c := range next {
		if !slices.ContainsFunc(old, func(was Schedule) bool { return was.Name == c.Name }) {
			out = append(out, c)
		}
	}
	return out
}

func sameStage(a, b Stage) bool {
	return a.Until == b.Until && a.Ramp == b.Ramp && a.Mixture.equal(b.Mixture)
}

func containsAll[T comparable](all, some []T) bool {
	return !slices.ContainsFunc(some, func(v T) bool { return !slices.Contains(all, v) })
}
