package ablation

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Adaptive has a sweep plan itself: mixtures that cover what there is to try, then batch after batch of those that its finished
// runs make promising, then fresh seeds for the mixture that it recommends. Each of these steps is a [Round].
type Adaptive struct {
	Objective string           `json:"objective,omitempty"` // min: or max: and a sum of metrics; empty: held-out text of all languages alike
	Start     int              `json:"start"`               // mixtures of the first round, beside those that the document makes
	Batch     int              `json:"batch"`               // mixtures of each further round, at most
	Rounds    int              `json:"rounds"`              // batches, at most
	Confirm   int              `json:"confirm"`             // fresh seeds of each arm of the last round; 0: there is none
	Enough    float64          `json:"enough,omitempty"`    // expected gain, in the objective's unit, that is no further batch's worth; 0: what seeds hide
	Bounds    map[string]Bound `json:"bounds,omitempty"`    // shares by source
	Front     []string         `json:"front,omitempty"`     // two metrics whose trade-off batches widen; empty: they follow the objective
}

// RoundKind is what a round does.
type RoundKind string

// Kinds of rounds, in their order. Only batches come more than once.
const (
	RoundStart   RoundKind = "start"   // mixtures chosen before anything is known
	RoundBatch   RoundKind = "batch"   // mixtures that the runs so far make promising
	RoundConfirm RoundKind = "confirm" // fresh seeds of the recommended mixture and of what it is compared with
	RoundVerdict RoundKind = "verdict" // no run: what has come of it
)

// Round is one step of a sweep that plans itself: what was added, from what that was decided, and why.
type Round struct {
	Number    int       `json:"number"` // from 1
	Kind      RoundKind `json:"kind"`
	DecidedAt time.Time `json:"decided_at"`
	Read      RoundRead `json:"read"`
	// Sight is what the runs so far said; nil where they couldn't be asked, or needn't be.
	Sight *Sight `json:"sight,omitempty"`
	// Reason says why no batch follows any more; empty: one may.
	Reason  RoundReason `json:"reason,omitempty"`
	Message Label       `json:"message,omitzero"` // what the analysis refused, where that is the reason
	Arms    []RoundArm  `json:"arms,omitempty"`
	Verdict *Verdict    `json:"verdict,omitempty"`
}

// RoundRead is what a round was decided from.
type RoundRead struct {
	Version string    `json:"version,omitempty"` // of the sweep
	Digest  string    `json:"digest,omitempty"`  // SHA-256 of the table of runs, with what it was decided by
	Counts  RunCounts `json:"counts"`            // of the sweep's runs; those that completed count
}

// RoundReason says why no batch follows.
type RoundReason string

// Reasons.
const (
	ReasonRounds RoundReason = "rounds" // all batches were run
	ReasonEnough RoundReason = "enough" // no mixture in reach is expected to gain what seeds don't hide
	ReasonBudget RoundReason = "budget" // what is left is for the confirmation, or nothing is
	ReasonHours  RoundReason = "hours"  // its hours end before another batch and the confirmation would
	ReasonFew    RoundReason = "few"    // too few mixtures completed to decide by
)

// Roles of arms in a round.
const (
	RoleExplore     = "explore"
	RoleRecommended = "recommended"
	RoleBestSeen    = "best_seen"
	RoleBaseline    = "baseline"
	RoleControl     = "control" // the constant mixture with what the recommended schedule reads
)

// RoundArm is an arm that a round adds, or gives more seeds.
type RoundArm struct {
	Name    string  `json:"name"`
	Role    string  `json:"role"`
	Stages  []Stage `json:"stages,omitempty"`   // none: the arm stood there already
	Seeds   []int64 `json:"seeds,omitempty"`    // replicates beside the sweep's own
	PBetter Real    `json:"p_better,omitempty"` // that it is better than the best mixture that was run; 0: not known
}

// Interval is a value with its 90% interval.
type Interval struct {
	Mean Real `json:"mean"`
	Low  Real `json:"lo"`
	High Real `json:"hi"`
}

// Sight is what the analysis made of the runs that had completed.
type Sight struct {
	Objective   string   `json:"objective"`
	Mixtures    int      `json:"mixtures"`    // that had completed
	Recommended []Stage  `json:"recommended"` // as a schedule
	Value       Interval `json:"value"`       // of the objective
	BestSeen    string   `json:"best_seen"`   // the arm that scored best
	Improvement Interval `json:"improvement"` // of the recommended mixture over that arm; above 0 is better
	Gain        Real     `json:"gain"`        // that the best mixture in reach is expected to have over the recommended one
	Noise       Real     `json:"noise"`       // standard deviation between seeds; NaN: no mixture was run twice
}

// Verdict is what a sweep that planned itself ends with.
type Verdict struct {
	Take        string            `json:"take"`                  // the arm to take; empty: it is a mixture that was not run, or nothing can be said
	Stages      []Stage           `json:"stages,omitempty"`      // its schedule
	Confirmed   bool              `json:"confirmed"`             // fresh seeds were run, and don't speak against it
	Differences []FreshDifference `json:"differences,omitempty"` // of the recommended arm to the others, over fresh seeds
}

