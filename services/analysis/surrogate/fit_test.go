package surrogate_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/analysis/surrogate"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// world is a made-up truth: bits per byte by shares of ja, en and code.
func world(w []float64) []float64 {
	ja := .9 + .6*math.Pow(.02+w[0]+.05*w[1], -.2)
	en := .8 + .7*math.Pow(.02+w[1]+.1*w[2]+.02*w[0], -.2)
	return []float64{ja, en, (ja + en) / 2}
}

var (
	sources = []string{"ja", "en", "code"}
	metrics = []string{"bpb/ja", "bpb/en", "task/x/bpb"}
	pairs   = []table.Pair{{Source: "ja", Metric: "bpb/ja"}, {Source: "en", Metric: "bpb/en"}}
)

// runs are so many random mixtures, each with so many seeds, and relative noise.
func runs(n, seeds int, noise float64, seed uint64) table.Table {
	r := rand.New(rand.NewPCG(seed, 5))
	t := table.Table{Sources: sources, Phases: 1, Metrics: metrics}
	for i := range n {
		w, sum := make([]float64, 3), 0.0
		for j := range w {
			w[j] = r.ExpFloat64()
			sum += w[j]
		}
		for j := range w {
			w[j] /= sum
		}
		for s := range seeds {
			values := world(w)
			for k := range values {
				values[k] *= 1 + noise*r.NormFloat64()
			}
			t.Runs = append(t.Runs, table.Run{ID: fmt.Sprintf("%d-%d", i, s), Shares: [][]float64{w}, Values: values})
		}
	}
	return t
}

func fitted(t *testing.T, s surrogate.Setup) *surrogate.Fit {
	t.Helper()
	f, err := surrogate.New(s)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFit_Predict(t *testing.T) {
	t.Parallel()
	const noise = .003
	inside, all := 0, 0
	for seed := range uint64(4) {
		f := fitted(t, surrogate.Setup{Table: runs(20, 2, noise, seed), Pairs: pairs})
		test := runs(100, 1, noise, 100+seed)
		for i, said := range f.Predict(test.Runs) {
			sd, _ := f.Noise(test.Runs[i])
			for k, p := range said {
				if half := (p.Top - p.Low) / 2; half < 1.6*sd[k] {
					t.Errorf("%s: ± %v, where seeds alone have a standard deviation of %v", metrics[k], half, sd[k])
				}
				w := test.Runs[i].Shares[0]
				if truth := world(w)[k]; slices.Min(w) > .05 && math.Abs(p.Mean/truth-1) > .05 {
					t.Errorf("%s of %v: said %v, it is %v", metrics[k], test.Runs[i].Shares, p, truth)
				}
				all++
				if v := test.Runs[i].Values[k]; p.Low <= v && v <= p.Top {
					inside++
				}
			}
		}
	}
	if part := float64(inside) / float64(all); part < .85 || part > .97 {
		t.Errorf("90%% intervals held %.3f of new runs", part)
	}
}

// The order of runs, of metrics and the number of cores must change nothing.
func TestFit_same(t *testing.T) {
	in := runs(12, 2, .003, 1)
	asked := runs(5, 1, 0, 9).Runs
	want := fitted(t, surrogate.Setup{Table: in, Pairs: pairs})
	turned := in
	turned.Runs = slices.Clone(in.Runs)
	slices.Reverse(turned.Runs)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	got := fitted(t, surrogate.Setup{Table: turned, Pairs: pairs})
	near := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-9 })
	if diff := cmp.Diff(want.Predict(asked), got.Predict(asked), near); diff != "" {
		t.Errorf("predictions depend on order or cores (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want.Draw(asked, 8, 3), got.Draw(asked, 8, 3), near); diff != "" {
		t.Errorf("draws depend on order or cores (-want +got):\n%s", diff)
	}
}

// Draws must have the means and the spread that predictions have, but for the noise of single runs.
func TestFit_Draw(t *testing.T) {
	t.Parallel()
	f := fitted(t, surrogate.Setup{Table: runs(15, 2, .003, 3), Pairs: pairs})
	asked := runs(6, 1, 0, 8).Runs
	said, drawn := f.Predict(asked), f.Draw(asked, 2000, 1)
	for k := range metrics {
		for i := range asked {
			values := make([]float64, len(drawn[k]))
			mean := 0.0
			for s, row := range drawn[k] {
				values[s] = row[i]
				mean += row[i] / float64(len(values))
			}
			slices.Sort(values)
			wide := said[i][k].Top - said[i][k].Low
			if math.Abs(mean-said[i][k].Mean) > wide/4 {
				t.Errorf("%s of run %d: draws' mean %v, predicted %v", metrics[k], i, mean, said[i][k])
			}
			if half := values[1900] - values[100]; half > 1.5*wide {
				t.Errorf("%s of run %d: nine in ten draws lie within %v, the interval is %v wide", metrics[k], i, half, wide)
			}
		}
	}
}

