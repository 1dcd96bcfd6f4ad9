package table

import (
	"cmp"
	"math"
	"slices"
)

// Table is finished runs beside what they scored. Runs keep the order of the file of mixtures.
type Table struct {
	Sources []string
	Phases  int // of every run; 1 is a constant mixture
	Metrics []string
	Runs    []Run
}

// Run is one training: one mixture a phase, and a value a metric.
type Run struct {
	ID         string
	Shares     [][]float64 // by phase, then source; each phase sums to one
	Parameters float64     // 0: not known
	Tokens     float64     // of the whole run; 0: not known
	Values     []float64   // by metric; NaN: not measured. Nil in a table of candidates
}

// Same is how far a share of two runs of one mixture may differ: by what shares do that were rounded to six decimals, or to
// five, or worked out in another order.
const Same = 1e-5

// SameSize is up to which factor two sizes are one: what differs less says nothing of size, as the tokens do that trainers log at
// the end of their last batch.
const SameSize = 1.05

// Groups are the runs that differ by seed only, by index, in order of their first: sizes are the same but for SameSize, and no
// share differs by more than Same from those of the group's least. Which they are doesn't depend on the order of runs.
func (t Table) Groups() [][]int {
	order := make([]int, len(t.Runs))
	places := make([]float64, len(t.Runs))
	for i, r := range t.Runs {
		order[i], places[i] = i, r.place()
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(places[a], places[b]), t.Runs[a].compare(t.Runs[b])) })
	var groups [][]int
	var leads []int // of each group
	from := 0       // groups before it lie too far off
	for _, i := range order {
		for from < len(leads) && places[i]-places[leads[from]] > t.Runs[i].slack() {
			from++
		}
		at := slices.IndexFunc(leads[from:], func(lead int) bool { return t.Runs[lead].same(t.Runs[i]) })
		if at < 0 {
			leads, groups = append(leads, i), append(groups, []int{i})
			continue
		}
		groups[from+at] = append(groups[from+at], i)
	}
	for _, g := range groups {
		slices.Sort(g)
	}
	slices.SortFunc(groups, func(a, b []int) int { return cmp.Compare(a[0], b[0]) })
	return groups
}

// place is where a run stands on a line on which mixtures that are the same lie within slack. Each share has a weight of its
// own from 1 to 2, so that few others lie there.
func (r Run) place() float64 {
	sum := 0.0
	r.weighted(func(weight, w float64) { sum += weight * w })
	return sum
}

func (r Run) slack() float64 {
	sum := 0.0
	r.weighted(func(weight, _ float64) { sum += weight * Same })
	return sum
}

func (r Run) weighted(do func(weight, share float64)) {
	at := 0.0
	for _, phase := range r.Shares {
		for _, w := range phase {
			_, part := math.Modf(at * math.Phi)
			do(1+part, w)
			at++
		}
	}
}

func (r Run) compare(o Run) int {
	for p, phase := range r.Shares {
		if c := slices.Compare(phase, o.Shares[p]); c != 0 {
			return c
		}
	}
	return cmp.Or(cmp.Compare(r.Parameters, o.Parameters), cmp.Compare(r.Tokens, o.Tokens))
}

func (r Run) same(o Run) bool {
	if !sameSize(r.Parameters, o.Parameters) || !sameSize(r.Tokens, o.Tokens) {
		return false
	}
	for p, phase := range r.Shares {
		for j, w := range phase {
			if math.Abs(w-o.Shares[p][j]) > Same {
				return false
			}
		}
	}
	return true
}

func sameSize(a, b float64) bool {
	return a == b || min(a, b) > 0 && max(a, b) <= SameSize*min(a, b)
}

// Column is one metric's values, by run.
func (t Table) Column(metric int) []float64 {
	out := make([]float64, len(t.Runs))
	for i, r := range t.Runs {
		out[i] = r.Values[metric]
	}
	return out
}

// Without is the table without metrics that leave says so of, by index. The runs of t stay as they are.
func (t Table) Without(leave func(metric int) bool) Table {
	var keep []int
	for k := range t.Metrics {
		if !leave(k) {
			keep = append(keep, k)
		}
	}
	out := t
	out.Metrics, out.Runs = nil, slices.Clone(t.Runs)
	for _, k := range keep {
		out.Metrics = append(out.Metrics, t.Metrics[k])
	}
	for i, r := range t.Runs {
		out.Runs[i].Values = make([]float64, len(keep))
		for j, k := range keep {
			out.Runs[i].Values[j] = r.Values[k]
		}
	}
	return out
}
