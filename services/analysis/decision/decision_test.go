package decision_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis/decision"
	"github.com/haigo-lab/haigo/services/analysis/surrogate"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// truth is the mean loss of a made-up world of which the best ja share is .5.
func truth(ja float64) float64 { return (math.Pow(ja+.02, -.3) + math.Pow(1.02-ja, -.3)) / 2 }

// world is runs over ja and en, each mixture with two seeds.
func world(t *testing.T, shares []float64, noise float64) *surrogate.Fit {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 9))
	in := table.Table{Sources: []string{"ja", "en"}, Phases: 1, Metrics: []string{"bpb/ja", "bpb/en"}}
	for i, ja := range shares {
		for seed := range 2 {
			values := []float64{math.Pow(ja+.02, -.3) + noise*r.NormFloat64(), math.Pow(1.02-ja, -.3) + noise*r.NormFloat64()}
			in.Runs = append(in.Runs, table.Run{ID: fmt.Sprintf("%d-%d", i, seed), Shares: [][]float64{{ja, 1 - ja}}, Values: values})
		}
	}
	f, err := surrogate.New(surrogate.Setup{Table: in, Pairs: in.Pairs()})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

var wide = []float64{.05, .2, .35, .6, .7, .8, .95}

func TestMake(t *testing.T) {
	t.Parallel()
	f := world(t, wide, .004)
	d := decision.Make(f, decision.Options{Seed: 1})
	ja := d.Run.Shares[0][0]
	if lost := truth(ja) - truth(.5); lost > .01 {
		t.Errorf("recommended ja %.3f, which loses %.4f", ja, lost)
	}
	if o := d.Optimum[0][0]; o.Low > .5 || o.Top < .5 {
		t.Errorf("the best share of ja, 0.5, is not within %v", o)
	}
	sum := 0.0
	for i, a := range d.Arms {
		sum += a.PBest
		if a.Value.Low > a.Value.Mean || a.Value.Top < a.Value.Mean || len(a.Runs) != 2 {
			t.Errorf("arm %d: %+v", i, a)
		}
	}
	if math.Abs(sum-1) > 1e-9 {
		t.Errorf("probabilities of being the best sum to %v", sum)
	}
	for _, b := range d.Baselines {
		if b.Better != (b.Improvement.Low > 0) {
			t.Errorf("%s: better %v, improvement %v", b.Name, b.Better, b.Improvement)
		}
	}
	if diff := cmp.Diff(d.Run, decision.Make(f, decision.Options{Seed: 1}).Run); diff != "" {
		t.Errorf("one seed, two answers:\n%s", diff)
	}
}

// TestMake_flat: where every run scores the same, that is said, and nothing of edges beyond which the best might lie.
func TestMake_flat(t *testing.T) {
	t.Parallel()
	in := table.Table{Sources: []string{"ja", "en"}, Phases: 1, Metrics: []string{"bpb/ja"}}
	for i, ja := range wide {
		in.Runs = append(in.Runs, table.Run{ID: fmt.Sprint(i), Shares: [][]float64{{ja, 1 - ja}}, Values: []float64{2}})
	}
	f, err := surrogate.New(surrogate.Setup{Table: in})
	if err != nil {
		t.Fatal(err)
	}
	if d := decision.Make(f, decision.Options{}); len(d.Warnings) != 1 || !strings.Contains(d.Warnings[0].EN, "the same in every mixture") {
		t.Errorf("warnings %v", d.Warnings)
	}
	if missed := f.Missed(); missed[0] != 0 {
		t.Errorf("left-out mixtures are missed by %v", missed)
	}
}

