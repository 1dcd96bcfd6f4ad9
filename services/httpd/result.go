package httpd

import (
	"math"
	"slices"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis"
	"github.com/haigo-lab/haigo/services/chart"
)

// results is the table of a sweep's results: a row an arm, means over the runs that completed.
type results struct {
	Sets    []chart.HeldOut
	Tasks   []ablation.Task
	Sources []ablation.Source // whose epochs are known
	Rows    []resultRow
	Any     bool // whether any arm has a result
}

type resultRow struct {
	Arm    armView
	N, Of  int
	Sets   []resultCell
	Tasks  []resultCell
	Epochs []float64
}

// resultCell is a mean and its spread over seeds.
type resultCell struct {
	Mean   string // empty: none
	Spread string // empty: one seed has none
	Best   bool   // can't be told from the best
	Under  string // the accuracy, or F1, below the bits per byte
}

// table makes the results' table; rows are how many rows of training text each source has.
func (d sweepData) table(rows map[string]int64) results {
	t := results{Tasks: d.Tasks, Sets: slices.DeleteFunc(d.Sets(), func(h chart.HeldOut) bool { return h.Name != h.Lang })}
	for _, s := range d.Sources {
		if rows[s.Name] > 0 {
			t.Sources = append(t.Sources, s)
		}
	}
	for i, a := range d.Arms {
		row := resultRow{Arm: d.views[i], Of: len(d.Sweep.Seeds), Epochs: d.epochs(a, rows)}
		for _, r := range d.Results {
			if r.Run.Arm == a.Name && r.Run.State == ablation.RunCompleted {
				row.N++
			}
		}
		t.Any = t.Any || row.N > 0
		t.Rows = append(t.Rows, row)
	}
	for _, set := range t.Sets {
		for i, c := range d.column(ablation.BPB(set.Name)) {
			t.Rows[i].Sets = append(t.Rows[i].Sets, c)
		}
	}
	for _, task := range t.Tasks {
		for i, c := range d.taskColumn(task) {
			t.Rows[i].Tasks = append(t.Rows[i].Tasks, c)
		}
	}
	return t
}

// taskColumn is a task's bits per byte of every arm, its accuracy below, or its F1 where it has no choices. An arm that
// can't be told from the best over the task's items is marked as one that can't be told over seeds.
func (d sweepData) taskColumn(task ablation.Task) []resultCell {
	metric := ablation.TaskBPB(task.Name)
	cells, best := d.column(metric), analysis.Of(d.Arms, d.Results, metric).Best()
	answers := analysis.AnswersOf(d.Arms, d.Runs, d.Items, task.Name)
	accuracy := analysis.Of(d.Arms, d.Results, ablation.TaskAccuracy(task.Name))
	f1 := analysis.Of(d.Arms, d.Results, ablation.TaskF1(task.Name))
	for i := range cells {
		switch {
		case accuracy.Arms[i].N > 0:
			cells[i].Under = percent(accuracy.Arms[i].Mean, 1)
		case f1.Arms[i].N > 0:
			cells[i].Under = "F1 " + percent(f1.Arms[i].Mean, 1)
		}
		if best >= 0 && answers.Difference(i, best).Bits.Verdict == analysis.Undecided {
			cells[i].Best = cells[i].Mean != ""
		}
	}
	return cells
}

// column is one metric's cell for every arm.
func (d sweepData) column(metric string) []resultCell {
	scores := analysis.Of(d.Arms, d.Results, metric)
	tied := scores.Tied()
	cells := make([]resultCell, len(scores.Arms))
	for i, a := range scores.Arms {
		if a.N == 0 {
			continue
		}
		cells[i] = resultCell{Mean: fixed(a.Mean, 3), Best: tied[i]}
		if a.N > 1 && !math.IsNaN(a.SD) {
			cells[i].Spread = fixed(a.SD, 3)
		}
	}
	return cells
}

// epochs are how often an arm reads each source whose rows are known.
func (d sweepData) epochs(a ablation.Arm, rows map[string]int64) []float64 {
	planned := ablation.PlannedRows(a.Weights, d.Sweep.Recipe.For(a).Steps(), d.Sweep.Recipe.BatchRows)
	var epochs []float64
	for k, s := range d.Sources {
		if n := rows[s.Name]; n > 0 && k < len(planned) {
			epochs = append(epochs, float64(planned[k])/float64(n))
		}
	}
	return epochs
}

// tradeOff is the mean of each arm that has both scores: English, Japanese.
func (d sweepData) tradeOff() (points [][2]float64) {
	ja, en := analysis.Both(d.Arms, d.Results, ablation.BPB("ja"), ablation.BPB("en"))
	for i := range d.Arms {
		if ja.Arms[i].N > 0 && en.Arms[i].N > 0 {
			points = append(points, [2]float64{en.Arms[i].Mean, ja.Arms[i].Mean})
		}
	}
	return points
}

// front are the points that no other point beats on both, from left to right.
func front(points [][2]float64) [][2]float64 {
	best := slices.DeleteFunc(slices.Clone(points), func(p [2]float64) bool {
		return slices.ContainsFunc(points, func(q [2]float64) bool { return q != p && q[0] <= p[0] && q[1] <= p[1] })
	})
	slices.SortFunc(best, func(a, b [2]float64) int { return int(math.Copysign(1, a[0]-b[0])) })
	return best
}
