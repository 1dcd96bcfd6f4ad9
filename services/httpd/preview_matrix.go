package httpd

import (
	"github.com/haigo-lab/haigo/services/card"
	"github.com/haigo-lab/haigo/services/chart"
)

// grounds are those of cells that differ from the baseline's.
var grounds = map[string]card.Cell{chart.CellGood: {Ink: card.Hued(1), Strength: .18}, chart.CellBad: {Ink: card.Hued(2), Strength: .22}}

// matrix is a frozen matrix in small: the arms that it compares, and their cells.
func (w words) matrix(f drawnFigure) ([]card.Arm, *card.Matrix) {
	m, arms := &card.Matrix{}, []card.Arm(nil)
	for _, head := range f.Heads {
		m.Heads = append(m.Heads, head.Name.In(w.lang))
	}
	for i, series := range f.Series {
		if i >= len(f.Option.Series) || !differing(f.Option.Series[i].Data) {
			continue
		}
		arm, ok := f.arm(series)
		if !ok {
			arm = chart.Arm{Mark: chart.Mark{Hue: 1, Shape: "diamond"}}
		}
		arm.Label = series.Label
		var row []card.Cell
		for k, r := range f.Option.Series[i].Data {
			row = append(row, w.cell(f, k, r))
		}
		arms, m.Rows = append(arms, pictured(arm, w.lang)), append(m.Rows, row)
	}
	return arms, m
}

// differing reports whether a row's cells are differences.
func differing(rows [][]any) bool {
	return len(rows) > 0 && cellOf(rows[0], 4) != chart.CellLevel && cellOf(rows[0], 4) != chart.CellNoise
}

func (w words) cell(f drawnFigure, k int, row []any) card.Cell {
	kind, _ := cellOf(row, 4).(string)
	cell, v := grounds[kind], value(row, 2)
	cell.Text = signed(v, 3)
	switch points := k < len(f.Heads) && f.Heads[k].Format == chart.FormatPercent1; {
	case cellOf(row, 2) == nil:
		cell.Text = "—"
	case kind == chart.CellTie:
		cell.Text = "≈"
	case points:
		cell.Text = signed(100*v, 1)
	}
	return cell
}
