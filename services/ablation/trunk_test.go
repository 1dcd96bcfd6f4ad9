package ablation_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/haigo-lab/haigo/services/ablation"
)

const switching = `
name: when
sources: [ja, en]
recipe: {tokens: 100k, row_tokens: 100, batch_rows: 10}
schedules:
  late: {stages: [{until: 0.75, mixture: {ja: 0.2, en: 0.8}}, {until: 1.0, mixture: {ja: 0.8, en: 0.2}}]}
  early: {stages: [{until: 0.25, mixture: {ja: 0.2, en: 0.8}}, {until: 1.0, mixture: {ja: 0.8, en: 0.2}}]}
  half: {stages: [{until: 0.5, mixture: {ja: 0.2, en: 0.8}}, {until: 1.0, mixture: {ja: 0.8, en: 0.2}}]}
  never: {stages: [{until: 1.0, mixture: {ja: 0.8, en: 0.2}}]}
seeds: 2
`

// starts are the runs that branch, as RUN from RUN at STEP.
func starts(runs []ablation.Run) []string {
	names, out := map[string]string{}, []string{}
	for _, r := range runs {
		names[r.ID] = r.Name
	}
	for _, r := range runs {
		if r.Start != nil {
			out = append(out, fmt.Sprintf("%s from %s at %d", r.Name, names[r.Start.Run], r.Start.Step))
		}
	}
	return out
}

