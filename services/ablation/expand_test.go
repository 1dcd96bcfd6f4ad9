package ablation_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/haigo-lab/haigo/services/ablation"
)

func parse(t *testing.T, document string) ablation.Sweep {
	t.Helper()
	s, err := ablation.ParseSweep([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// seeded is the sweep of a document with a seed.
func seeded(t *testing.T, document string) ablation.Sweep {
	t.Helper()
	s, seed := parse(t, document), uint64(20261123)
	s.Seed = &seed
	return s
}

// textOf is plenty of text for every source, in the language that its name says.
func textOf(s ablation.Sweep) []ablation.Source {
	var text []ablation.Source
	for _, ref := range s.Sources {
		text = append(text, ablation.Source{Name: ref.Name, Lang: strings.TrimPrefix(ref.Name, "web-"), Bytes: 1e12})
	}
	return text
}

func inLanguages(langs map[string]string) []ablation.Source {
	var text []ablation.Source
	for name, lang := range langs {
		text = append(text, ablation.Source{Name: name, Lang: lang})
	}
	return text
}

func armsOf(t *testing.T, s ablation.Sweep) []ablation.Arm {
	t.Helper()
	arms, _, err := s.Arms(textOf(s))
	if err != nil {
		t.Fatal(err)
	}
	return arms
}

func armNames(arms []ablation.Arm) []string {
	var out []string
	for _, a := range arms {
		out = append(out, a.Name)
	}
	return out
}

func TestPhilox_vectors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		key     uint64
		counter [4]uint32
		want    [4]uint32
	}{
		{0, [4]uint32{}, [4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{math.MaxUint64, [4]uint32{math.MaxUint32, math.MaxUint32, math.MaxUint32, math.MaxUint32}, [4]uint32{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
		{0x299f31d0a4093822, [4]uint32{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, [4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
	}
	for _, tt := range tests {
		if got := ablation.Philox(tt.key, tt.counter); got != tt.want {
			t.Errorf("key %x: got %x, want %x", tt.key, got, tt.want)
		}
	}
}

func TestSweep_Arms_in_order(t *testing.T) {
	t.Parallel()
	arms := armsOf(t, parse(t, whole))
	want := []string{"ja57", "ja33", "en-then-ja", "ja33-ja30", "ja33-ja40", "ja33-ja57", "ja33-ja12.5", "en-then-ja-matched"}
	if diff := cmp.Diff(want, armNames(arms)); diff != "" {
		t.Error(diff)
	}
	for i, a := range arms {
		if a.Index != i {
			t.Errorf("%s has index %d, want %d", a.Name, a.Index, i)
		}
	}
}

// twoOfJapanese is a sweep whose Japanese comes from two sources.
const twoOfJapanese = `
name: grid
sources: [blogs, books, en, code]
recipe: {tokens: 1M}
schedules:
  mid: {stages: [{until: 1.0, mixture: {blogs: 0.3, books: 0.1, en: 0.5, code: 0.1}}]}
  low: {stages: [{until: 1.0, mixture: {blogs: 0.15, books: 0.05, en: 0.6666666666, code: 0.1333333334}}]}
design:
  grid: {of: ja, values: [%s], from: mid}
`

func gridArms(t *testing.T, values string) ([]ablation.Arm, []ablation.Label, error) {
	t.Helper()
	s := parse(t, fmt.Sprintf(twoOfJapanese, values))
	return s.Arms(inLanguages(map[string]string{"blogs": "ja", "books": "ja", "en": "en", "code": "code"}))
}

func TestSweep_Arms_grid(t *testing.T) {
	t.Parallel()
	arms, _, err := gridArms(t, "0.8, 0.4, 0.2, 0.125, 0.0, 1.0")
	if err != nil {
		t.Fatal(err)
	}
	// 0.4 is mid itself, and 0.2 is low.
	want := []string{"mid", "low", "mid-ja80", "mid-ja12.5", "mid-ja0", "mid-ja100"}
	if diff := cmp.Diff(want, armNames(arms)); diff != "" {
		t.Fatal(diff)
	}
	mixtures := []ablation.Mixture{
		{"blogs": 0.6, "books": 0.2, "en": 1. / 6, "code": 0.2 / 6},
		{"blogs": 0.09375, "books": 0.03125, "en": 0.875 * 5 / 6, "code": 0.875 / 6},
		{"blogs": 0, "books": 0, "en": 5. / 6, "code": 1. / 6},
		{"blogs": 0.75, "books": 0.25},
	}
	for i, want := range mixtures {
		if diff := cmp.Diff(want, arms[2+i].Schedule.Stages[0].Mixture, nearly()); diff != "" {
			t.Errorf("%s: %s", arms[2+i].Name, diff)
		}
	}
}

func TestSweep_Arms_problems(t *testing.T) {
	t.Parallel()
	const head = "name: x\nsources: [ja, en, misc]\nrecipe: {tokens: 1M}\n"
	tests := []struct {
		name, document, want string
		langs                map[string]string
	}{
		{
			"a source with the name of a language that others have too",
			head + "schedules: {a: {stages: [{until: 1.0, mixture: {ja: 1}}]}}\n",
			"2:11: sources[0]: ja is also the name of a language, whose sources are ja, misc; add its text again under another name, or leave it or the others out of sources",
			map[string]string{"ja": "ja", "en": "en", "misc": "ja"},
		},
		{
			"a source with the name of another's language",
			head + "schedules: {a: {stages: [{until: 1.0, mixture: {ja: 1}}]}}\n",
			"2:15: sources[1]: en is also the name of a language, whose sources are misc; add its text again under another name, or leave it or the others out of sources",
			map[string]string{"ja": "ja", "en": "other", "misc": "en"},
		},
		{
			"a grid of a language that no source has",
			head + "schedules: {a: {stages: [{until: 1.0, mixture: {ja: 0.5, en: 0.5}}]}}\ndesign: {grid: {of: ko, values: [0.3], from: a}}\n",
			"5:21: design.grid.of: ko is neither a source of the sweep nor a language of one; known are ja, en, misc",
			map[string]string{"ja": "ja", "en": "en", "misc": "other"},
		},
		{
			"a grid from a schedule with nothing else to keep in proportion",
			head + "schedules: {a: {stages: [{until: 1.0, mixture: {ja: 1}}]}}\ndesign: {grid: {of: ja, values: [1.0, 0.3], from: a}}\n",
			"5:39: design.grid.values[1]: a gives no proportions to keep for a share of 0.3 of ja; take another schedule in from",
			map[string]string{"ja": "ja", "en": "en", "misc": "other"},
		},
		{
			"two arms of one name",
			head + "schedules:\n  a: {stages: [{until: 1.0, mixture: {ja: 0.5, en: 0.5}}]}\n  a-ja30: {stages: [{until: 1.0, mixture: {misc: 1}}]}\n" +
				"design: {grid: {of: ja, values: [0.3], from: a}}\n",
			"4:1: schedules: two arms would be named a-ja30; rename a schedule",
			map[string]string{"ja": "ja", "en": "en", "misc": "other"},
		},
		{
			"a baseline that is a listed schedule under another name",
			head + "schedules:\n  a: {stages: [{until: 1.0, mixture: {ja: 0.5, en: 0.5}}]}\ndesign: {baseline: a-ja50, grid: {of: ja, values: [0.5], from: a}}\n",
			"6:20: design.baseline: no arm is named a-ja50; known are a",
			map[string]string{"ja": "ja", "en": "en", "misc": "other"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := parse(t, tt.document).Arms(inLanguages(tt.langs))
			var bad *ablation.Invalid
			if !errors.As(err, &bad) {
				t.Fatalf("got %v, want problems", err)
			}
			if diff := cmp.Diff(tt.want, bad.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

const ordered = `
name: ordered
sources: [ja, en, code]
recipe: {tokens: 1M, row_tokens: 64, batch_rows: 10}
schedules:
  even: {stages: [{until: 1.0, mixture: {ja: 0.44, en: 0.44, code: 0.12}}]}
  step:
    label: {ja: 切り替え, en: Step}
    stages:
      - {until: 0.5, mixture: {ja: 0.10, en: 0.78, code: 0.12}}
      - {until: 1.0, mixture: {ja: 0.78, en: 0.10, code: 0.12}}
  back:
    stages:
      - {until: 0.5, mixture: {ja: 0.78, en: 0.10, code: 0.12}}
      - {until: 1.0, mixture: {ja: 0.10, en: 0.78, code: 0.12}}
  late:
    stages:
      - {until: 0.9, mixture: {ja: 0.10, en: 0.78, code: 0.12}}
      - {until: 1.0, mixture: {ja: 0.78, en: 0.10, code: 0.12}, ramp: cosine}
design: {control: matched}
`

func TestSweep_Arms_matched_controls(t *testing.T) {
	t.Parallel()
	arms := armsOf(t, parse(t, strings.Replace(ordered, "tokens: 1M", "tokens: 1024000", 1))) // an even number of steps
	want := []string{"even", "step", "back", "late", "step-matched", "late-matched"}
	if diff := cmp.Diff(want, armNames(arms)); diff != "" {
		t.Fatalf("back has the totals of step and shares its control: %s", diff)
	}
	shared := ablation.Arm{
		Name: "step-matched", Label: ablation.Label{JA: "切り替え（同量・一定）", EN: "Step (matched)"}, Index: 4, MatchedOf: "step",
		Weights: []ablation.Weights{{W: []int64{472446403, 472446402, 128849019}}},
	}
	if diff := cmp.Diff(shared, arms[4]); diff != "" {
		t.Error(diff)
	}
}

// TestSweep_Arms_control_law: planned rows of a schedule and its control agree within two rows, and one more for every
// step at which the schedule switches a source off.
func TestSweep_Arms_control_law(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := ablation.Sweep{
			Sources: []ablation.SourceRef{{Name: "ja"}, {Name: "en"}, {Name: "code"}},
			Recipe:  drawRecipe(t), Design: ablation.Design{Control: ablation.ControlMatched},
		}
		c := drawSchedule(t, s.Recipe.Tokens)
		c.Name = "moving"
		s.Schedules = []ablation.Schedule{c}
		arms, _, err := s.Arms(nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(arms) == 1 {
			return // it doesn't change
		}
		steps := s.Recipe.Steps()
		a := ablation.PlannedRows(arms[0].Weights, steps, s.Recipe.BatchRows)
		b := ablation.PlannedRows(arms[1].Weights, steps, s.Recipe.BatchRows)
		within := 2 + switchedOff(arms[0].Weights)
		for k := range a {
			if d := a[k] - b[k]; d > within || d < -within {
				t.Fatalf("%s: the schedule plans %d rows, its control %d", order[k], a[k], b[k])
			}
		}
	})
}

func switchedOff(table []ablation.Weights) int64 {
	var n int64
	for i := 1; i < len(table); i++ {
		if slices.ContainsFunc([]int{0, 1, 2}, func(k int) bool { return table[i-1].W[k] > 0 && table[i].W[k] == 0 }) {
			n++
		}
	}
	return n
}

func TestSweep_Expand(t *testing.T) {
	t.Parallel()
	s := seeded(t, ordered)
	s.Seeds = []int64{1, 7}
	made, err := s.Expand(textOf(s))
	if err != nil {
		t.Fatal(err)
	}
	arms, runs := made.Arms, made.Runs
	if len(runs) != 2*len(arms) {
		t.Fatalf("got %d runs of %d arms and 2 seeds", len(runs), len(arms))
	}
	// Ids and seeds were computed by another program from the words of the sweep file's rules.
	want := []ablation.Run{
		{
			ID: "91c3c4d4e0e273a8", Name: "even-s1", Sweep: "ordered", Arm: "even", Replicate: 1, Steps: 1563, State: ablation.RunQueued,
			DataSeed: 0xd7633f668c0b1c5a, MixSeed: 0xd485d0800cfa5874, InitSeed: 0xe510c490c66ff95e,
		},
		{
			ID: "bbf2038a7ac60b2e", Name: "even-s7", Sweep: "ordered", Arm: "even", Replicate: 7, Steps: 1563, State: ablation.RunQueued,
			DataSeed: 0x0eb5d6ecb866f86f, MixSeed: 0xddb922a68c4c1ded, InitSeed: 0x3d0e6631a6390483,
		},
	}
	if diff := cmp.Diff(want, runs[:2]); diff != "" {
		t.Error(diff)
	}
	for i, r := range runs {
		if r.DataSeed != runs[i%2].DataSeed || r.MixSeed != runs[i%2].MixSeed || r.InitSeed != runs[i%2].InitSeed {
			t.Errorf("%s isn't paired with %s: their seeds differ", r.Name, runs[i%2].Name)
		}
	}
}

func TestSweep_Expand_needs_a_seed(t *testing.T) {
	t.Parallel()
	if _, err := parse(t, ordered).Expand(nil); err == nil {
		t.Error("a sweep without a seed was expanded")
	}
}

// TestSweep_Expand_is_pure: the same sweep makes the same arms and runs every time, and is left as it was.
func TestSweep_Expand_is_pure(t *testing.T) {
	t.Parallel()
	s, untouched := seeded(t, whole), seeded(t, whole)
	made, err := s.Expand(textOf(s))
	if err != nil {
		t.Fatal(err)
	}
	for range 20 { // maps are walked in another order each time
		again, err := s.Expand(textOf(s))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(made, again); diff != "" {
			t.Fatal(diff)
		}
	}
	if diff := cmp.Diff(untouched, s); diff != "" {
		t.Error(diff)
	}
}

// TestSweep_Expand_growing: a run keeps its id, name and seeds, whatever schedules and seeds are added.
func TestSweep_Expand_growing(t *testing.T) {
	t.Parallel()
	small, large := seeded(t, ordered), seeded(t, ordered)
	small.Schedules, small.Seeds = small.Schedules[1:2], []int64{2, 3}
	small.Design.Baseline = "step"
	before, err := small.Expand(textOf(small))
	if err != nil {
		t.Fatal(err)
	}
	after, err := large.Expand(textOf(large))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range before.Runs {
		if !has(after.Runs, r) {
			t.Errorf("run %s changed when the sweep grew", r.Name)
		}
	}
}

// has reports whether a run is among runs, unchanged.
func has(runs []ablation.Run, want ablation.Run) bool {
	return slices.ContainsFunc(runs, func(r ablation.Run) bool { return cmp.Equal(r, want) })
}
