package ablation

import "time"

// Reference is a result of another model on a task, as another program measured it: something to read proxies' scores
// beside, and never compared by a test, for prompts and tokenizers differ.
type Reference struct {
	Model         string     `json:"model"`
	Task          string     `json:"task"`   // as that program names it
	Metric        string     `json:"metric"` // likewise
	Value         Real       `json:"value"`  // finite
	StandardError *Real      `json:"standard_error,omitempty"`
	Shots         int        `json:"shots"`
	Items         int64      `json:"items,omitempty"` // 0 where not known
	File          string     `json:"file"`
	RanAt         *time.Time `json:"ran_at,omitempty"` // nil where not known
}
