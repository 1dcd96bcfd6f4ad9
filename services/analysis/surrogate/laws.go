package surrogate

import (
	"math"

	"github.com/haigo-lab/haigo/services/analysis/table"
)

// Law is one metric's effective-data power law by itself, as a curve to draw or numbers to read; predictions correct it
// and have intervals. See law.go for the formula.
type Law struct {
	Metric   string
	Effect   []float64 // a_j, by source: what a share of it is worth, beside the others
	Gamma    float64   // g
	Exponent float64   // b
	Floor    float64   // of the metric: what no mixture of more data gets below
	Noise    float64   // what it misses, as a standard deviation of the metric's log
	space    space
	law      law
	theta    []float64
	target   target
}

// Laws fits the law of every metric alone: in a fraction of New's time, without intervals. Metrics that are the same in
// all runs have none.
func Laws(s Setup) ([]Law, error) {
	f, err := prepare(s)
	if err != nil {
		return nil, err
	}
	each(len(f.metrics), func(k int) {
		m := f.metrics[k]
		if m.constant {
			return
		}
		l := newLaw(f.space)
		m.model = &model{law: m.recipe.law(l, l.prior(m.material.y, m.own), m.material, nil)}
	})
	return f.Laws(), nil
}

// Laws are those under the fit, of the metrics that aren't the same in all runs.
func (f *Fit) Laws() []Law {
	var out []Law
	l := newLaw(f.space)
	for _, m := range f.metrics {
		if m.constant {
			continue
		}
		theta := m.model.law.theta
		law := Law{
			Metric: m.name, Gamma: math.Exp(theta[l.sources+atG]), Exponent: math.Exp(theta[l.sources+atB]),
			Floor: m.target.from(theta[l.sources+atE]), Noise: m.model.law.noise, space: f.space, law: l, theta: theta, target: m.target,
		}
		for _, a := range theta[:l.sources] {
			law.Effect = append(law.Effect, math.Exp(a))
		}
		out = append(out, law)
	}
	return out
}

// At is the law's value for a run.
func (l Law) At(run table.Run) float64 {
	return l.target.from(l.law.at(l.theta, l.space.exposure(run), make([]float64, l.law.size())))
}
