package decision_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/haigo-lab/haigo/services/analysis/decision"
	"github.com/haigo-lab/haigo/services/analysis/surrogate"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// corners are of a triangle that lies askew among all mixtures of three sources.
var corners = [3][]float64{{.8, .1, .1}, {.1, .5, .4}, {.3, .1, .6}}

// askew is runs at sums of the corners, each metric lower the more there is of its own source.
func askew(t *testing.T) *surrogate.Fit {
	t.Helper()
	in := table.Table{Sources: []string{"ja", "en", "code"}, Phases: 1, Metrics: []string{"bpb/ja", "bpb/en", "bpb/code"}}
	for i := range 4 {
		for j := range 4 - i {
			w := [3]float64{float64(i) / 3, float64(j) / 3, float64(3-i-j) / 3}
			shares, values := make([]float64, 3), make([]float64, 3)
			for k := range shares {
				for c, corner := range corners {
					shares[k] += w[c] * corner[k]
				}
				values[k] = math.Pow(shares[k]+.02, -.3)
			}
			in.Runs = append(in.Runs, table.Run{ID: fmt.Sprintf("%d-%d", i, j), Shares: [][]float64{shares}, Values: values})
		}
	}
	f, err := surrogate.New(surrogate.Setup{Table: in, Pairs: in.Pairs()})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// off is how far a mixture lies outside of the triangle, in the least of its corners' weights; below 0 outside.
func off(shares []float64) float64 {
	cross := func(a, b, c []float64) float64 { return (b[0]-a[0])*(c[1]-a[1]) - (b[1]-a[1])*(c[0]-a[0]) }
	a, b, c := corners[0], corners[1], corners[2]
	whole := cross(a, b, c)
	return min(cross(shares, b, c)/whole, cross(a, shares, c)/whole, cross(a, b, shares)/whole)
}

func goal(t *testing.T, f *surrogate.Fit, text string) decision.Objective {
	t.Helper()
	o, err := decision.ParseObjective(text, f.Table.Metrics)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestMake_between: what is recommended lies between tried mixtures, also where each of its shares was tried and more is expected a step
// outside; then that is said, and what to run there.
func TestMake_between(t *testing.T) {
	t.Parallel()
	f := askew(t)
	for _, tc := range []struct {
		objective string
		further   bool
	}{
		{"min:bpb/en+2*bpb/code", true},
		{"min:bpb/ja+bpb/en+bpb/code", false},
	} {
		d := decision.Make(f, decision.Options{Objective: goal(t, f, tc.objective), Seed: 1})
		if v := off(d.Run.Shares[0]); v < -.002 {
			t.Errorf("%s: recommends %.4f, outside of what was tried by %.4f", tc.objective, d.Run.Shares[0], -v)
		}
		if (d.Further != nil) != tc.further || strings.Contains(fmt.Sprint(d.Warnings), "more is expected outside of what was tried") != tc.further {
			t.Fatalf("%s: further %+v; warnings %v", tc.objective, d.Further, d.Warnings)
		}
		if d.Further == nil {
			continue
		}
		if v := off(d.Further.Run.Shares[0]); v > -.002 || d.Further.Improvement.Low <= 0 {
			t.Errorf("%s: more is said to be at %.4f (%.4f inside), by %v", tc.objective, d.Further.Run.Shares[0], v, d.Further.Improvement)
		}
		said := (decision.Answer{Decision: d, Fit: f}).Document().Recommendation.Further
		if said == nil || math.Abs(said.Mixture["code"]-d.Further.Run.Shares[0][2]) > 1e-9 {
			t.Errorf("%s: in JSON %+v", tc.objective, said)
		}
		proposed := false
		for _, run := range decision.Propose(f, decision.Options{Objective: goal(t, f, tc.objective), Seed: 1}, 8) {
			proposed = proposed || off(run.Shares[0]) < -.002
		}
		if !proposed {
			t.Errorf("%s: nothing is proposed outside", tc.objective)
		}
	}
}

// TestMake_limited: limits that no tried mixture keeps to are kept by one between them, however far that is from them and however few
// such mixtures are.
func TestMake_limited(t *testing.T) {
	t.Parallel()
	apart := world(t, []float64{.1, .15, .2, .8, .85, .9}, .004)
	twice, err := surrogate.New(surrogate.Setup{Table: apart.Table, Pairs: apart.Table.Pairs(), Tokens: 1e7, Sizes: map[string]float64{"ja": 1e6, "en": 1e6}})
	if err != nil {
		t.Fatal(err)
	}
	bounds := func(source string, low, high float64) decision.Limits {
		return decision.Limits{Least: map[string]float64{source: low}, Most: map[string]float64{source: high}}
	}
	for _, tc := range []struct {
		name      string
		fit       *surrogate.Fit
		limits    decision.Limits
		source    int
		low, high float64
	}{
		{"bounds between runs far from each other", apart, bounds("ja", .4, .6), 0, .4, .6},
		{"epochs", twice, decision.Limits{MaxEpochs: 6}, 0, .4, .6},
		{"one share", askew(t), bounds("en", .237, .237), 1, .237, .237},
	} {
		d := decision.Make(tc.fit, decision.Options{Limits: tc.limits, Seed: 1})
		if v := d.Run.Shares[0][tc.source]; d.Beyond || v < tc.low-1e-6 || v > tc.high+1e-6 {
			t.Errorf("%s: recommends %.4f, beyond limits %t", tc.name, d.Run.Shares[0], d.Beyond)
		}
	}
	if d := decision.Make(apart, decision.Options{Limits: bounds("ja", .4, .6)}); !strings.Contains(fmt.Sprint(d.Warnings), "far from all that were run") {
		t.Errorf("no word of how far it is: %v", d.Warnings)
	}
	// A bound that passes what was tried by less than a usual step is kept outside of that, and said to be.
	d := decision.Make(world(t, []float64{.6, .7, .75, .8, .9}, .004), decision.Options{Limits: decision.Limits{Least: map[string]float64{"ja": 0}, Most: map[string]float64{"ja": .57, "en": 1}}})
	if v := d.Run.Shares[0][0]; d.Beyond || v > .57+1e-9 || v < .5 || !strings.Contains(fmt.Sprint(d.Warnings), "lies outside of what was tried") {
		t.Errorf("where at most 0.57 is allowed, recommends %.4f: %v", v, d.Warnings)
	}
}

// TestDecision_Gain: what limits forbid is nothing that more runs could teach.
func TestDecision_Gain(t *testing.T) {
	t.Parallel()
	d := decision.Make(world(t, []float64{.05, .2, .35, .5, .6, .7, .8, .9, .95}, .001), decision.Options{Limits: decision.Limits{Least: map[string]float64{"ja": .9}}, Seed: 1})
	if gain := d.Gain(); gain > .01 {
		t.Errorf("where ja is to be 0.9, which it is, %.4f is said to be gained: the best of all is better by %.4f", gain, truth(.9)-truth(.5))
	}
}

// TestLook_ternary: what is drawn as as good as the recommended mixture keeps to the limits, lies between tried mixtures, and isn't
// better either.
func TestLook_ternary(t *testing.T) {
	t.Parallel()
	f := askew(t)
	for _, limits := range []decision.Limits{{}, {Most: map[string]float64{"code": .45}}} {
		o := decision.Look(f, decision.Options{Objective: goal(t, f, "min:bpb/en+2*bpb/code"), Limits: limits, Seed: 1}, decision.View{})
		for _, p := range o.Ternary.Points {
			inside := off(p.Shares[:]) > -.01
			if p.AsGood && (p.Outside || !inside || len(limits.Most) > 0 && p.Shares[2] > .45+1e-9) {
				t.Errorf("limits %v: %.3f is as good, outside %t", limits.Most, p.Shares, p.Outside)
			}
			if !p.Outside && !inside {
				t.Errorf("%.3f is said to lie within what was tried", p.Shares)
			}
		}
	}
}
