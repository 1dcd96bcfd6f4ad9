package ablation

import (
	"math"
	"slices"
)

// DivergesWithin is how many steps a divergence may go on before it is found.
const DivergesWithin = 200

// How divergence is told from noise.
const (
	watchWindow  = 128 // logged steps that a jump is held against
	watchLeast   = 32  // of them before anything is judged
	watchSigmas  = 6
	watchBack    = 3 // sigmas within which a jump is over
	watchFloor   = 0.005
	watchPatient = DivergesWithin // steps that a loss may be away or stuck, and after which a jump is the new level
	watchAway    = 1.0            // nats above the best
	watchStuck   = 0.05
	watchJumps   = 500 // entered of one run: one that jumps more often has no level to jump from
)

// Watch follows a run's loss (nats) and gradient norm step by step and finds where they jump, leave or get stuck. It
// depends on nothing but the values it is shown, so that it finds the same after a restart: its JSON is all of it. The
// zero Watch has seen nothing. Not safe for concurrent use.
type Watch struct {
	Loss  Window `json:"loss"`
	Grad  Window `json:"grad"`
	Best  *Real  `json:"best,omitempty"` // lowest loss so far
	Away  Streak `json:"away"`
	Stuck Streak `json:"stuck"`
	Round int    `json:"round"` // see [Spike]
	Jumps int    `json:"jumps"` // entered so far

	Open []Spike `json:"open,omitempty"` // jumps that aren't over
}

// Window is the last values of a metric that were no jump, oldest first.
type Window struct {
	Values []float64 `json:"values,omitempty"`
}

// Streak is from which step on something has held at every step that was logged, and how bad it was; From 0: it doesn't hold.
type Streak struct {
	From  int64 `json:"from,omitempty"`
	Worst Real  `json:"worst,omitempty"`
	Said  bool  `json:"said,omitempty"` // it is in the ledger
}

// Watching is what the watch must know of a run.
type Watching struct {
	Warmup  int64   // steps before which loss may be anything
	Unigram float64 // entropy in nats of a token of the planned mixture; 0 where it isn't known
}

// Resume tells the watch that a run's next segment begins, after round interventions: what was open before it is over, and
// a best loss from before an intervention stands.
func (w *Watch) Resume(round int) {
	*w = Watch{Loss: w.Loss, Grad: w.Grad, Best: w.Best, Round: round, Jumps: w.Jumps}
}

// Clone is a copy that shares nothing.
func (w *Watch) Clone() Watch {
	out := *w
	out.Loss.Values, out.Grad.Values, out.Open = slices.Clone(w.Loss.Values), slices.Clone(w.Grad.Values), slices.Clone(w.Open)
	return out
}

// Observe takes the loss and gradient norm of the next step (0 where none was logged) and returns the ledger's entries that are new or have changed.
func (w *Watch) Observe(about Watching, step int64, loss, grad float64) []Spike {
	if bad := firstNonfinite(loss, grad); bad != nil {
		return w.nonfinite(step, *bad)
	}
	var out []Spike
	out = append(out, w.jump(SpikeLoss, &w.Loss, step, loss)...)
	out = append(out, w.jump(SpikeGrad, &w.Grad, step, grad)...)
	if step > about.Warmup {
		out = append(out, w.away(step, loss)...)
		out = append(out, w.stuck(about, step, loss)...)
	}
	if w.Best == nil || loss < float64(*w.Best) {
		w.Best = pointerTo(Real(loss))
	}
	return out
}

func firstNonfinite(values ...float64) *float64 {
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return &v
		}
	}
	return nil
}

// nonfinite opens an entry at the first step of a stretch of values that aren't finite.
func (w *Watch) nonfinite(step int64, value float64) []Spike {
	if slices.ContainsFunc(w.Open, func(s Spike) bool { return s.Kind == SpikeNonfinite }) {
		return nil
	}
	level, _ := w.Loss.spread()
	s := Spike{Round: w.Round, Kind: SpikeNonfinite, Step: step, Level: Real(level), Peak: Real(value)}
	w.Open = append(w.Open, s)
	return []Spike{s}
}

// jump opens, follows and closes entries of one metric. What is part of a jump doesn't enter the window; a jump that
// lasts is the new level, and the window begins anew.
func (w *Watch) jump(kind SpikeKind, window *Window, step int64, value float64) []Spike {
	mean, sigma := window.spread()
	i := slices.IndexFunc(w.Open, func(s Spike) bool { return s.Kind == kind || s.Kind == SpikeNonfinite })
	switch {
	case i >= 0 && w.Open[i].Kind == SpikeNonfinite:
		return w.close(i, step)
	case i >= 0 && value <= mean+watchBack*sigma:
		window.add(value)
		return w.close(i, step)
	case i >= 0 && step-w.Open[i].Step >= watchPatient:
		window.Values = nil
		return w.close(i, 0)
	case i >= 0:
		return w.rise(i, value)
	case len(window.Values) >= watchLeast && value > mean+watchSigmas*sigma && w.Jumps < watchJumps:
		w.Jumps++
		s := Spike{Round: w.Round, Kind: kind, Step: step, Level: Real(mean), Peak: Real(value)}
		w.Open = append(w.Open, s)
		return []Spike{s}
	}
	window.add(value)
	return nil
}

func (w *Watch) close(i int, until int64) []Spike {
	s := w.Open[i]
	s.Until, s.Closed = until, true
	w.Open = slices.Delete(w.Open, i, i+1)
	return []Spike{s}
}

func (w *Watch) rise(i int, value float64) []Spike {
	if value <= float64(w.Open[i].Peak) {
		return nil
	}
	w.Open[i].Peak = Real(value)
	return []Spike{w.Open[i]}
}

func (w *Watch) away(step int64, loss float64) []Spike {
	if w.Best == nil {
		return nil
	}
	return w.Away.hold(loss > float64(*w.Best)+watchAway, step, loss, func() Spike {
		return Spike{Round: w.Round, Kind: SpikeAway, Level: *w.Best}
	})
}

// stuck holds the mean of the last steps against the unigram entropy: single losses scatter around theirs.
func (w *Watch) stuck(about Watching, step int64, loss float64) []Spike {
	mean, _ := w.Loss.spread()
	there := about.Unigram > 0 && len(w.Loss.Values) >= watchLeast && math.Abs(mean-about.Unigram) <= watchStuck
	return w.Stuck.hold(there, step, loss, func() Spike {
		return Spike{Round: w.Round, Kind: SpikeStuck, Level: Real(about.Unigram)}
	})
}

// hold follows what holds since 200 steps, logged or not, and closes what held until now.
func (s *Streak) hold(holds bool, step int64, value float64, entry func() Spike) []Spike {
	switch {
	case !holds && s.Said:
		e := entry()
		e.Step, e.Peak, e.Until, e.Closed = s.From, s.Worst, step, true
		*s = Streak{}
		return []Spike{e}
	case !holds:
		*s = Streak{}
		return nil
	case s.From == 0:
		s.From, s.Worst = step, Real(value)
	}
	s.Worst = max(s.Worst, Real(value))
	if s.Said || step-s.From+1 < watchPatient {
		return nil
	}
	s.Said = true
	e := entry()
	e.Step, e.Peak = s.From, s.Worst
	return []Spike{e}
}

func (w *Window) add(value float64) {
	if len(w.Values) == watchWindow {
		copy(w.Values, w.Values[1:])
		w.Values = w.Values[:watchWindow-1]
	}
	w.Values = append(w.Values, value)
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

func pointerTo[T any](v T) *T { return &v }
