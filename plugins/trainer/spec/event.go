package spec

import (
	"encoding/json"
	"time"
)

// Types of events.
const (
	EventStarted    = "started"
	EventPlan       = "plan"
	EventMetrics    = "metrics"
	EventScores     = "scores"
	EventUsage      = "usage"
	EventCheckpoint = "checkpoint"
	EventLog        = "log"
	EventFinished   = "finished"
)

// Outcomes of a finished event.
const (
	OutcomeCompleted = "completed"
	OutcomeStopped   = "stopped"
	OutcomeDiverged  = "diverged"
	OutcomeFailed    = "failed"
)

// Header opens every line of events.jsonl.
type Header struct {
	Seq     int64     `json:"seq"` // from 1 in each attempt, no gap
	Type    string    `json:"type"`
	Attempt int       `json:"attempt"`
	Segment int       `json:"segment"` // from 0 in each attempt
	Time    time.Time `json:"time"`    // UTC
}

// Event is one line of events.jsonl: the header, and the one body that Header.Type names (the others are nil).
type Event struct {
	Header
	Started    *Started
	Plan       *Plan
	Metrics    *Metrics
	Scores     *Scores
	Usage      *Usage
	Checkpoint *Saved
	Log        *LogLine
	Finished   *Finished
	// Raw is the line as it was read, without its newline, as JSON; nil for an event that was not read from a file.
	Raw json.RawMessage
}

// Started opens a segment. ResumedFrom is nil for the beginning, which supersedes everything before.
//
// Device is the kind of device, as its maker names it ("NVIDIA H100 80GB HBM3"): runs are compared, and prices found, by it.
// Devices and PeakFLOPs may be left out. Devices is on how many of them the run computes; left out: one. PeakFLOPs is what one
// of them can do at most, in floating point operations a second at the spec's precision, a multiply-add counted as two: of
// a processor, what the run's threads can. With it, plan's flops_per_token and metrics' tokens_per_s, Haigo draws mfu, the model
// FLOPs utilisation; left out, it takes what it knows of a device of that name, and where it knows nothing there is no mfu.
type Started struct {
	Trainer     Program `json:"trainer"`
	Device      string  `json:"device"`
	Devices     int     `json:"devices,omitempty"`
	PeakFLOPs   Real    `json:"peak_flops,omitempty"`
	ISA         string  `json:"isa"`
	Threads     int     `json:"threads"`
	ResumedFrom *int64  `json:"resumed_from"`
	SpecSHA256  string  `json:"spec_sha256"`
}

// Program names what runs.
type Program struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Plan says which rows the run will read.
type Plan struct {
	Rows          map[string]int64 `json:"rows"` // n_k by source
	PlanSHA256    string           `json:"plan_sha256"`
	BlockSHA256   []string         `json:"block_sha256"`
	Parameters    int64            `json:"parameters"`
	Trainable     int64            `json:"trainable_parameters,omitempty"` // 0: all
	FLOPsPerToken Real             `json:"flops_per_token"`
	UnigramNats   Real             `json:"unigram_nats"`
}

// Metrics are the values of one step; Tokens is step × batch_rows × row_tokens. Two values are of the machine and not of the
// run: tokens_per_s, the mean since the last line, and memory_bytes, in use on the device, where the trainer knows.
type Metrics struct {
	Step   int64           `json:"step"`
	Tokens int64           `json:"tokens"`
	Values map[string]Real `json:"values"`
}

// Scores are the results of an evaluation at one step; Items is the path of one value per task item, or "".
type Scores struct {
	Step   int64           `json:"step"`
	Tokens int64           `json:"tokens"`
	Values map[string]Real `json:"values"`
	Items  string          `json:"items,omitempty"`
}

// Usage is the rows read of each source since the start of the run, skipped steps left out.
type Usage struct {
	Step int64            `json:"step"`
	Rows map[string]int64 `json:"rows"`
}

// Saved announces a checkpoint.
type Saved struct {
	Step           int64  `json:"step"`
	Path           string `json:"path"`
	Bytes          int64  `json:"bytes"`
	ManifestSHA256 string `json:"manifest_sha256"`
}

// LogLine is a message for a person. Level is debug, info, warn or error. TextJA, which may be left out, says the same in
// Japanese; without it the pages show Text in both languages, as the trainer's own words.
type LogLine struct {
	Level  string `json:"level"`
	Text   string `json:"text"`
	TextJA string `json:"text_ja,omitempty"`
}

// Finished ends an attempt. The outcome diverged is the trainer's own judgement, beside those that the service makes of the metrics:
// it is entered in the run's ledger at Step, and the recipe's on_divergence holds for it, but that nobody can make such a run train
// on (report). ReasonJA is to Reason what a [LogLine]'s TextJA is to its Text.
type Finished struct {
	Outcome   string `json:"outcome"`
	Step      int64  `json:"step"`
	Reason    string `json:"reason"`
	ReasonJA  string `json:"reason_ja,omitempty"`
	Retriable bool   `json:"retriable"`
}
