package chart

import (
	"math"
	"slices"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis"
)

// Final is a metric of one side at the end of its completed runs.
type Final struct {
	analysis.Summary
	// Minus is the difference from the baseline, in pairs of one seed; of two single runs that share none, run minus run, with N 0 and
	// no interval. Nil for the baseline, or where nothing can be paired.
	Minus    *analysis.Difference
	Measured Measured // on what, beside the baseline
}

// Finals are a metric's, in order of sides. The noise is pooled over the arms that are of a side's length and size or of the
// baseline's, so that no other model's scatter counts.
func (c Comparison) Finals(metric string) []Final {
	finals := make([]Final, len(c.Sides))
	for i := range c.Sides {
		arms, own, base := c.alike(i)
		s := analysis.Of(arms, c.Results, metric)
		finals[i] = Final{Summary: s.Arms[own], Measured: c.Measured(i, metric)}
		if base < 0 || base == own || finals[i].Measured != MeasuredAlike {
			continue
		}
		d := s.Difference(own, base)
		if d.N == 0 && c.onlyRuns(i) {
			d.Mean, d.Half = s.Arms[own].Mean-s.Arms[base].Mean, math.NaN()
		}
		if !math.IsNaN(d.Mean) {
			finals[i].Minus = &d
		}
	}
	return finals
}

// onlyRuns reports whether a side and the baseline are single runs.
func (c Comparison) onlyRuns(i int) bool {
	return c.Sides[i].Run != "" && c.Sides[c.Baseline].Run != ""
}

// alike are the arms whose noise is a side's or the baseline's, with the places of these two among them.
func (c Comparison) alike(i int) (arms []ablation.Arm, own, base int) {
	base = -1
	for j, a := range c.Arms {
		if c.size(j) != c.size(i) && (c.Baseline < 0 || c.size(j) != c.size(c.Baseline)) {
			continue
		}
		if j == i {
			own = len(arms)
		}
		if j == c.Baseline {
			base = len(arms)
		}
		arms = append(arms, a)
	}
	return arms, own, base
}

// Showing is the comparison of the runs that are shown alone; their arms are named as the comparison names them. Sides without any are gone; the others keep their marks and
// names. Where the baseline is gone there is none.
func (c Comparison) Showing(shown func(ablation.Run) bool) Comparison {
	out := c
	out.Arms, out.Sides, out.Marks, out.Baseline = nil, nil, nil, -1
	ids := map[string]bool{}
	for _, r := range c.Runs {
		ids[r.ID] = shown(r)
	}
	hidden := func(r ablation.Result) bool { return !ids[r.Run.ID] }
	out.Results = slices.DeleteFunc(slices.Clone(c.Results), hidden)
	out.Runs = slices.DeleteFunc(slices.Clone(c.Runs), func(r ablation.Run) bool { return !shown(r) })
	for i, s := range c.Sides {
		if s.Results = slices.DeleteFunc(slices.Clone(s.Results), hidden); len(s.Results) == 0 {
			continue
		}
		if i == c.Baseline {
			out.Baseline = len(out.Sides)
		}
		out.Arms, out.Sides, out.Marks = append(out.Arms, c.Arms[i]), append(out.Sides, s), append(out.Marks, c.Marks[i])
	}
	return out
}
