package chart_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis"
	"github.com/haigo-lab/haigo/services/chart"
)

// side is an arm of the fixture with its runs, as a comparison has it.
func (f fixture) side(arm string) ablation.Side {
	s := ablation.Side{
		Sweep: f.Sweep, Arms: f.Arms, Arm: f.arm(arm), Sources: slices.Clone(f.Sources), Tasks: f.Tasks,
		Plans: map[string]ablation.RunPlan{}, Segments: map[string][]ablation.Segment{},
	}
	for i := range s.Sources {
		s.Sources[i].ManifestSHA256 = strings.Repeat("a", 64)
		s.Sources[i].Version = "aaaaaaaa"
	}
	for _, r := range f.Results {
		if r.Run.Arm == arm {
			s.Results = append(s.Results, r)
			s.Plans[r.Run.ID] = ablation.RunPlan{FLOPsPerToken: 6e6}
			s.Segments[r.Run.ID] = []ablation.Segment{{Trainer: "cpu 1", Device: "EPYC", ISA: "avx2", Threads: 1}}
		}
	}
	return s
}

// replay is ja33 again in another sweep: other text, another learning rate, one seed in common, so much worse.
func (f fixture) replay(by ablation.Real) (ablation.Side, []ablation.Curve) {
	s := f.side("ja33")
	s.Sweep.Name, s.Sweep.Recipe.Optimizer.PeakLR = "replay", 2e-3
	s.Sources[0].ManifestSHA256, s.Sources[0].Version = strings.Repeat("b", 64), "bbbbbbbb"
	s.Arms = []ablation.Arm{s.Arm}
	s.Results = slices.Clone(s.Results)
	var curves []ablation.Curve
	for i := range s.Results {
		r := &s.Results[i].Run
		for _, v := range f.curves {
			if v.RunID == r.ID {
				v.RunID = "replay-" + r.ID
				v.Buckets = slices.Clone(v.Buckets)
				for k := range v.Buckets {
					b := &v.Buckets[k]
					b.Min, b.Max, b.Sum = b.Min+by, b.Max+by, b.Sum+by
				}
				curves = append(curves, v)
			}
		}
		s.Plans["replay-"+r.ID], s.Segments["replay-"+r.ID] = s.Plans[r.ID], s.Segments[r.ID]
		r.ID, r.Sweep = "replay-"+r.ID, "replay"
		if i > 0 {
			r.DataSeed++
		}
	}
	return s, curves
}

// clocks are runs that take a tenth of a second a step, the second seed's twice that.
func (f fixture) clocks() []ablation.Curve {
	var out []ablation.Curve
	for _, r := range f.Runs {
		c := ablation.Curve{RunID: r.ID, Metric: ablation.MetricSeconds}
		for step := int64(64); step <= r.Progress.Step; step += 64 {
			c.Buckets = append(c.Buckets, bucket(step, float64(step)/10*float64(1+r.Replicate%2)))
		}
		out = append(out, c)
	}
	return out
}

func (f fixture) comparison() (chart.Comparison, []ablation.Curve) {
	other, more := f.replay(.026)
	sides := []ablation.Side{f.side("ja57"), f.side("ja33"), f.side("step"), f.side("step-matched"), other}
	return chart.NewComparison(sides, 1), append(slices.Clone(f.curves), more...)
}

func TestComparison(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c, curves := f.comparison()
	views := map[string]chart.View{
		"compare":          {X: chart.AlongTokens},
		"compare-interval": {X: chart.AlongSteps, Interval: true, Smooth: .1},
		"compare-runs":     {X: chart.AlongFLOPs, Single: true},
		"compare-time":     {X: chart.AlongSeconds, Frame: chart.Frame{From: 600, To: 1200}},
	}
	for name, v := range views {
		for kind, draw := range map[string]func(chart.View, string, []ablation.Curve, []ablation.Curve) (chart.Figure, error){"": c.Curve, "-difference": c.Difference} {
			t.Run(name+kind, func(t *testing.T) {
				t.Parallel()
				figure, err := draw(v, "bpb/ja", curves, f.clocks())
				if err != nil {
					t.Fatal(err)
				}
				text, err := json.Marshal(figure)
				if err != nil {
					t.Fatal(err)
				}
				golden(t, name+kind+".json", text)
				means(t, figure)
			})
		}
	}
}

