package ablation

import (
	"math"
	"slices"
)

// Window is the values of a metric that were no jump, oldest first, with their steps: those of the last 128 steps, and the
// last 32 in any case.
type Window struct {
	Values []float64 `json:"values,omitempty"`
	Steps  []int64   `json:"steps,omitempty"`
}

func (w *Window) clone() Window {
	return Window{slices.Clone(w.Values), slices.Clone(w.Steps)}
}

func (w *Window) add(step int64, value float64) {
	if len(w.Steps) != len(w.Values) { // as earlier versions stored it
		*w = Window{}
	}
	w.Values, w.Steps = append(w.Values, value), append(w.Steps, step)
	old := 0
	for len(w.Steps)-old > watchLeast && w.Steps[old] <= step-watchWindow {
		old++
	}
	w.Values, w.Steps = slices.Delete(w.Values, 0, old), slices.Delete(w.Steps, 0, old)
}

// forget drops the values past a step.
func (w *Window) forget(after int64) {
	if i := slices.IndexFunc(w.Steps, func(s int64) bool { return s > after }); i >= 0 {
		w.Values, w.Steps = w.Values[:i], w.Steps[:i]
	}
}

// lowest is the lowest value and its step; nil where there is none.
func (w *Window) lowest() (*Real, int64) {
	if len(w.Steps) == 0 {
		return nil, 0
	}
	i := slices.Index(w.Values, slices.Min(w.Values))
	return pointerTo(Real(w.Values[i])), w.Steps[i]
}

// spread is mean and standard deviation, the latter at least half a percent of the mean: a smooth loss isn't surprised by
// its own rounding.
func (w *Window) spread() (mean, sigma float64) {
	n := float64(len(w.Values))
	if n == 0 {
		return 0, 0
	}
	for _, v := range w.Values {
		mean += v / n
	}
	for _, v := range w.Values {
		sigma += (v - mean) * (v - mean) / n
	}
	return mean, max(math.Sqrt(sigma), watchFloor*math.Abs(mean))
}
