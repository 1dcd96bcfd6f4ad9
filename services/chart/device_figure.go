package chart

import (
	"fmt"
	"slices"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis"
)

// deviceMetric is one figure of devices.
type deviceMetric struct {
	axis   Axis
	title  ablation.Label
	hint   ablation.Label
	format Format // in the table
	run    func(DeviceRun) float64
	middle func(DeviceUse) *analysis.Middle
}

var deviceMetrics = map[string]deviceMetric{
	ablation.MetricTokensPerS: {
		axis:  Axis{Name: say("1 装置の 1 秒あたりトークン", "tokens per second of one device"), Format: FormatTokens, Good: "high"},
		title: say("装置ごとの速さ", "Speed by device"), hint: say("高いほどよい", "higher is better"), format: FormatInteger,
		run: func(r DeviceRun) float64 { return r.TokensPerS }, middle: func(u DeviceUse) *analysis.Middle { return u.TokensPerS },
	},
	ablation.MetricMFU: {
		axis:  Axis{Name: say("モデル FLOPs 利用率（MFU）", "model FLOPs utilisation"), Format: FormatPercent, Good: "high"},
		title: say("装置ごとの MFU", "MFU by device"), hint: say("高いほどよい", "higher is better"), format: FormatPercent1,
		run: func(r DeviceRun) float64 { return r.MFU }, middle: func(u DeviceUse) *analysis.Middle { return u.MFU },
	},
	MetricYen: {
		axis:  Axis{Name: say("10 億トークンあたり円", "yen per billion tokens"), Format: FormatInteger, Good: "low"},
		title: say("装置ごとの費用", "Cost by device"), hint: say("低いほどよい", "lower is better"), format: FormatInteger,
		run: func(r DeviceRun) float64 { return r.Yen }, middle: func(u DeviceUse) *analysis.Middle { return u.Yen },
	},
}

// DeviceTitle and DeviceHint are what a figure of devices is called, and how it is read.
func DeviceTitle(metric string) (title, hint ablation.Label) {
	m := deviceMetrics[metric]
	return m.title, m.hint
}

// DeviceFigure draws tokens_per_s, mfu or [MetricYen], a device a row: every run, and their median with its interval.
// Another metric is ablation.ErrNotFound.
func DeviceFigure(uses []DeviceUse, metric string) (Figure, error) {
	m, ok := deviceMetrics[metric]
	if !ok {
		return Figure{}, fmt.Errorf("draw %s of devices: %w", metric, ablation.ErrNotFound)
	}
	f := Figure{
		ID: "device-" + slug(metric), Kind: KindDevice, Arms: []Arm{}, Title: m.title, Subtitle: m.hint, X: m.axis, Y: Axis{Format: FormatArm},
		Caption: say("小さい点はラン、大きい点は中央値。線は中央値の 90%% 区間（順序統計量）で、ラン 5 本未満では最小〜最大。",
			"Small marks are runs, large marks medians. Lines are 90%% intervals of the median (order statistics); with fewer than five runs, lowest to highest."),
		Table: deviceTable(metric, m),
	}
	end := 0.0
	for i, u := range uses {
		f.Arms = append(f.Arms, Arm{Name: u.Label().EN + ", " + u.Model.EN, Label: deviceName(uses, i), Mark: Mark{Shape: shapes[i%len(shapes)], Dash: dashes[0]}})
		for _, r := range u.Runs {
			end = max(end, m.run(r))
		}
	}
	d := newDrawing(upTo(end*1.02, 4), scale{-.5, max(1, float64(len(uses))) - .5, 1})
	for i, u := range uses {
		f.device(d, i, u, m)
	}
	if len(f.Table.Rows) == 0 {
		f.Caption, f.Empty = ablation.Label{}, m.none()
	}
	return f, d.finish(&f)
}

// deviceName is a device's label, with the model where it isn't the same everywhere. Devices are grey: colours are the arms'.
func deviceName(uses []DeviceUse, i int) ablation.Label {
	u := uses[i]
	if slices.ContainsFunc(uses, func(o DeviceUse) bool { return o.Model != u.Model }) {
		return say("%s（%s）", "%s (%s)", u.Label(), u.Model)
	}
	return u.Label()
}