func TestMake_limits(t *testing.T) {
	t.Parallel()
	d := decision.Make(world(t, wide, .004), decision.Options{Limits: decision.Limits{Least: map[string]float64{"ja": .65}}})
	if ja := d.Run.Shares[0][0]; ja < .65-1e-9 || ja > .7 {
		t.Errorf("recommended ja %.3f where 0.65 is the least", ja)
	}
	d = decision.Make(world(t, []float64{.6, .7, .75, .8, .9}, .004), decision.Options{})
	if ja := d.Run.Shares[0][0]; ja < .6-1e-9 {
		t.Errorf("recommended ja %.3f, the least that was tried is 0.6", ja)
	}
	if !slices.ContainsFunc(d.Warnings, saysEdge) {
		t.Errorf("no word about the edge: %v", d.Warnings)
	}
	if d.Beyond {
		t.Error("a decision without limits is said to break them")
	}
	d = decision.Make(world(t, []float64{.6, .7, .75, .8, .9}, .004), decision.Options{Limits: decision.Limits{Most: map[string]float64{"ja": .2}}})
	if !d.Beyond || !strings.Contains(d.Warnings[0].EN, "keeps to the bounds") {
		t.Errorf("no word about limits that nothing keeps: %v", d.Warnings)
	}
}

// TestMake_outside: where bounds allow more than was tried, what is recommended was still tried, and what may be better beyond is said.
func TestMake_outside(t *testing.T) {
	t.Parallel()
	f := world(t, []float64{.1, .2, .3, .4, .5, .6}, .004)
	for most, want := range map[float64]bool{.6: false, 1: true} {
		d := decision.Make(f, decision.Options{Objective: goal(t, f, "min:bpb/ja"), Limits: decision.Limits{Least: map[string]float64{"en": 1 - most}, Most: map[string]float64{"ja": most}}})
		if got := strings.Contains(fmt.Sprint(d.Warnings), "more is expected outside of what was tried, at ja 0."); got != want || d.Run.Shares[0][0] > .601 {
			t.Errorf("up to %.1f, ja %.3f: more is said to be outside %t; %v", most, d.Run.Shares[0][0], got, d.Warnings)
		}
		if got := slices.ContainsFunc(d.Warnings, saysEdge); got != want {
			t.Errorf("up to %.1f: a word about the edge %t, want %t", most, got, want)
		}
	}
}

func saysEdge(l ablation.Label) bool {
	return strings.Contains(l.EN, "is the smallest or largest that was tried") && l.JA != ""
}

func TestMakeFront(t *testing.T) {
	t.Parallel()
	f := decision.MakeFront(world(t, wide, .004), decision.Options{}, "bpb/ja", "bpb/en")
	if len(f.Points) < 5 {
		t.Fatalf("%d points", len(f.Points))
	}
	for i, p := range f.Points[1:] {
		if before := f.Points[i]; p.X.Mean < before.X.Mean-.01 || p.Y.Mean > before.Y.Mean+.01 {
			t.Errorf("point %d doesn't trade: %v %v, then %v %v", i, before.X, before.Y, p.X, p.Y)
		}
	}
}

func TestPropose(t *testing.T) {
	t.Parallel()
	next := decision.Propose(world(t, wide, .004), decision.Options{Seed: 2}, 4)
	for _, r := range next {
		if ja := r.Shares[0][0]; ja < .3 || ja > .75 || math.Abs(r.Shares[0][0]+r.Shares[0][1]-1) > 1e-9 {
			t.Errorf("proposes ja %.3f", ja)
		}
	}
	if len(next) != 4 {
		t.Errorf("%d proposals, want 4", len(next))
	}
}

// TestPropose_many: what is proposed differs from what was run and from each other, and is less than asked where there is no more.
func TestPropose_many(t *testing.T) {
	t.Parallel()
	f := world(t, wide, .004)
	next := decision.Propose(f, decision.Options{Seed: 2}, 300)
	if len(next) < 50 || len(next) > 200 {
		t.Errorf("%d mixtures of two sources are half a per cent apart", len(next))
	}
	for i, r := range next {
		for _, o := range append(slices.Clone(next[:i]), f.Table.Runs...) {
			if decision.Apart(r, o) < .005-1e-9 {
				t.Fatalf("%v is proposed beside %v", r.Shares, o.Shares)
			}
		}
	}
}