// What people give: few runs, constant and missing metrics, falling below zero, rising, sizes that vary, schedules.
func TestNew_odd(t *testing.T) {
	t.Parallel()
	change := func(n int, do func(i int, r *table.Run)) table.Table {
		in := runs(n, 1, .003, 4)
		for i := range in.Runs {
			do(i, &in.Runs[i])
		}
		return in
	}
	nan := math.NaN()
	for _, tc := range []struct {
		name string
		in   table.Table
		note string
	}{
		{"four runs", change(4, func(int, *table.Run) {}), "no mixture was run twice"},
		{"a constant metric", change(8, func(_ int, r *table.Run) { r.Values[1] = 2 }), "bpb/en is the same in all runs"},
		{"a metric that most lack", change(8, func(i int, r *table.Run) {
			if i > 2 {
				r.Values[1] = nan
			}
		}), "bpb/en has values at fewer than 4 different mixtures"},
		{"a metric that some lack", change(12, func(i int, r *table.Run) {
			if i%3 == 0 {
				r.Values[1] = nan
			}
		}), ""},
		{"below zero", change(9, func(_ int, r *table.Run) { r.Values[0] -= 5 }), ""},
		{"huge", change(9, func(_ int, r *table.Run) { r.Values[0] *= 1e12 }), ""},
		{"hardly any difference", change(9, func(_ int, r *table.Run) { r.Values[0] = 2 + 1e-12*r.Values[0] }), ""},
		{"sizes", change(16, func(i int, r *table.Run) {
			r.Parameters, r.Tokens = []float64{1e6, 4e6}[i%2], []float64{1e9, 3e9}[i/2%2]
		}), ""},
		{"two phases", change(12, func(i int, r *table.Run) {
			r.Shares = append(r.Shares, []float64{float64(i) / 12, 1 - float64(i)/12, 0})
		}), ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.in.Phases = len(tc.in.Runs[0].Shares)
			f := fitted(t, surrogate.Setup{Table: tc.in, Pairs: pairs, Tokens: 1e9, Sizes: map[string]float64{"ja": 2e8}})
			for i, said := range f.Predict(tc.in.Runs) {
				for k, p := range said {
					if v := tc.in.Runs[i].Values[k]; !(p.Low <= p.Mean && p.Mean <= p.Top) || math.IsInf(p.Top-p.Low, 0) {
						t.Fatalf("run %d, metric %d: %+v, measured %v", i, k, p, v)
					}
				}
			}
			f.Draw(tc.in.Runs, 3, 1)
			for _, n := range f.Notes {
				if strings.Contains(n.EN, tc.note) {
					return
				}
			}
			t.Errorf("no note says %q: %v", tc.note, f.Notes)
		})
	}
	if _, err := surrogate.New(surrogate.Setup{Table: runs(3, 5, .01, 1)}); err == nil || !strings.Contains(err.Error(), "3 different mixtures are too few") {
		t.Errorf("three mixtures: %v", err)
	}
}

func TestLaws(t *testing.T) {
	t.Parallel()
	in := runs(24, 1, .001, 6)
	laws, err := surrogate.Laws(surrogate.Setup{Table: in, Pairs: pairs})
	if err != nil {
		t.Fatal(err)
	}
	for k, l := range laws[:2] {
		if l.Effect[k] < 2*l.Effect[1-k] || l.Noise > .01 {
			t.Errorf("%s: effects %v, noise %v", l.Metric, l.Effect, l.Noise)
		}
		for _, r := range in.Runs {
			if got, want := l.At(r), world(r.Shares[0])[k]; math.Abs(got/want-1) > .03 {
				t.Errorf("%s of %v is %v, want about %v", l.Metric, r.Shares, got, want)
			}
		}
	}
}

// Where text that is read again and again is worth little, the runs must say so.
func TestNew_repetition(t *testing.T) {
	t.Parallel()
	const size, half = 1e8, 4.0
	in := runs(40, 1, 0, 7)
	for i, r := range in.Runs {
		w := slices.Clone(r.Shares[0])
		w[0] *= surrogate.Worth(w[0]*1e9/size, half)
		in.Runs[i].Values = world(w)
	}
	f := fitted(t, surrogate.Setup{Table: in, Pairs: pairs, Tokens: 1e9, Sizes: map[string]float64{"ja": size, "en": 1e10, "code": 1e10}})
	for _, n := range f.Notes {
		if strings.Contains(n.EN, "repeated text: R* 4 fits these runs best") {
			return
		}
	}
	t.Errorf("R* isn't found: %v", f.Notes)
}

