package surrogate

import "math"

// Joint is by how much draws of a weighted sum of metrics must be stretched around their mean to be as wide as the sum's errors at
// left-out mixtures: metrics of one run err together, and of what a mixture has of its own no curve knows. Where no mixture was run
// twice that is taken for noise. Metrics that err alike are found by few mixtures, for a sum of errors is held against those that it
// is of; that they cancel each other isn't counted on. Of the rest, few mixtures leave it near 1.
func (f *Fit) Joint(weights []float64) float64 {
	sums := f.missedSums(weights)
	together, apart := 0.0, 0.0
	for _, s := range sums {
		together += s.error * s.error / s.variance
		apart += s.squares / s.variance
	}
	alike := 1.0
	if n := float64(len(sums)); apart > 0 {
		alike = max(1, math.Sqrt((n*together/apart+pooledBy)/(n+pooledBy)))
	}
	var scores []float64
	for _, s := range sums {
		scores = append(scores, math.Abs(s.error)/math.Sqrt(s.variance)/alike)
	}
	return alike * conformal(scores, normal, trust) / normal
}

// missedSum is by how much a weighted sum of metrics was missed at a mixture that was left out, the variance that draws have there,
// metrics each by itself, and the sum of what these were missed by, squared.
type missedSum struct{ error, variance, squares float64 }

// missedSums are of the mixtures that have every metric that counts.
func (f *Fit) missedSums(weights []float64) []missedSum {
	sums, counts, needed := make([]missedSum, len(f.groups)), make([]int, len(f.groups)), 0
	for k, m := range f.metrics {
		if weights[k] == 0 || m.constant {
			continue
		}
		needed++
		for i, g := range m.rows {
			miss, sd := m.missedBy(i)
			miss, sd = weights[k]*miss, weights[k]*sd
			s := &sums[g]
			s.error, s.variance, s.squares = s.error+miss, s.variance+sd*sd, s.squares+miss*miss
			counts[g]++
		}
	}
	var out []missedSum
	for g, s := range sums {
		if counts[g] == needed && s.variance > 0 {
			out = append(out, s)
		}
	}
	return out
}

// missedBy is what was said of a row while it was left out minus what it scored, and the standard deviation that draws would have had
// there, with its noise; both in the metric's own unit.
func (m *metric) missedBy(row int) (miss, sd float64) {
	g, x := m.left[row], m.material.xs[row]
	sd = m.width(m.stretch(g.mean, x), g.variance, m.material.known[row]) / normal
	return m.target.from(g.mean) - m.target.from(m.material.y[row]), math.Abs(m.target.from(g.mean+sd)-m.target.from(g.mean-sd)) / 2
}

// Together is by how much a weighted sum of metrics spreads more between seeds of one mixture than if metrics spread each by itself,
// as a factor of its standard deviation: a bad seed may be bad for all. It is 1 where no mixture was run twice.
func (f *Fit) Together(weights []float64) float64 {
	sum, alone, freedom := 0.0, 0.0, 0.0
	for _, runs := range f.groups {
		var values [][]float64
		for _, i := range runs {
			if row := f.weighted(i, weights); row != nil {
				values = append(values, row)
			}
		}
		if len(values) < 2 {
			continue
		}
		freedom += float64(len(values) - 1)
		total := make([]float64, len(values))
		for k := range weights {
			column := make([]float64, len(values))
			for i, row := range values {
				column[i] = row[k]
				total[i] += row[k]
			}
			alone += squares(column)
		}
		sum += squares(total)
	}
	if alone <= 0 {
		return 1
	}
	return math.Sqrt((freedom*sum/alone + pooledBy) / (freedom + pooledBy))
}

// weighted are a run's values times their weights; nil where one that has a weight is missing.
func (f *Fit) weighted(run int, weights []float64) []float64 {
	out := make([]float64, len(weights))
	for k, w := range weights {
		if w == 0 {
			continue
		}
		if out[k] = w * f.Table.Runs[run].Values[k]; math.IsNaN(out[k]) {
			return nil
		}
	}
	return out
}

// squares is the sum of squared distances from the mean.
func squares(values []float64) float64 {
	mean, sum := average(values), 0.0
	for _, v := range values {
		sum += (v - mean) * (v - mean)
	}
	return sum
}
