package ablation_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/haigo-lab/haigo/services/ablation"
)

const planned = `
name: planned
sources: [ja, en]
recipe: {tokens: 10k, row_tokens: 99, batch_rows: 10}
schedules:
  even:
    stages: [{until: 1.0, mixture: {ja: 0.5, en: 0.5}}]
  turn:
    stages:
      - {until: 0.25, mixture: {ja: 0, en: 1}}
      - {until: 1.0, mixture: {ja: 1, en: 0}}
design: {control: matched}
seeds: 2
`

// plan is the plan over sources of so many documents of 99 bytes: a row each, of 99 tokens and the first of the next.
func plan(t *testing.T, document string, ja, en int64, change ...func([]ablation.Source)) ablation.Plan {
	t.Helper()
	s := seeded(t, document)
	source := func(name string, rows int64) ablation.Source {
		return ablation.Source{Name: name, Lang: name, Role: ablation.RoleTrain, Bytes: 99 * rows, Documents: rows, HeldoutDocuments: 3}
	}
	sources := []ablation.Source{source("ja", ja), source("en", en)}
	for _, c := range change {
		c(sources)
	}
	made, err := s.Expand(textOf(s))
	if err != nil {
		t.Fatal(err)
	}
	estimate := ablation.Estimate{Trainer: "cpu", Parameters: 1000, FLOPsPerToken: 6000, TokensPerS: 2000}
	return s.Plan(sources, nil, made, slices.Repeat([]ablation.Estimate{estimate}, len(made.Arms)))
}