// TestMake_prices: what a step towards Japanese costs in English is what the world makes of it; where there is none, that is said.
func TestMake_prices(t *testing.T) {
	t.Parallel()
	f := world(t, wide, .001)
	d := decision.Make(f, decision.Options{Seed: 1})
	if len(d.Prices) != 2 || d.Prices[0].Of != "bpb/ja" || d.Prices[0].In != "bpb/en" {
		t.Fatalf("prices %+v", d.Prices)
	}
	here := d.Run.Shares[0][0]
	for i, p := range d.Prices {
		at := here
		if i > 0 {
			at = 1 - here
		}
		to := math.Pow(math.Pow(at+.02, -.3)-p.Gain, -1/.3) - .02
		want := (math.Pow(1.02-to, -.3) - math.Pow(1.02-at, -.3)) / p.Gain
		if p.Gain < .02 || math.Abs(p.Cost.Mean/want-1) > .15 || p.Cost.Low > p.Cost.Mean || p.Cost.Top < p.Cost.Mean {
			t.Errorf("1 of %s costs %v of %s over %.3f, want %.3f", p.Of, p.Cost, p.In, p.Gain, want)
		}
	}
	alone, err := decision.ParseObjective("min:bpb/ja", f.Table.Metrics)
	if err != nil {
		t.Fatal(err)
	}
	if d = decision.Make(f, decision.Options{Objective: alone}); len(d.Prices) != 2 || d.Prices[0].Gain != 0 || d.Prices[0].Held || !math.IsNaN(d.Prices[0].Cost.Mean) || !(d.Prices[1].Cost.Mean > 0) {
		t.Errorf("where all is Japanese already: %+v", d.Prices)
	}
	if shown := (decision.Answer{Decision: d, Fit: f}).Document().Recommendation.Prices; shown[0].Cost != nil || shown[1].Cost == nil {
		t.Errorf("in JSON: %+v", shown)
	}
}

// TestMake_held: where Japanese and English both gain at the cost of code, no word says that nothing is better in them.
func TestMake_held(t *testing.T) {
	t.Parallel()
	in := table.Table{Sources: []string{"text", "code"}, Phases: 1, Metrics: []string{"bpb/ja", "bpb/en", "bpb/code"}}
	for i, share := range wide {
		gains, code := math.Pow(share+.02, -.3), math.Pow(1.02-share, -.3)
		in.Runs = append(in.Runs, table.Run{ID: fmt.Sprint(i), Shares: [][]float64{{share, 1 - share}}, Values: []float64{gains, 1.1 * gains, 2 * code}})
	}
	f, err := surrogate.New(surrogate.Setup{Table: in})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range decision.Make(f, decision.Options{Seed: 1}).Prices {
		if spoken := p.Of != "bpb/code" && p.In != "bpb/code"; spoken && (p.Gain != 0 || !p.Held) {
			t.Errorf("a price of %s in %s: %+v", p.Of, p.In, p)
		}
	}
}

func TestStart(t *testing.T) {
	t.Parallel()
	for _, sources := range []int{2, 12, -3} { // below 0: schedules of so many
		phases := 1
		if sources < 0 {
			sources, phases = -sources, 2
		}
		r := rand.New(rand.NewPCG(3, 4))
		pool := make([]table.Run, 60)
		for i := range pool {
			w, sum := make([]float64, sources), 0.0
			for j := range w {
				w[j] = r.ExpFloat64()
				sum += w[j]
			}
			for j := range w {
				w[j] /= sum
			}
			pool[i].Shares = [][]float64{w}
			if phases > 1 {
				pool[i].Shares = [][]float64{w, pool[max(0, i-1)].Shares[0]}
			}
		}
		got := decision.Start(pool, nil, 9, 5)
		if diff := cmp.Diff(got, decision.Start(pool, nil, 9, 5)); diff != "" {
			t.Errorf("%d sources: one seed, two designs:\n%s", sources, diff)
		}
		slices.Sort(got)
		if n := len(slices.Compact(got)); n != 9 {
			t.Errorf("%d sources: %d different runs, want 9", sources, n)
		}
		if n := len(decision.Start(pool, nil, 100, 1)); n != len(pool) {
			t.Errorf("%d sources: %d runs of a pool of %d", sources, n, len(pool))
		}
	}
}

