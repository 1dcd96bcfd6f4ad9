package chart

import (
	"math"
	"slices"
	"sort"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Difference draws, of a metric, every side minus the baseline at the same place of the x axis: run by run where both
// have runs of one seed, else mean by mean. Without a baseline it is an error.
func (c Comparison) Difference(v View, metric string, curves, clocks []ablation.Curve) (Figure, error) {
	if c.Baseline < 0 {
		return Figure{}, ablation.ErrNotFound
	}
	d := difference{compared: c.drawing(v, clocks), metric: metric, curves: curves}
	f := Figure{
		ID: "difference-" + slug(metric), Kind: KindCurve, Lang: langOf(metric), Arms: d.named,
		Title: curveTitle(metric), Subtitle: differenceHint(metric), X: v.X.axis(), Y: differenceAxis(metric),
	}
	l := d.curve(&f, metric)
	for i, at := range l.table.Columns {
		if at.Format == valueFormat(metric) {
			l.table.Columns[i].Format = differenceFormat(metric)
		}
	}
	guesses := c.guesses(metric)
	l.undrawn = c.notDrawn(metric, guesses)
	var strands []strand
	if !guesses[c.Baseline] {
		d.against(c.Baseline)
		for i := range c.Sides {
			if i != c.Baseline && !guesses[i] {
				strands = append(strands, d.strands(i)...)
			}
		}
	}
	f.Caption = join(d.pairing(), v.smoothing(), c.measuredText(metric), d.placeless())
	d.finish(l, strands)
	x := d.scale()
	if len(strands) > 0 {
		l.add(Series{Role: RoleBaseline, Arm: pointer(d.place(c.Sides[c.Baseline].Name())), Label: c.Arms[c.Baseline].Label}, []row{point(x.min, 0), point(x.max, 0)})
	}
	return f, l.finish(x)
}

// difference is the baseline's lines, and what was set against them.
type difference struct {
	compared
	metric   string
	curves   []ablation.Curve
	runs     map[int64]track // the baseline's, by replicate
	mean     track
	unpaired []ablation.Label // whose means are subtracted
	seeds    bool             // whether single runs of different seeds are subtracted
	paired   bool
}

// track is a line to read between.
type track struct{ xs, ys []float64 }

// at is the line's height; NaN beyond its ends.
func (k track) at(x float64) float64 {
	if n := len(k.xs); n == 0 || x < k.xs[0] || x > k.xs[n-1] {
		return math.NaN()
	}
	return between(k.xs, k.ys, x)
}

// against reads the baseline's lines.
func (d *difference) against(i int) {
	d.runs = map[int64]track{}
	own := d.own(i)
	d.mean = d.track(i, own)
	for _, v := range own {
		d.runs[d.run(v.RunID).Replicate] = d.track(i, []ablation.Curve{v})
	}
}

func (d *difference) own(i int) []ablation.Curve {
	return d.curvesOf(d.Sides[i].Name(), d.metric, d.curves)
}

// line is that of some of a side's runs, smoothed as the view asks.
func (d *difference) line(i int, curves []ablation.Curve) []stretch {
	return smooth(overlay(curves, false), d.Smooth*float64(d.Sides[i].Recipe().Steps()))
}

func (d *difference) track(i int, curves []ablation.Curve) track {
	var k track
	at := d.at(d.Sides[i])
	for _, t := range d.line(i, curves) {
		if x := at(t); !math.IsNaN(x) {
			k.xs, k.ys = append(k.xs, x), append(k.ys, t.mean())
		}
	}
	if !sort.Float64sAreSorted(k.xs) {
		return track{}
	}
	return k
}

// strands are a side's differences: from the baseline's run of the same seed, or from its mean where no seed is shared.
func (d *difference) strands(i int) []strand {
	var pairs []ablation.Curve
	own := d.own(i)
	for _, v := range own {
		if _, ok := d.runs[d.run(v.RunID).Replicate]; ok {
			pairs = append(pairs, v)
		}
	}
	if len(pairs) == 0 {
		return d.unlike(i, own)
	}
	d.paired = true
	groups := d.groups(i, pairs)
	for k, g := range groups {
		groups[k].line = d.minus(g, d.line(i, g.curves))
		groups[k].curves = nil // what is apart stands in the figure of the values
	}
	return groups
}

// minus takes from every run of a line what the baseline's run of its seed has there.
func (d *difference) minus(g strand, line []stretch) []stretch {
	var out []stretch
	for _, t := range line {
		s := stretch{from: t.from, to: t.to, low: math.Inf(1), high: math.Inf(-1), runs: map[string]part{}}
		for run, p := range t.runs {
			one := stretch{from: t.from, to: t.to, runs: map[string]part{run: {}}}
			v := p.sum/float64(p.n) - d.runs[d.run(run).Replicate].at(g.at(one))
			if !math.IsNaN(v) {
				s.runs[run], s.low, s.high = part{1, v}, min(s.low, v), max(s.high, v)
			}
		}
		if len(s.runs) > 0 {
			out = append(out, s)
		}
	}
	return out
}

// unlike are the differences of the means, of sides that share no seed.
func (d *difference) unlike(i int, own []ablation.Curve) []strand {
	if len(own) == 0 {
		return nil
	}
	if d.onlyRuns(i) {
		d.seeds = true
	} else {
		d.unpaired = append(d.unpaired, d.Arms[i].Label)
	}
	view := d.compared
	view.Single = false
	g := view.groups(i, own)[0]
	g.curves, g.bare = nil, true
	for _, t := range d.line(i, own) {
		v := t.mean() - d.mean.at(g.at(t))
		if math.IsNaN(v) {
			continue
		}
		minus := stretch{from: t.from, to: t.to, low: v, high: v, runs: map[string]part{}}
		for run := range t.runs { // who was there says when it was
			minus.runs[run] = part{1, v}
		}
		g.line = append(g.line, minus)
	}
	return []strand{g}
}

// pairing says what was taken from what.
func (d *difference) pairing() ablation.Label {
	var parts []ablation.Label
	if d.paired {
		band := say("帯は組の最小〜最大。", "bands the lowest to the highest pair.")
		switch {
		case d.Single:
			band = ablation.Label{}
		case d.Interval:
			band = say("帯はその 90%% 区間（t 分布、ばらつきは大きさと長さが同じアームで合算）。", "bands their 90%% intervals (Student's t, noise pooled over arms of one size and length).")
		}
		parts = append(parts, say("同じシード、%sどうしの差。線は組の平均、%s", "Differences of runs of one seed at %s: lines are means over pairs, %s", subject(d.X.same()), band))
		if d.Single {
			parts = []ablation.Label{say("同じシード、%sどうしの差。", "Differences of runs of one seed at %s.", subject(d.X.same()))}
		}
	}
	if len(d.unpaired) > 0 {
		parts = append(parts, say("%sは基準と同じシードのランがなく、平均どうしの差で、帯はない。", "No run shares a seed with the baseline, so means are subtracted, without a band: %s.", subject(few(d.unpaired))))
	}
	if d.seeds {
		parts = append(parts, say("シードが違うランとの差には、シードによる違いも含まれる。", "Runs of different seeds differ by their seeds too."))
	}
	if perStep(d.metric) {
		parts = append(parts, say("区間の平均の差で、1 ステップの跳ねは上の図に出る。", "Means of buckets are subtracted; a spike of one step shows in the chart of the values."))
	}
	return join(parts...)
}

// perStep reports whether a metric is logged while a run trains, and not at evaluations.
func perStep(metric string) bool {
	return slices.Contains([]string{ablation.MetricLoss, ablation.MetricGradNorm, ablation.MetricLR, ablation.MetricTokensPerS, ablation.MetricMFU}, metric)
}

func differenceHint(metric string) ablation.Label {
	switch {
	case axisOf(metric).Good == "low":
		return say("0 より下が基準よりよい", "below 0 is better than the baseline")
	case axisOf(metric).Good == "high":
		return say("0 より上が基準よりよい", "above 0 is better than the baseline")
	}
	return say("基準との差", "against the baseline")
}

// differenceAxis is what a metric's differences measure.
func differenceAxis(metric string) Axis {
	a := axisOf(metric)
	switch {
	case differenceFormat(metric) == FormatPoints:
		a.Name = say("%sの差（ポイント）", "%s, difference in points", a.Name)
	case a.Name != (ablation.Label{}):
		a.Name = say("%s の差", "%s, difference", a.Name)
	}
	a.Format = differenceFormat(metric)
	return a
}

func differenceFormat(metric string) Format {
	if valueFormat(metric) == FormatPercent1 {
		return FormatPoints
	}
	return FormatSigned
}
