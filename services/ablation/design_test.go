package ablation_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/haigo-lab/haigo/services/ablation"
)

// five is a sweep over five sources in three languages.
const five = `name: five
sources: [wiki-ja, books-ja, wiki-en, books-en, code]
recipe: {tokens: 1M, row_tokens: 64, batch_rows: 10}
schedules:
  centre:
    label: {ja: 中心, en: Centre}
    stages: [{until: 1.0, mixture: {wiki-ja: 0.3, books-ja: 0.2, wiki-en: 0.25, books-en: 0.15, code: 0.1}}]
`

// fiveText is so many bytes of each of them.
func fiveText(bytes int64) []ablation.Source {
	var text []ablation.Source
	for _, name := range []string{"wiki-ja", "books-ja", "wiki-en", "books-en", "code"} {
		lang := name[strings.LastIndex(name, "-")+1:]
		text = append(text, ablation.Source{Name: name, Lang: lang, Bytes: bytes})
	}
	return text
}

// expandFive expands the sweep over five sources with a design.
func expandFive(t testing.TB, design string, bytes int64) ablation.Expansion {
	t.Helper()
	return expandText(t, five+"design: "+design+"\n", fiveText(bytes))
}

func expandText(t testing.TB, document string, text []ablation.Source) ablation.Expansion {
	t.Helper()
	s, err := ablation.ParseSweep([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	if s.Seed == nil {
		seed := uint64(20261123)
		s.Seed = &seed
	}
	made, err := s.Expand(text)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func notes(made ablation.Expansion) []string {
	var out []string
	for _, n := range made.Notes {
		out = append(out, n.EN)
	}
	return out
}

func TestSweep_Expand_lattice(t *testing.T) {
	t.Parallel()
	made := expandText(t, `name: x
sources: [ja, en, code]
recipe: {tokens: 1M}
schedules:
  even: {stages: [{until: 1.0, mixture: {ja: 0.4, en: 0.4, code: 0.2}}]}
design:
  lattice: {of: [ja, en], step: 0.25, from: even}
`, nil)
	want := []string{"even", "en80", "ja20-en60", "ja60-en20", "ja80"}
	if diff := cmp.Diff(want, armNames(made.Arms)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"design.lattice makes mixtures that are there already; each is trained once: ja40-en40"}, notes(made)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(ablation.Mixture{"ja": .2, "en": .6, "code": .2}, made.Arms[2].Schedule.Stages[0].Mixture, nearly()); diff != "" {
		t.Errorf("code keeps its share: %s", diff)
	}
	if got := (ablation.Label{JA: "ja 20 · en 60", EN: "ja 20 · en 60"}); made.Arms[2].Label != got || made.Arms[2].Design != ablation.DesignLattice {
		t.Errorf("got %+v of %s", made.Arms[2].Label, made.Arms[2].Design)
	}
}

// TestSweep_Expand_lattice_law: there are as many arms as the formula says, all different, of shares in whole parts that
// sum to one.
func TestSweep_Expand_lattice_law(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		q, m := rapid.IntRange(2, 6).Draw(t, "sources"), rapid.IntRange(1, 6).Draw(t, "parts")
		s := sweepOf(q)
		s.Design.Lattice = &ablation.Lattice{Of: names(s), Points: m + 1}
		made, err := s.Expand(nil)
		if err != nil {
			t.Fatal(err)
		}
		if want := choose(m+q-1, q-1); len(made.Arms)-1+len(made.Notes) != want {
			t.Fatalf("%d arms and %v, want %d mixtures", len(made.Arms)-1, notes(made), want)
		}
		seen := map[string]bool{}
		for _, a := range made.Arms {
			seen[a.Name] = true
			if a.Design == "" {
				continue
			}
			mixture := a.Schedule.Stages[0].Mixture
			sumsToOne(t, a.Name, mixture)
			for source, share := range mixture {
				if parts := share * float64(m); math.Abs(parts-math.Round(parts)) > 1e-9 {
					t.Fatalf("%s gives %s a share of %v, no whole part of %d", a.Name, source, share, m)
				}
			}
		}
		if len(seen) != len(made.Arms) {
			t.Fatalf("%d names for %d arms", len(seen), len(made.Arms))
		}
	})
}

func choose(n, k int) int {
	out := 1
	for i := 1; i <= k; i++ {
		out = out * (n - k + i) / i
	}
	return out
}

// sweepOf is a sweep over q sources with one schedule of uneven shares.
func sweepOf(q int) ablation.Sweep {
	seed := uint64(7)
	s := ablation.Sweep{Name: "x", Seed: &seed, Seeds: []int64{1}, Recipe: ablation.Recipe{Tokens: 10_000, RowTokens: 10, BatchRows: 10}}
	mixture := ablation.Mixture{}
	for k := range q {
		name := string(rune('a' + k))
		s.Sources = append(s.Sources, ablation.SourceRef{Name: name})
		mixture[name] = float64(k+1) / float64(q*(q+1)/2)
	}
	s.Schedules = []ablation.Schedule{{Name: "centre", Stages: []ablation.Stage{{Until: fraction(1), Mixture: mixture}}}}
	return s
}

func names(s ablation.Sweep) []string {
	var out []string
	for _, ref := range s.Sources {
		out = append(out, ref.Name)
	}
	return out
}

func sumsToOne(t interface{ Fatalf(string, ...any) }, arm string, m ablation.Mixture) {
	total := 0.0
	for _, share := range m {
		total += share
	}
	if math.Abs(total-1) > 1e-9 {
		t.Fatalf("%s: shares sum to %v", arm, total)
	}
}

// TestSweep_Expand_swarm_law: shares sum to one, within bounds and limits; the same seed gives the same arms, another one
// others; a larger swarm has the smaller one's arms.
func TestSweep_Expand_swarm_law(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := sweepOf(rapid.IntRange(2, 6).Draw(t, "sources"))
		bound := ablation.Bound{Low: rapid.Float64Range(0, .1).Draw(t, "low"), High: rapid.Float64Range(.5, 1).Draw(t, "high")}
		d := ablation.Dirichlet{
			Centre: "centre", Concentration: rapid.Float64Range(.05, 500).Draw(t, "concentration"), Arms: rapid.IntRange(1, 12).Draw(t, "arms"),
			Bounds: map[string]ablation.Bound{"b": bound},
		}
		s.Design.Dirichlet, s.Design.Limits = &d, &ablation.Limits{MinShare: .001}
		made, err := s.Expand(nil)
		if err != nil {
			return // so small a concentration that nothing is left; the message has a test of its own
		}
		for _, a := range made.Arms[1:] {
			m := a.Schedule.Stages[0].Mixture
			sumsToOne(t, a.Name, m)
			if v := m["b"]; v < bound.Low-1e-9 || v > bound.High+1e-9 {
				t.Fatalf("%s: b has %v, outside %+v", a.Name, v, bound)
			}
			for source, v := range m {
				if v < .001-1e-9 {
					t.Fatalf("%s: %s has %v, less than the least share", a.Name, source, v)
				}
			}
		}
		again, err := s.Expand(nil)
		if err != nil || !cmp.Equal(made, again) {
			t.Fatalf("the same seed gives other arms: %v", err)
		}
		larger := s
		more := d
		more.Arms += 5
		larger.Design.Dirichlet = &more
		grown, err := larger.Expand(nil)
		if err != nil || !cmp.Equal(made.Arms, grown.Arms[:len(made.Arms)]) {
			t.Fatalf("a larger swarm has other arms at its beginning: %v", err)
		}
	})
}