func expand(t *testing.T, s ablation.Sweep) ablation.Expansion {
	t.Helper()
	e, err := s.Expand(textOf(s))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestSweep_Share(t *testing.T) {
	t.Parallel()
	lengths := func(recipe string) string {
		return strings.Replace(switching, "{tokens: 100k, row_tokens: 100, batch_rows: 10}", recipe, 1) + "design: {product: {tokens: [50k, 100k]}}\n"
	}
	const wsd = "{tokens: 100k, row_tokens: 100, batch_rows: 10, eval: {every: 5k}, optimizer: {decay: wsd, warmup: 2k}}"
	tests := []struct {
		name, document string
		want           []string
	}{
		{
			"one first stage of three lengths", switching,
			[]string{"early-s1 from late-s1 at 25", "early-s2 from late-s2 at 25", "half-s1 from late-s1 at 50", "half-s2 from late-s2 at 50"},
		},
		{"not asked for", strings.Replace(switching, "{tokens", "{share_trunks: false, tokens", 1), []string{}},
		{"mixtures that differ from the start", strings.NewReplacer("0.25, mixture: {ja: 0.2, en: 0.8}", "0.25, mixture: {ja: 0.3, en: 0.7}",
			"0.5, mixture: {ja: 0.2, en: 0.8}", "0.5, mixture: {ja: 0.4, en: 0.6}").Replace(switching), []string{}},
		{
			"a part too short to wait for", strings.NewReplacer("0.25", "0.01", "0.5,", "0.02,", "seeds: 2", "seeds: 1").Replace(switching),
			[]string{"half-s1 from late-s1 at 2"},
		},
		{
			"a decay of two lengths", strings.Replace(lengths(wsd), "seeds: 2", "seeds: 1", 1),
			[]string{
				"late-t100k-s1 from late-t50k-s1 at 38",
				"early-t50k-s1 from late-t50k-s1 at 13", "early-t100k-s1 from late-t50k-s1 at 25",
				"half-t50k-s1 from early-t100k-s1 at 40", "half-t100k-s1 from late-t100k-s1 at 50",
				"never-t100k-s1 from never-t50k-s1 at 40",
			},
		},
		{
			"a warm-up that follows the length", strings.NewReplacer("warmup: 2k", "warmup: 10%", "seeds: 2", "seeds: 1").Replace(lengths(wsd)),
			[]string{
				"early-t50k-s1 from late-t50k-s1 at 13", "early-t100k-s1 from late-t100k-s1 at 25",
				"half-t50k-s1 from late-t50k-s1 at 25", "half-t100k-s1 from late-t100k-s1 at 50",
			},
		},
		{
			"shapes of one width", strings.Replace(switching, "seeds: 2",
				"seeds: 1\ndesign: {product: {shapes: [{layers: 2, width: 32, heads: 2, ffn: 64}, {layers: 2, width: 32, heads: 4, ffn: 64}]}}", 1),
			[]string{
				"early-l2w32h2f64-s1 from late-l2w32h2f64-s1 at 25", "early-l2w32h4f64-s1 from late-l2w32h4f64-s1 at 25",
				"half-l2w32h2f64-s1 from late-l2w32h2f64-s1 at 50", "half-l2w32h4f64-s1 from late-l2w32h4f64-s1 at 50",
			},
		},
	}
	for _, v := range tests {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			s := seeded(t, v.document)
			if diff := cmp.Diff(v.want, starts(s.Share(expand(t, s), nil))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestSweep_Share_grown: what is stored stays as it is; a run that has begun is branched from only where it leaves a
// checkpoint for others.
func TestSweep_Share_grown(t *testing.T) {
	t.Parallel()
	s := seeded(t, strings.NewReplacer("seeds: 2", "seeds: 1", "half:", "half: {stages: [{until: 0.25, mixture: {ja: 0.2, en: 0.8}}, {until: 1.0, mixture: {ja: 0.5, en: 0.5}}]}\n  more:").Replace(switching))
	e := expand(t, s)
	stored := s.Share(e, nil)[:2] // late, and early from it at 25
	for attempt, want := range [][]string{
		{"early-s1 from late-s1 at 25", "half-s1 from late-s1 at 25", "more-s1 from late-s1 at 50"},
		{"early-s1 from late-s1 at 25", "half-s1 from late-s1 at 25", "more-s1 from late-s1 at 25"},
	} {
		stored[0].Progress.Attempt = attempt
		if diff := cmp.Diff(want, starts(s.Share(e, stored))); diff != "" {
			t.Errorf("late after %d attempts: %s", attempt, diff)
		}
	}
	stored[1].Start = nil
	want := []string{"half-s1 from early-s1 at 25", "more-s1 from early-s1 at 25"}
	if diff := cmp.Diff(want, starts(s.Share(e, stored))); diff != "" {
		t.Errorf("early begun alone: %s", diff)
	}
}

func TestSweep_Plan_sharesTrunks(t *testing.T) {
	t.Parallel()
	s := seeded(t, switching)
	e := expand(t, s)
	source := ablation.Source{Role: ablation.RoleTrain, Bytes: 1e6, HeldoutDocuments: 1}
	estimates := slices.Repeat([]ablation.Estimate{{FLOPsPerToken: 10, TokensPerS: 100}}, len(e.Arms))
	ja, en := source, source
	ja.Name, en.Name = "ja", "en"
	alone := s.Plan([]ablation.Source{ja, en}, nil, e, estimates)
	e.Runs = s.Share(e, nil)
	p := s.Plan([]ablation.Source{ja, en}, nil, e, estimates)
	want := []ablation.Trunk{
		{Arm: "late", Step: 50, Tokens: 50_000, Branches: []string{"half"}, Runs: 2, SavedTokens: 100_000},
		{Arm: "late", Step: 25, Tokens: 25_000, Branches: []string{"early"}, Runs: 2, SavedTokens: 50_000},
	}
	if diff := cmp.Diff(want, p.Trunks); diff != "" {
		t.Error(diff)
	}
	if p.SavedTokens != 150_000 || p.TotalTokens != 650_000 || alone.TotalTokens != 800_000 || alone.SavedTokens != 0 {
		t.Errorf("got %d of %d tokens saved, %d alone", p.SavedTokens, p.TotalTokens, alone.TotalTokens)
	}
	if math.Abs(p.FLOPs-6.5e6) > 1 || math.Abs(p.Seconds-6500) > 1e-6 {
		t.Errorf("got %g FLOPs in %g s, want %g in %g", p.FLOPs, p.Seconds, 6.5e6, 6500.)
	}
}

// TestSweep_Share_law: of random schedules, every run starts from an earlier one of its seeds that agrees with it up to
// there, never from one that differs at the first step; and no step that two runs have in common is trained twice.
func TestSweep_Share_law(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const steps = 12 // so few that every shared part is long enough
		arms := rapid.SliceOfN(rapid.SliceOfN(rapid.Int64Range(0, 1), steps, steps), 1, 8).Draw(t, "arms")
		seed := uint64(1)
		s := ablation.Sweep{Name: "s", Seed: &seed, Seeds: []int64{1, 2}, Recipe: ablation.Recipe{
			Tokens: steps, RowTokens: 1, BatchRows: 1, ShareTrunks: true, Eval: ablation.Amount{Fraction: 1},
			Optimizer: ablation.Optimizer{Decay: "constant"},
		}}
		e := ablation.Expansion{}
		byName, byID := map[string][]int64{}, map[string]ablation.Run{}
		for i, w := range arms {
			a := ablation.Arm{Name: fmt.Sprint("a", i)}
			byName[a.Name] = w
			for step, v := range w {
				if step == 0 || v != w[step-1] {
					a.Weights = append(a.Weights, ablation.Weights{FromStep: int64(step), W: []int64{v, 1 - v}})
				}
			}
			e.Arms = append(e.Arms, a)
			for _, replicate := range s.Seeds {
				e.Runs = append(e.Runs, ablation.Run{
					ID: fmt.Sprint(i, "-", replicate), Arm: a.Name, Replicate: replicate, Steps: steps, DataSeed: uint64(replicate),
				})
			}
		}
		trained, prefixes := int64(0), map[string]bool{}
		for i, r := range s.Share(e, nil) {
			if r.ID != e.Runs[i].ID {
				t.Fatalf("run %d is %s, want %s", i, r.ID, e.Runs[i].ID)
			}
			from := int64(0)
			if r.Start != nil {
				from = r.Start.Step
				trunk, before := byID[r.Start.Run]
				if !before || trunk.Replicate != r.Replicate || from < 1 || from >= steps || !slices.Equal(byName[trunk.Arm][:from], byName[r.Arm][:from]) {
					t.Fatalf("%s of %v starts from %s of %v at %d", r.ID, byName[r.Arm], trunk.ID, byName[trunk.Arm], from)
				}
			}
			trained += steps - from
			for n := 1; n < steps; n++ {
				prefixes[fmt.Sprint(r.Replicate, byName[r.Arm][:n])] = true
			}
			byID[r.ID] = r
		}
		// Every state that any run passes is trained once; each run ends in one of its own.
		if want := int64(len(prefixes) + len(e.Runs)); trained != want {
			t.Fatalf("%d steps are trained, %d differ", trained, want)
		}
	})
}
