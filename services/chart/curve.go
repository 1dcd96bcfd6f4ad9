package chart

import (
	"cmp"
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
	c := newCurve(&f, d.Runs, frame, curveTable(column("arm", say("アーム", "Arm"), FormatArm), metric))
	guesses, perStep := d.guesses(metric), d.Sweep.Recipe.TokensPerStep()
	c.undrawn = d.notDrawn(metric, guesses)
	for i, a := range d.Arms {
		if !guesses[i] {
			s := strand{series: Series{Arm: pointer(i), Label: f.Arms[i].Label}, name: a.Name, at: everyStep(float64(perStep)), tokens: perStep}
			c.draw(c.together(s, d.curvesOf(a.Name, metric, curves)))
		}
	}
	if step := d.Sweep.BranchStep(); step > 0 {
		c.start(float64(step*perStep), d.Sweep.Recipe.Start.Run)
	}
	return f, c.finish(frame.scale(float64(d.longest()), 4))
}

// RunCurve draws metrics of one run over steps, each with its own line: bucket means, with a band from minimum to maximum;
// with them where its ledger has entries of the metric, from where on it does otherwise than its recipe, and what else was done.
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
	c := newCurve(&f, d.Runs, frame, curveTable(column("metric", say("メトリクス", "Metric"), FormatText), strings.Join(metrics, "")))
	for _, m := range metrics {
		if d.guessed(run, m) {
			t, _ := d.taskOf(m)
			c.undrawn = join(c.undrawn, say("%s の正答率は%sより高いとは言えないため、線を引かない。", "No line is drawn for %s: its accuracy isn't known to be above %s.", same(t.Name), floor(t, 1)))
			continue
		}
		s := strand{series: Series{Lang: langOf(m)}, name: m, at: everyStep(1), tokens: d.Sweep.Recipe.TokensPerStep()}
		if len(metrics) > 1 {
			s.series.Label = setName(m)
		}
		c.draw(c.together(s, slices.DeleteFunc(slices.Clone(curves), func(c ablation.Curve) bool { return c.RunID != run.ID || c.Metric != m })))
	}
	if run.Start.GoesOn() {
		c.start(float64(run.Start.Step), d.startName(*run.Start))
	}
	c.ledger(d.Spikes, metrics)
	c.changes(run)
	c.actions(d.Spikes)
	return f, c.finish(frame.scale(float64(run.Steps), 3))
}

// curvesOf are a metric's curves of an arm's runs.
func (d Data) curvesOf(arm, metric string, curves []ablation.Curve) []ablation.Curve {
	own := map[string]bool{}
	for _, r := range d.Runs {
		own[r.ID] = r.Arm == arm
	}
	return slices.DeleteFunc(slices.Clone(curves), func(v ablation.Curve) bool { return v.Metric != metric || !own[v.RunID] })
}

// curve collects what a figure of curves draws.
type curve struct {
	figure    *Figure
	frame     Frame
	names     map[string]string // of runs, by id
	placed    bool              // whether the table tells places of the x axis beside steps and tokens
	series    []Series
	rows      [][]row
	table     Table
	drawn     []spot
	undrawn   ablation.Label // what has no line, and why
	uncircled int            // spikes that have no room
}

// spot is a drawn stretch: where, and from where to where.
type spot struct{ x, low, mean, high float64 }

func newCurve(f *Figure, runs []ablation.Run, frame Frame, table Table) *curve {
	c := &curve{figure: f, frame: frame, table: table, names: make(map[string]string, len(runs))}
	for _, r := range runs {
		c.names[r.ID] = r.Name
	}
	return c
}

// start marks the step up to which what is drawn was trained by a run of another name.
func (c *curve) start(x float64, name string) {
	c.add(Series{Role: RoleStart, Label: say("%s から", "from %s", name)}, []row{point(x)})
}

// startName is what a run is called that another goes on from.
func (d Data) startName(at ablation.Start) string {
	for _, p := range d.Sweep.Parents {
		if p.Run == at.Run && p.Name != "" {
			return p.Name
		}
	}
	for _, r := range d.Runs {
		if r.ID == at.Run {
			return r.Name
		}
	}
	return at.Run
}

// run is a run's name.
func (c *curve) run(id string) string { return cmp.Or(c.names[id], id) }