// FreshDifference is the recommended arm's objective minus another's, over seeds that no choice was made by.
type FreshDifference struct {
	To     string `json:"to"` // an arm
	Role   string `json:"role"`
	Pairs  int    `json:"pairs"` // seeds that both completed
	Mean   Real   `json:"mean"`
	Half   Real   `json:"half"`   // half width of its 90% interval; NaN: not known
	Result string `json:"result"` // better, worse, undecided or unknown: of the recommended arm
}

// What a difference over fresh seeds says.
const (
	FreshBetter    = "better"
	FreshWorse     = "worse"
	FreshUndecided = "undecided"
	FreshUnknown   = "unknown"
)

// Planning reports whether the sweep may still add runs to itself.
func (s Sweep) Planning() bool {
	return s.Design.Adaptive != nil && (s.State == SweepRunning || s.State == SweepPaused) && s.Verdict() == nil
}

// Verdict is the last round of a sweep that has planned itself to its end, nil before.
func (s Sweep) Verdict() *Round {
	if n := len(s.Rounds); n > 0 && s.Rounds[n-1].Kind == RoundVerdict {
		return &s.Rounds[n-1]
	}
	return nil
}

// RoundsOf is how many rounds of a kind the sweep has had.
func (s Sweep) RoundsOf(kind RoundKind) int {
	n := 0
	for _, r := range s.Rounds {
		if r.Kind == kind {
			n++
		}
	}
	return n
}

// FreshSeeds are the next n replicates that no run of the sweep has.
func (s Sweep) FreshSeeds(n int) []int64 {
	last := slices.Max(s.Seeds)
	for _, r := range s.Rounds {
		for _, a := range r.Arms {
			last = slices.Max(append(slices.Clone(a.Seeds), last))
		}
	}
	out := make([]int64, n)
	for i := range out {
		out[i] = last + 1 + int64(i)
	}
	return out
}

// Mixed are the sources among which an adaptive design looks: those that a listed schedule reads, in the sweep's order.
func (s Sweep) Mixed() []string {
	return slices.DeleteFunc(names(s.Sources), func(name string) bool {
		return !slices.ContainsFunc(s.Schedules, func(c Schedule) bool {
			return slices.ContainsFunc(c.Stages, func(stage Stage) bool { return stage.Mixture[name] > 0 })
		})
	})
}

// MostEpochs is how often a run may read a source: as the recipe says, or the design's limits where they say less.
func (s Sweep) MostEpochs() float64 {
	if l := s.Design.Limits; l != nil && l.MaxEpochs > 0 {
		return min(l.MaxEpochs, s.Recipe.MaxEpochs)
	}
	return s.Recipe.MaxEpochs
}

// Confirms reports whether a run is one of the fresh seeds that the sweep is decided by: nothing ends it early.
func (s Sweep) Confirms(r Run) bool {
	return slices.ContainsFunc(s.Rounds, func(round Round) bool {
		return round.Kind == RoundConfirm && slices.ContainsFunc(round.Arms, func(a RoundArm) bool { return a.Name == r.Arm && slices.Contains(a.Seeds, r.Replicate) })
	})
}

// Confirming is how many runs the confirmation of a sweep that plans itself takes at most: fresh seeds of the recommended mixture, the
// best that was run, the baseline and, where controls are asked for, that of a recommended schedule; and what an added arm has as others.
func (s Sweep) Confirming() int {
	a, added, arms := s.Design.Adaptive, 1, 3
	if s.Design.Control == ControlMatched && slices.ContainsFunc(s.Schedules, Schedule.Changes) {
		added, arms = 2, 4
	}
	if a.Confirm == 0 {
		return 0
	}
	return added*len(s.Seeds) + arms*a.Confirm
}

// rounds adds the arms that the sweep's rounds have made, as they were made.
func (b *armBuilder) rounds() {
	m := &made{key: DesignAdaptive}
	for _, r := range b.sweep.Rounds {
		for _, a := range r.Arms {
			if len(a.Stages) > 0 {
				b.add(m, Schedule{Name: a.Name, Label: b.roundLabel(a), Stages: a.Stages}, DesignAdaptive)
			}
		}
	}
}

// roundLabel is the shares in percent where they are few and stay, else the name.
func (b *armBuilder) roundLabel(a RoundArm) Label {
	if mixed := b.sweep.Mixed(); len(a.Stages) == 1 && len(mixed) <= readableSources {
		var parts []string
		for _, name := range mixed {
			parts = append(parts, name+" "+strings.TrimSuffix(fmt.Sprintf("%.1f", 100*a.Stages[0].Mixture[name]), ".0"))
		}
		return oneText(strings.Join(parts, " · "))
	}
	return oneText(a.Name)
}

// replicatesOf are the seeds of an arm's runs: the sweep's, and those that rounds gave it beside them.
func (s Sweep) replicatesOf(arm string) []int64 {
	out := slices.Clone(s.Seeds)
	for _, r := range s.Rounds {
		for _, a := range r.Arms {
			if a.Name == arm {
				out = append(out, a.Seeds...)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
