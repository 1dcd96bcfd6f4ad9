package chart

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis"
	"github.com/haigo-lab/haigo/services/analysis/decision"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// Outlook is a sweep with what its finished runs allow to decide: what the figures of the decision page are drawn from.
type Outlook struct {
	Data
	decision.Outlook
}

// Aimed adds to the figure of a decision about another run than those at hand which run that is, and what that makes uncertain; 0 is
// what wasn't asked for. Whoever sees the figure alone has nothing else to know it by.
func (o Outlook) Aimed(f Figure, objective string, tokens, parameters float64) Figure {
	if f.Empty != (ablation.Label{}) {
		return f
	}
	var of []ablation.Label
	if parameters > 0 {
		of = append(of, say("パラメータ数 %s", "%s parameters", Count(parameters)))
	}
	if tokens > 0 {
		of = append(of, say("%s トークン", "%s tokens", Count(tokens)))
	}
	if len(of) > 0 {
		f.Caption = join(f.Caption, say("%s の本番についての判断。", "Decided for a run of %s.", list(of)))
		for _, l := range o.Far {
			f.Caption = join(f.Caption, ablation.Label{JA: l.JA + "。", EN: strings.ToUpper(l.EN[:1]) + l.EN[1:] + "."})
		}
	}
	if objective != "" {
		f.Caption = join(f.Caption, say("目的：%s。", "Objective: %s.", same(objective)))
	}
	return f
}

// columns are those of a mixture in a table, one a source, or one a source and phase.
func (o Outlook) columns() []Column {
	var out []Column
	t := o.Fit.Table
	for p := range t.Phases {
		for _, name := range t.Sources {
			key, label := name, same(name)
			if t.Phases > 1 {
				key, label = fmt.Sprintf("phase%d_%s", p, name), say("%s（第 %d 段階）", "%s, phase %d", same(name), p+1)
			}
			out = append(out, column(key, label, FormatPercent1))
		}
	}
	return out
}

func mixed(run table.Run) []any {
	var cells []any
	for _, phase := range run.Shares {
		for _, w := range phase {
			cells = append(cells, cell(w))
		}
	}
	return cells
}

// armOf is the sweep's arm of one of the decision's arms, by the runs that it has; -1 where that is gone.
func (o Outlook) armOf(a decision.Arm) int {
	for _, r := range o.Runs {
		if slices.Contains(a.Runs, r.Name) {
			return o.arm(r.Arm)
		}
	}
	return -1
}

// shown are the arms whose runs are as long and large as the largest that completed: those that the decision is about.
func (o Outlook) shown() []bool {
	out := make([]bool, len(o.Arms))
	largest := -1
	for _, r := range o.Fit.Table.Runs {
		i := slices.IndexFunc(o.Runs, func(run ablation.Run) bool { return run.Name == r.ID })
		if i < 0 {
			continue
		}
		at := o.arm(o.Runs[i].Arm)
		if at >= 0 && r.Parameters >= o.Run.Parameters && (largest < 0 || o.tokens(o.Arms[at]) > o.tokens(o.Arms[largest])) {
			largest = at
		}
	}
	for i := range o.Arms {
		out[i] = largest < 0 || o.peers(i, largest)
	}
	return out
}

// measureName is a metric with its language, as an axis has it.
func measureName(metric string) ablation.Label {
	if name := setName(metric); name.JA != name.EN {
		return say("%s bits per byte", "%s bits per byte", name)
	}
	return same(metric)
}

// measureAxis is what a metric measures, under its own name.
func measureAxis(metric string) Axis {
	a := axisOf(metric)
	a.Name = measureName(metric)
	if a.Good == "" {
		a.Good = map[bool]string{true: "low", false: "high"}[analysis.LowerIsBetter(metric)]
	}
	return a
}

// measured is a metric's axis, good where the decision wants it.
func (o Outlook) measured(metric string) Axis {
	a := measureAxis(metric)
	a.Good = map[bool]string{true: "high", false: "low"}[o.Fit.Rising(metric)]
	return a
}

// OutlookFront draws the trade-off of two metrics as the models see it: the best that is to be had, with a band, and how sure
// each of its places is; what was measured; the recommended mixture. Where the fit lacks one of the metrics it is empty.
func OutlookFront(o Outlook) (Figure, error) {
	f := Figure{
		ID: "front", Kind: KindTradeoff, Arms: marked(o.Arms),
		Title:    say("トレードオフと不確かさ", "Trade-off with its uncertainty"),
		Subtitle: say("線は予測、帯は 90%% 区間", "line: prediction, band: its 90%% interval"),
		Table:    Table{Columns: []Column{}, Rows: [][]any{}},
	}
	if o.Front == nil || len(o.Front.Points) == 0 {
		f.Empty = say("二つの指標がそろっていない", "Two metrics are needed")
		return f, newDrawing(scale{0, 1, .25}, scale{0, 1, .25}).finish(&f)
	}
	f.X, f.Y = o.measured(o.Front.X), o.measured(o.Front.Y)
	w := front{Outlook: o, points: slices.Clone(o.Front.Points)}
	slices.SortFunc(w.points, func(a, b decision.FrontPoint) int { return cmp.Compare(a.X.Mean, b.X.Mean) })
	w.x, w.y = analysis.Both(o.Arms, o.Results, o.Front.X, o.Front.Y)
	f.Caption = say("線上の点が濃いほど、ほかに両方で優る配合がない確率が高い。印は実測の平均と 90%% 区間、ひし形は推奨。",
		"The darker a point of the line, the likelier no other mixture is better on both. Marks are measured means with 90%% intervals, the diamond is recommended.")
	f.Description = w.description()
	w.list(&f.Table)
	return f, w.draw(&f)
}