func (c *curve) add(s Series, rows []row) {
	c.series, c.rows = append(c.series, s), append(c.rows, rows)
}

// strand is what is drawn as one line: curves of one metric that share it and its band.
type strand struct {
	series Series // its arm, language and label
	name   string // in the table's first column
	run    string // in its second; empty: of several
	curves []ablation.Curve
	line   []stretch
	halves []float64 // of the intervals of the line's means, which the band is then; nil: it holds all points
	bare   bool      // it has no band
	at     func(stretch) float64
	tokens int64 // of a step
}

// everyStep places a stretch at its middle, where a step is that wide on the axis.
func everyStep(wide float64) func(stretch) float64 {
	return func(t stretch) float64 { return t.middle() * wide }
}

// together lays curves over each other as a strand's line.
func (c *curve) together(s strand, curves []ablation.Curve) strand {
	s.curves = curves
	s.line = thin(c.within(s, overlay(curves, false)), bucketsAtMost)
	return s
}

// within are the stretches of a line that the frame holds, and the next on either side, so that the line runs up to its
// edges.
func (c *curve) within(s strand, line []stretch) []stretch {
	from := slices.IndexFunc(line, func(t stretch) bool { return s.at(t) >= c.frame.From })
	if from < 0 {
		from = len(line)
	}
	to := len(line)
	if i := slices.IndexFunc(line, func(t stretch) bool { return c.frame.To > 0 && s.at(t) > c.frame.To }); i >= 0 {
		to = i + 1
	}
	return line[max(0, from-1):max(to, from)]
}

// draw adds a strand's band, line and spikes, and what is apart from them.
func (c *curve) draw(v strand) {
	var band, line []row
	wide := false
	for i, t := range v.line {
		m := spot{v.at(t), t.low, t.mean(), t.high}
		if v.halves != nil {
			m.low, m.high = m.mean-v.halves[i], m.mean+v.halves[i]
		}
		if m.low <= m.high && !v.bare {
			band, wide = append(band, point(m.x, m.low, m.high)), wide || m.low < m.high
		}
		line = append(line, append(point(m.x, m.mean), len(t.runs)))
		c.tell(v, v.run, "mean", t, cell(m.mean), cell(t.low), cell(t.high), len(t.runs))
		c.drawn = append(c.drawn, m)
	}
	s := v.series
	s.Role = RoleBand
	if wide {
		c.add(s, band)
	}
	s.Role = RoleLine
	c.add(s, line)
	if c.figure.Y.Format == FormatFixed2 {
		s.Role = RoleSpike
		c.add(s, c.spikes(v))
	}
	for _, own := range v.curves {
		c.apart(v, own)
	}
}

func (c *curve) spikes(v strand) []row {
	seen := slices.DeleteFunc(spikes(v.line), func(s spike) bool { return !c.frame.holds(v.at(v.line[s.at])) })
	c.uncircled += max(0, len(seen)-spikesAtMost)
	var rows []row
	for _, s := range largest(seen) {
		rows = append(rows, point(v.at(v.line[s.at]), s.top, s.size))
	}
	return rows
}

// tell puts a drawn stretch into the table.
func (c *curve) tell(v strand, run, series string, t stretch, values ...any) {
	told := []any{v.name, run, series, t.from, t.to, t.from * v.tokens, t.to * v.tokens}
	if c.placed {
		told = append(told, cell(v.at(t)))
	}
	c.table.Rows = append(c.table.Rows, append(told, values...))
}

