package chart

import (
	"math"
	"slices"

	"github.com/haigo-lab/haigo/services/ablation"
)

// OutlookResponse draws what metrics do as one source's share changes, the others keeping their proportions: the models'
// curve with its interval, the law that they correct, and every measured mixture, moved to the curve. Metrics that rise and those that
// fall have a figure each: it is that of the metric, or the first of the source where metric is empty.
func OutlookResponse(o Outlook, source, metric string) (Figure, error) {
	j := slices.Index(o.Fit.Table.Sources, source)
	f := Figure{
		ID: "response-" + slug(source), Kind: KindResponse, Arms: marked(o.Arms),
		Title:    say("%s の割合に対する応答", "Response to the share of %s", same(source)),
		Subtitle: say("ほかは推奨の比のまま", "the others in the recommended proportions"),
		X:        Axis{Name: say("%s の割合（トークン）", "%s, share of tokens", same(source)), Format: FormatPercent},
		Caption: say("線は予測の平均、帯は 90%% 区間、破線はその土台のべき乗則。印は実測の平均を、ほかのデータソースの違いについて補正した値。縦の帯は最良の割合の 90%% 区間。灰色は試していない範囲。",
			"Lines are expected means, bands their 90%% intervals, dashes the power law that they correct. Marks are measured means, adjusted for their other shares. Upright band: 90%% interval of the best share. Grey: beyond what was tried."),
		Table: Table{Columns: []Column{}, Rows: [][]any{}},
	}
	for i, r := range o.Responses {
		if w := (response{o, i}); r.Source == j && len(r.Points) > 0 && (metric == "" || w.has(metric)) {
			if share := Percent(r.Low, 1); r.Top-r.Low < 1e-9 {
				f.Empty = say("%s の割合はどの配合も %s で、応答は描けない。割合を変えた配合を走らせると出る。", "Every mixture has %[2]s of %[1]s, so there is no response to draw; run a mixture with another share of it.", same(source), share)
				f.Caption = ablation.Label{}
				return f, newDrawing(scale{0, 1, .25}, scale{0, 1, .25}).finish(&f)
			}
			f.Y = w.axis()
			if o.Fit.Rising(w.metric(0)) {
				f.ID += "-rising"
			}
			f.Caption = w.caption(f.Caption)
			f.Description = w.description(source)
			w.list(&f.Table)
			return f, w.draw(&f)
		}
	}
	f.Empty, f.Caption = say("描ける指標がない", "There is no metric to draw"), ablation.Label{}
	return f, newDrawing(scale{0, 1, .25}, scale{0, 1, .25}).finish(&f)
}

type response struct {
	Outlook
	i int
}

func (w response) metric(k int) string { return w.Fit.Table.Metrics[w.Responses[w.i].Metrics[k]] }

func (w response) has(metric string) bool {
	return slices.ContainsFunc(w.Responses[w.i].Metrics, func(k int) bool { return w.Fit.Table.Metrics[k] == metric })
}

func (w response) axis() Axis {
	a := w.measured(w.metric(0))
	if len(w.Responses[w.i].Metrics) > 1 {
		a.Name = axisOf(w.metric(0)).Name
	}
	return a
}

// caption adds of what a rising metric's law is, and which metrics have none.
func (w response) caption(all ablation.Label) ablation.Label {
	r := w.Responses[w.i]
	laws := false
	for k := range r.Metrics {
		if math.IsNaN(r.Points[0].Laws[k]) {
			all = join(all, say("%s はどのランでも同じ値で、べき乗則がない。", "%s is the same in all runs and has no power law.", setName(w.metric(k))))
			continue
		}
		laws = true
	}
	if laws && w.Fit.Rising(w.metric(0)) {
		all = join(all, say("高いほど良い指標のべき乗則は、最良の実測との隔たりについてのもの。", "Of what is better when it is higher, the power law is of how far it lies from the best measured."))
	}
	return all
}

