package chart

import (
	"encoding/json"
	"fmt"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Within is a figure of curves as far as a frame shows it, of no more points than it has, and says so. Its y axis holds what
// is drawn in the frame.
func (f Figure) Within(frame Frame) (Figure, error) {
	var option map[string]any
	if err := json.Unmarshal(f.Option, &option); err != nil {
		return f, fmt.Errorf("read option of %s: %w", f.ID, err)
	}
	x, y := axisIn(option, "xAxis"), axisIn(option, "yAxis")
	if end, ok := x["max"].(float64); ok && !frame.whole() {
		frame.scale(end, 4).put(x)
	}
	if values := f.drawnIn(frame, option); len(values) > 0 {
		around(values, 4, 0).put(y)
	}
	text, err := json.Marshal(option)
	f.Option, f.Caption = text, join(f.Caption, say("共有した時点の点のまま拡大しています。", "Zoomed into the points that were shared; there are no finer ones."))
	return f, err
}

func axisIn(option map[string]any, name string) map[string]any {
	axes, _ := option[name].([]any)
	if len(axes) == 0 {
		return map[string]any{}
	}
	axis, _ := axes[0].(map[string]any)
	return axis
}

func (s scale) put(axis map[string]any) {
	axis["min"], axis["max"], axis["minInterval"], axis["maxInterval"] = ablation.Real(s.min), ablation.Real(s.max), s.step, s.step
}

// drawnIn are the values of lines and bands that stand in a frame.
func (f Figure) drawnIn(frame Frame, option map[string]any) []float64 {
	series, _ := option["series"].([]any)
	var values []float64
	for i, s := range f.Series {
		if s.Role != RoleLine && s.Role != RoleBand || i >= len(series) {
			continue
		}
		one, _ := series[i].(map[string]any)
		rows, _ := one["data"].([]any)
		for _, r := range rows {
			cells, _ := r.([]any)
			values = append(values, valuesIn(frame, s.Role, cells)...)
		}
	}
	return values
}

// valuesIn are the heights of a line's or a band's row, where the frame holds it.
func valuesIn(frame Frame, role Role, cells []any) (values []float64) {
	ends := map[Role]int{RoleLine: 2, RoleBand: 3}[role]
	for i := range min(ends, len(cells)) {
		v, ok := cells[i].(float64)
		if i == 0 && !(ok && frame.holds(v)) {
			return nil
		}
		if i > 0 && ok {
			values = append(values, v)
		}
	}
	return values
}
