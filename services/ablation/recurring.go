package ablation

import (
	"slices"
	"time"
)

// RecurringSweep is a sweep file that a clock starts: every firing starts a sweep of its own, on the newest sources.
type RecurringSweep struct {
	ID         int64  `json:"id"`
	Name       string `json:"name"`
	Question   string `json:"question"`
	QuestionEN string `json:"question_en,omitempty"` // empty: asked in one language only
	Recurrence
	Budget   Budget          `json:"budget"` // of each firing's sweep
	Document string          `json:"document,omitempty"`
	State    RecurrenceState `json:"state"`
	// NextAt is the first planned time of which nothing is decided yet.
	NextAt    time.Time `json:"next_at"`
	CreatedAt time.Time `json:"created_at"`
	// Revision is raised by every change: who decides on an old one decides nothing.
	Revision int64 `json:"-"`
}

// Asks is the recurrence's question in lang ("ja" or "en"), or in the language that there is.
func (r RecurringSweep) Asks(lang string) string {
	return Label{JA: r.Question, EN: r.QuestionEN}.In(lang)
}

// RecurrenceState is whether a recurrence starts sweeps.
type RecurrenceState string

// States of a recurrence.
const (
	RecurrenceActive RecurrenceState = "active"
	RecurrencePaused RecurrenceState = "paused" // its firings are recorded as skipped
	RecurrenceEnded  RecurrenceState = "ended"  // its file was applied without the key
)

// Superseding is the refusal of a sweep file that would replace a recurrence's, or end the recurrence, as long as nobody has
// confirmed it. It is an [ErrConflict], with a [Refusal]'s words.
type Superseding struct {
	Recurrence RecurringSweep
	Ends       bool // the file starts once
}

// Superseded is what is lost when a sweep file is applied under the recurrence's name, nil for nothing.
func (r RecurringSweep) Superseded(sweep Sweep) *Superseding {
	if r.State == RecurrenceEnded || sweep.Recurrence != nil && sweep.Document == r.Document {
		return nil
	}
	return &Superseding{r, sweep.Recurrence == nil}
}

// Error says what would be lost, in English.
func (s *Superseding) Error() string { return s.Unwrap().Error() }

// Unwrap is the refusal, in both languages.
func (s *Superseding) Unwrap() error {
	r := s.Recurrence
	if s.Ends {
		return Conflict("this would end the recurrence %s (%s, %s), which starts nothing more then; confirm it, or take another name",
			"これを開始すると、定期実行 %s（%s、%s）は終わり、もう起動しません。それでよければ確認してください。残すには別の名前にしてください", r.Name, r.Cron, r.Zone)
	}
	return Conflict("this would replace the recurrence %s (%s, %s), whose file is kept nowhere else; confirm it, or take another name",
		"これを登録すると、定期実行 %s（%s、%s）が置き換わり、前の設定は残りません。それでよければ確認してください。残すには別の名前にしてください", r.Name, r.Cron, r.Zone)
}

// Firing is what became of one planned time of a recurrence. There is never more than one of a time.
type Firing struct {
	Recurrence string       `json:"recurrence"`
	PlannedAt  time.Time    `json:"planned_at"`
	DecidedAt  time.Time    `json:"decided_at"`
	State      FiringState  `json:"state"`
	Reason     FiringReason `json:"reason,omitempty"`
	Message    Label        `json:"message,omitzero"` // why it was refused
	Sweep      string       `json:"sweep,omitempty"`  // that it started

	// Of the sweep, as it is now.
	SweepState  SweepState `json:"sweep_state,omitempty"`
	Counts      RunCounts  `json:"counts"`
	DeviceHours float64    `json:"device_hours"`
}

// Late reports whether the sweep started well after its time.
func (f Firing) Late() bool {
	return f.State == FiringFired && f.DecidedAt.Sub(f.PlannedAt) > FiringGrace
}