// none says what is missing where no run has a figure.
func (m deviceMetric) none() ablation.Label {
	switch m.axis.Format {
	case FormatPercent:
		return say("装置のピーク性能がわからない。devices.yaml に書くか、トレーナーが started で伝える", "No device's peak is known: write it into devices.yaml, or let the trainer say it in started")
	case FormatInteger:
		return say("装置の値段がわからない", "No device's price is known")
	}
	return say("速さの記録がまだない", "No speed is logged yet")
}

// device puts one device at height i, the first at the top; the page's script names the heights.
func (f *Figure) device(d *drawing, i int, u DeviceUse, m deviceMetric) {
	s := Series{Arm: pointer(i), Label: f.Arms[i].Label, Role: RoleSeed}
	for _, r := range u.Runs {
		if v := m.run(r); v > 0 {
			s.Run = r.Run
			d.add(s, []row{point(v, float64(i))})
			f.Table.Rows = append(f.Table.Rows, []any{f.Arms[i].Name, "run", r.Run, 1, cell(v), nil, nil})
		}
	}
	v := m.middle(u)
	if v == nil {
		return
	}
	s.Run, s.Role = "", RoleInterval
	d.add(s, []row{append(point(v.Median, float64(i), v.Low, v.High), nil, nil)})
	s.Role, s.Note = RoleMean, m.text(v.Median)
	d.add(s, []row{append(point(v.Median, float64(i)), v.N)})
	f.Table.Rows = append(f.Table.Rows, []any{f.Arms[i].Name, "median", nil, v.N, cell(v.Median), cell(v.Low), cell(v.High)})
	f.Description = join(f.Description, say("%s：%s（n = %d）。", "%s: %s (n = %d).", f.Arms[i].Label, m.text(v.Median), v.N))
}

// text is a value as it stands beside its mark.
func (m deviceMetric) text(v float64) ablation.Label {
	switch m.axis.Format {
	case FormatPercent:
		return same(Percent(v, 1))
	case FormatTokens:
		return say("%s トークン/秒", "%s tokens/s", Count(v))
	}
	return say("%s円", "¥%s", Integer(v))
}

func deviceTable(metric string, m deviceMetric) Table {
	return Table{Rows: [][]any{}, Columns: []Column{
		column("device", say("装置", "Device"), FormatArm),
		{Key: "point", Name: say("点", "Point"), Format: FormatText, Words: map[string]ablation.Label{"run": say("ラン", "run"), "median": say("中央値", "median")}},
		column("run", say("ラン", "Run"), FormatText), column("n", same("n"), FormatInteger),
		column(metric, m.axis.Name, m.format), column("low", say("下限", "Low"), m.format), column("high", say("上限", "High"), m.format),
	}}
}

// DevicesTable is all figures of devices, a line each.
func DevicesTable(uses []DeviceUse) Table {
	t := Table{Rows: [][]any{}, Columns: []Column{
		column("device", say("装置", "Device"), FormatText), column("devices", say("台数", "Devices"), FormatInteger), column("isa", say("命令セット", "Instruction set"), FormatText),
		column("threads", say("スレッド", "Threads"), FormatInteger), column("precision", say("精度", "Precision"), FormatText), column("model", say("モデル", "Model"), FormatText),
		column("runs", say("ラン", "Runs"), FormatInteger), column("yen_per_hour", say("円 / 時", "Yen an hour"), FormatInteger),
	}}
	metrics := []string{ablation.MetricTokensPerS, ablation.MetricMFU, MetricYen}
	for _, metric := range metrics {
		m := deviceMetrics[metric]
		t.Columns = append(t.Columns, column(metric, m.axis.Name, m.format), column(metric+"_low", say("下限", "Low"), m.format), column(metric+"_high", say("上限", "High"), m.format))
	}
	for _, u := range uses {
		row := []any{u.Device, u.Devices, u.ISA, u.Threads, u.Precision, u.Model.EN, len(u.Runs), cell(u.YenPerHour)}
		for _, metric := range metrics {
			if v := deviceMetrics[metric].middle(u); v != nil {
				row = append(row, cell(v.Median), cell(v.Low), cell(v.High))
			} else {
				row = append(row, nil, nil, nil)
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}
