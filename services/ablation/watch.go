package ablation

import (
	"cmp"
	"math"
	"slices"
)

// DivergesWithin is how many steps a divergence may go on before it is found.
const DivergesWithin = 200

// How divergence is told from noise.
const (
	watchWindow  = 128 // steps that a jump is held against
	watchLeast   = 32  // logged ones before anything is judged, and that a window keeps however far they lie apart
	watchSigmas  = 6
	watchBack    = 3 // sigmas within which a jump is over
	watchFloor   = 0.005
	watchPatient = DivergesWithin // steps that a loss may be away or stuck, and after which a jump is a new level, too
	watchAway    = 1.0            // nats above the best
	watchStuck   = 0.05
	watchTurn    = 0.1  // share of the batch that reads otherwise by now, of which the best loss is another's
	watchTurns   = 0.02 // and at once: the loss may be any
	watchMost    = 500  // jumps of one run that are entered, and stretches that aren't finite: one that has more has no level
)

// Watch follows a run's loss (nats) and gradient norm step by step and finds where they jump, leave or get stuck. It
// depends on nothing but the values it is shown, so that it finds the same after a restart: its JSON is all of it. The
// zero Watch has seen nothing. Not safe for concurrent use.
//
// A jump is a value beyond mean + 6 sigma of the last 128 steps, a spec asking trainers to log each; of one that logs more
// seldom it is the last 32 that were logged. Sigma is half a percent of the mean at least. A jump is over at mean + 3 sigma;
// after 200 steps further ones are told from the level that it reached, while it itself may still end.
//
// A loss is held against those of the same text alone: where the mixture turns all begins anew, and as it drifts the best is taken
// of the last steps.
type Watch struct {
	Loss   Window `json:"loss"`
	Grad   Window `json:"grad"`
	Best   *Real  `json:"best,omitempty"` // lowest loss so far of the mixture
	BestAt int64  `json:"best_at,omitempty"`
	Away   Streak `json:"away"`
	Stuck  Streak `json:"stuck"`
	Mixed  int64  `json:"mixed,omitempty"` // step whose mixture the best is of
	Seen   int64  `json:"seen,omitempty"`  // the last step that was shown
	Round  int    `json:"round"`           // see [Spike]
	Jumps  int    `json:"jumps"`           // entered so far

	Nonfinite int  `json:"nonfinite,omitempty"` // stretches entered since the last intervention
	Passed    int  `json:"passed,omitempty"`    // stretches that the ledger had no room for
	Passing   bool `json:"passing,omitempty"`   // in one of these

	Open    []Spike `json:"open,omitempty"`    // jumps that aren't over
	Lasting []Jump  `json:"lasting,omitempty"` // those of them that are a level of their own by now
}

// Jump is one that is over once its metric is at Below again.
type Jump struct {
	Spike
	Below Real `json:"below"`
}

// Streak is from which step on something has held at every step that was logged, and how bad it was; From 0: it doesn't hold.
type Streak struct {
	From  int64 `json:"from,omitempty"`
	Worst Real  `json:"worst,omitempty"`
	Said  bool  `json:"said,omitempty"` // it is in the ledger
}

// Watching is what the watch must know of a run.
type Watching struct {
	Warmup  int64     // steps before which loss may be anything
	Unigram float64   // entropy in nats of a token of the planned mixture; 0 where it isn't known
	Weights []Weights // of the run's mixture, by step; none: it never changes
}

// apart is the share of a batch by which the mixtures differ that two steps finished with.
func (a Watching) apart(step, other int64) float64 {
	if len(a.Weights) < 2 {
		return 0
	}
	sum, all := int64(0), int64(0)
	v, w := weightsAt(a.Weights, step-1), weightsAt(a.Weights, other-1)
	for i := range v {
		sum, all = sum+max(v[i]-w[i], w[i]-v[i]), all+v[i]
	}
	return float64(sum) / 2 / float64(all)
}

// weightsAt is the row of a table that holds at a step, counted from 0.
func weightsAt(table []Weights, step int64) []int64 {
	i, _ := slices.BinarySearchFunc(table, step+1, func(w Weights, s int64) int { return cmp.Compare(w.FromStep, s) })
	return table[max(0, i-1)].W
}

// Resume tells the watch that a run's next segment begins behind a step, after round interventions. What was seen past that
// step no longer counts. An intervention ends what was open; without a new one it goes on.
func (w *Watch) Resume(round int, from int64) {
	w.Loss.forget(from)
	w.Grad.forget(from)
	w.Mixed, w.Seen = min(w.Mixed, from), min(w.Seen, from)
	if w.BestAt > from {
		w.Best, w.BestAt = w.Loss.lowest()
	}
	if round != w.Round {
		*w = Watch{Loss: w.Loss, Grad: w.Grad, Best: w.Best, BestAt: w.BestAt, Mixed: w.Mixed, Seen: w.Seen, Round: round, Jumps: w.Jumps, Passed: w.Passed}
		return
	}
	w.Passing = false
	w.Open = slices.DeleteFunc(w.Open, func(s Spike) bool { return s.Step > from })
	w.Lasting = slices.DeleteFunc(w.Lasting, func(j Jump) bool { return j.Step > from })
	for _, s := range []*Streak{&w.Away, &w.Stuck} {
		if s.From > from {
			*s = Streak{}
		}
	}
}

