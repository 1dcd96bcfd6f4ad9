package httpd

import (
	"math"
	"slices"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
)

// roundsView is what a sweep that plans itself has added to itself, and where it stands.
type roundsView struct {
	Plan    string // by what it looks, and how much it may add
	Stands  string
	Busy    bool // the next round is being worked out
	Rows    []roundRow
	Verdict []string // what has come of it, in sentences; none before the end
	Take    string   // the mixture to take; empty: none
}

// roundRow is one round.
type roundRow struct {
	Name  string
	At    time.Time
	Arms  []armView
	Cells []cell // the runs that it added
	Says  []string
}

// rounds are nil for a sweep that doesn't plan itself.
func (d sweepData) rounds() *roundsView {
	a := d.Sweep.Design.Adaptive
	if a == nil {
		return nil
	}
	v := &roundsView{Plan: d.words.adaptive(a)}
	for _, r := range d.Sweep.Rounds {
		if r.Kind != ablation.RoundVerdict {
			v.Rows = append(v.Rows, d.round(r))
		}
	}
	v.Stands, v.Busy = d.stands()
	if last := d.Sweep.Verdict(); last != nil {
		d.concludes(v, *last)
	}
	return v
}

// adaptive is how a sweep plans itself, in a line; empty for one that doesn't.
func (w words) adaptive(a *ablation.Adaptive) string {
	if a == nil {
		return ""
	}
	text := w.text("round.plan", "n", a.Batch, "b", a.Rounds)
	if a.Confirm > 0 {
		text += w.text("round.plan.confirm", "c", a.Confirm)
	}
	if a.Objective != "" {
		text += w.text("round.plan.aim", "m", a.Objective)
	}
	if len(a.Front) > 0 {
		text += w.text("round.plan.front", "x", a.Front[0], "y", a.Front[1])
	}
	return text
}

func (d sweepData) round(r ablation.Round) roundRow {
	row := roundRow{Name: d.words.text("round.kind."+string(r.Kind), "n", r.Number-1), At: r.DecidedAt, Says: d.why(r)}
	for _, a := range d.Arms {
		named := slices.ContainsFunc(r.Arms, func(o ablation.RoundArm) bool { return o.Name == a.Name })
		if named || r.Number == 1 && listed(d.Sweep, a.Name) {
			row.Arms = append(row.Arms, d.arm(a.Name))
		}
	}
	for _, run := range d.Runs {
		if added(d.Sweep, r, run) {
			row.Cells = append(row.Cells, cell{run.State, fraction(run)})
		}
	}
	return row
}

// added reports whether a round brought a run: one of an arm that it made, or of the fresh seeds that it gave.
func added(s ablation.Sweep, r ablation.Round, run ablation.Run) bool {
	i := slices.IndexFunc(r.Arms, func(a ablation.RoundArm) bool { return a.Name == run.Arm })
	switch {
	case i < 0:
		return r.Number == 1 && listed(s, run.Arm)
	case slices.Contains(r.Arms[i].Seeds, run.Replicate):
		return true
	case len(r.Arms[i].Stages) == 0:
		return r.Number == 1 && slices.Contains(s.Seeds, run.Replicate)
	}
	return slices.Contains(s.Seeds, run.Replicate)
}

// listed reports whether an arm is the document's own: no round made it.
func listed(s ablation.Sweep, arm string) bool {
	return !slices.ContainsFunc(s.Rounds, func(r ablation.Round) bool {
		return slices.ContainsFunc(r.Arms, func(a ablation.RoundArm) bool { return a.Name == arm && len(a.Stages) > 0 })
	})
}

