package decision

import (
	"math"
	"slices"

	"github.com/haigo-lab/haigo/services/analysis/table"
)

// pool are mixtures that may be recommended, tried ones and those between, and what is expected of them by metric.
func (e *engine) pool() ([]table.Run, [][]float64) {
	if e.mixed == nil {
		e.mixed = e.allowed()
		e.means = e.fit.Means(e.mixed)
	}
	return e.mixed, e.means
}

// allowed are the mixtures that keep to the limits: of those between tried ones, near one, or, where none does, far from all; else of
// those beside tried ones. All that were tried where there is none at all.
func (e *engine) allowed() []table.Run {
	r := &e.region
	if out := e.between(); out != nil {
		return out
	}
	r.farthest = math.Inf(1)
	if out := e.between(); out != nil {
		return out
	}
	r.farthest, e.stray = r.reach, true
	if out := r.within(r.beside()); out != nil {
		return out
	}
	return slices.Clone(r.tried)
}

// between are mixtures that the region allows, tried ones and those between them; nil: there is none.
func (e *engine) between() []table.Run {
	out := e.region.within(append(slices.Clone(e.region.tried), e.region.between(e.random)...))
	if run, there := e.region.kept(); out == nil && there {
		out = append(out, run)
	}
	return out
}

// within are the runs that the region allows; nil: none.
func (r region) within(runs []table.Run) []table.Run {
	var out []table.Run
	for _, run := range runs {
		if r.allows(run) {
			out = append(out, run)
		}
	}
	return out
}

// kept is a mixture between tried ones that keeps to the limits, however few do: weights of the tried ones, and what their sum leaves
// of each limit, none of them below 0.
func (r region) kept() (table.Run, bool) {
	target := append(slices.Concat(slices.Repeat(r.least, len(r.tried[0].Shares)), slices.Repeat(r.most, len(r.tried[0].Shares))), 1)
	shares := (len(target) - 1) / 2
	var columns [][]float64
	for _, run := range r.tried {
		row := slices.Concat(run.Shares...)
		columns = append(columns, append(slices.Concat(row, row), 1))
	}
	for k := range 2 * shares {
		left := make([]float64, len(target))
		left[k] = 1
		if k < shares {
			left[k] = -1
		}
		columns = append(columns, left)
	}
	target, columns = r.capped(target, columns)
	c := nonnegative(columns, target, hullExact, combination{})
	run, whole := r.empty(), 0.0
	for i, at := range c.at {
		if at < len(r.tried) {
			run.add(r.tried[at], c.weights[i])
			whole += c.weights[i]
		}
	}
	if whole == 0 {
		return run.Run, false
	}
	run.scale(1 / whole)
	return run.Run, r.allows(run.Run)
}

// capped are a target and columns with the epochs that each tried mixture reads of each source, in those that are allowed.
func (r region) capped(target []float64, columns [][]float64) ([]float64, [][]float64) {
	for j := range r.epochs(r.tried[0]) {
		for i := range columns {
			v := 0.0
			if i < len(r.tried) {
				v = r.epochs(r.tried[i])[j] / r.maxEpochs
			}
			columns[i] = append(columns[i], v)
		}
		target = append(target, 1)
		left := make([]float64, len(target))
		left[len(left)-1] = 1
		columns = append(columns, left)
	}
	return target, columns
}

// beside are the tried mixtures moved into the bounds, as little as that takes.
func (r region) beside() []table.Run {
	var out []table.Run
	for _, run := range r.tried {
		t := copied(run)
		for _, phase := range t.Shares {
			r.bound(phase)
		}
		out = append(out, t)
	}
	return out
}

// bound moves shares into the bounds: what that takes from some is given to others as they have room for it.
func (r region) bound(shares []float64) {
	left := 1.0
	for j, v := range shares {
		shares[j] = min(max(v, r.least[j]), r.most[j])
		left -= shares[j]
	}
	room := make([]float64, len(shares))
	sum := 0.0
	for j, v := range shares {
		if room[j] = v - r.least[j]; left > 0 {
			room[j] = r.most[j] - v
		}
		sum += room[j]
	}
	if sum < math.Abs(left) || sum == 0 {
		return
	}
	for j := range shares {
		shares[j] += left * room[j] / sum
	}
}