// TestSweep_Expand_swarm_is_around_its_centre: means are the centre's, and deviations those of a Dirichlet distribution.
func TestSweep_Expand_swarm_is_around_its_centre(t *testing.T) {
	t.Parallel()
	const n, concentration = 4000, 2.5
	s := sweepOf(3)
	s.Design.Dirichlet = &ablation.Dirichlet{Centre: "centre", Concentration: concentration, Arms: n}
	made, err := s.Expand(nil)
	if err != nil {
		t.Fatal(err)
	}
	for source, want := range s.Schedules[0].Stages[0].Mixture {
		var mean, square float64
		for _, a := range made.Arms[1:] {
			v := a.Schedule.Stages[0].Mixture[source]
			mean, square = mean+v, square+v*v
		}
		drawn := float64(len(made.Arms) - 1)
		mean /= drawn
		deviation := math.Sqrt(square/drawn - mean*mean)
		expected := math.Sqrt(want * (1 - want) / (concentration + 1))
		if math.Abs(mean-want) > .015 || math.Abs(deviation-expected) > .015 {
			t.Errorf("%s: mean %.3f and deviation %.3f, want %.3f and %.3f", source, mean, deviation, want, expected)
		}
	}
	other := uint64(8)
	again := s
	again.Seed = &other
	if b, err := again.Expand(nil); err != nil || cmp.Equal(b.Arms[1], made.Arms[1]) {
		t.Errorf("another seed gives the same arm: %v", err)
	}
}

