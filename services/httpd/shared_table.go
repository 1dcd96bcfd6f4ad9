package httpd

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/haigo-lab/haigo/services/chart"
)

// table is a figure's table in the language of w.
func (w words) table(f chart.Figure) figureTable {
	t := figureTable{}
	for _, c := range f.Table.Columns {
		t.Columns = append(t.Columns, tableColumn{Name: cmp.Or(c.Name.In(w.lang), c.Key), Number: isNumber(c.Format)})
	}
	for _, values := range f.Table.Rows {
		var row []tableCell
		for i, value := range values {
			if i < len(f.Table.Columns) {
				row = append(row, w.cell(f, f.Table.Columns[i].Format, value))
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func isNumber(f chart.Format) bool { return f != chart.FormatText && f != chart.FormatArm }

func (w words) cell(f chart.Figure, format chart.Format, value any) tableCell {
	c := tableCell{Number: isNumber(format)}
	switch v := value.(type) {
	case nil:
		c.Text = "—"
	case string:
		c.Text = v
		if format == chart.FormatArm {
			c.Arm = figureArm(w.lang, f, v)
		}
	case float64:
		c.Text = w.formatted(format, v)
	}
	return c
}

// formatted writes a number in one of the figure's formats, as web/src/format.ts does.
func (w words) formatted(format chart.Format, v float64) string {
	switch format {
	case chart.FormatTokens:
		return w.big(v)
	case chart.FormatInteger:
		return integer(int64(v))
	case chart.FormatFixed2:
		return fixed(v, 2)
	case chart.FormatPercent:
		return percent(v, 0)
	case chart.FormatPercent1:
		return percent(v, 1)
	case chart.FormatScientific:
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	return fixed(v, 3)
}

// figureArm is an arm as a figure marks it; a figure holds no schedule.
func figureArm(lang string, f chart.Figure, name string) *armView {
	i := slices.IndexFunc(f.Arms, func(a chart.Arm) bool { return a.Name == name })
	if i < 0 {
		return &armView{Name: name, Label: name, shape: "circle"}
	}
	a := f.Arms[i]
	return &armView{Name: a.Name, Label: cmp.Or(a.Label.In(lang), a.Name), Hue: a.Mark.Hue, Hollow: a.Mark.Hollow, shape: a.Mark.Shape}
}
