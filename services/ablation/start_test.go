package ablation_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/haigo-lab/haigo/services/ablation"
)

// base is a sweep of one arm that others start from: 100 steps of 1000 tokens, of which the last 20 decay.
const base = `
name: base
sources: [en, ja]
recipe: {trainer: cpu, tokens: 100k, row_tokens: 100, batch_rows: 10, optimizer: {peak_lr: 1e-3, decay: wsd, warmup: 2k}}
schedules: {en: {stages: [{until: 0.5, mixture: {en: 0.9, ja: 0.1}}, {until: 1.0, mixture: {en: 0.7, ja: 0.3}}]}}
seeds: 2
`

// branching goes on from the base at step 60, with more Japanese.
const branching = `
name: branching
sources: [en, ja]
recipe:
  trainer: cpu
  tokens: 100k
  row_tokens: 100
  batch_rows: 10
  optimizer: {peak_lr: 1e-3, decay: wsd, warmup: 2k}
  start: {run: base/en, step: 60, take: state}
schedules:
  more: {stages: [{until: 1.0, mixture: {en: 0.2, ja: 0.8}}]}
  turn: {stages: [{until: 0.8, mixture: {en: 0.5, ja: 0.5}}, {until: 1.0, mixture: {en: 0.1, ja: 0.9}}]}
design: {control: matched}
seeds: 2
`

// versioned is plenty of text in one version.
func versioned(s ablation.Sweep) []ablation.Source {
	text := textOf(s)
	for i := range text {
		text[i].Role, text[i].HeldoutDocuments = ablation.RoleTrain, 1
		text[i].Version, text[i].ManifestSHA256, text[i].Bytes = "7c41e09b", "7c41e09b of "+text[i].Name, 1e6
	}
	return text
}

// parents are the runs of the base at a step, as the one who starts a sweep finds them.
func parents(t *testing.T, step int64) []ablation.Parent {
	t.Helper()
	s := seeded(t, base)
	made := expand(t, s)
	var out []ablation.Parent
	for _, r := range made.Runs {
		out = append(out, ablation.Parent{
			Replicate: r.Replicate, Run: r.ID, Name: "base/en/" + string(rune('0'+r.Replicate)), Step: step, SHA256: "digest",
			Past: &ablation.Past{
				Recipe: s.Recipe, Sources: versioned(s), Weights: made.Arms[0].Weights,
				DataSeed: r.DataSeed, MixSeed: r.MixSeed, InitSeed: r.InitSeed,
			},
		})
	}
	return out
}

// starting is a sweep with the base's runs found.
func starting(t *testing.T, document string) ablation.Sweep {
	t.Helper()
	s := seeded(t, document)
	other := uint64(7) // not the base's
	s.Seed, s.Parents = &other, parents(t, s.Recipe.Start.Step)
	return s
}

func weights(shares ...float64) []int64 { return ablation.Quantise(shares) }