// Where nothing differs the ticks of the differences still have names of their own.
func TestComparison_noDifference(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	other, more := f.replay(0)
	figure, err := chart.NewComparison([]ablation.Side{f.side("ja33"), other}, 0).Difference(chart.View{X: chart.AlongTokens}, "bpb/ja", append(slices.Clone(f.curves), more...), nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(figure)
	if err != nil {
		t.Fatal(err)
	}
	if want := `"yAxis":[{"type":"value","min":-0.01,"max":0.01,"minInterval":0.005`; !strings.Contains(string(text), want) {
		t.Errorf("the axis isn't %s: %.600s", want, text)
	}
}

// TestComparison_traits writes what differs, and what can be said of it, as a table to read.
func TestComparison_traits(t *testing.T) {
	t.Parallel()
	c, _ := newFixture(t).comparison()
	traits := c.Traits()
	var b strings.Builder
	for _, lang := range []string{"ja", "en"} {
		for _, trait := range traits {
			fmt.Fprintf(&b, "%s %s", trait.Group, trait.Name.In(lang))
			for i, v := range trait.Values {
				fmt.Fprintf(&b, " | %s", v.Text.In(lang))
				if trait.Differs(i, c.Baseline) {
					b.WriteString(" *")
				}
			}
			b.WriteString("\n")
		}
		for _, v := range c.Verdicts(traits) {
			fmt.Fprintf(&b, "| %s ", v.Text.In(lang))
		}
		b.WriteString("\n\n")
	}
	if diff := cmp.Diff(string(stored(t, "traits.txt", []byte(b.String()))), b.String()); diff != "" {
		t.Error(diff)
	}
}

// A difference is that of the runs of one seed; a side without one is set against the mean, and says so.
// Shares of one row are rounded alike: 44% beside 43.9% would be two shares.
func TestComparison_sharesRounded(t *testing.T) {
	t.Parallel()
	c, _ := newFixture(t).comparison()
	texts := func() (out []string) {
		for _, v := range c.Traits()[0].Values {
			out = append(out, v.Text.EN)
		}
		return out
	}
	whole := texts()
	of := c.Sides[4].Arm.Weights[0].W
	c.Sides[4].Arm.Weights = []ablation.Weights{{W: slices.Concat([]int64{ablation.WeightTotal * 333 / 1000, ablation.WeightTotal * 667 / 1000}, make([]int64, len(of)-2))}}
	if diff := cmp.Diff([]string{"57.0%", "33.0%", "33.3%"}, []string{texts()[0], texts()[1], texts()[4]}); diff != "" || whole[0] != "57%" {
		t.Errorf("of %v: %s", whole, diff)
	}
}

// Numbers that differ are never written alike.
func TestComparison_numbersApart(t *testing.T) {
	t.Parallel()
	c, _ := newFixture(t).comparison()
	c.Sides[0].Sweep.Recipe.SetBytes, c.Sides[1].Sweep.Recipe.SetBytes = 1024, 1041
	for _, trait := range c.Traits() {
		if got := trait.Values[0].Text.EN + " " + trait.Values[1].Text.EN; trait.Key == "set_bytes" && got != "1,024 B 1,041 B" {
			t.Errorf("sets of 1024 and 1041 bytes are %s", got)
		}
	}
}

func TestComparison_pairs(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	other, more := f.replay(.026)
	c := chart.NewComparison([]ablation.Side{f.side("ja33"), other}, 0)
	figure, err := c.Difference(chart.View{X: chart.AlongTokens}, "bpb/ja", append(slices.Clone(f.curves), more...), nil)
	if err != nil {
		t.Fatal(err)
	}
	o := read(t, figure)
	for _, r := range o.rows(figure, chart.RoleLine) {
		if v := r[1].(float64); math.Abs(v-.026) > 1e-9 || r[2].(float64) != 1 {
			t.Fatalf("difference %v, want 0.026 of one pair", r)
		}
	}
	other.Results = other.Results[1:]
	c = chart.NewComparison([]ablation.Side{f.side("ja33"), other}, 0)
	if figure, err = c.Difference(chart.View{X: chart.AlongTokens}, "bpb/ja", append(slices.Clone(f.curves), more...), nil); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(figure.Caption.EN, "No run shares a seed") || len(read(t, figure).rows(figure, chart.RoleBand)) > 0 {
		t.Errorf("without a seed in common: %s, and a band", figure.Caption.EN)
	}
	clocks := f.clocks()
	for i := range clocks {
		clocks = append(clocks, ablation.Curve{RunID: "replay-" + clocks[i].RunID, Metric: ablation.MetricSeconds, Buckets: clocks[i].Buckets})
	}
	if figure, err = c.Difference(chart.View{X: chart.AlongSeconds}, "bpb/ja", append(slices.Clone(f.curves), more...), clocks); err != nil {
		t.Fatal(err)
	}
	if n := len(read(t, figure).rows(figure, chart.RoleLine)); n < 30 {
		t.Errorf("%d points over time, want most of %d", n, evaluations)
	}
}

func TestComparison_marks(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	other, _ := f.replay(.026)
	mark := func(i int, sides ...ablation.Side) chart.Mark { return chart.NewComparison(sides, 0).Marks[i] }
	own := chart.MarkOf(f.Arms, 1)
	if got := mark(0, f.side("ja33"), other); got != own {
		t.Errorf("an arm among others of its sweep: %+v, want its own %+v", got, own)
	}
	if got := mark(1, f.side("ja33"), other); got.Hue == own.Hue || got.Hue == 0 {
		t.Errorf("an arm of another sweep: %+v, want a hue of its own", got)
	}
	twin := f.side("ja33")
	twin.Sweep.Name, twin.Arms = "twin", append([]ablation.Arm{f.Arms[0], {Name: "2"}, {Name: "3"}, {Name: "4"}, {Name: "5"}, {Name: "6"}, {Name: "7"}}, f.arm("ja33"))
	if got := mark(1, f.side("ja33"), twin); got.Hue == own.Hue || got == chart.MarkOf(twin.Arms, 7) {
		t.Errorf("an arm with the hue of another sweep's, and a shape of its own: %+v, want a hue of its own", got)
	}
	var many []ablation.Side
	for i := range 9 {
		s := f.side("ja57")
		s.Sweep.Name = fmt.Sprint("s", i)
		many = append(many, s)
	}
	c := chart.NewComparison(many, 8)
	seen := map[chart.Mark]bool{}
	for _, m := range c.Marks {
		seen[m] = true
	}
	if len(seen) != 9 || c.Marks[8] != chart.MarkOf(f.Arms, 0) {
		t.Errorf("%d marks of nine arms, the baseline %+v; want nine, and the baseline its own", len(seen), c.Marks[8])
	}
}

// Two runs of one arm, each by itself, can be told apart: by name, by mark, by score, and by what differs between them.
func TestComparison_apart(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	side := f.side("ja33")
	side.Results = slices.Clone(side.Results[:2])
	side.Results[1].Run.Progress.Attempt = 2
	side.Results[1].Run.Interventions = []ablation.Intervention{{FromStep: 300, LRScale: .5}}
	c := chart.NewComparison(side.Apart(), 0)
	view := chart.View{X: chart.AlongTokens, Single: true}
	figure, err := c.Curve(view, "bpb/ja", f.curves, nil)
	if err != nil {
		t.Fatal(err)
	}
	var lines []chart.Arm
	for _, s := range figure.Series {
		if s.Role == chart.RoleLine {
			lines = append(lines, figure.Arms[*s.Arm])
		}
	}
	if len(lines) != 2 || lines[0].Label.JA != "ja33-s1" || lines[1].Label.JA != "ja33-s2" || lines[0].Mark.Shape == lines[1].Mark.Shape || lines[0].Mark.Dash == lines[1].Mark.Dash || lines[0].Mark.Hue == lines[1].Mark.Hue {
		t.Errorf("two runs are drawn as %+v", lines)
	}
	if first := figure.Table.Rows[0]; first[0] != "order/ja33" || first[1] != "ja33-s1" {
		t.Errorf("the table begins with %v", first)
	}
	finals := c.Finals("bpb/ja")
	if d := finals[1].Minus; d == nil || !(math.Abs(d.Mean-(finals[1].Mean-finals[0].Mean)) < 1e-12) || !math.IsNaN(d.Half) || d.Verdict != analysis.Unknown || finals[0].Mean == finals[1].Mean {
		t.Errorf("run minus run is %+v", d)
	}
	var differ []string
	traits := c.Traits()
	for _, trait := range traits {
		if trait.Parted() {
			differ = append(differ, trait.Key+" "+trait.Values[1].Text.EN)
		}
	}
	if got := strings.Join(differ, "; "); !strings.HasPrefix(got, "interventions lr ×0.5 from step 300; data_seed ") || !strings.HasSuffix(got, "; attempts 2") || !strings.Contains(got, "; init_seed ") {
		t.Errorf("what differs is %s", got)
	}
	minus, err := c.Difference(view, "bpb/ja", f.curves, nil)
	if err != nil || !strings.Contains(minus.Caption.EN, "Runs of different seeds") || len(read(t, minus).rows(minus, chart.RoleLine)) == 0 {
		t.Errorf("%v, %s", err, minus.Caption.EN)
	}
}

// Runs of several arms have their arm's colour, and marks of their own.
func TestComparison_runMarks(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := chart.NewComparison([]ablation.Side{f.side("ja57"), f.side("ja33"), f.side("step-matched")}, 0)
	figure, err := c.Curve(chart.View{X: chart.AlongTokens, Single: true}, "bpb/ja", f.curves, nil)
	if err != nil {
		t.Fatal(err)
	}
	seen, dashes := map[chart.Mark]bool{}, map[chart.Mark]bool{}
	for _, s := range figure.Series {
		if s.Role != chart.RoleLine {
			continue
		}
		arm := figure.Arms[*s.Arm]
		i := slices.IndexFunc(c.Sides, func(side ablation.Side) bool { return side.Has(arm.Name) })
		if arm.Mark.Hue != c.Marks[i].Hue || arm.Mark.Hollow != c.Marks[i].Hollow || arm.Label.EN != s.Run {
			t.Errorf("%s is drawn as %+v beside its arm's %+v", s.Run, arm, c.Marks[i])
		}
		seen[chart.Mark{Shape: arm.Mark.Shape, Dash: arm.Mark.Dash}] = true
		dashes[chart.Mark{Hue: i, Dash: arm.Mark.Dash}] = true
	}
	if len(seen) != 9 || len(dashes) != 9 {
		t.Errorf("%d shapes and dashes of nine runs; %d dashes of three arms with three each", len(seen), len(dashes))
	}
}

// However finely a curve is read, its smoothed line is the same but for what lies at the ends of the window.
func TestComparison_smoothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	s := f.side("ja57")
	s.Results = s.Results[:1]
	random := rand.New(rand.NewPCG(1, 2))
	values := make([]float64, s.Recipe().Steps())
	for i := range values {
		values[i] = 3 + math.Sin(float64(i)/2000) + .5*random.NormFloat64()
	}
	line := func(width int) (xs, ys []float64) {
		curve := ablation.Curve{RunID: s.Results[0].Run.ID, Metric: "loss"}
		for from := 0; from < len(values); from += width {
			curve.Buckets = append(curve.Buckets, bucketOf(int64(from+1), values[from:min(from+width, len(values))]))
		}
		figure, err := chart.NewComparison([]ablation.Side{s}, -1).Curve(chart.View{X: chart.AlongSteps, Smooth: .1}, "loss", []ablation.Curve{curve}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range read(t, figure).rows(figure, chart.RoleLine) {
			xs, ys = append(xs, r[0].(float64)), append(ys, r[1].(float64))
		}
		return xs, ys
	}
	xs, fine := line(1)
	at, coarse := line(64)
	for i, x := range at {
		k := min(sort.SearchFloat64s(xs, x), len(xs)-1)
		if math.Abs(fine[k]-coarse[i]) > .06 {
			t.Errorf("at step %g: %g read coarsely, %g read finely", x, coarse[i], fine[k])
		}
	}
}

func bucketOf(from int64, values []float64) ablation.Bucket {
	b := bucket(from, values[0])
	for i, v := range values[1:] {
		r := ablation.Real(v)
		b.N, b.ToStep, b.Min, b.Max, b.Sum = b.N+1, from+int64(i)+1, min(b.Min, r), max(b.Max, r), b.Sum+r
	}
	return b
}

// What is hidden takes nothing from what is shown: marks, names and pairs stay.
func TestComparison_Showing(t *testing.T) {
	t.Parallel()
	c, _ := newFixture(t).comparison()
	shown := c.Showing(func(r ablation.Run) bool {
		return r.Arm == "order/ja33" || r.Arm == "replay/ja33" || strings.HasPrefix(r.Name, "step-s")
	})
	if len(shown.Sides) != 3 || shown.Baseline != 0 || shown.Marks[1] != c.Marks[2] || shown.Arms[2].Label != c.Arms[4].Label {
		t.Errorf("shown %+v, baseline %d", shown.Arms, shown.Baseline)
	}
	if gone := c.Showing(func(r ablation.Run) bool { return r.Arm != "order/ja33" }); gone.Baseline != -1 {
		t.Errorf("baseline %d of what hides it", gone.Baseline)
	}
}

// Final differences are in pairs of one seed, and of one text.
func TestComparison_Finals(t *testing.T) {
	t.Parallel()
	c, curves := newFixture(t).comparison()
	ja, en := c.Finals("bpb/ja"), c.Finals("bpb/en")
	if ja[0].Minus == nil || ja[0].Minus.N != 3 || ja[0].Minus.Verdict != analysis.Lower || ja[1].Minus != nil {
		t.Errorf("ja57 against ja33: %+v; of the baseline %+v", ja[0].Minus, ja[1].Minus)
	}
	if ja[4].Measured != chart.MeasuredVersion || ja[4].Minus != nil || en[4].Measured != chart.MeasuredAlike || en[4].Minus == nil || en[4].Minus.N != 1 {
		t.Errorf("of other Japanese text: %+v; of the same English text %+v", ja[4], en[4])
	}
	c.Sides[3].Sweep.Recipe.SetBytes++
	if ja = c.Finals("bpb/ja"); ja[3].Measured != chart.MeasuredAmount || ja[3].Minus != nil {
		t.Errorf("of more of the same text %+v", ja[3])
	}
	if f, err := c.Curve(chart.View{X: chart.AlongTokens}, "bpb/ja", curves, nil); err != nil || strings.Count(f.Caption.EN, "another amount of") != 1 || strings.Count(f.Caption.EN, "another version of") != 1 {
		t.Errorf("%v, %s", err, f.Caption.EN)
	}
}