func TestEffect(t *testing.T) {
	t.Parallel()
	// With many degrees of freedom and one seed each: (1.645 + 0.842) √2 deviations.
	if got, want := decision.Effect(1, 100000, 1), (1.6449+.8416)*math.Sqrt2; math.Abs(got-want) > 1e-3 {
		t.Errorf("detectable effect %v, want %v", got, want)
	}
	for _, effect := range []float64{.5, 1, 3} {
		n := decision.Seeds(1, 6, effect, 1000)
		if n < 1 || decision.Effect(1, 6+2*(n-1), n) > effect || n > 1 && decision.Effect(1, 6+2*(n-2), n-1) <= effect {
			t.Errorf("%d seeds for an effect of %v", n, effect)
		}
	}
	if n := decision.Seeds(1, 0, .001, 10); n != 0 {
		t.Errorf("%d seeds are said to show what ten don't", n)
	}
	known := decision.Detectable{SD: 1, Freedom: 6, Seeds: 2, Effect: decision.Effect(1, 6, 2)}
	if seeds, runs := known.Needs(known.Effect); seeds != 2 || runs != 4 {
		t.Errorf("%d seeds and %d runs for what two seeds show", seeds, runs)
	}
	if seeds, _ := (decision.Detectable{SD: math.NaN()}).Needs(.1); seeds != 0 {
		t.Errorf("%d seeds where the noise isn't known", seeds)
	}
}

func TestLook(t *testing.T) {
	t.Parallel()
	in := table.Table{Sources: []string{"ja", "en", "code"}, Phases: 1, Metrics: []string{"bpb/ja", "bpb/en"}}
	for i, s := range [][]float64{{.1, .8, .1}, {.8, .1, .1}, {.1, .1, .8}, {.4, .4, .2}, {.6, .3, .1}, {.2, .5, .3}, {.34, .33, .33}} {
		in.Runs = append(in.Runs, table.Run{ID: fmt.Sprint(i), Shares: [][]float64{s}, Values: []float64{math.Pow(s[0]+.02, -.3), math.Pow(s[1]+.02, -.3)}})
	}
	f, err := surrogate.New(surrogate.Setup{Table: in, Pairs: in.Pairs()})
	if err != nil {
		t.Fatal(err)
	}
	o := decision.Look(f, decision.Options{Seed: 1}, decision.View{X: "bpb/en", Y: "bpb/ja", Responses: in.Metrics, Next: 3})
	if len(o.Responses) != 3 || o.Front == nil || o.Ternary == nil || len(o.Next) < 1 || len(o.Next) > 3 {
		t.Fatalf("%d responses, front %t, ternary %t, %d proposals", len(o.Responses), o.Front != nil, o.Ternary != nil, len(o.Next))
	}
	sums := func(run table.Run) {
		t.Helper()
		if sum := run.Shares[0][0] + run.Shares[0][1] + run.Shares[0][2]; math.Abs(sum-1) > 1e-6 || slices.Min(run.Shares[0]) < -1e-9 {
			t.Errorf("shares %v", run.Shares)
		}
	}
	for _, r := range o.Responses {
		for i, p := range r.Points {
			sums(p.Run)
			if math.Abs(p.Run.Shares[0][r.Source]-p.Share) > 1e-9 || i > 0 && p.Share <= r.Points[i-1].Share || p.Values[0].Low > p.Values[0].Mean {
				t.Errorf("source %d, point %d: %+v", r.Source, i, p)
			}
		}
		if len(r.Seen) != 7 {
			t.Errorf("%d of 7 measured mixtures stand at the curve of source %d", len(r.Seen), r.Source)
		}
	}
	for _, n := range o.Next {
		sums(n.Run)
		if n.PBetter < 0 || n.PBetter > 1+1e-9 {
			t.Errorf("better with %v", n.PBetter)
		}
	}
	if n := len(o.Ternary.Points); n != (o.Ternary.Steps+1)*(o.Ternary.Steps+2)/2 {
		t.Errorf("%d points of a triangle", n)
	}
	minus := decision.Differences(f, in.Runs[0], in.Runs[1], 1)
	if minus[0].Mean < .5 || minus[1].Mean > -.5 {
		t.Errorf("Japanese and English differ by %v", minus)
	}
}