// TestSweep_Expand_branch: up to the step of the branch all arms are what the base is, seeds included; from there on they
// follow their own schedules, and a matched control has the totals of that part.
func TestSweep_Expand_branch(t *testing.T) {
	t.Parallel()
	s := starting(t, branching)
	e := expand(t, s)
	past := []ablation.Weights{{FromStep: 0, W: weights(.9, .1)}, {FromStep: 50, W: weights(.7, .3)}}
	want := map[string][]ablation.Weights{
		"more":         append(slices.Clone(past), ablation.Weights{FromStep: 60, W: weights(.2, .8)}),
		"turn":         append(slices.Clone(past), ablation.Weights{FromStep: 60, W: weights(.5, .5)}, ablation.Weights{FromStep: 80, W: weights(.1, .9)}),
		"turn-matched": append(slices.Clone(past), ablation.Weights{FromStep: 60, W: weights(.3, .7)}),
	}
	got := map[string][]ablation.Weights{}
	for _, a := range e.Arms {
		got[a.Name] = a.Weights
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	of := expand(t, seeded(t, base)).Runs
	for _, r := range e.Runs {
		was := of[r.Replicate-1]
		if r.DataSeed != was.DataSeed || r.MixSeed != was.MixSeed || r.InitSeed != was.InitSeed {
			t.Errorf("run %s has other seeds than %s", r.Name, was.Name)
		}
		if diff := cmp.Diff(&ablation.Start{Run: was.ID, Step: 60, Take: ablation.TakeState, SHA256: "digest"}, r.Start); diff != "" {
			t.Error(diff)
		}
	}
	if _, err := seeded(t, branching).Expand(textOf(s)); err == nil {
		t.Error("a sweep whose parents weren't looked for was expanded")
	}
}

// TestSweep_Share_branch: arms that go on from a run share trunks past that run's step alone.
func TestSweep_Share_branch(t *testing.T) {
	t.Parallel()
	s := starting(t, strings.NewReplacer("control: matched", "baseline: turn", "more: {stages: [{until: 1.0, mixture: {en: 0.2, ja: 0.8}}]}",
		"more: {stages: [{until: 0.9, mixture: {en: 0.5, ja: 0.5}}, {until: 1.0, mixture: {en: 0.2, ja: 0.8}}]}", "seeds: 2", "seeds: 1").Replace(branching))
	e := expand(t, s)
	e.Runs = s.Share(e, nil)
	if diff := cmp.Diff([]string{"more-s1 from  at 60", "turn-s1 from more-s1 at 80"}, starts(e.Runs)); diff != "" {
		t.Error(diff)
	}
	p := s.Plan(versioned(s), nil, e, slices.Repeat([]ablation.Estimate{{FLOPsPerToken: 10, TokensPerS: 100}}, 2))
	if p.ReusedTokens != 120_000 || p.SavedTokens != 20_000 || p.TotalTokens != 60_000 || p.FLOPs != 600_000 || p.Seconds != 600 {
		t.Errorf("reuses %d, saves %d and trains %d tokens for %g FLOPs in %g s", p.ReusedTokens, p.SavedTokens, p.TotalTokens, p.FLOPs, p.Seconds)
	}
	want := []ablation.Trunk{{Arm: "more", Step: 80, Tokens: 20_000, Branches: []string{"turn"}, Runs: 1, SavedTokens: 20_000}}
	if diff := cmp.Diff(want, p.Trunks); diff != "" {
		t.Error(diff)
	}
	stored := slices.Clone(e.Runs)
	if diff := cmp.Diff(starts(stored), starts(s.Share(e, stored))); diff != "" {
		t.Errorf("stored: %s", diff)
	}
}

// TestSweep_Plan_weights: runs that take weights alone train all their tokens, and what those have read counts as read.
func TestSweep_Plan_weights(t *testing.T) {
	t.Parallel()
	s := starting(t, strings.NewReplacer("take: state", "take: weights", "tokens: 100k", "tokens: 50k", "design: {control: matched}\n", "").Replace(branching))
	s.Parents[0].Past.Before = map[string]int64{"ja": 100_000, "code": 5}
	e := expand(t, s)
	e.Runs = s.Share(e, nil)
	p := s.Plan(versioned(s), nil, e, slices.Repeat([]ablation.Estimate{{}}, 2))
	if p.ReusedTokens != 0 || p.TotalTokens != 4*50_000 {
		t.Errorf("reuses %d and trains %d tokens", p.ReusedTokens, p.TotalTokens)
	}
	if e.Runs[0].Start.GoesOn() || e.Runs[0].DataSeed == s.Parents[0].Past.DataSeed {
		t.Errorf("the first run starts from %+v with the data seed of its parent", e.Runs[0].Start)
	}
	rows := float64(textRows(s))
	// 50 steps of 9 rows and 10 of 7 in English, 50 of 1 and 10 of 3 in Japanese, and 1000 rows of that before.
	want := map[string]float64{"en": 520 / rows, "ja": 1080 / rows}
	if diff := cmp.Diff(want, p.Arms[0].EpochsBefore, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]float64{"en": 100 / rows, "ja": 400 / rows}, p.Arms[0].Epochs, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
		t.Error(diff)
	}
}

func textRows(s ablation.Sweep) int64 { return versioned(s)[0].Rows(100) }

