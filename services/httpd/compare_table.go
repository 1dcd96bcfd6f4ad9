package httpd

import (
	"encoding/csv"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis"
	"github.com/haigo-lab/haigo/services/chart"
)

// traitTable is what the sides are made of, what differs in bold.
type traitTable struct {
	Arms     []armView
	Groups   []traitGroup
	Verdicts []traitVerdict
	Same     bool   // whether what doesn't differ is listed
	Toggle   string // address with it listed, or folded
	Folded   int    // rows that aren't listed
}

// Columns is how many columns the table has.
func (t traitTable) Columns() int { return len(t.Arms) + 1 }

// Judged reports whether there is a verdict on any arm.
func (t traitTable) Judged() bool {
	return slices.ContainsFunc(t.Verdicts, func(v traitVerdict) bool { return v.Text != "" })
}

// traitVerdict is what can be said of an arm's differences from the baseline; empty for that one.
type traitVerdict struct {
	Text  string
	Mixed bool
}

type traitGroup struct {
	Key  string
	Rows []traitRow
}

type traitRow struct {
	Name  string
	Mono  bool
	Cells []traitCell
}

type traitCell struct {
	Text    string
	Differs bool
	Version bool // another version of a source: what is compared isn't of one text
}

func (p comparePage) traits() traitTable {
	c := p.Shown
	all := c.Traits()
	t := traitTable{Same: p.Same, Toggle: p.with(func(s *selection) { s.Same = !s.Same })}
	for i, side := range p.All.Sides {
		if slices.ContainsFunc(c.Sides, func(o ablation.Side) bool { return o.Name() == side.Name() }) {
			t.Arms = append(t.Arms, p.arm(i))
		}
	}
	for _, verdict := range c.Verdicts(all) {
		t.Verdicts = append(t.Verdicts, traitVerdict{verdict.Text.In(p.words.lang), verdict.Mixed})
	}
	for _, trait := range all {
		if !trait.Parted() && !p.Same {
			t.Folded++
			continue
		}
		if n := len(t.Groups); n == 0 || t.Groups[n-1].Key != string(trait.Group) {
			t.Groups = append(t.Groups, traitGroup{Key: string(trait.Group)})
		}
		g := &t.Groups[len(t.Groups)-1]
		g.Rows = append(g.Rows, p.traitRow(trait, c))
	}
	return t
}

func (p comparePage) traitRow(trait chart.Trait, c chart.Comparison) traitRow {
	row := traitRow{Name: trait.Name.In(p.words.lang), Mono: trait.Name.In("ja") == trait.Key}
	for i, v := range trait.Values {
		cell := traitCell{Text: v.Text.In(p.words.lang), Differs: trait.Differs(i, max(0, c.Baseline))}
		cell.Version = cell.Differs && strings.HasPrefix(trait.Key, "source/") && v.ID != ""
		row.Cells = append(row.Cells, cell)
	}
	return row
}

// scoreTable is what the sides score at their ends.
type scoreTable struct {
	Sets, Tasks []scoreColumn
	Rows        []scoreRow
	Any         bool
	Minus       bool // whether there is a baseline to differ from
	Guess       bool // whether any task can be guessed
	Seeds       bool // whether single runs of different seeds are subtracted
}

type scoreColumn struct {
	Metric, Name, Lang string
	Chance             string // what guessing gets; empty: nothing to guess
}

type scoreRow struct {
	Arm   armView
	N, Of int
	Cells []scoreCell
}

type scoreCell struct {
	Mean, Spread string
	Minus        string         // difference from the baseline with the half width of its interval
	Verdict      string         // better, worse or open; empty: not known
	Measured     chart.Measured // on what, beside the baseline
	Under        string         // the accuracy below a task's bits per byte
}

