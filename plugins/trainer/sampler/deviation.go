package sampler

import "math"

// Meter measures how far delivered rows stray from the integer table: the law of exact mode is that cumulative counts
// stay within two rows of the table's integral, plus one for every step at which a source is switched off.
type Meter struct {
	plan  *Plan
	step  int64
	whole []int64 // rows that the table asked for so far
	part  []int64 // and units of 1/2^30 row
	offs  int     // steps at which a source was switched off
	most  float64
}

// NewMeter measures against a plan's table, from step 0.
func NewMeter(p *Plan) *Meter {
	return &Meter{plan: p, whole: make([]int64, len(p.c.Sizes)), part: make([]int64, len(p.c.Sizes))}
}

// Observe takes the rows delivered of each source in the first steps steps and returns the largest distance, in rows,
// of any source at that point. Steps don't decrease from call to call.
func (m *Meter) Observe(steps int64, delivered []int64) float64 {
	for ; m.step < steps; m.step++ {
		m.advance()
	}
	var far float64
	for k, n := range delivered {
		far = max(far, math.Abs(float64(n-m.whole[k])-float64(m.part[k])/total))
	}
	m.most = max(m.most, far)
	return far
}

// advance adds a step of the table to the integral.
func (m *Meter) advance() {
	w := m.plan.Weights(m.step)
	for k, n := range w {
		m.part[k] += int64(m.plan.c.BatchRows) * n
		m.whole[k] += m.part[k] / total
		m.part[k] %= total
	}
	if m.step > 0 && switchedOff(m.plan.Weights(m.step-1), w) {
		m.offs++
	}
}

func switchedOff(before, after []int64) bool {
	for k := range before {
		if before[k] > 0 && after[k] == 0 {
			return true
		}
	}
	return false
}

// Most is the largest distance observed, in rows.
func (m *Meter) Most() float64 { return m.most }

// Bound is the distance that exact mode never exceeds up to the last observed step.
func (m *Meter) Bound() float64 { return 2 + float64(m.offs) }

// MaxDeviation is the largest distance, in rows, of a plan's cumulative counts from its table, over all steps and
// sources, and the bound that exact mode promises.
func (p *Plan) MaxDeviation() (most, bound float64) {
	m, c := NewMeter(p), p.start()
	for c.step < p.c.Steps {
		c.split()
		for k, n := range c.counts {
			c.drawn[k] += n
		}
		c.advance()
		m.Observe(c.step, c.drawn)
	}
	return m.Most(), m.Bound()
}