func TestBeside(t *testing.T) {
	t.Parallel()
	at := func(ja float64) table.Run { return table.Run{Shares: [][]float64{{ja, 1 - ja}}} }
	pool := []table.Run{at(.05), at(.45), at(.5), at(.95)}
	if got := decision.Beside([]table.Run{at(.05), at(.95)}, pool, nil, 1); len(got) != 1 || got[0] != 1 && got[0] != 2 {
		t.Errorf("%v lies farthest from both ends", got)
	}
	if got := decision.Beside(nil, pool[:2], nil, 9); len(got) != 2 {
		t.Errorf("%v of a pool of two", got)
	}
}

func TestOutside(t *testing.T) {
	t.Parallel()
	run := func(ja, parameters, tokens float64) table.Run {
		return table.Run{ID: "far", Shares: [][]float64{{ja, 1 - ja}}, Parameters: parameters, Tokens: tokens}
	}
	one := []table.Run{run(.1, 1e6, 1e9), run(.3, 1e6, 1e9), run(.5, 1e6, 1e9)}
	many := []table.Run{run(.1, 1e6, 1e9), run(.3, 1e6, 5e8), run(.5, 5e5, 1e9)}
	none := []table.Run{run(.1, 1e6, 1e9), run(.3, 0, 0), run(.5, 1e6, 1e9)}
	for _, tc := range []struct {
		tried []table.Run
		asked table.Run
		says  string
	}{
		{many, run(.45, 4e6, 1e10), ""},
		{many, run(.55, 1e6, 1e9), "lie outside of what was tried"},
		{many, run(.3, 5e6, 1e9), "5 times the largest run's"},
		{many, run(.3, 1e6, 1.1e10), "11 times the longest run's"},
		{many, run(.3, 2e5, 1e9), ""},
		{many, run(.3, 1e5, 1e9), "the smallest run has 5 times 1e+05 parameters"},
		{many, run(.3, 1e6, 1e7), "the shortest run has 50 times 1e+07 tokens"},
		{one, run(.45, 1e6, 1e9), ""},
		{one, run(.45, 3e6, 1e9), "holds for that size, not for 3e+06, 3 times as many"},
		{one, run(.45, 1e6, 5e8), "holds for that length, not for 5e+08, 0.5 times as many"},
		{none, run(.45, 3e6, 0), "3e+06 parameters change nothing"},
		{none, run(.45, 0, 5e8), "5e+08 tokens change nothing"},
	} {
		var said []string
		for _, w := range decision.Outside(tc.tried, []table.Run{tc.asked}) {
			said = append(said, w.EN)
		}
		if got := strings.Join(said, "\n"); (tc.says == "") != (got == "") || !strings.Contains(got, tc.says) {
			t.Errorf("of %v: %q, want %q", tc.asked, got, tc.says)
		}
	}
}