// TestNew_sizes: of whatever size isn't known, that is said, by name.
func TestNew_sizes(t *testing.T) {
	t.Parallel()
	in := runs(6, 1, .001, 1)
	for i := range in.Runs {
		in.Runs[i].Tokens = 1e9
	}
	in.Runs[3].Parameters = 1e6
	for want, sizes := range map[string]map[string]float64{
		"": {"ja": 1e9, "en": 1e9, "code": 1e9}, "the size of en, code is not known": {"ja": 1e9}, "sizes of the sources or tokens": nil,
	} {
		f := fitted(t, surrogate.Setup{Table: in, Pairs: pairs, Sizes: sizes})
		said := fmt.Sprint(f.Notes)
		if want != "" && !strings.Contains(said, want) || want == "" && strings.Contains(said, "is left out") {
			t.Errorf("of sizes %v: %s, want %q", sizes, said, want)
		}
		if !strings.Contains(said, "parameters are known of 1 of 6 runs") {
			t.Errorf("nothing of parameters: %s", said)
		}
	}
}

// TestFit_Predict_anchors: a few runs at the target's size, of which mixtures make more than of small ones, say how wide intervals
// are there; most runs, the small ones, don't.
func TestFit_Predict_anchors(t *testing.T) {
	t.Parallel()
	const small, large = 1e6, 6e7
	r := rand.New(rand.NewPCG(3, 3))
	grown := func(in table.Table, parameters, own float64, id string) table.Table {
		for i := range in.Runs {
			in.Runs[i].ID, in.Runs[i].Parameters = id+in.Runs[i].ID, parameters
			for k := range in.Runs[i].Values {
				in.Runs[i].Values[k] *= math.Pow(parameters/small, -.1) * (1 + own*r.NormFloat64())
			}
		}
		return in
	}
	in := grown(runs(40, 1, .002, 1), small, 0, "s")
	in.Runs = append(in.Runs, grown(runs(8, 1, .002, 2), large, .008, "l").Runs...)
	f := fitted(t, surrogate.Setup{Table: in, Pairs: pairs})
	test := grown(runs(150, 1, .002, 3), large, .008, "t")
	inside, all := 0, 0
	for i, said := range f.Predict(test.Runs) {
		for k, p := range said {
			if all++; p.Low <= test.Runs[i].Values[k] && test.Runs[i].Values[k] <= p.Top {
				inside++
			}
		}
	}
	if share := float64(inside) / float64(all); share < .8 {
		t.Errorf("90%% intervals cover %.0f%% of the runs beside few anchors", 100*share)
	}
	far := test.Runs[0]
	far.Parameters = 1e12
	for k, p := range f.Predict([]table.Run{far})[0] {
		if !(p.Top < 100*p.Low) {
			t.Errorf("%s of a run far beyond all: %v", metrics[k], p)
		}
	}
}

// TestFit_Joint: seeds that are bad for all metrics at once make the error of their mean larger than if each erred by itself, and its
// noise too.
func TestFit_Joint(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(8, 8))
	in := runs(48, 2, .01, 5)
	alone := fitted(t, surrogate.Setup{Table: in, Pairs: pairs})
	for i := range in.Runs {
		bad := .03 * r.NormFloat64()
		for k := range in.Runs[i].Values {
			in.Runs[i].Values[k] *= 1 + bad
		}
	}
	alike, mean := fitted(t, surrogate.Setup{Table: in, Pairs: pairs}), []float64{1. / 3, 1. / 3, 1. / 3}
	if a, b := alone.Joint(mean), alike.Joint(mean); b < 1.15*a {
		t.Errorf("draws are stretched by %.2f, where metrics err alike by %.2f", a, b)
	}
	if a, b := alone.Together(mean), alike.Together(mean); math.Abs(b-math.Sqrt(3)) > .2 || a > 1.3 {
		t.Errorf("noise is %.2f of metrics' own, where seeds are bad for all %.2f, want 1 and √3", a, b)
	}
}

// TestFit_Draw_own: what mixtures have of their own, which seeds tell from noise, is as wide in draws as it is in what was missed.
func TestFit_Draw_own(t *testing.T) {
	t.Parallel()
	in, r := runs(40, 2, .001, 3), rand.New(rand.NewPCG(3, 6))
	for i := 0; i < len(in.Runs); i += 2 {
		for k := range in.Metrics {
			own := .03 * r.NormFloat64()
			in.Runs[i].Values[k] += own
			in.Runs[i+1].Values[k] += own
		}
	}
	f := fitted(t, surrogate.Setup{Table: in, Pairs: pairs})
	asked := runs(10, 1, 0, 4).Runs
	for k, drawn := range f.Draw(asked, 400, 1) {
		squares := 0.0
		for i := range asked {
			mean := 0.0
			for _, row := range drawn {
				mean += row[i] / float64(len(drawn))
			}
			for _, row := range drawn {
				squares += (row[i] - mean) * (row[i] - mean) / float64(len(drawn)*len(asked))
			}
		}
		if sd := math.Sqrt(squares); sd < .025 {
			t.Errorf("%s: draws spread by %.4f, and mixtures by 0.03 of their own", in.Metrics[k], sd)
		}
	}
}
