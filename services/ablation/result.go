package ablation

// Result is where a run stands on its scores: the newest counting value of every score metric (bpb/… and task/…).
type Result struct {
	Run    Run             `json:"run"`
	Step   int64           `json:"step"` // of the newest evaluation; -1 where there is none
	Values map[string]Real `json:"values"`
}

// Curve is one metric of one run, as buckets in order of steps. Superseded buckets stand beside those that count.
type Curve struct {
	RunID   string   `json:"run_id"`
	Metric  string   `json:"metric"`
	Buckets []Bucket `json:"buckets"`
}

// Event is a word that something changed: which sweep, and which run or none; or which source, recurrence or share. It
// carries no data; readers ask again.
type Event struct {
	Sweep      string `json:"sweep,omitempty"`
	RunID      string `json:"run_id,omitempty"`
	Source     string `json:"source,omitempty"`
	Recurrence string `json:"recurrence,omitempty"`
	Share      int64  `json:"share,omitempty"`
}
