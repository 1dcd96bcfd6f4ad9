package ablation_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/ablation"
)

const planning = `name: planning
sources: [ja, en, misc]
recipe: {tokens: 1M}
schedules:
  even: {stages: [{until: 1.0, mixture: {ja: 0.5, en: 0.5}}]}
design: {adaptive: {}}
seeds: 1
`

func TestParseSweep_adaptive(t *testing.T) {
	t.Parallel()
	usual := ablation.Adaptive{Start: 6, Batch: 4, Rounds: 3, Confirm: 3}
	if diff := cmp.Diff(&usual, parse(t, planning).Design.Adaptive); diff != "" {
		t.Error(diff)
	}
	for given, want := range map[string]string{
		"{adaptive: {objective: bpb/ja}}":                  "6:32: design.adaptive.objective: must begin with min: or max:",
		"{adaptive: {start: 2}}":                           "6:28: design.adaptive.start: leaves 3 mixtures before the first decision, which takes at least 4; raise start to 3",
		"{adaptive: {batch: 0}}":                           "6:28: design.adaptive.batch: is 0; give a whole number from 1 to 100",
		"{adaptive: {bounds: {misc: [0, 1]}}}":             "6:30: design.adaptive.bounds.misc: no listed schedule reads misc",
		"{adaptive: {bounds: {ja: [0, .2], en: [0, .3]}}}": "6:29: design.adaptive.bounds: the largest shares sum to 0.5, less than 1",
		"{adaptive: {front: [bpb/ja]}}":                    "6:28: design.adaptive.front: names 1 metrics; a front is of two",
		"{adaptive: {front: [bpb/ja, bpb/ja]}}":            "6:37: design.adaptive.front",
		"{adaptive: {front: [a, b], enough: 0.1}}":         "6:44: design.adaptive.enough: is a gain in the objective",
		"{adaptive: {size: 3}}":                            "design.adaptive.size",
		"{adaptive: {}, product: {tokens: [1M, 2M]}}":      "design.adaptive: chooses mixtures of runs of one length and size",
		"{adaptive: yes}":                                  "design.adaptive: is one value; give keys with values",
	} {
		_, err := ablation.ParseSweep([]byte(strings.Replace(planning, "{adaptive: {}}", given, 1)))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", given, err, want)
		}
	}
}

// TestExpand_rounds: what rounds added stands behind the document's own arms, each with the sweep's seeds and those that the rounds
// gave it.
func TestExpand_rounds(t *testing.T) {
	t.Parallel()
	s := seeded(t, planning)
	stages := ablation.StagesOf([]string{"ja", "en", "misc"}, [][]float64{{.33333, .66667, 0}}, []float64{1})
	s.Rounds = []ablation.Round{
		{Number: 1, Kind: ablation.RoundStart, Arms: []ablation.RoundArm{{Name: "start-1", Stages: stages}, {Name: "even", Seeds: s.FreshSeeds(2)}}},
	}
	fresh := s.FreshSeeds(2)
	s.Rounds = append(s.Rounds, ablation.Round{Number: 2, Kind: ablation.RoundConfirm, Arms: []ablation.RoundArm{{Name: "start-1", Seeds: fresh}}})
	made, err := s.Expand([]ablation.Source{{Name: "ja", Lang: "ja"}, {Name: "en", Lang: "en"}, {Name: "misc", Lang: "other"}})
	if err != nil {
		t.Fatal(err)
	}
	var runs []string
	for _, r := range made.Runs {
		runs = append(runs, r.Name)
	}
	if diff := cmp.Diff([]string{"even-s1", "even-s2", "even-s3", "start-1-s1", "start-1-s4", "start-1-s5"}, runs); diff != "" {
		t.Error(diff)
	}
	if a := made.Arms[1]; a.Design != ablation.DesignAdaptive || a.Label.EN != "ja 33.3 · en 66.7" {
		t.Errorf("the round's arm is %+v", a)
	}
}

func TestGrow_adaptive(t *testing.T) {
	t.Parallel()
	old := seeded(t, planning)
	more := parse(t, strings.Replace(planning, "adaptive: {}", "adaptive: {rounds: 5, batch: 2}", 1))
	if got, err := ablation.Grow(old, more); err != nil || got.Design.Adaptive.Rounds != 5 {
		t.Errorf("more rounds: %v, %v", got.Design.Adaptive, err)
	}
	for _, changed := range []string{"adaptive: {start: 9}", "adaptive: {objective: 'min:bpb/ja'}", "adaptive: {bounds: {ja: [0.1, 0.9]}}", "baseline: even"} {
		if _, err := ablation.Grow(old, parse(t, strings.Replace(planning, "adaptive: {}", changed, 1))); err == nil || !strings.Contains(err.Error(), "design.adaptive") {
			t.Errorf("%s: %v", changed, err)
		}
	}
	old.Rounds = []ablation.Round{{Number: 1, Kind: ablation.RoundVerdict}}
	if _, err := ablation.Grow(old, more); err == nil {
		t.Error("a sweep that has come to its verdict takes more rounds")
	}
}
