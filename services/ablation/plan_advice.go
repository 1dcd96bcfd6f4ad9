package ablation

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// WarnEpochs is how often an arm may read a source before the plan warns; what refuses it is the recipe's max_epochs.
const WarnEpochs = 4

// warnEvaluation is the share of a run's time above which evaluation is warned of: a recipe may well ask for more than
// [MuchEvaluation].
const warnEvaluation = 0.15

// refuse says what keeps the sweep from starting.
func (p *Plan) refuse(s Sweep) {
	for i, source := range p.Sources {
		field := fmt.Sprintf("sources[%d]", i)
		switch {
		case !p.reads(source.Name):
		case source.Role == RoleHeldout:
			p.problem(s, field, say(
				"source %s has no text to train on: all of its documents (%d) are held out to score runs by; give it no share, take another source, or add its text anew cut into more documents",
				"データソース %s には学習に使うテキストがありません（%d 文書のすべてが評価用です）。割合を 0 にするか、別のデータソースを選ぶか、テキストをもっと多くの文書に分けて追加し直してください",
				source.Name, source.HeldoutDocuments))
		case !p.hasRow(source.Name):
			p.problem(s, field, say("source %s is too short for one row of %d tokens; add text, give it no share, or shorten row_tokens",
				"データソース %s は、%d トークンの 1 行にも足りません。テキストを増やすか、割合を 0 にするか、row_tokens を短くしてください", source.Name, s.Recipe.RowTokens))
		}
	}
	for _, arm := range p.Arms {
		for _, source := range p.Sources {
			p.repeats(s, arm, source)
		}
	}
}

// repeats refuses an arm that reads more of a source than there is, or than the recipe allows, and warns of one that
// reads it often.
func (p *Plan) repeats(s Sweep, arm PlanArm, source Source) {
	rows, epochs := arm.Rows[source.Name], arm.Epochs[source.Name]+arm.EpochsBefore[source.Name]
	switch {
	case rows == 0, source.Role == RoleHeldout, arm.Epochs[source.Name] == 0: // said once, of the source
	case epochs > s.Recipe.MaxEpochs:
		p.problem(s, arm.Field(), say("arm %s would read %s %.1f times%s, more than max_epochs %g; use fewer tokens, more text or a smaller share, or raise recipe.max_epochs",
			"アーム %s は %s を%[4]s %.1[3]f 回読みます（上限は %[5]g 回）。トークンを減らすか、テキストを増やすか、割合を下げるか、recipe.max_epochs を上げてください",
			arm.Name, source.Name, epochs, arm.readBefore(source.Name), s.Recipe.MaxEpochs))
	case epochs > WarnEpochs:
		p.warning(say("arm %s reads %s %.1f times%s; above %d, repeats are worth less than new text",
			"アーム %s は %s を%[4]s %.1[3]f 回読みます。%[5]d 回を超える繰り返しは、新しいテキストより効き目が下がります",
			arm.Name, source.Name, epochs, arm.readBefore(source.Name), WarnEpochs))
	}
}

// readBefore says how much of what an arm reads of a source was read before its first step, for the middle of a sentence.
func (a PlanArm) readBefore(source string) Label {
	if a.EpochsBefore[source] == 0 {
		return Label{JA: "", EN: ""}
	}
	return say(", %.1f of them before it starts", "、開始前の %.1f 回を含めて", a.EpochsBefore[source])
}

// reads reports whether any arm reads a source.
func (p *Plan) reads(source string) bool {
	return slices.ContainsFunc(p.Arms, func(a PlanArm) bool { return a.Rows[source] > 0 })
}

// hasRow reports whether there is a row of a source that arms read.
func (p *Plan) hasRow(source string) bool {
	return slices.ContainsFunc(p.Arms, func(a PlanArm) bool { return a.Epochs[source] > 0 })
}

func (p *Plan) problem(s Sweep, field string, message Label) {
	p.Problems = append(p.Problems, s.place(field, message))
}

func (p *Plan) warning(message Label) { p.Warnings = append(p.Warnings, message) }

// warn says what a reader of the results would miss.
func (p *Plan) warn(s Sweep) {
	if len(s.Seeds) == 1 && (s.Design.Adaptive == nil || s.Design.Adaptive.Confirm < 2) {
		p.warning(say("one seed only: no spread can be shown, so a difference can't be told from noise; take 2 or more",
			"シードが 1 つだけでは、ばらつきを示せず、差が偶然かどうかを区別できません。2 つ以上にしてください"))
	}
	for _, c := range s.Schedules {
		if c.Changes() && s.Design.Control != ControlMatched {
			p.warning(say("schedule %s changes over time and has no matched control: the order's effect can't be told from the totals'; add the matched control (design.control: matched)",
				"%s は途中で変わりますが、総量をそろえた対照がありません。順序の効果と総量の効果を区別できません。対照アームを加えてください（design.control: matched）", c.Name))
		}
	}
	p.warnTokenizer(s)
	p.warnTwins(s)
	for _, source := range p.Sources {
		p.warnSource(source)
	}
	for _, t := range p.Tasks {
		p.warnOrigin(t)
	}
	p.warnTasks()
	p.warnEvaluation(s)
	p.warnEarlyStop(s)
}

