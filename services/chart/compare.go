package chart

import (
	"math"
	"slices"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis"
)

// Along is what the x axis of a comparison measures.
type Along string

// What runs can be laid along.
const (
	AlongTokens  Along = "tokens"
	AlongSteps   Along = "steps"
	AlongFLOPs   Along = "flops"
	AlongSeconds Along = "time" // that the run took, without pauses between its attempts
)

// View is how a reader looks at a comparison.
type View struct {
	X        Along
	Single   bool    // every run has its own line; else those of an arm have one
	Interval bool    // bands are the 90% intervals of the means; else they hold every point
	Smooth   float64 // width of a moving mean, as a fraction of a run; 0: none
	Frame    Frame   // in the unit of X
}

// Curve draws a metric of all sides. Clocks are the curves of [ablation.MetricSeconds] of the same runs, which only
// AlongSeconds needs. A side is drawn by what its [Data] twin's rules are: an accuracy that isn't known to be above what
// knowing nothing gets has no line.
func (c Comparison) Curve(v View, metric string, curves, clocks []ablation.Curve) (Figure, error) {
	d := c.drawing(v, clocks)
	f := Figure{
		ID: "compare-" + slug(metric), Kind: KindCurve, Lang: langOf(metric), Arms: d.named,
		Title: curveTitle(metric), Subtitle: curveHint(metric), X: v.X.axis(), Y: axisOf(metric),
		Caption: join(v.bands(), v.smoothing(), c.measuredText(metric), d.placeless()),
	}
	l := d.curve(&f, metric)
	guesses := c.guesses(metric)
	l.undrawn = c.notDrawn(metric, guesses)
	var strands []strand
	for i, s := range c.Sides {
		if guesses[i] {
			continue
		}
		own := c.curvesOf(s.Name(), metric, curves)
		for _, g := range d.groups(i, own) {
			g.line = smooth(overlay(g.curves, false), v.Smooth*float64(s.Recipe().Steps()))
			strands = append(strands, g)
		}
	}
	d.finish(l, strands)
	return f, l.finish(d.scale())
}

// compared is what the figures of one view have in common.
type compared struct {
	Comparison
	View
	clocks map[string]clock // by run
	named  []Arm            // as the figures name them
}

// drawing begins the figures of a view.
func (c Comparison) drawing(v View, clocks []ablation.Curve) compared {
	d := compared{Comparison: c, View: v, clocks: map[string]clock{}, named: c.marked()}
	if v.Single {
		d.named = c.markedRuns()
	}
	for _, own := range clocks {
		d.clocks[own.RunID] = newClock(own)
	}
	return d
}

// curve begins a figure's lines and its table, which names places where steps and tokens don't tell them.
func (d compared) curve(f *Figure, metric string) *curve {
	table := curveTable(column("arm", say("アーム", "Arm"), FormatArm), metric)
	l := newCurve(f, d.Runs, d.Frame, table)
	if d.X == AlongFLOPs || d.X == AlongSeconds {
		l.placed = true
		at := column(map[Along]string{AlongFLOPs: "flops", AlongSeconds: "seconds"}[d.X], f.X.Name, f.X.Format)
		l.table.Columns = slices.Insert(l.table.Columns, placeColumn, at)
	}
	return l
}

// groups are what is drawn of a side as one line each, without the lines: all its runs, or every run by itself.
func (d compared) groups(i int, own []ablation.Curve) []strand {
	s := d.Sides[i]
	all := strand{
		series: Series{Arm: pointer(d.place(s.Name())), Label: d.Arms[i].Label}, name: s.ArmName(), curves: own,
		at: d.at(s), tokens: s.Recipe().TokensPerStep(),
	}
	if !d.Single {
		return []strand{all}
	}
	var out []strand
	for _, v := range own {
		one := all
		run := d.run(v.RunID)
		one.run, one.curves, one.series.Run = run.Name, []ablation.Curve{v}, run.Name
		one.series.Arm, one.series.Label = pointer(d.place(run.ID)), d.runLabel(i, run)
		out = append(out, one)
	}
	return out
}

// place is that of an arm or run among the named.
func (d compared) place(name string) int {
	return slices.IndexFunc(d.named, func(a Arm) bool { return a.Name == name })
}

// runLabel is a run's name, with its sweep's behind it where the side's label has it.
func (c Comparison) runLabel(i int, r ablation.Run) ablation.Label {
	if c.Arms[i].Label == sideLabel(c.Sides[i]) {
		return same(r.Name)
	}
	return same(r.Name + " · " + c.Sides[i].Sweep.Name)
}

