package ablation

import "time"

// Keep is for how many days after its end a run's bulk is kept; nil: for good. Scores, rolled-up curves, spikes and shares
// always are.
type Keep struct {
	Points      *int `json:"points,omitempty" minimum:"0" maximum:"36500"`      // then curves are as fine as 64 steps
	Checkpoints *int `json:"checkpoints,omitempty" minimum:"0" maximum:"36500"` // then nothing can go on from the run
	Logs        *int `json:"logs,omitempty" minimum:"0" maximum:"36500"`
}

// mostDays is a hundred years.
const mostDays = 36500

// Kept is what a run's bulk is of.
type Kept string

// Kinds of bulk.
const (
	KeptPoints      Kept = "points"
	KeptCheckpoints Kept = "checkpoints"
	KeptLogs        Kept = "logs"
)

// Days of a kind; nil: for good.
func (k Keep) Days(of Kept) *int {
	switch of {
	case KeptPoints:
		return k.Points
	case KeptCheckpoints:
		return k.Checkpoints
	}
	return k.Logs
}

// equal reports whether both keep the same as long.
func (k Keep) equal(o Keep) bool {
	for _, of := range []Kept{KeptPoints, KeptCheckpoints, KeptLogs} {
		a, b := k.Days(of), o.Days(of)
		if (a == nil) != (b == nil) || a != nil && *a != *b {
			return false
		}
	}
	return true
}

// Check refuses days that can't be.
func (k Keep) Check() error {
	bad := &Invalid{}
	for _, of := range []Kept{KeptPoints, KeptCheckpoints, KeptLogs} {
		if n := k.Days(of); n != nil && (*n < 0 || *n > mostDays) {
			bad.Problems = append(bad.Problems, Problem{Field: string(of), Message: say(
				"must be a number of days from 0 to 36500, or nothing to keep them for good", "0 から 36500 までの日数にしてください。空にすると、ずっと残します")})
		}
	}
	if len(bad.Problems) > 0 {
		return bad
	}
	return nil
}

// Due is bulk of an ended run whose time is over.
type Due struct {
	Kind   Kept
	Sweep  string
	RunID  string
	Run    string // its name
	Points int64  // of points: how many there are
	Lines  int64  // of logs
}

// SweepUse is how much of the store a sweep takes.
type SweepUse struct {
	Sweep      string
	State      SweepState
	ArchivedAt *time.Time
	Keep       Keep
	RunIDs     []string
	Points     int64 // that are stored, those that don't count among them
	Lines      int64 // of logs
}

// Loss is what goes when a sweep is deleted.
type Loss struct {
	Sweep       string `json:"sweep"`
	Runs        int    `json:"runs"`
	Points      int64  `json:"points"`
	Scores      int64  `json:"scores"` // of evaluations, among the points
	Checkpoints int64  `json:"checkpoints"`
	Lines       int64  `json:"log_lines"`
	Bytes       int64  `json:"bytes"`        // of checkpoints, logs and other files of its runs
	DeviceHours Real   `json:"device_hours"` // that training it took
	LiveShares  int    `json:"live_shares"`  // which are frozen as they are now; shares stay
}

// Hours are DeviceHours as a plain number.
func (l Loss) Hours() float64 { return float64(l.DeviceHours) }