func TestSweep_Expand_swarm(t *testing.T) {
	t.Parallel()
	made := expandFive(t, "{dirichlet: {centre: centre, concentration: 20, arms: 3, bounds: {code: [0.1, 0.1], wiki-ja: [0.2, 0.5]}}}", 1e12)
	if diff := cmp.Diff([]string{"centre", "swarm-001", "swarm-002", "swarm-003"}, armNames(made.Arms)); diff != "" {
		t.Fatal(diff)
	}
	// What a stored sweep has drawn must be drawn again on every machine and by every version.
	want := []ablation.Mixture{
		{"wiki-ja": .39573, "books-ja": .16389, "wiki-en": .28521, "books-en": .05517, "code": .1},
		{"wiki-ja": .41787, "books-ja": .11484, "wiki-en": .25335, "books-en": .11394, "code": .1},
		{"wiki-ja": .32598, "books-ja": .12357, "wiki-en": .28359, "books-en": .16686, "code": .1},
	}
	for i, want := range want {
		if diff := cmp.Diff(want, made.Arms[1+i].Schedule.Stages[0].Mixture); diff != "" {
			t.Errorf("%s: %s", made.Arms[1+i].Name, diff)
		}
	}
	if made.Arms[2].Label.EN != "#2" {
		t.Errorf("got label %q", made.Arms[2].Label.EN)
	}
}

func TestSweep_Expand_swarm_so_narrow_that_arms_meet(t *testing.T) {
	t.Parallel()
	made := expandText(t, `name: x
sources: [ja, en]
recipe: {tokens: 1M}
schedules: {even: {stages: [{until: 1.0, mixture: {ja: 0.5, en: 0.5}}]}}
design: {dirichlet: {centre: even, concentration: 100000, arms: 200, bounds: {ja: [0.5, 0.5005]}}}
`, nil)
	if n := len(made.Arms) - 1; n > 5 {
		t.Errorf("got %d arms of at most 5 mixtures", n)
	}
	if len(made.Notes) != 1 || !strings.Contains(made.Notes[0].EN, "there already; each is trained once") {
		t.Errorf("got notes %v", notes(made))
	}
}

func TestSweep_Expand_budgets_that_round_to_one_length(t *testing.T) {
	t.Parallel()
	made := expandText(t, `name: x
sources: [ja, en]
recipe: {tokens: 1M, row_tokens: 256, batch_rows: 4}
schedules: {even: {stages: [{until: 1.0, mixture: {ja: 0.5, en: 0.5}}]}}
design: {product: {tokens: [300k, 300001, 600k]}}
`, nil)
	var names []string
	for _, a := range made.Arms {
		names = append(names, a.Name)
	}
	if diff := cmp.Diff([]string{"even-t300k", "even-t600k"}, names); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"design.product makes mixtures that are there already; each is trained once: even-t300001"}, notes(made)); diff != "" {
		t.Error(diff)
	}
}