// finish cuts the strands to the frame, gives them their bands and draws them. Many lines have fewer points each.
func (d compared) finish(l *curve, strands []strand) {
	most := bucketsAtMost
	if len(strands) > linesAtMost {
		most /= 2
	}
	for i, s := range strands {
		s.line = slices.DeleteFunc(s.line, func(t stretch) bool { return math.IsNaN(s.at(t)) })
		strands[i].line = thin(l.within(s, s.line), most)
	}
	if d.Interval && !d.Single {
		d.intervals(strands)
	}
	for _, s := range strands {
		l.draw(s)
	}
}

// linesAtMost is how many lines are drawn as finely as one.
const linesAtMost = 12

// intervals gives strands the intervals of their means, with the noise pooled over arms of one length and size where they
// stand at the same steps.
func (d compared) intervals(strands []strand) {
	type place struct {
		recipe   string
		from, to int64
	}
	type member struct{ strand, at int }
	groups, values := map[place][]member{}, map[place][][]float64{}
	for k, s := range strands {
		if s.bare {
			continue
		}
		strands[k].halves = make([]float64, len(s.line))
		for i, t := range s.line {
			p := place{d.size(*s.series.Arm), t.from, t.to}
			groups[p], values[p] = append(groups[p], member{k, i}), append(values[p], t.means())
		}
	}
	for p, members := range groups {
		for i, half := range analysis.Halves(values[p]) {
			strands[members[i].strand].halves[members[i].at] = half
		}
	}
}

// at places stretches of a side's runs on the axis; NaN where it isn't known yet.
func (d compared) at(s ablation.Side) func(stretch) float64 {
	switch d.X {
	case AlongSteps:
		return everyStep(1)
	case AlongFLOPs:
		if perToken := s.FLOPsPerToken(); perToken > 0 {
			return everyStep(perToken * float64(s.Recipe().TokensPerStep()))
		}
		return func(stretch) float64 { return math.NaN() }
	case AlongSeconds:
		return d.atTime
	}
	return everyStep(float64(s.Recipe().TokensPerStep()))
}

// atTime is when the runs of a stretch were there, on average.
func (d compared) atTime(t stretch) float64 {
	var times []float64
	for run := range t.runs {
		times = append(times, d.clocks[run].at(t.middle()))
	}
	slices.Sort(times) // so that the sum's last bit doesn't hang on the order
	total := 0.0
	for _, v := range times {
		total += v
	}
	return total / float64(len(times))
}

// end is where the axis ends: at the end of the longest run, or as far as any run is in time.
func (d compared) end() float64 {
	end := 0.0
	for _, s := range d.Sides {
		if d.X == AlongSeconds {
			for _, r := range s.Results {
				end = max(end, d.clocks[r.Run.ID].end())
			}
			continue
		}
		last := stretch{from: s.Recipe().Steps(), to: s.Recipe().Steps()}
		if x := d.at(s)(last); x > end {
			end = x
		}
	}
	return end
}

func (d compared) scale() scale {
	if d.X == AlongSeconds {
		return d.Frame.timeScale(d.end())
	}
	return d.Frame.scale(d.end(), 4)
}

// Steps is the range of steps that a view's frame and its smoothing reach into.
func (c Comparison) Steps(v View, clocks []ablation.Curve) (from, to int64) {
	d := c.drawing(v, clocks)
	if v.Frame.whole() {
		return 0, math.MaxInt64
	}
	from, to = math.MaxInt64, 0
	for _, s := range c.Sides {
		around := v.Smooth * float64(s.Recipe().Steps()) / 2
		low, high := d.stepsOf(s)
		from, to = min(from, floor64(low-around)), max(to, -floor64(-high-around))
	}
	if v.Frame.To <= 0 || from > to {
		to = math.MaxInt64
	}
	return from, to
}

// stepsOf is where a side is at the ends of the frame.
func (d compared) stepsOf(s ablation.Side) (low, high float64) {
	if d.X != AlongSeconds {
		wide := d.at(s)(stretch{from: 1, to: 1})
		return d.Frame.From / wide, d.Frame.To / wide
	}
	low = math.Inf(1)
	for _, r := range s.Results {
		own := d.clocks[r.Run.ID]
		low, high = min(low, own.step(d.Frame.From)), max(high, own.step(d.Frame.To))
	}
	return low, high
}

// floor64 is the whole step at or below v; 0 where v isn't a number.
func floor64(v float64) int64 {
	if math.IsNaN(v) {
		return 0
	}
	return int64(min(max(math.Floor(v), -1<<62), 1<<62))
}
