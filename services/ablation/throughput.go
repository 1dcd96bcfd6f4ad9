package ablation

// Throughput is how fast a stretch of a run trained on its devices, all of them together.
type Throughput struct {
	RunID      string
	Attempt    int // whose stretch it is, with Segment
	Segment    int
	TokensPerS float64 // the median over stretches of 64 steps of what the trainer logged: training alone; 0: not known
	// Overall is the tokens of the steps from its first logged one to its last over the wall time between them, in seconds: scoring
	// and checkpoints count, what came before the first step doesn't. 0 where fewer than two steps were logged.
	Overall float64
	Shared  float64 // how many runs shared its devices, itself among them, on average over the process's time; 1 for a process of its own
}