func TestSweep_CheckStart(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		name     string
		replace  []string
		text     func([]ablation.Source)
		problems []string
	}{
		{name: "all agrees"},
		{name: "another order and length", replace: []string{"tokens: 100k", "tokens: 61k", "optimizer: {peak_lr: 1e-3", "optimizer: {peak_lr: 5e-4"}},
		{name: "weights of anything", replace: []string{"take: state", "take: weights", "row_tokens: 100", "row_tokens: 50", "[en, ja]", "[ja, en]"}},
		{
			name:    "rows",
			replace: []string{"row_tokens: 100", "row_tokens: 50", "batch_rows: 10", "batch_rows: 20", "trainer: cpu", "trainer: gpu"},
			problems: []string{
				"5:12: recipe.trainer: is gpu, base/en/1 was trained with cpu; to go on from its state give cpu, or take its weights alone",
				"7:15: recipe.row_tokens: is 50, base/en/1 was trained with 100; to go on from its state give 100, or take its weights alone",
				"8:15: recipe.batch_rows: is 20, base/en/1 was trained with 10; to go on from its state give 10, or take its weights alone",
			},
		},
		{
			name: "sources", replace: []string{"[en, ja]", "[ja, en]"},
			problems: []string{"3:1: sources: aren't those of base/en/1; to go on from its state begin with [{name: en, version: 7c41e09b}, {name: ja, version: 7c41e09b}], further ones may follow"},
		},
		{name: "a source more", replace: []string{"[en, ja]", "[en, ja, code]"}},
		{
			name: "another version", text: func(text []ablation.Source) { text[1].ManifestSHA256 = "other" },
			problems: []string{"3:1: sources: aren't those of base/en/1; to go on from its state begin with [{name: en, version: 7c41e09b}, {name: ja, version: 7c41e09b}], further ones may follow"},
		},
		{
			name: "too short", replace: []string{"tokens: 100k", "tokens: 60k"},
			problems: []string{"6:11: recipe.tokens: ends at step 60, and base/en/1 has come to step 60; tokens count from its first step: give more than 60000"},
		},
		{
			name: "a length too short", replace: []string{"control: matched", "product: {tokens: [50k, 100k]}"},
			problems: []string{"14:29: design.product.tokens[0]: ends at step 50, and base/en/1 has come to step 60; tokens count from its first step: give more than 60000"},
		},
		{
			name: "seeds of one run", replace: []string{"base/en", "base/en/1"},
			problems: []string{"15:8: seeds: are 2, and all would go on from one run with its seeds, bit for bit alike; give 1, or start from SWEEP/ARM, which is for each seed the run with that seed"},
		},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			s := starting(t, strings.NewReplacer(v.replace...).Replace(branching))
			text := versioned(s)
			if v.text != nil {
				v.text(text)
			}
			var got []string
			var bad *ablation.Invalid
			if err := s.CheckStart(text); errors.As(err, &bad) {
				for _, p := range bad.Problems {
					got = append(got, p.String())
				}
			}
			if diff := cmp.Diff(v.problems, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSweep_Plan_startWarnings(t *testing.T) {
	t.Parallel()
	const another = "the learning rate follows another course from step 60 on than it would have in one undivided run; for a smooth branch give the peak, warm-up, weight decay and clip of base/en/1, and branch before its decay begins, at step 80"
	for _, v := range []struct {
		name    string
		replace []string
		change  func(s *ablation.Sweep, text []ablation.Source)
		want    []string
	}{
		{name: "smooth"},
		{name: "longer, with a decay of its own", replace: []string{"tokens: 100k", "tokens: 400k", "decay: wsd", "decay: constant"}},
		{name: "another peak", replace: []string{"peak_lr: 1e-3", "peak_lr: 5e-4"}, want: []string{another}},
		{name: "a decay that would have begun", replace: []string{"decay: wsd", "decay: cosine"}, want: []string{another}},
		{
			name:    "inside the decay",
			replace: []string{"step: 60", "step: 90", "tokens: 100k", "tokens: 200k"},
			want:    []string{strings.Replace(another, "step 60", "step 90", 1)},
		},
		{
			name:   "not there yet",
			change: func(s *ablation.Sweep, _ []ablation.Source) { s.Parents[1].SHA256 = "" },
			want:   []string{"base/en/2 has yet to come to step 60: the runs that start there wait for it"},
		},
		{
			name: "weights of another version", replace: []string{"take: state", "take: weights"},
			change: func(_ *ablation.Sweep, text []ablation.Source) {
				text[0].ManifestSHA256, text[0].Version = "new", "00000001"
			},
			want: []string{
				"base/en/1 has read version 7c41e09b of en, and this sweep reads 00000001: text that is held out here may be among what it has read",
				"base/en/2 has read version 7c41e09b of en, and this sweep reads 00000001: text that is held out here may be among what it has read",
			},
		},
		{
			name: "weights, and the same rows again", replace: []string{"take: state", "take: weights"},
			change: func(s *ablation.Sweep, _ []ablation.Source) { *s.Seed = 20261123 },
			want:   []string{"the runs have the data seeds of those that they start from: of each source they read the same rows first, in the same order; give another seed"},
		},
		{
			name: "weights from nobody knows where", replace: []string{"run: base/en, step: 60, take: state", "checkpoint: /models/base"},
			change: func(s *ablation.Sweep, _ []ablation.Source) {
				s.Parents = []ablation.Parent{{Name: "/models/base", Step: 9, SHA256: "digest"}}
			},
			want: []string{"what the weights in /models/base have read isn't known: epochs count this sweep's reading alone, and held-out text may be among what they have read"},
		},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			s := starting(t, strings.NewReplacer(v.replace...).Replace(branching))
			text := versioned(s)
			if v.change != nil {
				v.change(&s, text)
			}
			e := expand(t, s)
			var got []string
			for _, w := range s.Plan(text, nil, e, slices.Repeat([]ablation.Estimate{{}}, len(e.Arms))).Warnings {
				if !strings.HasPrefix(w.EN, "schedule ") {
					got = append(got, w.EN)
				}
			}
			if diff := cmp.Diff(v.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestSweep_limits_branch: limits count what was read before a run starts.
func TestSweep_limits_branch(t *testing.T) {
	t.Parallel()
	text := func(s ablation.Sweep) []ablation.Source { return ofBytes(s, 101*200) } // 200 rows of each
	for take, want := range map[string][]string{
		// The base has read 520 rows of English and 80 of Japanese by step 60.
		"state":   {"turn", "more", "more-ja70"},
		"weights": {"turn", "more", "more-ja70"},
	} {
		s := starting(t, strings.NewReplacer("take: state", "take: "+take, "control: matched", "grid: {of: ja, values: [0.1, 0.7], from: more}, limits: {max_epochs: 4}").Replace(branching))
		if take == "weights" {
			s.Recipe.Tokens = 40_000
		}
		made, err := s.Expand(text(s))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, a := range made.Arms {
			got = append(got, a.Name)
		}
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", take, diff)
		}
	}
}

func TestRecipe_Keeps(t *testing.T) {
	t.Parallel()
	r := ablation.Recipe{Tokens: 100, RowTokens: 1, BatchRows: 1, Checkpoint: ablation.Checkpoint{Every: ablation.Amount{Tokens: 30}, Keep: 2}}
	for step, want := range map[int64]bool{30: false, 60: false, 90: true, 100: true, 95: false, 120: false} {
		if got := r.Keeps(step); got != want {
			t.Errorf("at step %d of 100, with one each 30 of which 2 stay: got %v", step, got)
		}
	}
	if r.Checkpoint.Keep = 3; !r.Keeps(60) {
		t.Error("with 3 the one at 60 stays")
	}
}

func TestGrow_start(t *testing.T) {
	t.Parallel()
	old := starting(t, branching)
	if _, err := ablation.Grow(old, parse(t, strings.Replace(branching, "seeds: 2", "seeds: 3", 1))); err != nil {
		t.Error(err)
	}
	for _, start := range []string{"{run: base/en, step: 50, take: state}", "{run: base/en, step: 60}"} {
		_, err := ablation.Grow(old, parse(t, strings.Replace(branching, "{run: base/en, step: 60, take: state}", start, 1)))
		if err == nil || !strings.Contains(err.Error(), "11:10: recipe.start: differs") && !strings.Contains(err.Error(), "recipe.start") {
			t.Errorf("%s: got %v", start, err)
		}
	}
}
