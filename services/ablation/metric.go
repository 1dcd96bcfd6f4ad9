package ablation

// Names of metrics that every trainer reports; see also BPB, TaskBPB, TaskAccuracy and Rows.
const (
	MetricLoss       = "loss"         // nats per token
	MetricGradNorm   = "grad_norm"    // before clipping
	MetricLR         = "lr"           // learning rate
	MetricTokensPerS = "tokens_per_s" // mean since the last line
)

// MetricMFU is the model FLOPs utilisation, a fraction: the plan's flops_per_token × tokens_per_s over what the run's devices can do
// at most. It is stored beside tokens_per_s where a peak is known, and the trainer doesn't report it itself.
const MetricMFU = "mfu"

// MetricSeconds is the wall time that a run took up to a step, scoring and all, without pauses between its attempts. No
// trainer reports it: it follows from when the lines were written.
const MetricSeconds = "seconds"

// BPB names the bits per byte of a held-out set.
func BPB(set string) string { return "bpb/" + set }

// TaskBPB names the bits per byte of a task's gold answers.
func TaskBPB(task string) string { return "task/" + task + "/bpb" }

// TaskAccuracy names a task's accuracy, a fraction.
func TaskAccuracy(task string) string { return "task/" + task + "/accuracy" }

// TaskMargin names the mean margin of a task's gold answers to the best wrong choice, in bits.
func TaskMargin(task string) string { return "task/" + task + "/margin" }

// TaskExact names the part of a task's greedy answers that equal an accepted one.
func TaskExact(task string) string { return "task/" + task + "/exact" }

// TaskF1 names the mean F1 of characters of a task's greedy answers with the accepted ones.
func TaskF1(task string) string { return "task/" + task + "/f1" }

// Rows names the rows read of a source since the start of the run.
func Rows(source string) string { return "rows/" + source }

// Point is one value of a metric at a finished step. NaN and infinities are values like any other.
type Point struct {
	Metric string `json:"metric"`
	Step   int64  `json:"step"`
	Value  Real   `json:"value"`
}

// Bucket is a stretch of a metric's points, for drawing: what lay between FromStep and ToStep. Min, Max, Sum and
// SumSquares are of finite values only and mean nothing where N is 0; steps of the extremes are exact.
type Bucket struct {
	FromStep   int64 `json:"from_step"`
	ToStep     int64 `json:"to_step"`
	N          int64 `json:"n"` // finite values
	NaN        int64 `json:"nan,omitempty"`
	PosInf     int64 `json:"pos_inf,omitempty"`
	NegInf     int64 `json:"neg_inf,omitempty"`
	Min        Real  `json:"min"`
	MinStep    int64 `json:"min_step"`
	Max        Real  `json:"max"`
	MaxStep    int64 `json:"max_step"`
	Last       Real  `json:"last"`
	LastStep   int64 `json:"last_step"`
	Sum        Real  `json:"sum"`
	SumSquares Real  `json:"sum_squares"`
	Superseded bool  `json:"superseded,omitempty"` // drawn grey, never counted
}

// Mean of the bucket's finite values; NaN where there is none.
func (b Bucket) Mean() float64 { return float64(b.Sum) / float64(b.N) }
