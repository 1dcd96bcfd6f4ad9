package chart

import (
	"slices"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Curve draws one metric of a sweep's runs over tokens: per arm a band from the lowest to the highest point of any seed
// and the mean line over seeds. Superseded segments are apart; values that aren't finite are crosses and enter nothing. An
// accuracy that isn't known to be above what knowing nothing gets is said so and not drawn. The frame is in tokens.
func Curve(d Data, metric string, curves []ablation.Curve, frame Frame) (Figure, error) {
	f := Figure{
		ID: "curve-" + slug(metric), Kind: KindCurve, Lang: langOf(metric), Arms: marked(d.Arms),
		Title: curveTitle(metric), Subtitle: curveHint(metric),
		X:       Axis{Name: say("学習トークン", "tokens seen"), Format: FormatTokens},
		Y:       axisOf(metric),
		Caption: say("帯はシードの最小〜最大、線はその点に達したランの平均。間引きで消える点はない。", "Bands run from the lowest to the highest seed, lines are means of the runs that got there. No point is dropped by thinning."),
	}
	c := curve{Data: d, figure: &f, frame: frame, table: curveTable(column("arm", say("アーム", "Arm"), FormatArm), metric), perStep: d.Sweep.Recipe.TokensPerStep()}
	guesses := d.guesses(metric)
	c.undrawn = d.notDrawn(metric, guesses)
	for i, a := range d.Arms {
		if !guesses[i] {
			c.group(Series{Arm: pointer(i), Label: f.Arms[i].Label}, a.Name, metric, c.runsOf(a.Name, curves))
		}
	}
	return f, c.finish(frame.scale(float64(d.longest()), 4))
}

// RunCurve draws metrics of one run over steps, each with its own line: bucket means, with a band from minimum to maximum.
// The frame is in steps.
func RunCurve(d Data, run ablation.Run, metrics []string, curves []ablation.Curve, frame Frame) (Figure, error) {
	f := Figure{
		ID: "run-" + slug(strings.Join(metrics, "-")), Kind: KindCurve, Arms: []Arm{},
		Title: same(strings.Join(metrics, ", ")), X: Axis{Name: say("ステップ", "steps"), Format: FormatInteger},
		Caption: say("線は区間の平均、帯は最小〜最大。", "Lines are bucket means, bands minimum to maximum."),
	}
	if len(metrics) > 0 {
		f.Subtitle, f.Y = curveHint(metrics[0]), axisOf(metrics[0])
	}
	c := curve{Data: d, figure: &f, frame: frame, table: curveTable(column("metric", say("メトリクス", "Metric"), FormatText), strings.Join(metrics, "")), perStep: 1}
	for _, m := range metrics {
		if d.guessed(run, m) {
			t, _ := d.taskOf(m)
			c.undrawn = join(c.undrawn, say("%s の正答率は%sより高いとは言えないため、線を引かない。", "No line is drawn for %s: its accuracy isn't known to be above %s.", same(t.Name), floor(t, 1)))
			continue
		}
		s := Series{Lang: langOf(m)}
		if len(metrics) > 1 {
			s.Label = setName(m)
		}
		c.group(s, m, m, slices.DeleteFunc(slices.Clone(curves), func(c ablation.Curve) bool { return c.RunID != run.ID || c.Metric != m }))
	}
	return f, c.finish(frame.scale(float64(run.Steps), 3))
}

// curve collects what a figure of curves draws.
type curve struct {
	Data
	figure  *Figure
	frame   Frame
	series  []Series
	rows    [][]row
	table   Table
	perStep int64 // x of a step
	drawn   []stretch
	undrawn ablation.Label // what has no line, and why
}

// runsOf are the curves of an arm's runs.
func (c *curve) runsOf(arm string, curves []ablation.Curve) []ablation.Curve {
	return slices.DeleteFunc(slices.Clone(curves), func(v ablation.Curve) bool { return c.run(v.RunID).Arm != arm })
}

func (c *curve) run(id string) ablation.Run {
	i := slices.IndexFunc(c.Runs, func(r ablation.Run) bool { return r.ID == id })
	if i < 0 {
		return ablation.Run{ID: id, Name: id}
	}
	return c.Runs[i]
}

// at is where a stretch is drawn.
func (c *curve) at(t stretch) float64 { return t.middle() * float64(c.perStep) }

// within are the stretches of a line that the frame holds, and the next on either side, so that the line runs up to its
// edges.
func (c *curve) within(line []stretch) []stretch {
	from := slices.IndexFunc(line, func(t stretch) bool { return c.at(t) >= c.frame.From })
	if from < 0 {
		from = len(line)
	}
	to := len(line)
	if i := slices.IndexFunc(line, func(t stretch) bool { return c.frame.To > 0 && c.at(t) > c.frame.To }); i >= 0 {
		to = i + 1
	}
	return line[max(0, from-1):max(to, from)]
}

func (c *curve) add(s Series, rows []row) {
	c.series, c.rows = append(c.series, s), append(c.rows, rows)
}

// group draws curves that share one band and one line.
func (c *curve) group(s Series, name, metric string, curves []ablation.Curve) {
	curves = slices.DeleteFunc(curves, func(v ablation.Curve) bool { return v.Metric != metric })
	together := thin(c.within(overlay(curves, false)))
	var band, line []row
	for _, t := range together {
		x := c.at(t)
		band, line = append(band, point(x, t.low, t.high)), append(line, append(point(x, t.mean()), len(t.runs)))
		c.tell(name, "", "mean", t.from, t.to, cell(t.mean()), cell(t.low), cell(t.high), len(t.runs))
	}
	s.Role = RoleBand
	if slices.ContainsFunc(together, func(t stretch) bool { return t.low < t.high }) {
		c.add(s, band)
	}
	s.Role = RoleLine
	c.add(s, line)
	c.drawn = append(c.drawn, together...)
	if axisOf(metric).Format == FormatFixed2 {
		s.Role = RoleSpike
		c.add(s, c.spikes(together))
	}
	for _, v := range curves {
		c.apart(s, name, v)
	}
}

func (c *curve) spikes(line []stretch) []row {
	var rows []row
	for _, v := range spikes(line) {
		if x := c.at(line[v.at]); c.frame.holds(x) {
			rows = append(rows, point(x, v.top, v.size))
		}
	}
	return rows
}

// tell puts a drawn point into the table.
func (c *curve) tell(name, run, series string, from, to int64, values ...any) {
	per := c.Sweep.Recipe.TokensPerStep()
	c.table.Rows = append(c.table.Rows, append([]any{name, run, series, from, to, from * per, to * per}, values...))
}

// apart draws what must not enter a mean: superseded segments and values that aren't finite.
func (c *curve) apart(s Series, name string, v ablation.Curve) {
	var crosses []row
	var words []string
	run := c.run(v.RunID).Name
	for _, tail := range pieces(thin(c.within(overlay([]ablation.Curve{v}, true)))) {
		var old []row
		for _, t := range tail {
			old = append(old, point(c.at(t), t.mean()))
			c.tell(name, run, "superseded", t.from, t.to, cell(t.mean()), cell(t.low), cell(t.high), 1)
		}
		c.add(Series{Role: RoleSuperseded, Run: run, Label: say("置き換え済み", "superseded")}, old)
	}
	for _, b := range v.Buckets {
		x := c.at(stretch{from: b.FromStep, to: b.ToStep})
		for _, w := range nonfinite(b) {
			if !c.frame.holds(x) {
				continue
			}
			crosses, words = append(crosses, row{ablation.Real(x), w}), append(words, w)
			c.tell(name, run, "nonfinite", b.FromStep, b.ToStep, w, nil, nil, 1)
		}
	}
	if len(crosses) > 0 {
		c.add(Series{Role: RoleNonfinite, Arm: s.Arm, Lang: s.Lang, Run: run, Label: same(run + " " + strings.Replace(words[0], "Infinity", "∞", 1))}, crosses)
	}
}

// nonfinite are the words for what a bucket holds besides numbers; superseded values don't count here either.
func nonfinite(b ablation.Bucket) []string {
	var words []string
	if b.Superseded {
		return nil
	}
	if b.NaN > 0 {
		words = append(words, "NaN")
	}
	if b.PosInf > 0 {
		words = append(words, "Infinity")
	}
	if b.NegInf > 0 {
		words = append(words, "-Infinity")
	}
	return words
}

func (c *curve) finish(x scale) error {
	switch {
	case len(c.table.Rows) > 0:
		c.figure.Caption = join(c.figure.Caption, c.undrawn)
	case c.undrawn != ablation.Label{}:
		c.figure.Caption, c.figure.Empty = ablation.Label{}, c.undrawn
	default:
		c.figure.Caption = ablation.Label{}
		c.figure.Empty = say("最初の値が届くと、ここに線が出る", "The line begins with the first value")
	}
	d := newDrawing(x, c.scale(x))
	for i, s := range c.series {
		d.add(s, c.rows[i])
	}
	c.figure.Table, c.figure.Description = c.table, c.description()
	return d.finish(c.figure)
}

// scale holds everything in the frame but the steep beginning, the first 15% of a whole axis, and spikes that would flatten
// the rest: those leave the frame. Counters that say little without their zero start there.
func (c *curve) scale(x scale) scale {
	var low, lines, tops []float64
	for _, t := range c.late(x) {
		low, lines, tops = append(low, t.low), append(lines, t.mean()), append(tops, t.high)
	}
	if len(lines) == 0 {
		return around(nil, 4, 0)
	}
	bottom, line, top := slices.Min(low), slices.Max(lines), slices.Max(tops)
	top = min(top, line+2.5*(line-bottom))
	if c.figure.Y.Good == "" {
		bottom = 0
	}
	return around([]float64{bottom, max(top, line)}, 4, 0)
}

// late is what is drawn past the beginning, or in the frame; all of it while there is no more.
func (c *curve) late(x scale) []stretch {
	late := slices.DeleteFunc(slices.Clone(c.drawn), func(t stretch) bool {
		return c.frame.whole() && c.at(t) < .15*x.max || !c.frame.holds(c.at(t))
	})
	if len(late) == 0 {
		return c.drawn
	}
	return late
}

func (c *curve) description() ablation.Label {
	var parts []ablation.Label
	for i, s := range c.series {
		if s.Role == RoleLine && len(c.rows[i]) > 0 && s.Label != (ablation.Label{}) {
			last := c.rows[i][len(c.rows[i])-1]
			if v, ok := last[1].(ablation.Real); ok {
				parts = append(parts, say("%sは最後に %s。", "%s ends at %s.", subject(s.Label), Fixed(float64(v), 3)))
			}
		}
	}
	return join(append([]ablation.Label{say("%sの推移。", "%s over the run.", subject(c.figure.Title))}, parts...)...)
}

// curveTable has the columns of a figure of curves; what is first says whose line it is.
func curveTable(first Column, metric string) Table {
	values := valueFormat(metric)
	return Table{Rows: [][]any{}, Columns: []Column{
		first,
		column("run", say("ラン", "Run"), FormatText),
		{Key: "series", Name: say("系列", "Series"), Format: FormatText, Words: map[string]ablation.Label{
			"mean": say("平均", "mean"), "superseded": say("置き換え済み", "superseded"), "nonfinite": say("有限でない", "not finite"),
		}},
		column("from_step", say("ステップ（から）", "From step"), FormatInteger),
		column("to_step", say("ステップ（まで）", "To step"), FormatInteger),
		column("from_tokens", say("トークン（から）", "From tokens"), FormatInteger),
		column("to_tokens", say("トークン（まで）", "To tokens"), FormatInteger),
		column("value", say("値", "Value"), values),
		column("min", say("最小", "Minimum"), values),
		column("max", say("最大", "Maximum"), values),
		column("runs", say("ラン数", "Runs"), FormatInteger),
	}}
}
