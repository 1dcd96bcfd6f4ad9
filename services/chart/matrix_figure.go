package chart

import (
	"fmt"
	"math"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis"
)

// Head is what a column of a drawn matrix measures.
type Head struct {
	Name   ablation.Label `json:"name"`
	Sub    ablation.Label `json:"sub"`
	Lang   string         `json:"lang"` // a language: its colour
	Format Format         `json:"format"`
}

// Figure draws the matrix as the page has it: a row an arm, then the baseline's own values and what seeds do. Its table holds all
// arms.
func (m Matrix) Figure() (Figure, error) {
	f := Figure{
		ID: "matrix", Kind: KindMatrix, Arms: marked(m.data.Arms), Table: m.table(),
		Title:    say("タスク × 配合", "Tasks × mixtures"),
		Subtitle: say("基準アームとの差と 90%% 区間", "differences from the baseline, with 90%% intervals"),
		Caption: say("同じシードどうしの差。紫は基準よりよく、茶は悪い。斜線は区別できない。下の二行は、基準アーム自身の値とシードの揺れ（標準偏差）。",
			"In pairs of one seed. Violet: better than the baseline, brown: worse. Hatched: can't be told apart. The last two rows are the baseline's own values and the noise over seeds (SD)."),
	}
	rows := m.drawn()
	d := newDrawing(scale{-.5, max(.5, float64(len(m.Columns))-.5), 1}, scale{-.5, max(.5, float64(len(rows))-.5), 1})
	if len(rows) == 0 || m.Base < 0 {
		f.Caption = ablation.Label{}
		f.Empty = say("基準アームと、それと比べるアームの完了したランが要る", "This needs completed runs of a baseline, and of an arm to compare with it")
		return f, d.finish(&f)
	}
	if m.Left > 0 {
		f.Caption = join(f.Caption, say("目的の順に並べた、ほかの %d アームは表と CSV にある。", "The other %d arms, which the objective likes less, are in the table and the CSV.", m.Left))
	}
	for _, c := range m.Columns {
		f.Heads = append(f.Heads, Head{Name: c.Name, Sub: c.Sub, Lang: stacked(c.Lang), Format: valueFormat(c.Metric)})
		f.Description = join(f.Description, m.counted(c))
	}
	for y, r := range rows {
		var cells []row
		for k, c := range r.cells {
			cells = append(cells, append(point(float64(k), float64(y), c.value, c.half), c.kind))
		}
		d.add(r.Series, cells)
	}
	return f, d.finish(&f)
}

// drawnRow is a row as it is drawn.
type drawnRow struct {
	Series
	cells []drawnCell
}

type drawnCell struct {
	value, half float64
	kind        string
}

func (m Matrix) drawn() []drawnRow {
	var out []drawnRow
	for _, r := range m.Rows {
		d := drawnRow{Series: Series{Role: RoleCell, Label: say("推奨（予測）", "Recommended (predicted)")}}
		if r.Arm >= 0 {
			d.Arm, d.Label = pointer(r.Arm), armLabel(m.data.Arms[r.Arm])
		}
		for k, v := range r.Cells {
			d.cells = append(d.cells, drawnCell{v.Mean, v.Half, m.Columns[k].Kind(v)})
		}
		out = append(out, d)
	}
	if len(out) == 0 || m.Base < 0 {
		return out
	}
	base := drawnRow{Series: Series{Role: RoleCell, Arm: pointer(m.Base), Label: armLabel(m.data.Arms[m.Base])}}
	noise := drawnRow{Series: Series{Role: RoleCell, Label: say("シードの揺れ", "noise over seeds (SD)")}}
	for _, c := range m.Columns {
		base.cells = append(base.cells, drawnCell{c.Scores.Arms[m.Base].Mean - c.Floor, math.NaN(), CellLevel})
		noise.cells = append(noise.cells, drawnCell{c.Scores.Pooled, math.NaN(), CellNoise})
	}
	return append(out, base, noise)
}

// counted says of a column how many arms are better and worse than the baseline.
func (m Matrix) counted(c MatrixColumn) ablation.Label {
	n := map[string]int{}
	for _, r := range m.all {
		for k, v := range r.Cells {
			if m.Columns[k].Metric == c.Metric {
				n[c.Kind(v)]++
			}
		}
	}
	return say("%s（%s）：基準よりよいアーム %d、悪いアーム %d、区別できないアーム %d。", "%s (%s): %d arms better than the baseline, %d worse, %d that can't be told from it.",
		c.Name, c.Sub, n[CellGood], n[CellBad], n[CellTie])
}

// table is all of the matrix, a row an arm and column.
func (m Matrix) table() Table {
	t := Table{Rows: [][]any{}, Columns: []Column{
		{Key: "arm", Name: say("アーム", "Arm"), Format: FormatArm},
		column("metric", say("指標", "Metric"), FormatText), column("n", same("n"), FormatInteger), column("mean", say("平均", "Mean"), FormatFixed3),
		column("sd", say("標準偏差", "SD"), FormatFixed3), column("above_floor", say("偶然を引いた値", "Above a guess"), FormatFixed3),
		column("baseline", say("基準", "Baseline"), FormatArm), column("pairs", say("対", "Pairs"), FormatInteger),
		column("difference", say("差", "Difference"), FormatSigned), column("low", say("90%% 下限", "90%% low"), FormatSigned), column("high", say("90%% 上限", "90%% high"), FormatSigned),
		{Key: "verdict", Name: say("基準に対して", "Against the baseline"), Format: FormatText, Words: map[string]ablation.Label{
			string(analysis.Higher): say("高い", "higher"), string(analysis.Lower): say("低い", "lower"),
			string(analysis.Undecided): say("区別できない", "can't be told apart"), string(analysis.Unknown): say("シード不足", "too few seeds"),
		}},
		{Key: "row", Name: say("行", "Row"), Format: FormatText, Words: map[string]ablation.Label{"arm": say("実測", "measured"), "recommended": say("推奨（予測）", "recommended, predicted")}},
	}}
	for k, c := range m.Columns {
		for _, r := range m.Rows {
			if r.Arm < 0 {
				t.Rows = append(t.Rows, append([]any{nil, c.Metric, nil, nil, nil, nil}, append(m.against(r, k), "recommended")...))
			}
		}
		for i, a := range c.Scores.Arms {
			level := []any{m.data.Arms[i].Name, c.Metric, a.N, cell(a.Mean), cell(a.SD), cell(a.Mean - c.Floor)}
			t.Rows = append(t.Rows, append(level, append(m.against(m.all[i], k), "arm")...))
		}
	}
	return t
}

// against are the cells of a row's difference in a column.
func (m Matrix) against(r MatrixRow, k int) []any {
	if len(r.Cells) == 0 {
		return []any{nil, nil, nil, nil, nil, nil}
	}
	v, pairs := r.Cells[k], any(nil)
	if r.Arm >= 0 {
		pairs = v.N
	}
	return []any{m.data.Arms[r.Against].Name, pairs, cell(v.Mean), cell(v.Mean - v.Half), cell(v.Mean + v.Half), fmt.Sprint(v.Verdict)}
}