type front struct {
	Outlook
	points []decision.FrontPoint
	x, y   analysis.Scores
}

func (w front) at() (x, y decision.Interval) {
	return decision.Interval(w.Metrics[slices.Index(w.Fit.Table.Metrics, w.Front.X)]), decision.Interval(w.Metrics[slices.Index(w.Fit.Table.Metrics, w.Front.Y)])
}

func (w front) draw(f *Figure) error {
	xs, ys := w.ends()
	d := newDrawing(around(xs, 5, .06), around(ys, 5, .06))
	var band, line, odds []row
	for _, p := range w.points {
		band = append(band, point(p.X.Mean, p.Band.Low, p.Band.Top))
		line = append(line, point(p.X.Mean, p.Y.Mean))
		odds = append(odds, point(p.X.Mean, p.Y.Mean, p.P))
	}
	d.add(Series{Role: RoleBand}, band)
	d.add(Series{Role: RoleLine}, line)
	d.add(Series{Role: RoleOdds, Label: say("両方で優る配合がない確率", "chance that none is better on both")}, odds)
	shown := w.shown()
	for i, a := range f.Arms {
		x, y := w.x.Arms[i], w.y.Arms[i]
		if x.N == 0 || !shown[i] {
			continue
		}
		d.add(Series{Role: RoleInterval, Arm: pointer(i), Label: a.Label}, []row{point(x.Mean, y.Mean, x.Mean-x.Half, x.Mean+x.Half, y.Mean-y.Half, y.Mean+y.Half)})
		d.add(Series{Role: RoleMean, Arm: pointer(i), Label: a.Label}, []row{append(point(x.Mean, y.Mean), x.N)})
	}
	x, y := w.at()
	d.add(Series{Role: RolePick, Label: say("推奨", "Recommended")}, []row{point(x.Mean, y.Mean)})
	return d.finish(f)
}

// ends are the values that the axes must hold.
func (w front) ends() (xs, ys []float64) {
	for _, p := range w.points {
		xs, ys = append(xs, p.X.Mean), append(ys, p.Band.Low, p.Band.Top)
	}
	for i, shown := range w.shown() {
		if shown && w.x.Arms[i].N > 0 {
			xs, ys = append(xs, w.x.Arms[i].Mean), append(ys, w.y.Arms[i].Mean)
		}
	}
	x, y := w.at()
	return append(xs, x.Mean), append(ys, y.Mean)
}

func (w front) description() ablation.Label {
	first, last := w.points[0], w.points[len(w.points)-1]
	return say("横軸 %s、縦軸 %s。フロントは (%s, %s) から (%s, %s) まで。", "%s across, %s up. The front runs from (%s, %s) to (%s, %s).",
		measureName(w.Front.X), measureName(w.Front.Y), Fixed(first.X.Mean, 3), Fixed(first.Y.Mean, 3), Fixed(last.X.Mean, 3), Fixed(last.Y.Mean, 3))
}

func (w front) list(t *Table) {
	kind := map[string]ablation.Label{"front": say("フロント", "front"), "measured": say("実測", "measured"), "recommended": say("推奨", "recommended")}
	format := func(metric string) Format { return valueFormat(metric) }
	x, y := w.Front.X, w.Front.Y
	t.Columns = append([]Column{
		{Key: "point", Name: say("点", "Point"), Format: FormatText, Words: kind},
		column("arm", say("アーム", "Arm"), FormatArm),
		column("x", measureName(x), format(x)), column("x_low", say("90%% 下限", "90%% low"), format(x)), column("x_high", say("90%% 上限", "90%% high"), format(x)),
		column("y", measureName(y), format(y)), column("y_low", say("90%% 下限", "90%% low"), format(y)), column("y_high", say("90%% 上限", "90%% high"), format(y)),
		column("p_not_dominated", say("優る配合がない確率", "P(not dominated)"), FormatFixed2),
	}, w.columns()...)
	for _, p := range w.points {
		t.Rows = append(t.Rows, append(append(append([]any{"front", nil}, ends(p.X)...), append(ends(p.Y), cell(p.P))...), mixed(p.Run)...))
	}
	px, py := w.at()
	t.Rows = append(t.Rows, append(append(append([]any{"recommended", nil}, ends(px)...), append(ends(py), nil)...), mixed(w.Run)...))
	shown := w.shown()
	for _, a := range w.Outlook.Outlook.Arms {
		i := w.armOf(a)
		if i < 0 || w.x.Arms[i].N == 0 || !shown[i] {
			continue
		}
		x, y := w.x.Arms[i], w.y.Arms[i]
		measured := []any{"measured", w.Arms[i].Name, cell(x.Mean), cell(x.Mean - x.Half), cell(x.Mean + x.Half), cell(y.Mean), cell(y.Mean - y.Half), cell(y.Mean + y.Half), cell(a.PFront)}
		t.Rows = append(t.Rows, append(measured, mixed(a.Run)...))
	}
}

// ends are an interval as cells.
func ends(v decision.Interval) []any { return []any{cell(v.Mean), cell(v.Low), cell(v.Top)} }
