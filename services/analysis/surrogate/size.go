package surrogate

import "math"

// bySize is how deviations grow with parameters and tokens, in logs of a deviation for each of log size, alike for all metrics:
// where few runs stand at a size, models miss more there than where most do. Beyond the runs' sizes nothing is known of it, and
// they are as large as at the nearest of these.
type bySize struct{ n, d growth }

// growth is of one size, from the smallest that was run to the largest.
type growth struct{ slope, low, high float64 }

func (g growth) at(size float64) float64 { return g.slope * min(max(size, g.low), g.high) }

// That deviations are alike from the smallest size to the largest is expected within sizeSD, in logs.
const sizeSD = 0.5

// at is by how much deviations are larger than at the reference's size.
func (s bySize) at(x exposure) float64 { return math.Exp(s.n.at(x.n) + s.d.at(x.d)) }

// sized finds the most probable growth for normal deviations, of all metrics together, and takes it out of their scores.
func (f *Fit) sized() {
	var grow bySize
	if f.space.variesN {
		grow.n = f.growth(func(x exposure) float64 { return x.n })
	}
	if f.space.variesD {
		grow.d = f.growth(func(x exposure) float64 { return x.d })
	}
	for _, m := range f.metrics {
		m.size = grow
		for i := range m.scores {
			m.scores[i] /= grow.at(m.material.xs[i])
		}
	}
}

// growth of deviations with one size. Each metric has its own deviation in the middle.
func (f *Fit) growth(of func(exposure) float64) growth {
	low, high := math.Inf(1), math.Inf(-1)
	for _, x := range f.xs {
		low, high = min(low, of(x)), max(high, of(x))
	}
	best, least := 0.0, math.Inf(1)
	for total := -3 * sizeSD; total <= 3*sizeSD; total += sizeSD / 10 {
		slope := total / (high - low)
		cost := total * total / (2 * sizeSD * sizeSD)
		for _, m := range f.metrics {
			cost += m.misfit(func(i int) float64 { return slope * of(m.material.xs[i]) })
		}
		if cost < least {
			best, least = slope, cost
		}
	}
	return growth{best, low, high}
}

// misfit is minus the log of the scores' probability, were they normal with deviations of so much each, in logs, times what fits
// best.
func (m *metric) misfit(log func(i int) float64) float64 {
	squares, logs, n := 0.0, 0.0, float64(len(m.scores))
	if n == 0 {
		return 0
	}
	for i, z := range m.scores {
		z = min(z, farScore) * math.Exp(-log(i))
		squares += z * z
		logs += log(i)
	}
	return n/2*math.Log(max(squares/n, 1e-12)) + logs
}
