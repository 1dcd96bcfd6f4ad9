package chart_test

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/chart"
)

// option is what the laws look at in an ECharts option.
type option struct {
	XAxis  []ends `json:"xAxis"`
	YAxis  []ends `json:"yAxis"`
	Series []struct {
		Data [][]any `json:"data"`
	} `json:"series"`
}

type ends struct {
	Min  float64 `json:"min"`
	Max  float64 `json:"max"`
	Step float64 `json:"minInterval"`
}

func (e ends) holds(v any) bool {
	f, ok := v.(float64)
	return ok && f >= e.Min-1e-9 && f <= e.Max+1e-9
}

// round reports whether the ends are ticks, and how many intervals there are is fit for reading.
func (e ends) round() bool {
	n := (e.Max - e.Min) / e.Step
	return math.Abs(n-math.Round(n)) < 1e-6 && n >= 1 && n <= 14
}

func read(t interface{ Fatal(...any) }, f chart.Figure) option {
	var o option
	if err := json.Unmarshal(f.Option, &o); err != nil {
		t.Fatal(err)
	}
	return o
}

// rows are the data of the series with that role.
func (o option) rows(f chart.Figure, role chart.Role) [][]any {
	var rows [][]any
	for i, s := range f.Series {
		if s.Role == role {
			rows = append(rows, o.Series[i].Data...)
		}
	}
	return rows
}

func text(t *rapid.T, v any) string {
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestTradeoff_laws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := chart.Data{Sweep: ablation.Sweep{Recipe: ablation.Recipe{Tokens: 1000, RowTokens: 10, BatchRows: 2}}}
		seeds := rapid.IntRange(1, 3).Draw(t, "seeds")
		for i := range rapid.IntRange(1, 8).Draw(t, "arms") {
			d.Arms = append(d.Arms, ablation.Arm{Name: fmt.Sprint("a", i), Index: i})
			for s := range seeds {
				values := map[string]ablation.Real{}
				for _, lang := range []string{"ja", "en"} {
					values[ablation.BPB(lang)] = ablation.Real(rapid.Float64Range(.01, 9).Draw(t, lang))
				}
				state := rapid.SampledFrom([]ablation.RunState{ablation.RunCompleted, ablation.RunCompleted, ablation.RunRunning, ablation.RunDiverged}).Draw(t, "state")
				d.Results = append(d.Results, ablation.Result{Run: ablation.Run{Arm: d.Arms[i].Name, Replicate: int64(s + 1), State: state}, Values: values})
			}
		}
		f, err := chart.Tradeoff(d)
		if err != nil {
			t.Fatal(err)
		}
		o := read(t, f)
		if !o.XAxis[0].round() || !o.YAxis[0].round() {
			t.Fatalf("ticks aren't round: %+v %+v", o.XAxis, o.YAxis)
		}
		for _, role := range []chart.Role{chart.RoleSeed, chart.RoleMean} {
			for _, r := range o.rows(f, role) {
				if !o.XAxis[0].holds(r[0]) || !o.YAxis[0].holds(r[1]) {
					t.Fatalf("%s %v lies outside %+v, %+v", role, r, o.XAxis, o.YAxis)
				}
			}
		}
		for _, a := range o.rows(f, chart.RoleFront) {
			for _, b := range o.rows(f, chart.RoleMean) {
				if b[0].(float64) < a[0].(float64) && b[1].(float64) < a[1].(float64) {
					t.Fatalf("the front has %v, which %v beats", a, b)
				}
			}
		}
		d.Results = rapid.Permutation(d.Results).Draw(t, "order")
		again, err := chart.Tradeoff(d)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(text(t, f), text(t, again)); diff != "" {
			t.Fatalf("the order of results matters:\n%s", diff)
		}
	})
}

