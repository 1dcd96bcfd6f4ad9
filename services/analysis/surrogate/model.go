package surrogate

import (
	"math"
	"slices"
)

// material is what one metric's models are fitted to: a row a mixture, replicates averaged.
type material struct {
	xs    []exposure
	y     []float64
	known []float64 // variance of y that replicates explain
}

func (m material) subset(rows []int) material {
	var out material
	for _, i := range rows {
		out.xs, out.y, out.known = append(out.xs, m.xs[i]), append(out.y, m.y[i]), append(out.known, m.known[i])
	}
	return out
}

// spread is the standard deviation of the values.
func (m material) spread() float64 {
	mean, squares := average(m.y), 0.0
	for _, v := range m.y {
		squares += (v - mean) * (v - mean)
	}
	return math.Sqrt(squares / float64(len(m.y)))
}

// recipe is how a model of one metric is fitted.
type recipe struct {
	space space
	own   []int
	ridge bool
}

// guess is a prediction in logs: mean and variance of a metric's expected value, without the noise of single runs but
// with what a model knows it misses.
type guess struct {
	mean, variance float64
	nugget         float64 // of the variance: what is a mixture's own
}

// Members of the stack, with how much each counts before any run has been left out. As many runs as priorRows would have
// to speak against that to weigh as much.
const (
	memberRoot = iota
	memberLog
	memberProcess
	memberRidge
	members
)

const priorRows = 10.0

func (r recipe) priorWeights() []float64 {
	w := []float64{2, 2, 1, 0}
	if r.space.phases > 1 {
		w = []float64{1, 1, 20, 0} // a law of mixtures knows little of order
	}
	if r.ridge {
		w[memberRidge] = 1
	}
	sum := 0.0
	for _, v := range w {
		sum += v
	}
	for k := range w {
		w[k] /= sum
	}
	return w
}

// model is the stack of one metric.
type model struct {
	law     fitted
	guides  [memberRidge]*guided
	ridge   *ridge
	weights []float64
}

// What is expected of the processes' hyper-parameters. Around a law: an amplitude of twice its noise and long lengths, so
// that little is corrected without runs that ask for it. Around a constant: the values' own spread and shorter lengths; in
// schedules twice that spread, one length for all, and little noise.
const (
	aroundLawAmplitude, aroundLawOwn, aroundLawOther = 2, 1.5, 4
	aloneAmplitude, aloneOwn, aloneOther             = 1, 0.6, 1.5
	scheduleAmplitude, scheduleLength, scheduleSD    = 2, 1, 0.3
	scheduleNugget                                   = 0.04
	lengthSD                                         = 0.7
	iterations                                       = 60
)

// alone is what is expected of the process around a constant.
func (r recipe) alone(spread, noise float64) prior {
	if r.space.phases == 1 {
		return r.hyper(aloneAmplitude*spread, noise/2, aloneOwn, aloneOther)
	}
	p := r.hyper(scheduleAmplitude*spread, scheduleNugget*spread, scheduleLength, scheduleLength)
	for k := atLength; k < len(p.sd); k++ {
		p.sd[k] = scheduleSD
	}
	return p
}

func (r recipe) hyper(amplitude, nugget, own, other float64) prior {
	d := r.space.featureCount()
	p := prior{mean: make([]float64, atLength+d), sd: make([]float64, atLength+d)}
	p.mean[atAmplitude], p.sd[atAmplitude] = math.Log(amplitude), 1
	p.mean[atNugget], p.sd[atNugget] = math.Log(nugget), 1
	for k := range d {
		length := other
		if slices.Contains(r.own, r.space.sourceOf(k)) {
			length = own
		}
		p.mean[atLength+k], p.sd[atLength+k] = math.Log(length), lengthSD
	}
	return p
}

// fit fits every member. From an earlier model of more rows it takes the law's start, and its hyper-parameters as they are.
func (r recipe) fit(m material, from *model) *model {
	out := &model{}
	l := newLaw(r.space)
	p := l.prior(m.y, r.own)
	out.law = r.law(l, p, m, from)
	spread := max(m.spread(), 1e-6)
	around := r.hyper(aroundLawAmplitude*out.law.noise, out.law.noise/2, aroundLawOwn, aroundLawOther)
	alone := r.alone(spread, out.law.noise)
	level := prior{mean: []float64{average(m.y)}, sd: []float64{2 * spread}}
	root, log := r.space.features(rooted), r.space.features(LogOdds)
	hold := func(k int) []float64 {
		if from == nil || len(m.xs) <= subsetOf {
			return nil
		}
		return from.guides[k].h
	}
	out.guides[memberRoot] = fitGuided(l, p, out.law.theta, m, guidedOptions{features: root, hyper: around, hold: hold(memberRoot)})
	out.guides[memberLog] = fitGuided(l, p, out.law.theta, m, guidedOptions{features: log, hyper: around, hold: hold(memberLog)})
	out.guides[memberProcess] = fitGuided(flat{}, level, []float64{level.mean[0]}, m, guidedOptions{features: log, hyper: alone, hold: hold(memberProcess)})
	if r.ridge {
		out.ridge = fitRidge(r.linear(), m.xs, m.y)
	}
	out.weights = r.priorWeights()
	return out
}

// law fits the law alone, from several starts, or from an earlier model's end.
func (r recipe) law(l law, p prior, m material, from *model) fitted {
	if from != nil {
		return l.fit(m.xs, m.y, p, m.known, [][]float64{from.law.theta})
	}
	return l.fit(m.xs, m.y, p, m.known, l.starts(p))
}

// linear are the features of the ridge: shares, roots and logs.
func (r recipe) linear() func(exposure) []float64 {
	same := r.space.features(func(share float64) float64 { return share })
	root, log := r.space.features(rooted), r.space.features(LogOdds)
	return func(x exposure) []float64 { return slices.Concat(same(x), root(x), log(x)) }
}

// each is what every member says.
func (m *model) each(xs []exposure) []opinions {
	out := make([]opinions, len(xs))
	for k, g := range m.guides {
		means, variances := g.at(xs)
		nugget := math.Exp(2 * g.h[atNugget])
		for i := range xs {
			out[i][k] = guess{mean: means[i], variance: variances[i] + nugget, nugget: nugget}
		}
	}
	for i, x := range xs {
		if m.ridge != nil {
			out[i][memberRidge] = out[i][memberRoot]
			out[i][memberRidge].mean = m.ridge.at(x)
		}
	}
	return out
}

// opinions are what the members say of one exposure.
type opinions [members]guess

// at is what the stack says.
func (m *model) at(xs []exposure) []guess {
	out := make([]guess, len(xs))
	for i, each := range m.each(xs) {
		out[i] = blend(each, m.weights)
	}
	return out
}

// mean is at's mean, in less time.
func (m *model) mean(x exposure) float64 {
	sum := 0.0
	for k, g := range m.guides {
		if m.weights[k] > 0 {
			sum += m.weights[k] * g.mean(x)
		}
	}
	if m.ridge != nil {
		sum += m.weights[memberRidge] * m.ridge.at(x)
	}
	return sum
}

// blend joins guesses: that members differ is part of the variance.
func blend(each opinions, weights []float64) guess {
	var out guess
	for k, w := range weights {
		out.mean += w * each[k].mean
	}
	for k, w := range weights {
		d := each[k].mean - out.mean
		out.variance += w * (each[k].variance + d*d)
		out.nugget += w * each[k].nugget
	}
	return out
}
