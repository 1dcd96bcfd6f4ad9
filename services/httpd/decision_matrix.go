package httpd

import (
	"html/template"
	"math"
	"slices"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis"
	"github.com/haigo-lab/haigo/services/analysis/decision"
	"github.com/haigo-lab/haigo/services/analysis/surrogate"
	"github.com/haigo-lab/haigo/services/analysis/table"
	"github.com/haigo-lab/haigo/services/chart"
)

// matrix is tasks and held-out text across, arms down: differences from the baseline, and what seeds do.
type matrix struct {
	Columns []matrixColumn
	Rows    []matrixRow
	Base    *matrixRow // the baseline's own values
	Noise   []string   // standard deviation over seeds
	Left    int        // arms that aren't shown
}

type matrixColumn struct {
	metricHead
	Sub    string // what is measured
	metric string
	task   string  // empty: held-out text
	floor  float64 // what a guess gets
}

type matrixRow struct {
	Arm       *armView // nil: the recommended mixture
	Glyph     template.HTML
	Words     string
	Predicted bool
	Cells     []matrixCell
}

// matrixCell is a difference, or that there is none to be told.
type matrixCell struct {
	Kind  string // good, bad, tie or none
	Value string
	Sub   string
}

// matrixRows is how many arms the matrix shows, those first that the objective likes best.
const matrixRows = 24

func (p decisionPage) matrix() matrix {
	m := matrix{Columns: p.columns()}
	if len(m.Columns) == 0 || len(p.Arms) == 0 {
		return matrix{}
	}
	scores := make([]analysis.Scores, len(m.Columns))
	for k, c := range m.Columns {
		scores[k] = analysis.Of(p.Arms, p.Results, c.metric)
		m.Noise = append(m.Noise, cellText(scores[k].Pooled, c))
	}
	base := p.Sweep.Baseline(p.Arms, 0)
	answers := p.answers()
	order := p.bestFirst()
	if len(order) > matrixRows {
		order, m.Left = order[:matrixRows], len(order)-matrixRows
	}
	if row, ok := p.recommended(m.Columns, answers, base); ok {
		m.Rows = append(m.Rows, row)
	}
	for _, i := range order {
		if against := p.Sweep.Baseline(p.Arms, i); i != against && against >= 0 {
			m.Rows = append(m.Rows, p.armRow(m.Columns, scores, answers, i, against))
		}
	}
	if base >= 0 {
		m.Base = &matrixRow{Arm: &p.views[base]}
		for k, c := range m.Columns {
			m.Base.Cells = append(m.Base.Cells, matrixCell{Value: cellText(scores[k].Arms[base].Mean-c.floor, c)})
		}
	}
	return m
}

// columns are the held-out sets of languages, of every task its bits per byte and what its accuracy is above a guess, and what else
// the objective is of, as with runs that were imported.
func (p decisionPage) columns() []matrixColumn {
	have := func(metric string) bool { return slices.Contains(p.Table.Metrics, metric) }
	var out []matrixColumn
	for _, set := range (sweepData{Data: p.Data}).sets() {
		if metric := ablation.BPB(set.Name); have(metric) {
			out = append(out, matrixColumn{metricHead: metricHead{p.words.language(set.Name), set.Lang}, Sub: "bits per byte", metric: metric})
		}
	}
	for _, t := range p.Tasks {
		h := metricHead{t.Name, t.Lang}
		if metric := ablation.TaskBPB(t.Name); have(metric) {
			out = append(out, matrixColumn{metricHead: h, Sub: "bits per byte", metric: metric, task: t.Name})
		}
		if metric := ablation.TaskAccuracy(t.Name); have(metric) {
			out = append(out, matrixColumn{metricHead: h, Sub: p.words.text("dec.mx.above"), metric: metric, task: t.Name, floor: t.Floor()})
		}
	}
	for _, t := range p.Goal.Terms {
		if have(t.Metric) && !slices.ContainsFunc(out, func(c matrixColumn) bool { return c.metric == t.Metric }) {
			out = append(out, matrixColumn{metricHead: p.head(t.Metric), Sub: chart.Hint(t.Metric).In(p.words.lang), metric: t.Metric})
		}
	}
	return out
}

// bestFirst are the arms by what they scored in the objective; those without a score come last.
func (p decisionPage) bestFirst() []int {
	value := make([]float64, len(p.Arms))
	for _, t := range p.Goal.Terms {
		scores := analysis.Of(p.Arms, p.Results, t.Metric)
		for i, a := range scores.Arms {
			value[i] += t.Weight * a.Mean * map[bool]float64{true: -1, false: 1}[p.Goal.Max]
		}
	}
	order := make([]int, len(p.Arms))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch x, y := value[a], value[b]; {
		case math.IsNaN(x) && !math.IsNaN(y), x > y:
			return 1
		case math.IsNaN(y) && !math.IsNaN(x), x < y:
			return -1
		}
		return 0
	})
	return order
}

