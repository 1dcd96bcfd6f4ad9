package ablation

import (
	"encoding/json"
	"time"
)

// Claim is a worker's hold on a run. Every write for the run names its epoch; a claim that was lost writes nothing.
type Claim struct {
	Run       Run
	Epoch     int64
	Attempt   *Attempt      // not proved ended: adopt it; nil: open the next one
	Lease     time.Duration // how long the hold, and every extension of it, lasts
	ExpiresAt time.Time
}

// Holder says which process holds a claim, so that a worker on the same host can tell that it is gone.
type Holder struct {
	Host      string `json:"host"`
	BootID    string `json:"boot_id"`
	PID       int    `json:"pid"`
	StartTime int64  `json:"start_time"` // as the operating system counts it; compare for equality only
}

// Attempt is one start of a run's training: one folder, one runner.
type Attempt struct {
	RunID      string          `json:"run_id"`
	Number     int             `json:"number"` // from 1
	Dir        string          `json:"-"`
	Host       string          `json:"host"`
	Engine     string          `json:"engine"`
	Handle     json.RawMessage `json:"-"` // the engine's; nil before it was submitted
	SpecSHA256 string          `json:"spec_sha256"`
	Cursor     Cursor          `json:"cursor"`
	StartedAt  time.Time       `json:"started_at"`         // when it left its engine's queue
	Waiting    bool            `json:"waiting,omitempty"`  // in its engine's queue
	EndedAt    *time.Time      `json:"ended_at,omitempty"` // nil: not proved ended
	Outcome    string          `json:"outcome,omitempty"`  // completed, stopped, diverged, failed, lost
	Reason     Label           `json:"reason,omitzero"`    // why it ended so
}

// Cursor is how far an attempt's events are stored: Offset bytes of events.jsonl, the last of them numbered Seq.
type Cursor struct {
	Offset int64 `json:"offset"`
	Seq    int64 `json:"seq"`
}

// SavedCheckpoint is a checkpoint whose event is stored, so that an attempt may resume from it.
type SavedCheckpoint struct {
	Attempt        int    `json:"attempt"`
	Step           int64  `json:"step"`
	Path           string `json:"path"`
	Bytes          int64  `json:"bytes"`
	ManifestSHA256 string `json:"manifest_sha256"`
}

// Batch is consecutive events of one attempt, stored in one transaction or not at all. From must be the stored cursor,
// To becomes it. A batch holds at most one Segment, which then precedes everything else in it.
type Batch struct {
	Attempt     int
	From, To    Cursor
	Segment     *Segment
	Plan        *RunPlan
	Points      []Point      // metrics, scores and rows/SOURCE, in event order
	Times       []StepTime   // of the lines of metrics
	Items       []ItemScores // of the run's last step
	Checkpoints []SavedCheckpoint
	Logs        []LogLine
	Spikes      []Spike // entries of the ledger that are new or have changed
	Watch       *Watch  // as it stands behind the last event; nil: unchanged
}

// StepTime is when a step was over, by the runner's clock.
type StepTime struct {
	Step int64
	At   time.Time
}

// Segment is an unbroken stretch of an attempt's steps. ResumedFrom nil supersedes all earlier points of the run,
// else those with a larger step.
type Segment struct {
	Attempt     int // filled when it is read; a batch names its own
	Number      int // the attempt's own, from 0
	ResumedFrom *int64
	OfRun       string  // not empty: the past that the run took over from this one, which it starts from
	Trainer     string  // name and version
	Device      string  // as its maker names it
	Devices     int     // how many of it; 1 at least
	PeakFLOPs   float64 // of one, a second at the run's precision; 0: not known
	ISA         string
	Threads     int
	StartedAt   time.Time
}

// RunPlan is what the runner said it will read.
type RunPlan struct {
	Rows          map[string]int64 `json:"rows"` // n_k by source
	PlanSHA256    string           `json:"plan_sha256"`
	BlockSHA256   []string         `json:"block_sha256"`
	Parameters    int64            `json:"parameters"`                     // 0: not known
	Trainable     int64            `json:"trainable_parameters,omitempty"` // 0: all
	Tokens        int64            `json:"tokens,omitempty"`               // of a run that was trained elsewhere, as they were given; 0: those of its steps
	FLOPsPerToken float64          `json:"flops_per_token"`
	UnigramNats   float64          `json:"unigram_nats"`
}

// LogLine is a message of the runner; in one language alone it is in the trainer's own words.
type LogLine struct {
	Attempt int       `json:"attempt"`
	Seq     int64     `json:"seq"`
	Time    time.Time `json:"time"`
	Level   string    `json:"level"`
	Text    Label     `json:"text"`
}
