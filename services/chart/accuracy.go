package chart

import (
	"fmt"
	"slices"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis"
)

// Accuracy draws a task's accuracy at the end of the completed runs, an arm a row: every seed, the mean with its 90%
// interval over items, and what a guess gets.
func Accuracy(d Data, task string) (Figure, error) {
	i := slices.IndexFunc(d.Tasks, func(t ablation.Task) bool { return t.Name == task })
	if i < 0 {
		return Figure{}, fmt.Errorf("draw accuracy of %s: %w", task, ablation.ErrNotFound)
	}
	t := d.Tasks[i]
	a := accuracy{Data: d, task: t, arms: d.accuracies(t)}
	f := Figure{
		ID: "accuracy-" + slug(task), Kind: KindAccuracy, Lang: t.Lang, Arms: marked(d.Arms), Title: same(task),
		Subtitle: say("正答率、高いほどよい", "accuracy, higher is better"),
		X:        Axis{Name: say("正答率", "accuracy"), Format: FormatPercent, Good: "high"},
		Y:        Axis{Format: FormatArm},
		Caption: say("小さい点はシード、大きい点は平均。線は %d 問の 90%% 区間（二項分布）。縦線は%s。",
			"Small marks are seeds, large marks means. Lines are 90%% intervals over %d items (binomial). The upright line is %s.", t.Items, floor(t, 1)),
		Description: a.description(), Table: a.table(),
	}
	if t.Chance == 0 {
		f.Caption = ablation.Label{}
		f.Empty = say("選択肢のないタスクで、正答率はない", "This task has no choices, and so no accuracy")
	} else if len(f.Table.Rows) == 0 {
		f.Caption = ablation.Label{}
		f.Empty = say("最初のランが完了すると、ここに点が出る", "The first point comes when a run completes")
	}
	return f, a.draw(&f)
}

type accuracy struct {
	Data
	task ablation.Task
	arms []analysis.Accuracy
}

// draw puts arm i at height i, the first at the top; the page's script names the heights.
func (a accuracy) draw(f *Figure) error {
	d := newDrawing(a.scale(), scale{-.5, float64(len(a.arms)) - .5, 1})
	d.add(Series{Role: RoleChance, Label: floorName(a.task)}, []row{point(a.task.Floor())})
	for i, v := range a.arms {
		var seeds []row
		for _, s := range v.Values {
			seeds = append(seeds, append(point(s.Value, float64(i)), s.Replicate))
		}
		s := Series{Arm: pointer(i), Label: f.Arms[i].Label}
		s.Role = RoleSeed
		d.add(s, seeds)
		if v.N == 0 {
			continue
		}
		s.Role = RoleInterval
		d.add(s, []row{append(point(v.Mean, float64(i), v.Low, v.Top), nil, nil)})
		s.Role, s.Note = RoleMean, againstFloor(a.task, v.Verdict)
		d.add(s, []row{append(point(v.Mean, float64(i)), v.N)})
	}
	return d.finish(f)
}

func (a accuracy) scale() scale {
	values := []float64{a.task.Floor()}
	for _, v := range a.arms {
		values = append(values, v.Low, v.Top)
		for _, s := range v.Values {
			values = append(values, s.Value)
		}
	}
	s := around(values, 4, .05)
	return scale{max(0, s.min), min(1, s.max), s.step}
}

func (a accuracy) description() ablation.Label {
	parts := []ablation.Label{floorSentence(a.task)}
	for i, v := range a.arms {
		if v.N > 0 {
			parts = append(parts, say("%s：%s（n = %d）。", "%s: %s (n = %d).", armLabel(a.Arms[i]), Percent(v.Mean, 1), v.N))
		}
	}
	return join(parts...)
}

func (a accuracy) table() Table {
	table := Table{Rows: [][]any{}, Columns: []Column{
		column("arm", say("アーム", "Arm"), FormatArm),
		{Key: "point", Name: say("点", "Point"), Format: FormatText, Words: pointWords()},
		column("replicate", say("シード", "Seed"), FormatInteger),
		column("n", say("n", "n"), FormatInteger),
		column("accuracy", say("正答率", "Accuracy"), FormatPercent1),
		column("low", say("90%% 下限", "90%% low"), FormatPercent1),
		column("high", say("90%% 上限", "90%% high"), FormatPercent1),
		column("chance", floorHeading(a.task), FormatPercent1),
		{Key: "against_chance", Name: say("偶然に対して", "Against chance"), Format: FormatText, Words: map[string]ablation.Label{
			"higher": say("高い", "higher"), "lower": say("低い", "lower"), "undecided": say("区別できない", "cannot be told apart"),
		}},
	}}
	for i, v := range a.arms {
		for _, s := range v.Values {
			table.Rows = append(table.Rows, []any{a.Arms[i].Name, "seed", s.Replicate, 1, cell(s.Value), nil, nil, cell(a.task.Floor()), ""})
		}
		if v.N > 0 {
			table.Rows = append(table.Rows, []any{a.Arms[i].Name, "mean", nil, v.N, cell(v.Mean), cell(v.Low), cell(v.Top), cell(a.task.Floor()), string(v.Verdict)})
		}
	}
	return table
}