// Why says why a firing started nothing; nothing of one that fired, or that a person kept from starting.
func (f Firing) Why() Label {
	switch {
	case f.Message != (Label{}):
		return f.Message
	case f.State == FiringMissed:
		return say("no haigo serve, dev or work was running at that time", "その時刻に haigo serve、dev、work のどれも動いていませんでした")
	case f.Reason == SkippedPrevious:
		return say("the sweep of the firing before was still running", "前回のスイープがまだ終わっていませんでした")
	}
	return Label{}
}

// FiringState is what became of a firing.
type FiringState string

// States of a firing.
const (
	FiringFired   FiringState = "fired"
	FiringMissed  FiringState = "missed"  // its time passed while nothing could start it
	FiringSkipped FiringState = "skipped" // it was not to start, for a reason
)

// FiringReason says why a firing was skipped.
type FiringReason string

// Reasons of a skipped firing.
const (
	SkippedPaused   FiringReason = "paused"   // the recurrence was
	SkippedPrevious FiringReason = "previous" // the sweep of the firing before hadn't ended
	SkippedRefused  FiringReason = "refused"  // the file can't start as things stand; the message says why
)

// FiringGrace is how late a firing may start and still be on time.
const FiringGrace = 5 * time.Minute

// decideAtOnce bounds what one decision is about: a line that fires every minute comes to half a million a year.
const decideAtOnce = 1000

// Decision is what to do about the planned times that have come.
type Decision struct {
	Passed []Firing   // of which nothing starts, in order
	Fire   *time.Time // the planned time that starts a sweep now, after all of Passed; nil for none
	NextAt time.Time  // the first planned time past them all
}

// Decide says what to do at now. Every planned time that has come stands in the decision once; at most the newest one
// fires, and never after the hour at which its runs would have to leave. A decision without Passed and Fire is that there
// is nothing to do; NextAt moves even so where it isn't a planned time any more, as when the rules of a time zone change.
// A long outage takes several decisions, until there is nothing to do.
func (r RecurringSweep) Decide(now time.Time) (Decision, error) {
	due, next, err := r.due(now)
	if err != nil || len(due) == 0 {
		return Decision{NextAt: next}, err
	}
	d := Decision{NextAt: next}
	newest := due[len(due)-1]
	if r.State == RecurrenceActive && next.After(now) {
		starts, err := r.starts(newest, now)
		if err != nil {
			return Decision{}, err
		}
		if starts {
			d.Fire = &newest
			due = due[:len(due)-1]
		}
	}
	for _, planned := range due {
		d.Passed = append(d.Passed, r.passed(planned, now))
	}
	return d, nil
}

// due are the planned times up to now that aren't decided, the first of them, and the time that follows.
func (r RecurringSweep) due(now time.Time) (due []time.Time, next time.Time, err error) {
	all, err := r.After(r.NextAt.Add(-1))
	if err != nil || r.State == RecurrenceEnded {
		return nil, r.NextAt, err
	}
	for next = range all {
		if next.After(now) || len(due) == decideAtOnce {
			break
		}
		due = append(due, next)
	}
	return due, next, nil
}

// starts reports whether the newest planned time is to fire.
func (r RecurringSweep) starts(planned, now time.Time) (bool, error) {
	closes, bounded, err := r.Closes(planned)
	if err != nil || bounded && !now.Before(closes) {
		return false, err
	}
	return now.Sub(planned) <= FiringGrace || r.Missed == MissedOnce, nil
}

func (r RecurringSweep) passed(planned, now time.Time) Firing {
	f := Firing{Recurrence: r.Name, PlannedAt: planned, DecidedAt: now, State: FiringMissed}
	if r.State == RecurrencePaused {
		f.State, f.Reason = FiringSkipped, SkippedPaused
	}
	return f
}

// Instead replaces the decision's firing by one that was skipped.
func (d Decision) Instead(f Firing) Decision {
	d.Passed, d.Fire = append(slices.Clone(d.Passed), f), nil
	return d
}
