package table

import (
	"fmt"
	"math"
	"strings"
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

// key is equal for runs that differ by no more than rounding to six decimals does.
func (r Run) key() string {
	var out strings.Builder
	for _, phase := range r.Shares {
		for _, w := range phase {
			fmt.Fprintf(&out, "%.0f,", math.Floor(w*1e6+.25))
		}
	}
	fmt.Fprintf(&out, "%g,%g", r.Parameters, r.Tokens)
	return out.String()
}

// Groups are the runs that differ by seed only, by index, in order of their first.
func (t Table) Groups() [][]int {
	var groups [][]int
	at := map[string]int{}
	for i, r := range t.Runs {
		k := r.key()
		g, ok := at[k]
		if !ok {
			g, at[k] = len(groups), len(groups)
			groups = append(groups, nil)
		}
		groups[g] = append(groups[g], i)
	}
	return groups
}

// Column is one metric's values, by run.
func (t Table) Column(metric int) []float64 {
	out := make([]float64, len(t.Runs))
	for i, r := range t.Runs {
		out[i] = r.Values[metric]
	}
	return out
}
