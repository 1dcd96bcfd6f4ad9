package decision_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/analysis/decision"
	"github.com/haigo-lab/haigo/services/analysis/surrogate"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// baseline is a decision's by its name.
func baseline(t *testing.T, d decision.Decision, name string) decision.Baseline {
	t.Helper()
	i := slices.IndexFunc(d.Baselines, func(b decision.Baseline) bool { return b.Name == name })
	if i < 0 {
		t.Fatalf("no baseline %s among %+v", name, d.Baselines)
	}
	return d.Baselines[i]
}

// said are a decision's warnings in a row.
func said(d decision.Decision) string {
	var out []string
	for _, w := range d.Warnings {
		out = append(out, w.EN)
	}
	return strings.Join(out, "\n")
}

// TestMake_ahead: where limits keep a recommendation from the best, the baselines that are better than it are said to be.
func TestMake_ahead(t *testing.T) {
	t.Parallel()
	f := world(t, []float64{.6, .7, .75, .8, .9}, .004)
	d := decision.Make(f, decision.Options{Seed: 1, Limits: decision.Limits{Least: map[string]float64{"ja": .8}}})
	for _, name := range []string{decision.BaselineBestSeen, decision.BaselineUniform} {
		b := baseline(t, d, name)
		if !b.Ahead() || b.Better || b.Same || !b.Barred || b.Verdict() != decision.VerdictAhead {
			t.Errorf("%s: %s, %+v", name, b.Verdict(), b)
		}
		if got, want := b.Outside, name == decision.BaselineUniform; got != want {
			t.Errorf("%s is outside: %t", name, got)
		}
	}
	for _, want := range []string{
		"no better than the best run seen: that one is better, by ", "the limits leave it out",
		"the uniform mixture is expected to be better than the recommended one, by ", "it lies outside of what was tried",
	} {
		if !strings.Contains(said(d), want) {
			t.Errorf("no word of %q:\n%s", want, said(d))
		}
	}
	for _, never := range []string{"can't be told", "as far as these runs can tell", "by -"} {
		if strings.Contains(said(d), never) {
			t.Errorf("said: %q:\n%s", never, said(d))
		}
	}
}

// TestMake_unimproved: a recommendation that is the best run seen is said to be that, one that may be is said to be no better.
func TestMake_unimproved(t *testing.T) {
	t.Parallel()
	d := decision.Make(world(t, []float64{.6, .7, .75, .8, .9}, .004), decision.Options{Seed: 1})
	b := baseline(t, d, decision.BaselineBestSeen)
	if !b.Same || b.Verdict() != decision.VerdictSame || !strings.Contains(said(d), "no better than the best run seen: the recommended mixture is that one") {
		t.Errorf("%s, %+v:\n%s", b.Verdict(), b, said(d))
	}
	d = decision.Make(world(t, []float64{.05, .2, .35, .48, .7, .8, .95}, .02), decision.Options{Seed: 1})
	b = baseline(t, d, decision.BaselineBestSeen)
	if b.Same || b.Verdict() != decision.VerdictTie || !strings.Contains(said(d), "no better than the best run seen, as far as these runs can tell") {
		t.Errorf("%s, %+v:\n%s", b.Verdict(), b, said(d))
	}
	d = decision.Make(world(t, []float64{.05, .2, .3, .7, .8, .95}, .001), decision.Options{Seed: 1})
	b = baseline(t, d, decision.BaselineBestSeen)
	if !b.Better || b.Verdict() != decision.VerdictBetter || strings.Contains(said(d), "no better than") {
		t.Errorf("%s, %+v:\n%s", b.Verdict(), b, said(d))
	}
}

// TestMake_own: of mixtures with as much of their own text the baseline has the rest in natural proportions, or in those of the runs,
// whatever the table's order and what the runs scored.
func TestMake_own(t *testing.T) {
	t.Parallel()
	shares := [][][]float64{
		{{.5, .5, 0}, {.5, .5, 0}},
		{{.2, .4, .4}, {.2, .4, .4}},
		{{.7, .15, .15}, {.3, .35, .35}},
		{{.5, .1, .4}, {.5, .1, .4}},
		{{.5, .25, .25}, {.5, .25, .25}},
		{{.1, .1, .8}, {.1, .1, .8}},
		{{.3, .6, .1}, {.3, .6, .1}},
	}
	for name, tc := range map[string]struct {
		sizes []float64
		want  [][]float64
	}{
		"sizes that aren't known": {nil, [][]float64{{.5, .25, .25}, {.5, .25, .25}}},
		"even sizes":              {[]float64{1e9, 1e9, 1e9}, [][]float64{{.5, .25, .25}, {.5, .25, .25}}},
		"little English":          {[]float64{4e9, 1e9, 4e9}, [][]float64{{.5, .1, .4}, {.5, .1, .4}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for first := range shares {
				in := table.Table{Sources: []string{"ja", "en", "code"}, Phases: 2, Metrics: []string{"bpb/ja"}}
				for i := range shares {
					mix := shares[(first+i)%len(shares)]
					score := math.Pow(mix[0][0]+mix[1][0]+.02, -.3) - .1*mix[0][1] // English helps
					in.Runs = append(in.Runs, table.Run{ID: fmt.Sprint(i), Shares: mix, Tokens: 1e8, Values: []float64{score}})
				}
				setup := surrogate.Setup{Table: in, Pairs: in.Pairs(), Sizes: map[string]float64{}}
				for j, n := range tc.sizes {
					setup.Sizes[in.Sources[j]] = n
				}
				f, err := surrogate.New(setup)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tc.want, baseline(t, decision.Make(f, decision.Options{}), decision.BaselineOwn).Run.Shares); diff != "" {
					t.Errorf("in the order from %d:\n%s", first, diff)
				}
			}
		})
	}
}