// Diverging reports whether a divergence has begun that isn't over.
func (w *Watch) Diverging() bool {
	return w.Away.Said || w.Stuck.Said || w.Passing || slices.ContainsFunc(w.Open, func(s Spike) bool { return s.Kind == SpikeNonfinite })
}

// Clone is a copy that shares nothing.
func (w *Watch) Clone() Watch {
	out := *w
	out.Loss, out.Grad = w.Loss.clone(), w.Grad.clone()
	out.Open, out.Lasting = slices.Clone(w.Open), slices.Clone(w.Lasting)
	return out
}

// Observe takes the loss and gradient norm of the next step (0 where none was logged) and returns the ledger's entries that are new or have
// changed. A step that was shown before is passed over: what is said again doesn't count.
func (w *Watch) Observe(about Watching, step int64, loss, grad float64) []Spike {
	if step <= w.Seen && step > 0 {
		return nil
	}
	if bad := firstNonfinite(loss, grad); bad != nil {
		return w.nonfinite(step, *bad)
	}
	w.Passing = false
	out := w.turn(about, step)
	out = append(out, w.jump(SpikeLoss, &w.Loss, step, loss)...)
	out = append(out, w.jump(SpikeGrad, &w.Grad, step, grad)...)
	if step > about.Warmup {
		out = append(out, w.away(step, loss)...)
		out = append(out, w.stuck(about, step, loss)...)
	}
	if w.Best == nil || loss < float64(*w.Best) {
		w.Best, w.BestAt = pointerTo(Real(loss)), step
	}
	return out
}

// turn forgets what the loss was of another mixture: all of it where that changed at once, which closes what was open, and as it
// drifts the best, unless the loss is away from that.
func (w *Watch) turn(about Watching, step int64) (over []Spike) {
	before := w.Seen
	w.Seen = step
	switch {
	case before > 0 && about.apart(step, before) > watchTurns:
		for _, s := range w.Open {
			s.Closed = true
			over = append(over, s)
		}
		for _, j := range w.Lasting {
			j.Closed = true
			over = append(over, j.Spike)
		}
		for kind, s := range map[SpikeKind]Streak{SpikeAway: w.Away, SpikeStuck: w.Stuck} {
			if s.Said {
				over = append(over, Spike{Round: w.Round, Kind: kind, Step: s.From, Peak: s.Worst, Closed: true})
			}
		}
		w.Loss, w.Grad, w.Best, w.Away, w.Stuck, w.Open, w.Lasting = Window{}, Window{}, nil, Streak{}, Streak{}, nil, nil
		w.Mixed = step
	case w.Mixed == 0:
		w.Mixed = step
	case w.Away.From == 0 && about.apart(step, w.Mixed) > watchTurn:
		w.Best, w.BestAt = w.Loss.lowest()
		w.Mixed = step
	}
	return over
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
	if w.Passing || slices.ContainsFunc(w.Open, func(s Spike) bool { return s.Kind == SpikeNonfinite }) {
		return nil
	}
	if w.Nonfinite >= watchMost {
		w.Passed, w.Passing = w.Passed+1, true
		return nil
	}
	w.Nonfinite++
	level, _ := w.Loss.spread()
	s := Spike{Round: w.Round, Kind: SpikeNonfinite, Step: step, Level: Real(level), Peak: Real(value)}
	w.Open = append(w.Open, s)
	return []Spike{s}
}

// jump opens, follows and closes entries of one metric. What is part of a jump doesn't enter the window; where a jump
// lasts, the window begins anew at its level.
func (w *Watch) jump(kind SpikeKind, window *Window, step int64, value float64) []Spike {
	out := w.fall(kind, step, value)
	mean, sigma := window.spread()
	i := slices.IndexFunc(w.Open, func(s Spike) bool { return s.Kind == kind || s.Kind == SpikeNonfinite })
	switch {
	case i >= 0 && w.Open[i].Kind == SpikeNonfinite:
		return append(out, w.close(i, step))
	case i >= 0 && value <= mean+watchBack*sigma:
		window.add(step, value)
		return append(out, w.close(i, step))
	case i >= 0 && step-w.Open[i].Step >= watchPatient:
		w.Lasting = append(w.Lasting, Jump{w.Open[i], Real(mean + watchBack*sigma)})
		w.Open = slices.Delete(w.Open, i, i+1)
		*window = Window{}
		return out
	case i >= 0:
		return append(out, w.rise(i, value)...)
	case len(window.Values) >= watchLeast && value > mean+watchSigmas*sigma && w.Jumps < watchMost:
		w.Jumps++
		s := Spike{Round: w.Round, Kind: kind, Step: step, Level: Real(mean), Peak: Real(value)}
		w.Open = append(w.Open, s)
		return append(out, s)
	}
	window.add(step, value)
	return out
}

// fall closes the lasting jumps of a metric that a value ends.
func (w *Watch) fall(kind SpikeKind, step int64, value float64) (out []Spike) {
	w.Lasting = slices.DeleteFunc(w.Lasting, func(j Jump) bool {
		over := j.Kind == kind && value <= float64(j.Below)
		if over {
			j.Until, j.Closed = step, true
			out = append(out, j.Spike)
		}
		return over
	})
	return out
}

func (w *Watch) close(i int, until int64) Spike {
	s := w.Open[i]
	s.Until, s.Closed = until, true
	w.Open = slices.Delete(w.Open, i, i+1)
	return s
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

func pointerTo[T any](v T) *T { return &v }