// warnTwins tells of a schedule that reads what another one reads, as a duplicate does that nobody changed.
func (p *Plan) warnTwins(s Sweep) {
	for i, a := range p.Arms {
		if a.Schedule == nil || a.MatchedOf != "" {
			continue
		}
		for _, b := range p.Arms[:i] {
			listed := b.Schedule != nil && b.MatchedOf == ""
			if listed && reflect.DeepEqual(a.Weights, b.Weights) && s.Recipe.For(a.Arm) == s.Recipe.For(b.Arm) {
				p.warning(say("schedules %s and %s are the same, so their runs repeat each other; change one of them or take it out",
					"%s と %s は同じ配合スケジュールなので、ランが重複します。どちらかを変えるか、消してください", b.Name, a.Name))
				break
			}
		}
	}
}

// warnEarlyStop tells of rungs that no evaluation comes before, at which nothing can be judged.
func (p *Plan) warnEarlyStop(s Sweep) {
	if s.EarlyStop == nil || len(s.EarlyStop.At) == 0 {
		return
	}
	for _, a := range p.Arms {
		if s.Recipe.For(a.Arm).EvalEvery() > s.EarlyStop.Step(0, a.Steps) {
			p.warning(say("runs are first scored after the first rung of early_stop, so none is stopped there; evaluate more often (recipe.eval.every)",
				"最初の採点が early_stop の最初の段より後なので、そこでは止められません。評価を増やしてください（recipe.eval.every）"))
			return
		}
	}
}

// warnEvaluation tells of runs whose evaluation takes more than it should, and of tasks that are therefore scored seldom.
func (p *Plan) warnEvaluation(s Sweep) {
	most := slices.MaxFunc(p.Arms, func(a, b PlanArm) int { return cmp.Compare(a.EvalShare, b.EvalShare) })
	scored := s.Recipe.Scored
	if s.Recipe.Items > 0 && s.Recipe.ItemsOpen {
		p.warning(say("runs this short score %d items of each task at most, the same ones in all runs, to keep within a tenth of their time; recipe.eval.items: all scores all of them",
			"ランが短いため、時間の 10%% に収まるよう各タスク最大 %d 問を採点します（どのランも同じ問題）。すべて採点するには recipe.eval.items: all を指定してください", s.Recipe.Items))
	}
	switch {
	case most.EvalShare > warnEvaluation && scored.Tasks > scored.Sets:
		p.warning(say("evaluation takes about %.0f%% of a run's time: the tasks alone score %d tokens at the end; take fewer items (recipe.eval.items), fewer tasks or longer runs",
			"ランの時間のおよそ %.0f%% を評価が占めます。最後にタスクだけで %d トークンを採点します。問題数（recipe.eval.items）かタスクを減らすか、ランを長くしてください",
			100*most.EvalShare, scored.Tasks))
	case most.EvalShare > warnEvaluation:
		p.warning(say("evaluation takes about %.0f%% of a run's time: it scores %d tokens each time; score less (recipe.eval: every, set_bytes) or take longer runs",
			"ランの時間のおよそ %.0f%% を評価が占めます。1 回に %d トークンを採点します。採点を減らす（recipe.eval の every、set_bytes）か、ランを長くしてください",
			100*most.EvalShare, scored.Sets))
	}
}

func (p *Plan) warnSource(source Source) {
	if source.HeldoutDocuments == 0 {
		p.warning(say("source %s has no held-out text: it isn't scored; add it again with a larger share held out if it should be",
			"データソース %s には検証用のテキストがなく、採点されません。採点するには、検証用に分ける割合を増やして追加し直してください", source.Name))
	}
	if !p.reads(source.Name) && source.Role != RoleHeldout {
		p.warning(say("no arm reads source %s: it is scored, never trained on", "データソース %s はどのアームも読みません。採点されるだけで、学習には使われません", source.Name))
	}
}

// warnOrigin tells of a task made from another version of a source: what that one held out, this one may train on.
func (p *Plan) warnOrigin(t Task) {
	for _, source := range p.Sources {
		if source.Name == t.Source && t.SourceSHA256 != "" && source.ManifestSHA256 != t.SourceSHA256 {
			p.warning(say("task %s was made from another version of %s: its questions may stand in the text that is trained on; leave it out, or make it again from the version of %s that is trained on",
				"タスク %s は %s の別の版から作られています。問題文が学習用テキストに含まれるおそれがあります。このタスクを外すか、いまの版の %s から作り直してください",
				t.Name, source.Name, source.Name))
		}
	}
}

// warnTasks names the languages whose sources are trained on, but which no task asks about, where tasks ask about others.
func (p *Plan) warnTasks() {
	var asked, missing []string
	for _, t := range p.Tasks {
		asked = append(asked, t.Lang)
	}
	for _, source := range p.Sources {
		natural := source.Lang != "code" && source.Lang != "other"
		if natural && !slices.Contains(asked, source.Lang) && !slices.Contains(missing, source.Lang) {
			missing = append(missing, source.Lang)
		}
	}
	if len(asked) > 0 && len(missing) > 0 {
		slices.Sort(asked)
		p.warning(say("tasks ask about %s only, not about %s: the trade-off has one side", "タスクは %s のものだけで、%s のものがありません。片側しか比べられません",
			strings.Join(slices.Compact(asked), ", "), strings.Join(missing, ", ")))
	}
}