// why is from what a round was decided, and why so.
func (d sweepData) why(r ablation.Round) []string {
	w := d.words
	if r.Kind == ablation.RoundStart {
		says := []string{w.text("round.why.start")}
		for _, a := range r.Arms {
			if a.Role == ablation.RoleBaseline {
				says = append(says, w.text("round.why.noise", "n", len(a.Seeds)))
			}
		}
		if again := d.Sweep.Recurrence; again != nil && again.Until != "" {
			says = append(says, w.text("round.why.until", "t", again.Until))
		}
		return says
	}
	says := []string{d.readWords(r)}
	if s := r.Sight; s != nil {
		says = append(says, w.text("round.sight", "mix", d.stagesWords(s.Recommended), "v", fixed(float64(s.Value.Mean), 3), "lo", fixed(float64(s.Value.Low), 3), "hi", fixed(float64(s.Value.High), 3)),
			d.gain(*s))
	}
	if r.Reason != "" {
		says = append(says, w.text("round.reason."+string(r.Reason)))
	}
	return says
}

// readWords is what a round was decided from.
func (d sweepData) readWords(r ablation.Round) string {
	c, mixtures := r.Read.Counts, 0
	if r.Sight != nil {
		mixtures = r.Sight.Mixtures
	}
	text := d.words.text("round.read", "n", c.Completed, "m", mixtures)
	if lost := c.Failed + c.Diverged + c.Stopped; lost > 0 {
		text += d.words.text("round.lost", "n", lost)
	}
	return text
}

// gain is what more runs could still bring, beside what seeds hide.
func (d sweepData) gain(s ablation.Sight) string {
	if math.IsNaN(float64(s.Noise)) {
		return d.words.text("round.gain.alone", "g", fixed(float64(s.Gain), 3))
	}
	return d.words.text("round.gain", "g", fixed(float64(s.Gain), 3), "s", fixed(float64(s.Noise), 3))
}

// stands says what the sweep does now.
func (d sweepData) stands() (text string, busy bool) {
	w, s := d.words, d.Sweep
	left := s.Counts.Queued + s.Counts.Running
	switch {
	case s.Verdict() != nil:
		return "", false
	case s.State == ablation.SweepPaused:
		return w.text("round.stands.paused"), false
	case s.State == ablation.SweepStopped:
		return w.text("round.stands.stopped"), false
	case left > 0 && len(s.Rounds) > 0:
		return w.text("round.stands.running", "kind", w.text("round.kind."+string(s.Rounds[len(s.Rounds)-1].Kind), "n", len(s.Rounds)-1), "n", left), false
	}
	return w.text("round.stands.deciding"), true
}

// concludes fills in what has come of it.
func (d sweepData) concludes(v *roundsView, r ablation.Round) {
	w := d.words
	if len(r.Verdict.Stages) == 0 {
		v.Verdict = []string{w.text("round.none", "why", r.Message.In(w.lang))}
		return
	}
	v.Take = d.stagesWords(r.Verdict.Stages)
	if r.Verdict.Take != "" {
		v.Take += w.text("round.take.arm", "arm", r.Verdict.Take)
	}
	for _, f := range r.Verdict.Differences {
		v.Verdict = append(v.Verdict, d.freshWords(f))
	}
	if len(r.Verdict.Differences) == 0 {
		v.Verdict = append(v.Verdict, w.text("round.unconfirmed"))
	}
	if r.Reason != "" {
		v.Verdict = append(v.Verdict, w.text("round.reason."+string(r.Reason)))
	}
}

func (d sweepData) freshWords(f ablation.FreshDifference) string {
	key := "round.fresh." + f.Result
	if f.Pairs == 0 || math.IsNaN(float64(f.Half)) {
		key = "round.fresh." + ablation.FreshUnknown
	}
	return d.words.text(key, "arm", d.arm(f.To).Label, "role", d.words.text("round.role."+f.Role), "n", f.Pairs, "d", signed(float64(f.Mean), 3), "h", fixed(float64(f.Half), 3))
}

// stagesWords are a schedule's mixtures in a row.
func (d sweepData) stagesWords(stages []ablation.Stage) string {
	var names []string
	for _, s := range d.Sweep.Sources {
		names = append(names, s.Name)
	}
	var phases [][]float64
	for _, s := range stages {
		phases = append(phases, s.Mixture.Shares(names))
	}
	return sharesWords(names, phases)
}