func TestSweep_Expand_one_factor(t *testing.T) {
	t.Parallel()
	made := expandFive(t, "{one_factor: {from: centre, of: [ja, code], step: 0.2}}", 1e12)
	if diff := cmp.Diff([]string{"centre", "centre-ja30", "centre-ja70", "centre-code30"}, armNames(made.Arms)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"design.one_factor leaves out 1 by step 0.2"}, notes(made)); diff != "" {
		t.Error(diff)
	}
	want := ablation.Mixture{"wiki-ja": .18, "books-ja": .12, "wiki-en": .35, "books-en": .21, "code": .14}
	if diff := cmp.Diff(want, made.Arms[1].Schedule.Stages[0].Mixture, nearly()); diff != "" {
		t.Errorf("the others keep their proportions: %s", diff)
	}
	made = expandFive(t, "{one_factor: {from: centre, values: [0.1, 0.3]}}", 1e12)
	want2 := []string{
		"centre", "centre-wiki-ja10", "centre-books-ja10", "centre-books-ja30", "centre-wiki-en10", "centre-wiki-en30",
		"centre-books-en10", "centre-books-en30", "centre-code30",
	}
	if diff := cmp.Diff(want2, armNames(made.Arms)); diff != "" {
		t.Errorf("every source that is read, but at its own share: %s", diff)
	}
}

const ladder = `name: ladder
sources: [ja, en]
recipe: {tokens: 1M, row_tokens: 64, batch_rows: 10}
schedules:
  even: {label: {ja: 半々, en: Even}, stages: [{until: 1.0, mixture: {ja: 0.5, en: 0.5}}]}
  turn:
    stages:
      - {until: 0.5, mixture: {ja: 0, en: 1}}
      - {until: 1.0, mixture: {ja: 1, en: 0}}
design:
  control: matched
  product: {tokens: [640k, 1.28M], shapes: [1m, {layers: 2, width: 64, heads: 2, ffn: 96}]}
`

func TestSweep_Expand_product(t *testing.T) {
	t.Parallel()
	text := []ablation.Source{{Name: "ja", Lang: "ja", Bytes: 1e9}, {Name: "en", Lang: "en", Bytes: 1e9}}
	made := expandText(t, ladder, text)
	var want []string
	for _, mixture := range []string{"even%s", "turn%s", "turn%s-matched"} {
		for _, v := range []string{"-1m-t640k", "-1m-t1.28m", "-l2w64h2f96-t640k", "-l2w64h2f96-t1.28m"} {
			want = append(want, fmt.Sprintf(mixture, v))
		}
	}
	if diff := cmp.Diff(want, armNames(made.Arms)); diff != "" {
		t.Fatal(diff)
	}
	if got, want := made.Arms[3].Label, (ablation.Label{JA: "半々 · 2 × 64 · 1.28M", EN: "Even · 2 × 64 · 1.28M"}); got != want {
		t.Errorf("got label %+v", got)
	}
	steps := map[string]int64{}
	for _, r := range made.Runs {
		steps[r.Arm] = r.Steps
	}
	for arm, want := range map[string]int64{"even-1m-t640k": 1000, "even-1m-t1.28m": 2000, "turn-1m-t1.28m-matched": 2000} {
		if steps[arm] != want {
			t.Errorf("runs of %s have %d steps, want %d", arm, steps[arm], want)
		}
	}
	turn := made.Arms[5]
	if turn.Weights[1].FromStep != 1000 || turn.Field() != "schedules.turn" || made.Arms[9].Field() != "schedules.turn" {
		t.Errorf("%s turns at step %d and stands at %s, its control at %s", turn.Name, turn.Weights[1].FromStep, turn.Field(), made.Arms[9].Field())
	}
	if !turn.Peer(made.Arms[1]) || turn.Peer(made.Arms[0]) || turn.Peer(made.Arms[7]) {
		t.Error("arms of one length and size are peers, and no others")
	}
}

func TestSweep_Baseline_is_of_the_same_length_and_size(t *testing.T) {
	t.Parallel()
	s := seeded(t, ladder)
	arms := armsOf(t, s)
	for _, name := range []string{"even", "even-1m-t640k", ""} {
		s.Design.Baseline = name
		for i, a := range arms {
			if got, want := arms[s.Baseline(arms, i)], "even"; got.Mixes() != want || !got.Peer(a) {
				t.Errorf("with baseline %q, %s is compared with %s", name, a.Name, got.Name)
			}
		}
	}
}

