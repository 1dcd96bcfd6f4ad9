package httpd

import (
	"html/template"
	"math"
	"net/url"

	"github.com/haigo-lab/haigo/services/analysis"
	"github.com/haigo-lab/haigo/services/chart"
)

// matrix is what the page writes of tasks and held-out text by arms.
type matrix struct {
	Columns []matrixColumn
	Rows    []matrixRow
	Base    *matrixRow // the baseline's own values
	Noise   []string   // standard deviation over seeds
	Left    int        // arms that aren't shown
	Figure  figure     // the same, drawn when its picture is asked for
}

type matrixColumn struct {
	metricHead
	Sub string // what is measured
}

type matrixRow struct {
	Arm   *armView // nil: the recommended mixture
	Glyph template.HTML
	Words string
	Cells []matrixCell
}

// matrixCell is a difference, or that there is none to be told.
type matrixCell struct {
	Kind  string // good, bad, tie or none
	Value string
	Sub   string
}

func (p decisionPage) matrix() matrix {
	of := chart.NewMatrix(p.Data, p.Evidence, p.outlook)
	m := matrix{Left: of.Left, Figure: newFigure("matrix", sweepURL(p.Sweep.Name), "matrix", p.aimed(url.Values{}))}
	for _, c := range of.Columns {
		m.Columns = append(m.Columns, matrixColumn{metricHead{c.Name.In(p.words.lang), c.Lang}, c.Sub.In(p.words.lang)})
		m.Noise = append(m.Noise, cellText(c.Scores.Pooled, c))
	}
	for _, r := range of.Rows {
		row := matrixRow{}
		if r.Arm >= 0 {
			row.Arm = &p.views[r.Arm]
		} else {
			row.Glyph, row.Words = p.runGlyph(p.outlook.Run), p.mixtureWords(p.outlook.Run)
		}
		for k, v := range r.Cells {
			row.Cells = append(row.Cells, p.matrixCell(of.Columns[k], v))
		}
		m.Rows = append(m.Rows, row)
	}
	if of.Base >= 0 {
		m.Base = &matrixRow{Arm: &p.views[of.Base]}
		for _, c := range of.Columns {
			m.Base.Cells = append(m.Base.Cells, matrixCell{Value: cellText(c.Scores.Arms[of.Base].Mean-c.Floor, c)})
		}
	}
	return m
}

// matrixCell is a cell in words: where an interval holds 0, that the two can't be told apart.
func (p decisionPage) matrixCell(c chart.MatrixColumn, v chart.MatrixCell) matrixCell {
	kind, mean, width := c.Kind(v), minusText(v.Mean, c), "± "+cellText(v.Half, c)
	switch {
	case v.Verdict == analysis.Unknown && v.N == 0:
		return matrixCell{Kind: kind, Value: "—"}
	case v.Verdict == analysis.Unknown:
		return matrixCell{Kind: kind, Value: mean, Sub: p.words.text("dec.mx.unknown")}
	case kind == chart.CellTie:
		return matrixCell{Kind: kind, Value: p.words.text("dec.cant"), Sub: mean + " " + width}
	}
	return matrixCell{Kind: kind, Value: mean, Sub: width}
}

// minusText is a difference as its column has it: bits per byte, or points of accuracy.
func minusText(v float64, c chart.MatrixColumn) string {
	if chart.FormatOf(c.Metric) == chart.FormatPercent1 {
		return signed(100*v, 1)
	}
	return signed(v, 3)
}

func cellText(v float64, c chart.MatrixColumn) string {
	switch {
	case math.IsNaN(v):
		return "—"
	case chart.FormatOf(c.Metric) == chart.FormatPercent1:
		return fixed(100*v, 1)
	}
	return fixed(v, 3)
}