// TestOutside_between: shares that were all tried, each by itself, don't make a mixture between those that were.
func TestOutside_between(t *testing.T) {
	t.Parallel()
	tried := askew(t).Table.Runs
	for _, tc := range []struct {
		shares  []float64
		outside bool
	}{
		{[]float64{.4, .3, .3}, false},
		{[]float64{.35, .45, .2}, true},
		{[]float64{.8, .1, .1}, false},
	} {
		said := decision.Outside(tried, []table.Run{{ID: "asked", Shares: [][]float64{tc.shares}}})
		if got := strings.Contains(fmt.Sprint(said), "lie outside of what was tried"); got != tc.outside {
			t.Errorf("%.2f lies outside: %t, want %t", tc.shares, got, tc.outside)
		}
	}
}

// TestMake_chosen: the worse end of what is said of the best of many lies farther out, whichever way is better.
func TestMake_chosen(t *testing.T) {
	t.Parallel()
	f := world(t, wide, .01)
	o := decision.Mean(f.Table.Metrics)
	low := decision.Make(f, decision.Options{Objective: o, Seed: 1}).Value
	o.Max = true
	for k := range o.Terms {
		o.Terms[k].Weight *= -1
	}
	high := decision.Make(f, decision.Options{Objective: o, Seed: 1}).Value
	if worse, better := low.Top-low.Mean, low.Mean-low.Low; worse < 1.2*better {
		t.Errorf("minimised: %.4f to the worse end, %.4f to the better one", worse, better)
	}
	if got := high.Negated(); got != low {
		t.Errorf("maximised with weights turned: %+v, want %+v", got, low)
	}
}

// TestMake_repeated: a run that would read a source again, where no run did, expects less of it, recommends less of it, and says by
// what; how long the runs are may stand beside the table.
func TestMake_repeated(t *testing.T) {
	t.Parallel()
	in := table.Table{Sources: []string{"ja", "en"}, Phases: 1, Metrics: []string{"bpb/ja", "bpb/en"}}
	for i, ja := range wide {
		in.Runs = append(in.Runs, table.Run{ID: fmt.Sprint(i), Shares: [][]float64{{ja, 1 - ja}}, Values: []float64{math.Pow(ja+.02, -.3), math.Pow(1.02-ja, -.3)}})
	}
	f, err := surrogate.New(surrogate.Setup{Table: in, Pairs: in.Pairs(), Tokens: 1e6, Sizes: map[string]float64{"ja": 1e6, "en": 1e9}})
	if err != nil {
		t.Fatal(err)
	}
	fresh, again := decision.Make(f, decision.Options{Seed: 1}), decision.Make(f, decision.Options{Seed: 1, Tokens: 2e7})
	if a, b := fresh.Run.Shares[0][0], again.Run.Shares[0][0]; b > a-.02 || again.Metrics[0].Mean < fresh.Metrics[0].Mean+.01 {
		t.Errorf("recommends ja %.3f where it would be read %.1f times, and %.3f of new text; expects %.3f and %.3f", b, again.Epochs[0], a, again.Metrics[0].Mean, fresh.Metrics[0].Mean)
	}
	for says, in := range map[string]bool{"the published loss is taken (R* 15.39": true, "not for 2e+07, 20 times": true, "aren't all known": false} {
		if got := fmt.Sprint(again.Warnings); strings.Contains(got, says) != in {
			t.Errorf("%q: want %t in %s", says, in, got)
		}
	}
	ja := decision.Look(f, decision.Options{Seed: 1, Tokens: 2e7}, decision.View{Responses: in.Metrics}).Responses[0]
	for _, seen := range ja.Seen {
		for _, p := range ja.Points {
			if math.Abs(p.Share-seen.Share) < .02 && seen.Share > .5 && math.Abs(seen.Values[0]-p.Values[0].Mean) > .05 {
				t.Errorf("a mixture of ja %.2f stands at %.3f, the curve at %.3f", seen.Share, seen.Values[0], p.Values[0].Mean)
			}
		}
	}
}
