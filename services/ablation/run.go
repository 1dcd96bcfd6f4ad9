package ablation

import "time"

// Run is one training of one schedule with one seed.
type Run struct {
	ID        string `json:"id"`   // derived from sweep, arm and replicate: 16 hex digits
	Name      string `json:"name"` // arm-sREPLICATE, unique in its sweep
	Sweep     string `json:"sweep"`
	Arm       string `json:"arm"`
	Replicate int64  `json:"replicate"`
	DataSeed  uint64 `json:"-"`
	MixSeed   uint64 `json:"-"`
	InitSeed  uint64 `json:"-"`
	Steps     int64  `json:"steps"`
	Start     *Start `json:"start,omitempty"` // what it goes on from; nil: its own first step
	// Interventions are what it does otherwise than its recipe says, since it diverged; see [Divergence].
	Interventions []Intervention `json:"interventions,omitempty"`

	State    RunState   `json:"state,omitempty"`
	Reason   StopReason `json:"reason,omitempty"` // of stopping and stopped
	Message  Label      `json:"message,omitzero"` // why it diverged, failed, or doesn't begin now, for a person
	Progress Progress   `json:"progress"`

	CreatedAt  time.Time  `json:"created_at"`
	StartedAt  *time.Time `json:"started_at,omitempty"`
	FinishedAt *time.Time `json:"finished_at,omitempty"`
}

// Progress is the newest stored word of a run's training. The three facts at the end stand beside the state, never in it: a
// run that nobody observes is no failed one.
type Progress struct {
	Step       int64      `json:"step"`
	Tokens     int64      `json:"tokens"`
	Loss       *Real      `json:"loss,omitempty"`         // nats per token, of the last logged step
	TokensPerS *Real      `json:"tokens_per_s,omitempty"` // as last logged
	Attempt    int        `json:"attempt"`                // 0: none yet
	EventAt    *time.Time `json:"event_at,omitempty"`     // when the last point was stored
	SeenAt     *time.Time `json:"seen_at,omitempty"`      // when the engine last saw the process
	Unobserved bool       `json:"unobserved"`             // its lease has run out

	Process Fact `json:"process,omitempty"` // none yet, yes while its engine sees it, no where it wasn't for a minute, ended
	Metrics Fact `json:"metrics,omitempty"` // none yet, yes while points are stored, no where none was for a minute, ended
	Lease   Fact `json:"lease,omitempty"`   // none, yes while a worker holds the run, no where it ran out, ended
}

// Fact is one thing about a run that is so, isn't so, isn't yet or isn't any more.
type Fact string

// Facts.
const (
	FactNone  Fact = "none"
	FactYes   Fact = "yes"
	FactNo    Fact = "no"
	FactEnded Fact = "ended"
)

// Settle says the three facts of a run: flowing is whether a point was stored of late, alive whether its process was seen.
func (p *Progress) Settle(s RunState, flowing, alive bool) {
	active := s == RunRunning || s == RunStopping
	is := func(begun, yes bool) Fact {
		switch {
		case !begun:
			return FactNone
		case !active:
			return FactEnded
		case yes:
			return FactYes
		}
		return FactNo
	}
	p.Process = is(p.Attempt > 0 && (p.SeenAt != nil || !active), alive)
	p.Metrics = is(p.EventAt != nil, flowing)
	p.Lease = is(active || s.Ended(), !p.Unobserved)
}

// Held is what keeps some runs of a sweep from beginning now, for a person.
type Held struct {
	Sweep string
	Runs  int64
	Why   Label
}

// RunState is where a run stands in its life.
type RunState string

// States of a run.
const (
	RunQueued    RunState = "queued"
	RunRunning   RunState = "running"
	RunStopping  RunState = "stopping"
	RunCompleted RunState = "completed"
	RunStopped   RunState = "stopped"
	RunDiverged  RunState = "diverged"
	RunFailed    RunState = "failed"
)

// Ended reports whether nothing but a person's retry can change the state.
func (s RunState) Ended() bool {
	switch s {
	case RunCompleted, RunStopped, RunDiverged, RunFailed:
		return true
	}
	return false
}

// StopReason says who stopped a run.
type StopReason string

// Reasons of a stop.
const (
	StopPerson StopReason = "person"
	StopBudget StopReason = "budget"
	StopEarly  StopReason = "early"
)
