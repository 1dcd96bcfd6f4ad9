package lm

// Config is the shape of a model and the sequences that it reads.
type Config struct {
	Layers, Width, Heads, FFN, Vocab int
	Context                          int     // tokens of the longest sequence
	RopeBase                         float64 // of the rotary angles
	NormEps                          float64
	BF16                             bool    // rounds what products with weights multiply; sums, weights and moments stay fp32
	ZLoss                            float64 // weight of (ln Σ e^logit)² in what is minimised, never in what is reported
}

const (
	// shardCount bounds how many parts a batch has, and so how many threads can work on it.
	shardCount = 8
	// passTokens is about how many tokens go through the layers at once: enough for full tiles, few enough that the
	// activations of a layer stay in the cache.
	passTokens = 512
	// lane is what widths are padded to: a vector of the widest instruction set, two of them a tile of logits.
	lane = 16
)

// Parameters is the number of trained values: the tied embedding, four matrices and two gains a layer, a final gain.
func (c Config) Parameters() int64 {
	v, d, f, l := int64(c.Vocab), int64(c.Width), int64(c.FFN), int64(c.Layers)
	return v*d + l*(4*d*d+3*d*f+2*d) + d
}

// FLOPsPerToken is the arithmetic of training on one token at the full context T: 6 for each of the N parameters (two
// forward, four backward), and for causal attention, whose queries see (T+1)/2 keys on average, 6·layers·width·(T+1).
func (c Config) FLOPsPerToken() float64 {
	return 6*float64(c.Parameters()) + 6*float64(c.Layers)*float64(c.Width)*float64(c.Context+1)
}

// MemoryBytes is about what a [Trainer] takes: weights, two moments and two packed copies, which are half as large in
// bf16, one gradient a shard, and the activations of one pass a thread.
func (c Config) MemoryBytes(batchRows, threads int) int64 {
	shards := min(shardCount, batchRows)
	copies := int64(5 + shards)
	if c.BF16 {
		copies--
	}
	return 4 * (copies*int64(c.values()) + int64(min(threads, shards)*c.activations()))
}

// vocab is the vocabulary rounded up to whole tiles; the logits of the padding are masked.
func (c Config) vocab() int { return roundUp(c.Vocab, 2*lane) }

func (c Config) head() int { return c.Width / c.Heads }

// passRows is the number of full rows of one pass.
func (c Config) passRows() int { return max(1, passTokens/c.Context) }

// values is the number of values that are stored: the parameters, with a padded vocabulary.
func (c Config) values() int {
	return int(c.Parameters()) + (c.vocab()-c.Vocab)*c.Width
}

func roundUp(n, to int) int { return (n + to - 1) / to * to }
