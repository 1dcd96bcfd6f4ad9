package table

import (
	"math"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Read joins a file of mixtures and a file of metrics. With phases 0 the header tells how many there are. Notes say what
// was rounded or left out. Anything that must change is an *[ablation.Invalid] with every problem of both files.
func Read(mixtures, metrics File, phases int) (Table, []ablation.Label, error) {
	m, v := open(mixtures), open(metrics)
	l := layout{}
	var t Table
	var notes []ablation.Label
	if len(m.problems) == 0 {
		l = m.layout(phases)
	}
	if len(m.problems) == 0 {
		t = Table{Sources: l.sources, Phases: l.phases, Metrics: v.columns}
		t.Runs, notes = m.runs(l)
	}
	m.index()
	rows := v.index()
	if err := invalid(m, v); err != nil {
		return Table{}, nil, err
	}
	notes = append(notes, t.join(m, v, rows)...)
	if err := invalid(m, v); err != nil {
		return Table{}, nil, err
	}
	return t, notes, nil
}

// join gives each run its values. Rows that only one of the files has are left out.
func (t *Table) join(m, v *sheet, rows map[string]int) []ablation.Label {
	runs := t.Runs[:0]
	joined := map[string]bool{}
	var unscored []string
	for _, r := range t.Runs {
		i, ok := rows[r.ID]
		if !ok {
			unscored = append(unscored, r.ID)
			continue
		}
		joined[r.ID] = true
		r.Values = v.values(i)
		runs = append(runs, r)
	}
	t.Runs = runs
	var unmixed []string
	for _, id := range v.ids {
		if !joined[id] {
			unmixed = append(unmixed, id)
		}
	}
	if len(runs) == 0 {
		v.problem(0, "", ablation.Said("has no id in common with %s: the first column (name, in Olmix's form) joins them", "%s と共通する ID がありません。最初の列 (Olmix の形式では name) で結び付けます", m.file))
		return nil
	}
	var notes []ablation.Label
	if len(unscored) > 0 {
		notes = append(notes, ablation.Said("%s of %s have no metrics and are left out: %s", "%[2]s の %[1]s には指標がないので除きました: %[3]s", rowsOf(len(unscored)), m.file, some(unscored)))
	}
	if len(unmixed) > 0 {
		notes = append(notes, ablation.Said("%s of %s have no mixture and are left out: %s", "%[2]s の %[1]s には配合がないので除きました: %[3]s", rowsOf(len(unmixed)), v.file, some(unmixed)))
	}
	return append(notes, t.missing(v.file)...)
}

// mostScore is above every score; squares of larger ones are infinite.
const mostScore = 1e100

func (s *sheet) values(i int) []float64 {
	out := make([]float64, len(s.columns))
	for k := range out {
		out[k] = s.number(i, k, true)
		if math.Abs(out[k]) > mostScore {
			out[k] = math.NaN() // what diverged has no score
		}
	}
	return out
}

// missing says which metrics lack values, and leaves out those that have none.
func (t *Table) missing(file string) []ablation.Label {
	var notes []ablation.Label
	var names []string
	keep := make([]int, 0, len(t.Metrics))
	for k, name := range t.Metrics {
		n := 0
		for _, r := range t.Runs {
			if math.IsNaN(r.Values[k]) {
				n++
			}
		}
		switch n {
		case 0:
			keep, names = append(keep, k), append(names, name)
		case len(t.Runs):
			notes = append(notes, ablation.Said("%s: no run has a finite value of %s; it is left out", "%s: %s の有限な値を持つランがないので、この指標を除きました", file, name))
		default:
			keep, names = append(keep, k), append(names, name)
			notes = append(notes, ablation.Said("%s: %s is missing, NaN or infinite in %s; they are left out for this metric only", "%s: %s は %s で欠けているか有限ではありません。この指標に限って除きました", file, name, rowsOf(n)))
		}
	}
	for i, r := range t.Runs {
		values := make([]float64, len(keep))
		for k, from := range keep {
			values[k] = r.Values[from]
		}
		t.Runs[i].Values = values
	}
	t.Metrics = names
	return notes
}

func some(ids []string) string {
	if len(ids) > 5 {
		return strings.Join(ids[:5], ", ") + ", …"
	}
	return strings.Join(ids, ", ")
}

// Candidates reads a file of mixtures that nothing has scored. It must have the columns of like, in any order.
func Candidates(f File, like Table) ([]Run, []ablation.Label, error) {
	s := open(f)
	if err := invalid(s); err != nil {
		return nil, nil, err
	}
	l := s.layout(0)
	s.index()
	if len(s.problems) == 0 {
		s.sameAs(&l, like)
	}
	if err := invalid(s); err != nil {
		return nil, nil, err
	}
	runs, notes := s.runs(l)
	return runs, notes, invalid(s)
}