// apart draws what must not enter a mean: superseded segments and values that aren't finite.
func (c *curve) apart(v strand, own ablation.Curve) {
	var crosses []row
	var words []string
	run := c.run(own.RunID)
	for _, tail := range pieces(thin(c.within(v, overlay([]ablation.Curve{own}, true)), bucketsAtMost)) {
		var old []row
		for _, t := range tail {
			old = append(old, point(v.at(t), t.mean()))
			c.tell(v, run, "superseded", t, cell(t.mean()), cell(t.low), cell(t.high), 1)
		}
		c.add(Series{Role: RoleSuperseded, Run: run, Label: say("置き換え済み", "superseded")}, old)
	}
	for _, b := range own.Buckets {
		t := stretch{from: b.FromStep, to: b.ToStep, runs: map[string]part{own.RunID: {}}}
		for _, w := range nonfinite(b) {
			if x := v.at(t); c.frame.holds(x) {
				crosses, words = append(crosses, row{ablation.Real(x), w}), append(words, w)
				c.tell(v, run, "nonfinite", t, w, nil, nil, 1)
			}
		}
	}
	if len(crosses) > 0 {
		s := v.series
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
	y := c.scale(x)
	if len(c.table.Rows) > 0 {
		c.figure.Caption = join(c.figure.Caption, c.more(), c.cut(x, y))
	}
	d := newDrawing(x, y)
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
	for _, m := range c.late(x) {
		low, lines, tops = append(low, m.low), append(lines, m.mean), append(tops, m.high)
	}
	if len(lines) == 0 {
		return around(nil, 4, 0)
	}
	if f := c.figure.Y.Format; f == FormatSigned || f == FormatPoints {
		return aroundZero(low, lines, tops)
	}
	bottom, line, top := slices.Min(low), slices.Max(lines), slices.Max(tops)
	top = min(top, line+2.5*(line-bottom))
	if c.figure.Y.Good == "" {
		bottom = 0
	}
	return around([]float64{bottom, max(top, line)}, 4, 0)
}

// more says how many spikes have no circle, since their lines have so many.
func (c *curve) more() ablation.Label {
	switch c.uncircled {
	case 0:
		return ablation.Label{}
	case 1:
		return say("丸印のないスパイクがほかに 1 つある。値は表と CSV にある。", "One more spike has no circle; the table and the CSV have its value.")
	}
	return say("丸印のないスパイクがほかに %d ある。値は表と CSV にある。", "%d more spikes have no circle; the table and the CSV have their values.", c.uncircled)
}

// cut says how often lines and bands leave the frame past their beginning; of differences, anywhere.
func (c *curve) cut(x, y scale) ablation.Label {
	spots, n := c.late(x), 0
	if f := c.figure.Y.Format; f == FormatSigned || f == FormatPoints {
		spots = c.drawn
	}
	for _, m := range spots {
		if c.frame.holds(m.x) && (m.low < y.min || m.mean < y.min || m.mean > y.max || m.high > y.max) {
			n++
		}
	}
	switch n {
	case 0:
		return ablation.Label{}
	case 1:
		return say("縦軸の範囲を出る点が 1 つある。値は表と CSV にある。", "One point leaves the frame; the table and the CSV have its value.")
	}
	return say("縦軸の範囲を出る点が %d ある。値は表と CSV にある。", "%d points leave the frame; the table and the CSV have their values.", n)
}

// aroundZero is the scale of differences: it holds 0, the lines, and bands as far as they leave the lines readable.
func aroundZero(low, lines, tops []float64) scale {
	bottom, top := min(0, slices.Min(lines)), max(0, slices.Max(lines))
	span := top - bottom
	if span == 0 && slices.Min(low) == 0 && slices.Max(tops) == 0 {
		return scale{-.01, .01, .005} // nothing differs: ticks that can be read
	}
	return around([]float64{max(min(bottom, slices.Min(low)), bottom-span), min(max(top, slices.Max(tops)), top+span)}, 4, 0)
}

// late is what is drawn past the beginning, or in the frame; all of it while there is no more.
func (c *curve) late(x scale) []spot {
	late := slices.DeleteFunc(slices.Clone(c.drawn), func(m spot) bool {
		return c.frame.whole() && m.x < .15*x.max || !c.frame.holds(m.x)
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
				parts = append(parts, say("%sは最後に %s。", "%s ends at %s.", subject(s.Label), c.told(float64(v))))
			}
		}
	}
	return join(append([]ablation.Label{say("%sの推移。", "%s over the run.", subject(c.figure.Title))}, parts...)...)
}

// told is a value of the y axis in a sentence.
func (c *curve) told(v float64) string {
	switch c.figure.Y.Format {
	case FormatSigned:
		return Signed(v, 3)
	case FormatPoints:
		return Signed(v*100, 1)
	}
	return Fixed(v, 3)
}

// placeColumn is where the table's place on the x axis stands, where it has one.
const placeColumn = 7

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
