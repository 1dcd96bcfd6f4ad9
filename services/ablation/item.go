package ablation

// ItemScores is what a task's items gave at one step of a run, in the order of the task's items.
type ItemScores struct {
	RunID string
	Task  string
	Step  int64
	Items []ItemScore
}

// ItemScore is what one item gave. A value that the item doesn't have is NaN.
type ItemScore struct {
	ID       string
	Nats     float64 // of the gold answer
	Bytes    int     // of the gold answer
	Accuracy float64 // 0 or 1; with several right choices the probability of these
	Margin   float64 // bits per byte, or bits, of the best wrong choice above the gold one
	Exact    float64 // 0 or 1
	F1       float64
}