// scores is the table of the shown sides.
func (p comparePage) scores() scoreTable {
	c := p.Shown
	t := scoreTable{Minus: c.Baseline >= 0 && len(c.Sides) > 1}
	for _, metric := range setMetrics(c.Results) {
		t.Sets = append(t.Sets, scoreColumn{Metric: metric, Name: strings.TrimPrefix(metric, ablation.BPB("")), Lang: p.langOfSet(metric)})
	}
	for _, task := range c.Tasks {
		column := scoreColumn{Metric: ablation.TaskBPB(task.Name), Name: task.Name, Lang: task.Lang}
		if task.Chance > 0 {
			column.Chance, t.Guess = percent(task.Floor(), 1), true
		}
		t.Tasks = append(t.Tasks, column)
	}
	for i := range c.Sides {
		t.Rows = append(t.Rows, scoreRow{Arm: p.arm(p.place(c.Sides[i].Name())), Of: len(c.Sides[i].Results)})
	}
	for _, column := range slices.Concat(t.Sets, t.Tasks) {
		for i, f := range c.Finals(column.Metric) {
			t.Rows[i].Cells = append(t.Rows[i].Cells, p.scoreCell(column, f, i))
			t.Rows[i].N = max(t.Rows[i].N, f.N)
			t.Any = t.Any || f.N > 0
			t.Seeds = t.Seeds || f.Minus != nil && f.Minus.N == 0
		}
	}
	return t
}

// place is where a side stands among all.
func (p comparePage) place(name string) int {
	return slices.IndexFunc(p.All.Sides, func(s ablation.Side) bool { return s.Name() == name })
}

func (p comparePage) langOfSet(metric string) string {
	name := strings.TrimPrefix(metric, ablation.BPB(""))
	for _, s := range p.Shown.Sources {
		if s.Name == name {
			return s.Lang
		}
	}
	return name
}

func (p comparePage) scoreCell(column scoreColumn, f chart.Final, i int) scoreCell {
	if f.N == 0 {
		return scoreCell{}
	}
	cell := scoreCell{Measured: f.Measured}
	cell.Mean = fixed(f.Mean, 3)
	if !math.IsNaN(f.SD) {
		cell.Spread = fixed(f.SD, 3)
	}
	if d := f.Minus; d != nil {
		cell.Minus = signed(d.Mean, 3)
		if !math.IsNaN(d.Half) {
			cell.Minus += " ± " + fixed(d.Half, 3)
		}
		cell.Verdict = map[analysis.Verdict]string{analysis.Lower: "better", analysis.Higher: "worse", analysis.Undecided: "open"}[d.Verdict]
	}
	if task, ok := strings.CutSuffix(column.Metric, "/bpb"); ok {
		if a := p.Shown.Finals(task + "/accuracy")[i]; a.N > 0 {
			cell.Under = percent(a.Mean, 1)
		} else if f1 := p.Shown.Finals(task + "/f1")[i]; f1.N > 0 {
			cell.Under = "F1 " + percent(f1.Mean, 1)
		}
	}
	return cell
}

// setMetrics are the held-out sets that any run has a score on.
func setMetrics(results []ablation.Result) []string {
	found := map[string]bool{}
	for _, r := range results {
		for metric := range r.Values {
			if strings.HasPrefix(metric, ablation.BPB("")) {
				found[metric] = true
			}
		}
	}
	return sorted(slices.Sorted(maps.Keys(found)))
}

// compareScoresCSV is every shown run's newest scores in full precision.
func (s *Server) compareScoresCSV(w http.ResponseWriter, r *http.Request) {
	c, err := s.addressed(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	serveCSV(w, "compare-scores", compareText(c.Shown))
}

// compareText is a line a run: whose it is, its seeds, state and step, then every score.
func compareText(c chart.Comparison) string {
	names := scoreNames(c.Results)
	var b strings.Builder
	out := csv.NewWriter(&b)
	_ = out.Write(append([]string{"sweep", "arm", "run", "data_seed", "init_seed", "state", "step"}, names...)) // memory takes everything
	for _, side := range c.Sides {
		for _, r := range side.Results {
			line := []string{r.Run.Sweep, side.ArmName(), r.Run.Name, seedText(r.Run.DataSeed), seedText(r.Run.InitSeed), string(r.Run.State), strconv.FormatInt(r.Step, 10)}
			for _, name := range names {
				line = append(line, plain(r.Values, name))
			}
			_ = out.Write(line)
		}
	}
	out.Flush()
	return b.String()
}
