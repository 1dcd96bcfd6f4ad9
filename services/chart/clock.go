package chart

import (
	"math"
	"sort"

	"github.com/haigo-lab/haigo/services/ablation"
)

// clock tells when a run was at a step, and at which step it was when: straight between what is known.
type clock struct{ steps, seconds []float64 }

// newClock reads a curve of ablation.MetricSeconds.
func newClock(c ablation.Curve) clock {
	var k clock
	for _, b := range c.Buckets {
		if b.Superseded || b.N == 0 {
			continue
		}
		if len(k.steps) == 0 {
			k.steps, k.seconds = []float64{0}, []float64{0}
		}
		k.steps = append(k.steps, float64(b.LastStep))
		k.seconds = append(k.seconds, max(k.end(), float64(b.Last)))
	}
	return k
}

// at is the time of a step, NaN where no time is known.
func (k clock) at(step float64) float64 { return between(k.steps, k.seconds, step) }

// step is the step of a time.
func (k clock) step(seconds float64) float64 { return between(k.seconds, k.steps, seconds) }

// end is the last time that is known.
func (k clock) end() float64 {
	if len(k.seconds) == 0 {
		return 0
	}
	return k.seconds[len(k.seconds)-1]
}

// between reads y at x on the line through points in order of xs; past either end it is the end's.
func between(xs, ys []float64, x float64) float64 {
	if len(xs) == 0 {
		return math.NaN()
	}
	i := sort.SearchFloat64s(xs, x)
	switch {
	case i == len(xs):
		return ys[len(ys)-1]
	case i == 0 || xs[i] == x:
		return ys[i]
	}
	return ys[i-1] + (ys[i]-ys[i-1])*(x-xs[i-1])/(xs[i]-xs[i-1])
}

// durations are distances of ticks on an axis of time, in seconds.
var durations = []float64{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400}

// timeScale is the axis of a frame into 0 to end, in seconds.
func (f Frame) timeScale(end float64) scale {
	s := f.scale(end, 4)
	wanted := (s.max - s.min) / 4
	i := sort.SearchFloat64s(durations, .98*wanted)
	switch {
	case wanted < durations[0]:
		return s
	case i < len(durations):
		s.step = durations[i]
	default:
		s.step = durations[len(durations)-1] * math.Ceil(wanted/durations[len(durations)-1])
	}
	return s
}
