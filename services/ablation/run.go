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
	Message  Label      `json:"message,omitzero"` // why it diverged or failed, for a person
	Progress Progress   `json:"progress"`

	CreatedAt  time.Time  `json:"created_at"`
	StartedAt  *time.Time `json:"started_at,omitempty"`
	FinishedAt *time.Time `json:"finished_at,omitempty"`
}

// Progress is the newest stored word of a run's training. The facts at the end stand beside the state, never in it.
type Progress struct {
	Step       int64      `json:"step"`
	Tokens     int64      `json:"tokens"`
	Loss       *Real      `json:"loss,omitempty"`         // nats per token, of the last logged step
	TokensPerS *Real      `json:"tokens_per_s,omitempty"` // as last logged
	Attempt    int        `json:"attempt"`                // 0: none yet
	EventAt    *time.Time `json:"event_at,omitempty"`     // when the last event was stored
	SeenAt     *time.Time `json:"seen_at,omitempty"`      // when the process was last known to live
	Unobserved bool       `json:"unobserved"`             // its lease has run out
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
