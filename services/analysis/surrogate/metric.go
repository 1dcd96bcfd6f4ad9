package surrogate

import (
	"math"
	"slices"
)

// metric is one metric's stack, its noise and its intervals.
type metric struct {
	name     string
	own      []int // sources that it is paired with
	constant bool  // all values are level
	level    float64
	target   target
	noise    noise
	rows     []int // of Fit.groups that have a value
	material material
	recipe   recipe
	model    *model
	held     held
	left     []guess // of each row while it was left out
	scores   []float64
	uneven   uneven
	size     bySize
	half     float64 // half width of the interval in predicted standard deviations
	missed   float64 // root mean square of left-out errors, in the metric's own unit
}

// metric gathers what one metric is fitted to.
func (f *Fit) metric(k int, own []int) *metric {
	m := &metric{name: f.Table.Metrics[k], own: own}
	values, rows := f.values(k)
	m.rows = rows
	all := slices.Concat(values...)
	m.target, m.level = targetOf(all, f.Rising(m.name)), all[0]
	if m.constant = slices.Min(all) == slices.Max(all); m.constant {
		return m
	}
	for _, group := range values {
		for i, v := range group {
			group[i] = m.target.to(v)
		}
	}
	m.gather(values, pick(f.xs, rows))
	m.recipe = recipe{space: f.space, own: own, ridge: len(rows) < 2*f.space.sources || f.space.sources > 30}
	return m
}

// fit fits the stack, and again without parts of the runs for its weights and intervals.
func (m *metric) fit() {
	if m.constant {
		return
	}
	m.model = m.recipe.fit(m.material, nil)
	m.held = m.recipe.crossfit(m.material, m.model)
	m.model.weigh(m.material.y, m.held)
	scores, said := m.model.scores(m.material, m.held)
	for _, each := range m.held {
		m.left = append(m.left, blend(each, m.model.weights))
	}
	for i, v := range said {
		d := m.target.from(v) - m.target.from(m.material.y[i])
		m.missed += d * d / float64(len(said))
	}
	m.missed = math.Sqrt(m.missed)
	m.uneven = unevenOf(scores, said)
	for i := range scores {
		scores[i] /= m.uneven.at(said[i])
	}
	m.scores = scores
}

// gather averages replicates.
func (m *metric) gather(values [][]float64, xs []exposure) {
	m.noise = spreads(values, xs)
	for g, group := range values {
		m.material.xs, m.material.y = append(m.material.xs, xs[g]), append(m.material.y, average(group))
		m.material.known = append(m.material.known, m.noise.variance(xs[g])/float64(len(group)))
	}
}

// values are a metric's, by group, of those groups that have any.
func (f *Fit) values(k int) (values [][]float64, rows []int) {
	for g, runs := range f.groups {
		var vs []float64
		for _, i := range runs {
			if v := f.Table.Runs[i].Values[k]; !math.IsNaN(v) {
				vs = append(vs, v)
			}
		}
		if len(vs) > 0 {
			values, rows = append(values, vs), append(rows, g)
		}
	}
	return values, rows
}

// Prediction is what is expected of one metric of one new run, with its 90% interval: a single run's noise is in it.
type Prediction struct{ Mean, Low, Top float64 }

func (m *metric) predict(xs []exposure) []Prediction {
	out := make([]Prediction, len(xs))
	if m.constant {
		for i := range out {
			out[i] = Prediction{m.level, m.level, m.level}
		}
		return out
	}
	for i, g := range m.model.at(xs) {
		half := m.width(m.stretch(g.mean, xs[i]), g.variance, m.noise.variance(xs[i]))
		ends := []float64{m.target.from(g.mean - half), m.target.from(g.mean + half)}
		out[i] = Prediction{m.target.from(g.mean), slices.Min(ends), slices.Max(ends)}
	}
	return out
}

// stretch is half an interval's width in predicted standard deviations.
func (m *metric) stretch(level float64, x exposure) float64 {
	return m.half * m.uneven.at(level) * m.size.at(x)
}

// width is half an interval's. What replicates say of a single run's noise is never made smaller: means, on which intervals
// are calibrated, have less of it.
func (m *metric) width(scale, variance, noise float64) float64 {
	alone := max(scale, normal)
	return math.Sqrt(scale*scale*variance + alone*alone*noise)
}

func (m *metric) mean(x exposure) float64 {
	if m.constant {
		return m.level
	}
	return m.target.from(m.model.mean(x))
}

// spread is the standard deviation of single runs, in the metric's own unit.
func (m *metric) spread(x exposure) float64 {
	switch {
	case m.noise.freedom == 0:
		return math.NaN()
	case m.constant:
		return 0
	}
	at, sd := m.model.mean(x), math.Sqrt(m.noise.variance(x))
	return math.Abs(m.target.from(at+sd)-m.target.from(at-sd)) / 2
}