func (w response) draw(f *Figure) error {
	r := w.Responses[w.i]
	var values []float64
	for k := range r.Metrics {
		for _, p := range r.Points {
			values = append(values, p.Values[k].Low, p.Values[k].Top)
			if p.Share >= r.Low && p.Share <= r.Top { // beyond what was tried a law may go anywhere
				values = append(values, p.Laws[k])
			}
		}
		for _, s := range r.Seen {
			values = append(values, s.Values[k])
		}
	}
	from, to := r.Points[0].Share, r.Points[len(r.Points)-1].Share
	d := newDrawing(shareScale(from, to), around(values, 5, .03))
	var beyond []row
	if from < r.Low-1e-9 {
		beyond = append(beyond, point(from, r.Low))
	}
	if to > r.Top+1e-9 {
		beyond = append(beyond, point(r.Top, to))
	}
	d.add(Series{Role: RoleBeyond, Label: say("外挿", "extrapolated")}, beyond)
	d.add(Series{Role: RoleOptimum, Label: say("最良の割合の 90%% 区間", "90%% interval of the best share")}, []row{point(max(from, r.Optimum.Low), min(to, r.Optimum.Top))})
	for k := range r.Metrics {
		s := Series{Role: RoleBand, Lang: langOf(w.metric(k)), Label: setName(w.metric(k))}
		var band, line, law, seen []row
		for _, p := range r.Points {
			band = append(band, point(p.Share, p.Values[k].Low, p.Values[k].Top))
			line = append(line, append(point(p.Share, p.Values[k].Mean), nil))
			if !math.IsNaN(p.Laws[k]) {
				law = append(law, point(p.Share, p.Laws[k]))
			}
		}
		d.add(s, band)
		s.Role = RoleLine
		d.add(s, line)
		s.Role = RoleLaw
		d.add(s, law)
		for _, v := range r.Seen {
			if !math.IsNaN(v.Values[k]) {
				seen = append(seen, point(v.Share, v.Values[k]))
			}
		}
		s.Role = RoleAdjusted
		d.add(s, seen)
	}
	d.add(Series{Role: RolePick, Label: say("推奨 %s", "Recommended %s", Percent(r.Recommends, 0))}, []row{point(r.Recommends)})
	return d.finish(f)
}

// shareScale is an axis of shares that holds from and to, with round ends: its ticks are labelled where they are round.
func shareScale(from, to float64) scale {
	step := nearest((to - from) / 5)
	return scale{math.Floor(from/step+1e-9) * step, min(1, math.Ceil(to/step-1e-9)*step), step}
}

func (w response) description(source string) ablation.Label {
	r := w.Responses[w.i]
	parts := []ablation.Label{
		say("横軸は %s の割合、%s から %s まで試した。", "The share of %s across; %s to %s was tried.", same(source), Percent(r.Low, 0), Percent(r.Top, 0)),
		say("最良の割合の 90%% 区間は %s から %s。", "The 90%% interval of the best share is %s to %s.", Percent(r.Optimum.Low, 0), Percent(r.Optimum.Top, 0)),
	}
	first, last := r.Points[0], r.Points[len(r.Points)-1]
	for k := range r.Metrics {
		parts = append(parts, say("%s：%s から %s。", "%s: from %s to %s.", setName(w.metric(k)), Fixed(first.Values[k].Mean, 3), Fixed(last.Values[k].Mean, 3)))
	}
	return join(parts...)
}

func (w response) list(t *Table) {
	r := w.Responses[w.i]
	t.Columns = append([]Column{
		{Key: "point", Name: say("点", "Point"), Format: FormatText, Words: map[string]ablation.Label{"expected": say("予測", "expected"), "adjusted": say("実測（補正）", "measured, adjusted"), "optimum": say("最良の割合の端", "end of the best share’s interval")}},
		column("arm", say("アーム", "Arm"), FormatArm),
		column("metric", say("指標", "Metric"), FormatText),
		column("share", say("割合", "Share"), FormatPercent1),
		column("value", say("値", "Value"), FormatFixed3),
		column("low", say("90%% 下限", "90%% low"), FormatFixed3),
		column("high", say("90%% 上限", "90%% high"), FormatFixed3),
		column("law", say("べき乗則", "Power law"), FormatFixed3),
	}, w.columns()...)
	for _, share := range []float64{r.Optimum.Low, r.Optimum.Top} {
		t.Rows = append(t.Rows, append([]any{"optimum", nil, nil, cell(share)}, make([]any, len(t.Columns)-4)...))
	}
	for k := range r.Metrics {
		for _, p := range r.Points {
			t.Rows = append(t.Rows, append(append([]any{"expected", nil, w.metric(k), cell(p.Share)}, append(ends(p.Values[k]), cell(p.Laws[k]))...), mixed(p.Run)...))
		}
		for _, s := range r.Seen {
			arm := any(nil)
			if i := w.armOf(w.Outlook.Outlook.Arms[s.Arm]); i >= 0 {
				arm = w.Arms[i].Name
			}
			t.Rows = append(t.Rows, append([]any{"adjusted", arm, w.metric(k), cell(s.Share), cell(s.Values[k]), nil, nil, nil}, mixed(w.Outlook.Outlook.Arms[s.Arm].Run)...))
		}
	}
}
