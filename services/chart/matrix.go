package chart

import (
	"math"
	"slices"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis"
	"github.com/haigo-lab/haigo/services/analysis/decision"
	"github.com/haigo-lab/haigo/services/analysis/evidence"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// Matrix is tasks and held-out text across, arms down: how far each arm is from its baseline, and what seeds do.
type Matrix struct {
	Columns []MatrixColumn
	Rows    []MatrixRow // the recommended mixture first where it wasn't run itself, then arms, those first that the objective likes best
	Base    int         // the baseline, an index of arms; -1: there is none
	Left    int         // arms that have no row
	data    Data
	all     []MatrixRow // rows of all arms, in their order; without cells of those that are compared with nothing
}

// MatrixColumn is what a column measures.
type MatrixColumn struct {
	Name, Sub    ablation.Label
	Lang, Metric string
	Scores       analysis.Scores
	Floor        float64 // what a guess gets
	task         string  // empty: held-out text
	rising       bool
}

// MatrixRow is an arm's differences from its baseline.
type MatrixRow struct {
	Arm     int // an index of arms; -1: the recommended mixture, as the models see it
	Against int // the arm that it is compared with
	Cells   []MatrixCell
}

// MatrixCell is a difference with its 90% interval, or that there is none to be told.
type MatrixCell struct {
	N          int     // pairs of one seed; 0 of a prediction
	Mean, Half float64 // NaN where unknown
	Verdict    analysis.Verdict
}

// matrixRows is how many arms have a row.
const matrixRows = 24

// NewMatrix compares the arms of a sweep in what its finished runs have scored, and in what else the objective is of, as with runs
// that were imported. Without anything decided no mixture is recommended. Without columns or arms it is empty.
func NewMatrix(d Data, of evidence.Evidence, found *decision.Outlook) Matrix {
	m := Matrix{data: d, Columns: d.matrixColumns(of), Base: -1}
	if len(m.Columns) == 0 || len(d.Arms) == 0 {
		return Matrix{Base: -1}
	}
	m.Base = d.Sweep.Baseline(d.Arms, 0)
	answers := d.answers()
	if found != nil {
		if row, ok := m.recommended(Outlook{d, *found}, answers); ok {
			m.Rows = append(m.Rows, row)
		}
	}
	for i := range d.Arms {
		m.all = append(m.all, m.row(answers, i, d.Sweep.Baseline(d.Arms, i)))
	}
	order := d.bestFirst(of.Goal)
	if len(order) > matrixRows {
		order, m.Left = order[:matrixRows], len(order)-matrixRows
	}
	for _, i := range order {
		if len(m.all[i].Cells) > 0 {
			m.Rows = append(m.Rows, m.all[i])
		}
	}
	return m
}

// matrixColumns are the held-out sets of languages, of every task its bits per byte and what its accuracy is above a guess, and what
// else the objective is of.
func (d Data) matrixColumns(of evidence.Evidence) []MatrixColumn {
	var out []MatrixColumn
	add := func(c MatrixColumn) {
		if slices.Contains(of.Table.Metrics, c.Metric) && !slices.ContainsFunc(out, func(o MatrixColumn) bool { return o.Metric == c.Metric }) {
			c.Scores, c.rising = d.scores(c.Metric), of.Rising(c.Metric)
			out = append(out, c)
		}
	}
	for _, set := range d.Sets() {
		add(MatrixColumn{Name: language(set.Name), Sub: same("bits per byte"), Lang: set.Lang, Metric: ablation.BPB(set.Name)})
	}
	for _, t := range d.Tasks {
		add(MatrixColumn{Name: same(t.Name), Sub: same("bits per byte"), Lang: t.Lang, Metric: ablation.TaskBPB(t.Name), task: t.Name})
		add(MatrixColumn{Name: same(t.Name), Sub: say("正答率 − 偶然（ポイント）", "accuracy − chance, points"), Lang: t.Lang, Metric: ablation.TaskAccuracy(t.Name), task: t.Name, Floor: t.Floor()})
	}
	for _, t := range of.Goal.Terms {
		add(MatrixColumn{Name: setName(t.Metric), Sub: directed(of.Rising(t.Metric)), Lang: langOf(t.Metric), Metric: t.Metric})
	}
	return out
}

// bestFirst are the arms by what they scored in the objective; those without a score come last.
func (d Data) bestFirst(goal decision.Objective) []int {
	value := make([]float64, len(d.Arms))
	for _, t := range goal.Terms {
		for i, a := range d.scores(t.Metric).Arms {
			value[i] += t.Weight * a.Mean * map[bool]float64{true: -1, false: 1}[goal.Max]
		}
	}
	order := make([]int, len(d.Arms))
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
func (d Data) answers() map[string]analysis.Answers {
	out := map[string]analysis.Answers{}
	for _, t := range d.Tasks {
		out[t.Name] = analysis.AnswersOf(d.Arms, d.Runs, d.Items, t.Name)
	}
	return out
}

// items is what a column's task says of two arms over its items; unknown where it has none.
func (c MatrixColumn) items(answers map[string]analysis.Answers, a, b int) analysis.Effect {
	of, is := answers[c.task]
	if !is {
		return analysis.Effect{Mean: math.NaN(), Half: math.NaN(), Verdict: analysis.Unknown}
	}
	d := of.Difference(a, b)
	if c.Metric == ablation.TaskAccuracy(c.task) {
		return d.Accuracy
	}
	return d.Bits
}

// luck is the widest interval that items leave any arm beside the baseline: that of a mixture which hasn't answered them.
func (c MatrixColumn) luck(answers map[string]analysis.Answers, arms, base int) float64 {
	half := 0.0
	for i := range arms {
		if e := c.items(answers, i, base); i != base && e.Verdict != analysis.Unknown {
			half = max(half, e.Half)
		}
	}
	return half
}

func (m Matrix) row(answers map[string]analysis.Answers, i, base int) MatrixRow {
	row := MatrixRow{Arm: i, Against: base}
	if base < 0 || base == i {
		return row
	}
	for _, c := range m.Columns {
		v := c.Scores.Difference(i, base).Over(c.items(answers, i, base))
		row.Cells = append(row.Cells, MatrixCell{N: v.N, Mean: v.Mean, Half: v.Half, Verdict: v.Verdict})
	}
	return row
}

// recommended is the row of the recommended mixture; false where it was run itself.
func (m Matrix) recommended(o Outlook, answers map[string]analysis.Answers) (MatrixRow, bool) {
	if m.Base < 0 || o.Distance < 1e-6 {
		return MatrixRow{}, false
	}
	against, ok := o.runOf(m.Base)
	if !ok {
		return MatrixRow{}, false
	}
	row := MatrixRow{Arm: -1, Against: m.Base}
	minus := decision.Differences(o.Fit, o.Run, against, 1)
	for _, c := range m.Columns {
		k := slices.Index(o.Fit.Table.Metrics, c.Metric)
		if k < 0 {
			row.Cells = append(row.Cells, MatrixCell{Mean: math.NaN(), Half: math.NaN(), Verdict: analysis.Unknown})
			continue
		}
		half := max((minus[k].Top-minus[k].Low)/2, c.luck(answers, len(m.data.Arms), m.Base))
		row.Cells = append(row.Cells, MatrixCell{Mean: minus[k].Mean, Half: half, Verdict: signOf(minus[k].Mean, half)})
	}
	return row, true
}

// Kinds of cells.
const (
	CellGood = "good" // better than the baseline
	CellBad  = "bad"
	CellTie  = "tie"  // the interval holds 0
	CellNone = "none" // nothing to tell it by

	CellLevel = "level" // no difference: a value of the baseline itself
	CellNoise = "noise" // likewise: what seeds do
)

// Kind is how a cell of a column reads.
func (c MatrixColumn) Kind(v MatrixCell) string {
	switch {
	case v.Verdict == analysis.Unknown:
		return CellNone
	case math.Abs(v.Mean) <= v.Half:
		return CellTie
	case (v.Mean < 0) != c.rising:
		return CellGood
	}
	return CellBad
}

// signOf is what an interval leaves of a difference.
func signOf(mean, half float64) analysis.Verdict {
	switch {
	case math.Abs(mean) <= half:
		return analysis.Undecided
	case mean < 0:
		return analysis.Lower
	}
	return analysis.Higher
}

// runOf is the mixture of an arm at the recommended size.
func (o Outlook) runOf(arm int) (run table.Run, ok bool) {
	for _, a := range o.Outlook.Arms {
		if o.armOf(a) == arm {
			return a.Run, true
		}
	}
	return table.Run{}, false
}