// TestSweep_Expand_limits: arms outside are left out, in every variant for itself, and the listed schedule stays.
func TestSweep_Expand_limits(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, design string
		bytes        int64
		want, notes  []string
	}{
		{
			"least shares of a lattice", "{lattice: {of: [wiki-ja, wiki-en, code], points: 4, from: centre}, limits: {min_share: 0.1}}", 1e12,
			[]string{"centre", "wiki-ja21.7-wiki-en21.7-code21.7"},
			[]string{"design.lattice leaves out 9 by min_share 0.1 (code65, wiki-en21.7-code43.3, wiki-en43.3-code21.7, wiki-en65, wiki-ja21.7-code43.3, … (9))"},
		},
		{
			"epochs of a grid", "{grid: {of: ja, values: [0.2, 0.4, 0.9], from: centre}, limits: {max_epochs: 2}}", 250_000,
			[]string{"centre", "centre-ja20", "centre-ja40"},
			[]string{"design.grid leaves out 1 by max_epochs 2 (centre-ja90)"},
		},
		{
			"epochs of longer runs", "{product: {tokens: [500k, 1M, 2M]}, limits: {max_epochs: 1}}", 320_000,
			[]string{"centre-t500k", "centre-t1m"},
			[]string{"design.product leaves out 1 by max_epochs 1 (centre-t2m)"},
		},
		{
			"a swarm draws until its limits hold", "{dirichlet: {centre: centre, concentration: 8, arms: 4}, limits: {max_epochs: 2, min_share: 0.05}}", 200_000,
			[]string{"centre", "swarm-001", "swarm-002", "swarm-003", "swarm-004"},
			nil,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			made := expandFive(t, tt.design, tt.bytes)
			if diff := cmp.Diff(tt.want, armNames(made.Arms)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.notes, notes(made)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSweep_Plan_counts_every_arm(t *testing.T) {
	t.Parallel()
	s := seeded(t, ladder)
	text := []ablation.Source{{Name: "ja", Lang: "ja", Bytes: 1e9, HeldoutDocuments: 1}, {Name: "en", Lang: "en", Bytes: 1e9, HeldoutDocuments: 1}}
	made, err := s.Expand(text)
	if err != nil {
		t.Fatal(err)
	}
	estimates := make([]ablation.Estimate, len(made.Arms))
	var want, seconds float64
	for i, a := range made.Arms {
		estimates[i] = ablation.Estimate{Trainer: "cpu", Parameters: 1000, FLOPsPerToken: 6000, TokensPerS: 4000, MemoryBytes: 10}
		if a.Variant.Shape.Preset == "1m" {
			estimates[i] = ablation.Estimate{Trainer: "cpu", Parameters: 9000, FLOPsPerToken: 54000, TokensPerS: 500, MemoryBytes: 70}
		}
		tokens := float64(a.Variant.Tokens) * 3 // seeds
		want, seconds = want+tokens*estimates[i].FLOPsPerToken, seconds+tokens/estimates[i].TokensPerS
	}
	p := s.Plan(text, nil, made, estimates)
	if p.FLOPs != want || math.Abs(p.Seconds-seconds) > 1e-6 || p.TotalTokens != 6*3*(640_000+1_280_000) {
		t.Errorf("got %g FLOPs, %g s, %d tokens, want %g FLOPs, %g s", p.FLOPs, p.Seconds, p.TotalTokens, want, seconds)
	}
	if p.Steps != 2000 || p.Parameters != 9000 || p.MemoryBytes != 70 {
		t.Errorf("the longest run has %d steps, the largest %d parameters and %d bytes", p.Steps, p.Parameters, p.MemoryBytes)
	}
	if a := p.Arms[0]; a.Steps != 1000 || a.RunTokens != 640_000 || a.Tokens["ja"] != 320_000 {
		t.Errorf("%s has %d steps of %d tokens, %v", a.Name, a.Steps, a.RunTokens, a.Tokens)
	}
	if diff := cmp.Diff([]ablation.PlanStage{{Asked: 320_000, Tokens: 320_000, Step: 500}, {Asked: 640_000, Tokens: 640_000, Step: 1000}}, p.Arms[4].Stages); diff != "" {
		t.Error(diff)
	}
}

// TestGrow_designs: designs may be added and given more; what is there keeps its arms and runs.
func TestGrow_designs(t *testing.T) {
	t.Parallel()
	const lattice, swarm = "lattice: {of: [wiki-ja, code], points: 3, from: centre}", "dirichlet: {centre: centre, concentration: 20, arms: 3}"
	tests := []struct{ name, old, next, refused string }{
		{"a design more", "{" + lattice + "}", "{" + lattice + ", " + swarm + "}", ""},
		{"more of a swarm", "{" + swarm + "}", "{dirichlet: {centre: centre, concentration: 20, arms: 9}}", ""},
		{"less of a swarm", "{" + swarm + "}", "{dirichlet: {centre: centre, concentration: 20, arms: 2}}", "design.dirichlet"},
		{"another swarm", "{" + swarm + "}", "{dirichlet: {centre: centre, concentration: 21, arms: 3}}", "design.dirichlet"},
		{"another lattice", "{" + lattice + "}", "{lattice: {of: [wiki-ja, code], points: 5, from: centre}}", "design.lattice"},
		{"more values", "{one_factor: {from: centre, of: [code], values: [0.3]}}", "{one_factor: {from: centre, of: [code], values: [0.2, 0.3]}}", ""},
		{"another step", "{one_factor: {from: centre, step: 0.1}}", "{one_factor: {from: centre, step: 0.05}}", "design.one_factor"},
		{"longer runs", "{product: {tokens: [500k]}}", "{product: {tokens: [1M, 250k, 500k]}}", ""},
		{"larger ones", "{product: {shapes: [1m]}}", "{product: {shapes: [2m, 1m]}}", ""},
		{"another axis", "{product: {tokens: [500k]}}", "{product: {tokens: [500k], shapes: [1m]}}", "design.product"},
		{"a product", "{" + lattice + "}", "{" + lattice + ", product: {tokens: [1M]}}", "design.product"},
		{"no product", "{product: {tokens: [1M]}}", "{}", "design.product"},
		{"other limits", "{" + lattice + ", limits: {min_share: 0.01}}", "{" + lattice + ", limits: {min_share: 0.02}}", "design.limits"},
		{"a swarm in a product", "{" + swarm + ", product: {tokens: [500k]}, limits: {max_epochs: 3}}", "{" + swarm + ", product: {tokens: [500k, 900k]}, limits: {max_epochs: 3}}", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			old := seeded(t, five+"design: "+tt.old+"\n")
			grown, err := ablation.Grow(old, parse(t, five+"design: "+tt.next+"\n"))
			if tt.refused != "" {
				if err == nil || !strings.Contains(err.Error(), tt.refused+": ") || !strings.Contains(err.Error(), "8:") {
					t.Errorf("got %v, want a problem at %s", err, tt.refused)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			before, err := old.Expand(fiveText(300_000))
			if err != nil {
				t.Fatal(err)
			}
			after, err := grown.Expand(fiveText(300_000))
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range before.Runs {
				if !has(after.Runs, r) {
					t.Errorf("run %s changed when the sweep grew", r.Name)
				}
			}
			if len(after.Runs) <= len(before.Runs) {
				t.Errorf("%d runs grew to %d", len(before.Runs), len(after.Runs))
			}
			weights := map[string]ablation.Arm{}
			for _, a := range after.Arms {
				weights[a.Name] = a
			}
			for _, a := range before.Arms {
				if diff := cmp.Diff(a.Weights, weights[a.Name].Weights); diff != "" {
					t.Errorf("%s changed when the sweep grew: %s", a.Name, diff)
				}
			}
		})
	}
}