func TestCurve_laws(t *testing.T) {
	t.Parallel()
	const per = 20
	rapid.Check(t, func(t *rapid.T) {
		d := chart.Data{
			Sweep: ablation.Sweep{Recipe: ablation.Recipe{Tokens: 64 * 20 * per, RowTokens: 10, BatchRows: 2}},
			Arms:  []ablation.Arm{{Name: "a"}, {Name: "b", Index: 1}},
		}
		var curves []ablation.Curve
		for i := range rapid.IntRange(1, 4).Draw(t, "runs") {
			run := ablation.Run{ID: fmt.Sprint("r", i), Name: fmt.Sprint("n", i), Arm: d.Arms[i%2].Name}
			d.Runs = append(d.Runs, run)
			curves = append(curves, ablation.Curve{RunID: run.ID, Metric: "loss", Buckets: buckets(t)})
		}
		f, err := chart.Curve(d, "loss", curves, chart.Frame{})
		if err != nil {
			t.Fatal(err)
		}
		o := read(t, f)
		if !o.YAxis[0].round() {
			t.Fatalf("ticks aren't round: %+v", o.YAxis)
		}
		envelope(t, d, f, o, curves)
		again, err := chart.Curve(d, "loss", rapid.Permutation(curves).Draw(t, "order"), chart.Frame{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(text(t, o.rows(f, chart.RoleLine)), text(t, read(t, again).rows(again, chart.RoleLine))); diff != "" {
			t.Fatalf("the order of runs matters:\n%s", diff)
		}
	})
}

// buckets are a run's, of 64 steps; some hold NaN as well, some nothing else, some were superseded.
func buckets(t *rapid.T) []ablation.Bucket {
	var out []ablation.Bucket
	for i := range rapid.Int64Range(0, 20).Draw(t, "buckets") {
		low := rapid.Float64Range(1, 5).Draw(t, "low")
		high := low + rapid.Float64Range(0, 2).Draw(t, "height")
		b := ablation.Bucket{
			FromStep: 64*i + 1, ToStep: 64*i + 64, N: 2, Min: ablation.Real(low), Max: ablation.Real(high), Sum: ablation.Real(low + high),
			NaN: rapid.Int64Range(0, 1).Draw(t, "nan"), Superseded: rapid.IntRange(0, 9).Draw(t, "old") == 0,
		}
		if rapid.IntRange(0, 9).Draw(t, "only") == 0 {
			b.N, b.NaN, b.Min, b.Max, b.Sum = 0, 64, 0, 0, 0
		}
		out = append(out, b)
	}
	return out
}

// envelope checks that every counting bucket lies in its arm's band with the line inside, and that crosses are all the
// buckets that hold what isn't finite.
func envelope(t *rapid.T, d chart.Data, f chart.Figure, o option, curves []ablation.Curve) {
	at := map[string][]any{} // arm and place: low, high, mean
	for _, r := range f.Table.Rows {
		if r[2] == "mean" {
			at[fmt.Sprint(r[0], r[3])] = []any{r[8], r[9], r[7]}
		}
	}
	crosses := 0
	for i, c := range curves {
		for _, b := range c.Buckets {
			if b.Superseded {
				continue
			}
			if b.NaN > 0 {
				crosses++
			}
			if b.N == 0 {
				continue
			}
			in := at[fmt.Sprint(d.Runs[i].Arm, b.FromStep)]
			if in == nil {
				t.Fatalf("bucket %+v is not drawn", b)
			}
			low, high, mean := in[0].(ablation.Real), in[1].(ablation.Real), in[2].(ablation.Real)
			if low > b.Min || high < b.Max || mean < low || mean > high {
				t.Fatalf("bucket %+v is drawn as %v", b, in)
			}
		}
	}
	if got := len(o.rows(f, chart.RoleNonfinite)); got != crosses {
		t.Fatalf("got %d crosses for %d buckets that aren't finite", got, crosses)
	}
}

func TestMarkOf(t *testing.T) {
	t.Parallel()
	arms := make([]ablation.Arm, 9)
	for i := range arms {
		arms[i] = ablation.Arm{Name: fmt.Sprint("a", i), Index: i}
	}
	arms[4].MatchedOf = "a2"
	for i, want := range []chart.Mark{
		0: {Hue: 1, Shape: "circle", Dash: "solid"},
		2: {Hue: 3, Shape: "triangle", Dash: "dashdot"},
		4: {Hue: 3, Shape: "triangle", Dash: "dot", Hollow: true},
		5: {Hue: 5, Shape: "down", Dash: "longdots"},
		7: {Hue: 1, Shape: "star", Dash: "long"},
	} {
		if want == (chart.Mark{}) {
			continue
		}
		if diff := cmp.Diff(want, chart.MarkOf(arms, i)); diff != "" {
			t.Errorf("arm %d (-want +got):\n%s", i, diff)
		}
	}
}

// TestMarkOf_many: no two arms look alike, and the first three dozen don't without colours either.
func TestMarkOf_many(t *testing.T) {
	t.Parallel()
	arms, seen, plain := make([]ablation.Arm, 400), map[chart.Mark]int{}, map[chart.Mark]int{}
	for i := range arms {
		m := chart.MarkOf(arms, i)
		if j, there := seen[m]; there || m.Hue == 0 {
			t.Errorf("arms %d and %d are both %+v", j, i, m)
		}
		seen[m], m.Hue = i, 0
		if j, there := plain[m]; there && i < 36 {
			t.Errorf("without colours arms %d and %d are both %+v", j, i, m)
		}
		plain[m] = i
	}
}
