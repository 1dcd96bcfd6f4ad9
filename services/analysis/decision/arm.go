package decision

import (
	"slices"

	"github.com/haigo-lab/haigo/services/analysis"
	"github.com/haigo-lab/haigo/services/analysis/surrogate"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// draw composes the objective of the candidates, draw by draw: the recommended mixture first, then the tried ones, then the
// baselines, then mixtures between tried ones that may be the optimum, then those outside.
func (e *engine) draw(d *Decision) {
	d.candidates = append([]table.Run{d.Run}, e.region.tried...)
	d.Baselines = e.zeroRun()
	for _, b := range d.Baselines {
		d.candidates = append(d.candidates, b.Run)
	}
	pool, means := e.pool()
	near := append(slices.Clone(pool), e.walk().around(d.Run, candidates)...)
	var values []float64
	for _, m := range means {
		values = append(values, e.sum(m))
	}
	values = append(values, e.compose(near[len(pool):])...)
	for _, i := range sortedBy(values)[:min(candidates, len(near))] {
		d.candidates = append(d.candidates, near[i])
	}
	outside := e.outside(d.Run)
	d.candidates = append(d.candidates, outside...)
	e.permit(d, len(outside))
	d.drawn = e.fit.Draw(d.candidates, draws, e.options.Seed)
	d.composed = e.composed(d.drawn, len(d.candidates))
	d.choice = choice(d.composed, d.eligible())
	d.further(len(outside))
}

// permit says of the candidates which the limits allow, and which may be recommended: those between tried ones were made so.
func (e *engine) permit(d *Decision, outside int) {
	base := 1 + len(e.region.tried)
	for i, run := range d.candidates {
		allowed := e.region.allows(run)
		within := allowed && i < len(d.candidates)-outside
		if base <= i && i < base+len(d.Baselines) {
			within = e.may(run)
		}
		d.allowed, d.within = append(d.allowed, allowed), append(d.within, within)
	}
}

// composed is the objective by draw, as wide as its errors at left-out mixtures were.
func (e *engine) composed(drawn surrogate.Draws, n int) [][]float64 {
	out, means := make([][]float64, draws), make([]float64, n)
	for s := range out {
		out[s] = make([]float64, n)
		for k, w := range e.weights {
			if w == 0 {
				continue
			}
			for i, v := range drawn[k][s] {
				out[s][i] += w * v
				means[i] += w * v / draws
			}
		}
	}
	for _, row := range out {
		for i, v := range row {
			row[i] = means[i] + e.joint*(v-means[i])
		}
	}
	return out
}

// interval is the mean and the 90% interval of values.
func interval(values []float64) Interval {
	sorted := slices.Sorted(slices.Values(values))
	sum := 0.0
	for _, v := range sorted {
		sum += v
	}
	tail := (1 - analysis.Level) / 2
	return Interval{sum / float64(len(sorted)), quantile(sorted, tail), quantile(sorted, 1-tail)}
}

// alike reports whether a difference may be 0.
func (v Interval) alike() bool { return v.Low <= 0 && v.Top >= 0 }

func quantile(sorted []float64, p float64) float64 {
	at := p * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// signed turns what is lower the better into the objective's own direction.
func (d *Decision) signed(v Interval) Interval {
	if d.Objective.Max {
		return v.Negated()
	}
	return v
}

// column is one candidate's composed objective, by draw.
func (d *Decision) column(i int) []float64 {
	out := make([]float64, len(d.composed))
	for s, row := range d.composed {
		out[s] = row[i]
	}
	return out
}

// less is candidate a's objective minus candidate b's, by draw.
func (d *Decision) less(a, b int) []float64 {
	out := make([]float64, len(d.composed))
	for s, row := range d.composed {
		out[s] = row[a] - row[b]
	}
	return out
}

func (e *engine) arms(d *Decision) {
	groups := e.groups
	d.Value = d.signed(d.value())
	best := make([]float64, len(groups))
	for _, row := range d.composed {
		least := slices.Min(row[1 : 1+len(groups)])
		for i := range groups {
			if row[1+i] == least { // one mixture at several sizes is as likely in each of them
				best[i] += 1 / float64(len(d.composed))
			}
		}
	}
	front := e.front(d, len(groups))
	for i, g := range groups {
		against := d.behind(1 + i)
		d.Arms = append(d.Arms, Arm{
			Runs: e.ids(g), Run: e.region.tried[i], Seen: e.seen(g), Value: d.signed(interval(d.column(1 + i))), PBest: best[i], PFront: front[i],
			AsGood: against.alike(), Against: d.signed(against),
		})
	}
}

// front is how likely it is of each tried mixture that no other is better in every metric of the objective.
func (e *engine) front(d *Decision, arms int) []float64 {
	out := make([]float64, arms)
	for s := range d.composed {
		for i := range arms {
			if !e.dominated(d.drawn, s, i, arms) {
				out[i] += 1 / float64(len(d.composed))
			}
		}
	}
	return out
}

func (e *engine) dominated(drawn surrogate.Draws, s, i, arms int) bool {
	for j := range arms {
		better := i != j
		for k, w := range e.weights {
			if w != 0 && (drawn[k][s][1+j]-drawn[k][s][1+i])*w >= 0 {
				better = false
				break
			}
		}
		if better {
			return true
		}
	}
	return false
}

// seen is what a mixture's runs measured of the objective, in its own direction: each metric's mean over the runs that have it.
func (e *engine) seen(group []int) float64 {
	sum := 0.0
	for k, w := range e.weights {
		if w != 0 {
			sum += w * e.measured(group, k)
		}
	}
	if e.options.Objective.Max {
		return -sum
	}
	return sum
}

// ranges fills in where the optimum may lie, and where mixtures that can't be told from the recommended one.
func (d *Decision) ranges() {
	d.optima = make([]table.Run, len(d.composed))
	for s, row := range d.composed {
		least := 0
		for i, v := range row {
			if v < row[least] && d.within[i] {
				least = i
			}
		}
		d.optima[s] = d.candidates[least]
	}
	d.Optimum = spans(d.optima, (1-analysis.Level)/2)
	same := []table.Run{d.Run}
	for i, run := range d.candidates {
		if d.within[i] && d.behind(i).alike() {
			same = append(same, run)
		}
	}
	d.AsGood = spans(same, 0)
}

func spans(runs []table.Run, tail float64) [][]Range {
	out := make([][]Range, len(runs[0].Shares))
	for p := range out {
		out[p] = make([]Range, len(runs[0].Shares[p]))
		for j := range out[p] {
			values := make([]float64, len(runs))
			for i, r := range runs {
				values[i] = r.Shares[p][j]
			}
			slices.Sort(values)
			out[p][j] = Range{quantile(values, tail), quantile(values, 1-tail)}
		}
	}
	return out
}