// answers are what the runs said to the items of every task, by its name.
func (p decisionPage) answers() map[string]analysis.Answers {
	out := map[string]analysis.Answers{}
	for _, t := range p.Tasks {
		out[t.Name] = analysis.AnswersOf(p.Arms, p.Runs, p.Items, t.Name)
	}
	return out
}

// items is what a column's task says of two arms over its items; unknown where it has none.
func (c matrixColumn) items(answers map[string]analysis.Answers, a, b int) analysis.Effect {
	of, is := answers[c.task]
	if !is {
		return analysis.Effect{Mean: math.NaN(), Half: math.NaN(), Verdict: analysis.Unknown}
	}
	d := of.Difference(a, b)
	if c.metric == ablation.TaskAccuracy(c.task) {
		return d.Accuracy
	}
	return d.Bits
}

// luck is the widest interval that items leave any arm beside the baseline: that of a mixture which hasn't answered them.
func (c matrixColumn) luck(answers map[string]analysis.Answers, arms, base int) float64 {
	half := 0.0
	for i := range arms {
		if e := c.items(answers, i, base); i != base && e.Verdict != analysis.Unknown {
			half = max(half, e.Half)
		}
	}
	return half
}

func (p decisionPage) armRow(columns []matrixColumn, scores []analysis.Scores, answers map[string]analysis.Answers, i, base int) matrixRow {
	row := matrixRow{Arm: &p.views[i]}
	for k, c := range columns {
		d := scores[k].Difference(i, base).Over(c.items(answers, i, base))
		switch {
		case d.N == 0:
			row.Cells = append(row.Cells, matrixCell{Kind: "none", Value: "—"})
		case d.Verdict == analysis.Unknown:
			row.Cells = append(row.Cells, matrixCell{Kind: "none", Value: minusText(d.Mean, c), Sub: p.words.text("dec.mx.unknown")})
		default:
			row.Cells = append(row.Cells, p.difference(d.Mean, d.Half, c))
		}
	}
	return row
}

// recommended is the row of the recommended mixture, as the models see it; false where there is none, or it was run itself.
func (p decisionPage) recommended(columns []matrixColumn, answers map[string]analysis.Answers, base int) (matrixRow, bool) {
	if p.outlook == nil || base < 0 || p.outlook.Distance < 1e-6 {
		return matrixRow{}, false
	}
	against, ok := p.runOf(base)
	if !ok {
		return matrixRow{}, false
	}
	row := matrixRow{Glyph: p.runGlyph(p.outlook.Run), Words: p.mixtureWords(p.outlook.Run), Predicted: true}
	minus := decision.Differences(p.outlook.Fit, p.outlook.Run, against, 1)
	for _, c := range columns {
		k := slices.Index(p.outlook.Fit.Table.Metrics, c.metric)
		if k < 0 {
			row.Cells = append(row.Cells, matrixCell{Kind: "none", Value: "—"})
			continue
		}
		half := max((minus[k].Top-minus[k].Low)/2, c.luck(answers, len(p.Arms), base))
		row.Cells = append(row.Cells, p.difference(minus[k].Mean, half, c))
	}
	return row, true
}

// runOf is the mixture of an arm at the recommended size.
func (p decisionPage) runOf(arm int) (run table.Run, ok bool) {
	for _, a := range p.outlook.Arms {
		for _, r := range p.Runs {
			if r.Arm == p.Arms[arm].Name && slices.Contains(a.Runs, r.Name) {
				return a.Run, true
			}
		}
	}
	return table.Run{}, false
}

// difference is a cell: good or bad where the interval leaves 0 out, else that the two can't be told apart.
func (p decisionPage) difference(mean, half float64, c matrixColumn) matrixCell {
	width := "± " + cellText(half, c)
	if math.Abs(mean) <= half {
		return matrixCell{Kind: "tie", Value: p.words.text("dec.cant"), Sub: minusText(mean, c) + " " + width}
	}
	kind := "bad"
	if (mean < 0) != surrogate.Rising(c.metric) {
		kind = "good"
	}
	return matrixCell{Kind: kind, Value: minusText(mean, c), Sub: width}
}

// minusText is a difference as its column has it: bits per byte, or points of accuracy.
func minusText(v float64, c matrixColumn) string {
	if chart.FormatOf(c.metric) == chart.FormatPercent1 {
		return signed(100*v, 1)
	}
	return signed(v, 3)
}

func cellText(v float64, c matrixColumn) string {
	switch {
	case math.IsNaN(v):
		return "—"
	case chart.FormatOf(c.metric) == chart.FormatPercent1:
		return fixed(100*v, 1)
	}
	return fixed(v, 3)
}