func TestSweep_Plan(t *testing.T) {
	t.Parallel()
	p := plan(t, planned, 100, 50)
	type figures struct {
		Steps, Tokens  int64
		Runs           int
		FLOPs, Seconds float64
		Warnings       int
	}
	want := figures{Steps: 11, Tokens: 10890, Runs: 6, FLOPs: 10890 * 6 * 6000, Seconds: 10890 * 6 / 2000., Warnings: 0}
	got := figures{p.Steps, p.Tokens, len(p.Runs), p.FLOPs, p.Seconds, len(p.Warnings)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	arms := []ablation.PlanArm{
		{
			Steps: 11, RunTokens: 10_890, Parameters: 1000, FLOPs: 10_890 * 6000, Trained: 2 * 10_890, TokensPerS: 2000, EvalEvery: 11,
			Stages: []ablation.PlanStage{{Asked: 10_000, Tokens: 10_890, Step: 11}},
			Rows:   map[string]int64{"ja": 55, "en": 55}, Tokens: map[string]int64{"ja": 5445, "en": 5445},
			Epochs: map[string]float64{"ja": 0.55, "en": 1.1},
		},
		{
			Steps: 11, RunTokens: 10_890, Parameters: 1000, FLOPs: 10_890 * 6000, Trained: 2 * 10_890, TokensPerS: 2000, EvalEvery: 11,
			Stages: []ablation.PlanStage{{Asked: 2500, Tokens: 2970, Step: 3}, {Asked: 10_000, Tokens: 10_890, Step: 11}},
			Rows:   map[string]int64{"ja": 80, "en": 30}, Tokens: map[string]int64{"ja": 7920, "en": 2970},
			Epochs: map[string]float64{"ja": 0.8, "en": 0.6},
		},
		{
			Steps: 11, RunTokens: 10_890, Parameters: 1000, FLOPs: 10_890 * 6000, Trained: 2 * 10_890, TokensPerS: 2000, EvalEvery: 11,
			Rows: map[string]int64{"ja": 80, "en": 30}, Tokens: map[string]int64{"ja": 7920, "en": 2970},
			Epochs: map[string]float64{"ja": 0.8, "en": 0.6},
		},
	}
	if diff := cmp.Diff(arms, p.Arms, cmpopts.IgnoreFields(ablation.PlanArm{}, "Arm")); diff != "" {
		t.Error(diff)
	}
	if len(p.Problems) > 0 {
		t.Errorf("got problems %v", p.Problems)
	}
}

func TestSweep_Plan_advice(t *testing.T) {
	t.Parallel()
	heldout := func(s []ablation.Source) { s[0].Role = ablation.RoleHeldout }
	unscored := func(s []ablation.Source) { s[0].HeldoutDocuments = 0 }
	const constant = "name: x\nsources: [ja, en]\nrecipe: {tokens: 10k, row_tokens: 99, batch_rows: 10}\nschedules: {even: {stages: [{until: 1.0, mixture: {ja: 0.5, en: 0.5}}]}}\n"
	tests := []struct {
		name, document string
		ja, en         int64
		change         func([]ablation.Source)
		want           string
	}{
		{"nothing to say", constant, 100, 100, nil, ""},
		{"a source read 5 times", constant, 11, 100, nil, "warning: arm even reads ja 5.0 times; above 4, repeats are worth less than new text"},
		{
			"40 epochs", constant + "seeds: [1, 2]\n", 100, 1, nil,
			"4:13: schedules.even: arm even would read en 55.0 times, more than max_epochs 16; use fewer tokens, more text or a smaller share, or raise recipe.max_epochs",
		},
		{
			"40 epochs of a grid's arm", constant + "design: {grid: {of: ja, values: [0.9], from: even}}\n", 5, 100, nil,
			"warning: arm even reads ja 11.0 times; above 4, repeats are worth less than new text\n" +
				"5:25: design.grid.values: arm even-ja90 would read ja 19.8 times, more than max_epochs 16; use fewer tokens, more text or a smaller share, or raise recipe.max_epochs",
		},
		{
			"40 epochs that the recipe allows", strings.Replace(constant, "{tokens", "{max_epochs: 60, tokens", 1), 100, 1, nil,
			"warning: arm even reads en 55.0 times; above 4, repeats are worth less than new text",
		},
		{"a source without a row", constant, 0, 100, nil, "2:11: sources[0]: source ja is too short for one row of 99 tokens; add text, give it no share, or shorten row_tokens"},
		{
			"a source for evaluation", constant + "design: {grid: {of: ja, values: [0.1, 0.9], from: even}}\n", 100, 100, heldout,
			"2:11: sources[0]: source ja has no text to train on: all of its documents (3) are held out to score runs by; give it no share, take another source, or add its text anew cut into more documents",
		},
		{"a source without held-out text", constant, 100, 100, unscored, "warning: source ja has no held-out text: it isn't scored; add it again with a larger share held out if it should be"},
		{"one seed", constant + "seeds: 1\n", 100, 100, nil, "warning: one seed only: no spread can be shown, so a difference can't be told from noise; take 2 or more"},
		{
			"order without a control", planned[:strings.Index(planned, "design")], 100, 100, nil,
			"warning: schedule turn changes over time and has no matched control: the order's effect can't be told from the totals'; add the matched control (design.control: matched)",
		},
		{"scored first at the first rung", strings.Replace(constant, "{tokens", "{eval: {every: 35%}, tokens", 1) + "early_stop: {at: [35%]}\n", 200, 200, nil, ""},
		{
			"scored first after the first rung", strings.Replace(constant, "{tokens", "{eval: {every: 45%}, tokens", 1) + "early_stop: {at: [35%]}\n", 200, 200, nil,
			"warning: runs are first scored after the first rung of early_stop, so none is stopped there; evaluate more often (recipe.eval.every)",
		},
		{"a source that nobody reads", strings.Replace(constant, "ja: 0.5, en: 0.5", "ja: 1", 1), 200, 100, nil, "warning: no arm reads source en: it is scored, never trained on"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var change []func([]ablation.Source)
			if tt.change != nil {
				change = append(change, tt.change)
			}
			p := plan(t, tt.document, tt.ja, tt.en, change...)
			var got []string
			for _, w := range p.Warnings {
				got = append(got, "warning: "+w.In("en"))
			}
			for _, problem := range p.Problems {
				got = append(got, problem.String())
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, "\n")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSweep_Plan_task_of_another_version(t *testing.T) {
	t.Parallel()
	s := seeded(t, planned)
	made, err := s.Expand(textOf(s))
	if err != nil {
		t.Fatal(err)
	}
	sources := []ablation.Source{
		{Name: "ja", Lang: "ja", Bytes: 1e6, HeldoutDocuments: 1, ManifestSHA256: "new"}, {Name: "en", Lang: "en", Bytes: 1e6, HeldoutDocuments: 1},
	}
	tasks := []ablation.Task{
		{Name: "next-ja", Lang: "ja", Source: "ja", SourceSHA256: "old"},
		{Name: "same-ja", Lang: "ja", Source: "ja", SourceSHA256: "new"},
		{Name: "arc", Lang: "en"},
	}
	p := s.Plan(sources, tasks, made, make([]ablation.Estimate, len(made.Arms)))
	want := []string{"task next-ja was made from another version of ja: its questions may stand in the text that is trained on; " +
		"leave it out, or make it again from the version of ja that is trained on"}
	var got []string
	for _, w := range p.Warnings {
		got = append(got, w.In("en"))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSweep_Plan_tasks_of_one_language(t *testing.T) {
	t.Parallel()
	s := seeded(t, planned)
	made, err := s.Expand(textOf(s))
	if err != nil {
		t.Fatal(err)
	}
	sources := []ablation.Source{
		{Name: "ja", Lang: "ja", Bytes: 1e6, HeldoutDocuments: 1}, {Name: "en", Lang: "en", Bytes: 1e6, HeldoutDocuments: 1},
	}
	p := s.Plan(sources, []ablation.Task{{Name: "jcommonsenseqa", Lang: "ja"}}, made, make([]ablation.Estimate, len(made.Arms)))
	want := []ablation.Label{{
		EN: "tasks ask about ja only, not about en: the trade-off has one side",
		JA: "タスクは ja のものだけで、en のものがありません。片側しか比べられません",
	}}
	if diff := cmp.Diff(want, p.Warnings); diff != "" {
		t.Error(diff)
	}
}
