package table

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Columns beside the mixtures.
const (
	columnParameters = "params"
	columnTokens     = "tokens"
)

var phasePattern = regexp.MustCompile(`^phase([0-9]{1,3})_(.+)$`)

// layout is where a file of mixtures has what.
type layout struct {
	sources            []string
	phases             int
	at                 [][]int // column by phase, then source
	parameters, tokens int     // columns; -1: none
}

// layout reads the header of a file of mixtures. With phases 0 the header tells how many there are.
func (s *sheet) layout(phases int) layout {
	l := layout{parameters: slices.Index(s.columns, columnParameters), tokens: slices.Index(s.columns, columnTokens)}
	places := map[string][]int{} // of each source, by phase
	for k, name := range s.columns {
		if k == l.parameters || k == l.tokens {
			continue
		}
		phase, source := 0, name
		if m := phasePattern.FindStringSubmatch(name); m != nil && phases != 1 {
			phase, _ = strconv.Atoi(m[1]) // three digits
			source = m[2]
			l.phases = max(l.phases, phase+1)
		}
		if places[source] == nil {
			l.sources = append(l.sources, source)
		}
		for len(places[source]) <= phase {
			places[source] = append(places[source], -1)
		}
		places[source][phase] = k
	}
	l.phases = max(1, l.phases)
	s.checkPhases(&l, phases, places)
	return l
}

func (s *sheet) checkPhases(l *layout, phases int, places map[string][]int) {
	if phases > 0 && phases != l.phases {
		s.problem(1, "", ablation.Said("phases in its columns: %d; asked for: %d; name them phase0_SOURCE, phase1_SOURCE, …", "%d 段階の列がありますが、%d 段階と指定されています。phase0_データソース、phase1_データソース… と名付けてください", l.phases, phases))
		return
	}
	l.at = make([][]int, l.phases)
	for p := range l.at {
		for _, source := range l.sources {
			at := places[source]
			if p >= len(at) || at[p] < 0 {
				s.problem(1, source, ablation.Said("has no column phase%d_%s", "phase%d_%s の列がありません", p, source))
				continue
			}
			l.at[p] = append(l.at[p], at[p])
		}
	}
	if len(l.sources) == 1 {
		s.problem(1, l.sources[0], ablation.Said("is the only source: there is no ratio to choose; write one column for each of at least two sources", "データソースが 1 つだけです。比率を選ぶには 2 つ以上の列が要ります"))
	}
}

// runs reads the rows as runs without values, and says what was rounded.
func (s *sheet) runs(l layout) ([]Run, []ablation.Label) {
	runs := make([]Run, len(s.ids))
	rounded, worst := 0, 0.0
	for i := range runs {
		runs[i] = Run{ID: s.ids[i], Parameters: s.amount(i, l.parameters), Tokens: s.amount(i, l.tokens)}
		most := 0.0
		for p, columns := range l.at {
			shares, off := s.shares(i, p, columns, l)
			runs[i].Shares = append(runs[i].Shares, shares)
			most = max(most, off)
		}
		if most > exact {
			rounded++
		}
		worst = max(worst, most)
	}
	s.whole(l.parameters)
	s.whole(l.tokens)
	if rounded == 0 {
		return runs, nil
	}
	return runs, []ablation.Label{ablation.Said(
		"%s of %s: shares sum to one only within %.3g, as rounded ones do; they were scaled to sum to one",
		"%[2]s の %[1]s: 割合の合計が 1 と最大 %.3[3]g ずれています。丸めた値とみなし、合計が 1 になるよう直しました", rowsOf(rounded), s.file, worst)}
}

// exact is how far a sum of shares may be from one without a word about it; rounded, how far a share is from what was
// meant when it is written with three decimals.
const (
	exact   = 1e-6
	rounded = 0.0005
)

// shares reads one phase of a row, scaled to sum to one, and how far its sum was from that.
func (s *sheet) shares(i, phase int, columns []int, l layout) (shares []float64, off float64) {
	shares, sum := make([]float64, len(columns)), 0.0
	for j, k := range columns {
		shares[j] = s.number(i, k, false)
		if v := shares[j]; v < 0 || math.IsInf(v, 0) || math.IsNaN(v) && strings.EqualFold(strings.TrimSpace(s.cells[i][k]), "nan") {
			s.problem(s.lines[i], s.columns[k], ablation.Said("is %s; a share is a number from 0 to 1", "%s です。割合は 0 から 1 までの数です", s.cells[i][k]))
			shares[j] = math.NaN()
		}
		sum += shares[j]
	}
	if math.IsNaN(sum) {
		return shares, 0
	}
	off = math.Abs(sum - 1)
	if off > max(rounded*float64(len(columns)), 2*rounded)+exact {
		s.problem(s.lines[i], fieldOf(s.ids[i], phase, l.phases), offMessage(sum))
		return shares, 0
	}
	for j := range shares {
		shares[j] /= sum
	}
	return shares, off
}

func fieldOf(id string, phase, phases int) string {
	if phases == 1 {
		return id
	}
	return fmt.Sprintf("%s, phase %d", id, phase)
}

func offMessage(sum float64) ablation.Label {
	switch {
	case math.Abs(sum-100) < 1:
		return ablation.Said("shares sum to %.6g: write fractions of one, not per cent", "割合の合計が %.6g です。百分率ではなく 1 を全体とする割合を書いてください", sum)
	case sum < 1:
		return ablation.Said("shares sum to %.6g, not 1: %.6g is missing", "割合の合計が %.6g で、1 に %.6g 足りません", sum, 1-sum)
	}
	return ablation.Said("shares sum to %.6g, not 1: %.6g is too much", "割合の合計が %.6g で、1 より %.6g 多すぎます", sum, sum-1)
}

// amount is a positive number from a column that may be missing.
func (s *sheet) amount(i, column int) float64 {
	if column < 0 {
		return 0
	}
	v := s.number(i, column, true)
	if math.IsNaN(v) {
		return 0
	}
	if v <= 0 || math.IsInf(v, 0) {
		s.problem(s.lines[i], s.columns[column], ablation.Said("is %s; write a number above 0", "%s です。0 より大きい数を書いてください", s.cells[i][column]))
		return 0
	}
	return v
}

// whole refuses a column of sizes that some rows have and others lack: runs of unlike size would pass for alike.
func (s *sheet) whole(column int) {
	if column < 0 {
		return
	}
	var empty []int
	for i, cells := range s.cells {
		if absent(strings.TrimSpace(cells[column])) {
			empty = append(empty, i)
		}
	}
	given := len(s.cells) - len(empty)
	if given == 0 {
		return
	}
	for _, i := range empty {
		have := rowsOf(given)
		s.problem(s.lines[i], s.columns[column], ablation.Said("is empty, and %[1]s %[2]s it: write it in every row, or take the column out",
			"空ですが、ほかの %[1]s には値があります。すべての行に書くか、この列を除いてください", have, map[bool]string{true: "has", false: "have"}[given == 1]))
	}
}
