package ablation

import "time"

// Sweep is a declared set of runs. Its name identifies it. The document fields come from the sweep file; ID, State,
// Sources' versions, Parents, Seed where it wasn't given, and times are filled when it starts.
type Sweep struct {
	ID       int64  `json:"id,omitempty"`
	Name     string `json:"name"`
	Question string `json:"question"`
	// QuestionEN is the question in English, where the document asks it in both languages; else empty.
	QuestionEN string `json:"question_en,omitempty"`

	Sources   []SourceRef `json:"sources"`
	Recipe    Recipe      `json:"recipe"`
	Schedules []Schedule  `json:"schedules"` // in document order
	Design    Design      `json:"design"`
	Seeds     []int64     `json:"seeds"` // replicates, numbers from 1
	Seed      *uint64     `json:"-"`     // of the sweep; nil: [Sweep.OwnSeed], recorded at the start
	Tasks     []string    `json:"tasks"`
	Budget    Budget      `json:"budget"`
	EarlyStop *EarlyStop  `json:"early_stop,omitempty"` // nil: every run trains to its end
	// Rounds are what an adaptive design has added so far, in order.
	Rounds []Round `json:"rounds,omitempty"`
	// Recurrence is the cron line attached to the sweep, nil where there is none.
	Recurrence *Recurrence `json:"recurrence,omitempty"`

	// Parents are what the recipe has the runs start from, as it was found at the start.
	Parents []Parent `json:"parents,omitempty"`
	// Tokenized is what its tokenizer was found to be at the start, nil for bytes.
	Tokenized *Tokenized `json:"tokenized,omitempty"`
	// Document is the sweep file's text, as given.
	Document  string     `json:"document,omitempty"`
	State     SweepState `json:"state,omitempty"`
	PausedBy  string     `json:"paused_by,omitempty"` // failures: its runs failed one after the other; empty: a person
	CreatedAt time.Time  `json:"created_at"`
	Counts    RunCounts  `json:"counts"`

	Keep       Keep       `json:"keep"`                  // of what is bulky
	ArchivedAt *time.Time `json:"archived_at,omitempty"` // out of sight since then; nil: it isn't
}

// Asks is the sweep's question in lang ("ja" or "en"), or in the language that there is.
func (s Sweep) Asks(lang string) string { return Label{JA: s.Question, EN: s.QuestionEN}.In(lang) }

// Budget bounds a sweep; zero is no bound.
type Budget struct {
	Yen        float64 `json:"yen,omitempty"`
	GPUHours   float64 `json:"gpu_hours,omitempty"`
	RunsAtOnce int     `json:"runs_at_once,omitempty"`
}

// SweepState is what a sweep is doing; a paused one claims nothing new.
type SweepState string

// States of a sweep.
const (
	SweepRunning   SweepState = "running"
	SweepPaused    SweepState = "paused"
	SweepCompleted SweepState = "completed"
	SweepStopped   SweepState = "stopped"
)

// RunCounts is how many runs of a sweep are in each state.
type RunCounts struct {
	Queued    int `json:"queued"`
	Running   int `json:"running"` // running and stopping
	Completed int `json:"completed"`
	Stopped   int `json:"stopped"`
	Diverged  int `json:"diverged"`
	Failed    int `json:"failed"`
}

// Total is the number of runs.
func (c RunCounts) Total() int {
	return c.Queued + c.Running + c.Completed + c.Stopped + c.Diverged + c.Failed
}
