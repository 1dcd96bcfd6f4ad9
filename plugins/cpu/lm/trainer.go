package lm

import (
	"math"
	"sync"
	"sync/atomic"

	"github.com/haigo-lab/haigo/plugins/cpu/kernel"
)

// Trainer is a model with its optimiser. It uses as many goroutines as it was given; its methods must not be called
// concurrently.
type Trainer struct {
	Config
	set     *kernel.Set
	w       *weights
	linears *linears
	workers []*worker
	grads   []*weights // one a shard; after Gradient the first holds their sum
	m, v    *weights   // moments
	updates int64
	norm    float64 // of the last gradient
}

// Result is what a batch gave: the mean loss in nats per target token, without z-loss, and the norm of the whole
// gradient before clipping.
type Result struct{ Loss, GradNorm float64 }

// New makes a trainer with freshly drawn weights for batches of batchRows rows. The bits of everything that it computes
// depend on the configuration, the seed, batchRows and the instruction set, not on threads. For BF16 set must have
// [kernel.Set.BF16].
func New(c Config, set *kernel.Set, batchRows, threads int, seed uint64) *Trainer {
	t := &Trainer{Config: c, set: set, w: newWeights(c), m: newWeights(c), v: newWeights(c)}
	t.linears = newLinears(c, set, t.w)
	cos, sin := c.rotations()
	shards := min(shardCount, batchRows)
	for range min(threads, shards) {
		t.workers = append(t.workers, newWorker(c, set, t.w, t.linears, cos, sin))
	}
	for range shards {
		t.grads = append(t.grads, newWeights(c))
	}
	tensors := t.w.tensors(c)
	t.parallel(len(tensors), func(_ *worker, i int) { c.draw(tensors[i], i, seed) })
	t.Pack()
	return t
}

// Pack must follow every change to the weights from outside, through [Trainer.Tensors].
func (t *Trainer) Pack() {
	all := t.linears.all()
	t.parallel(len(all), func(_ *worker, i int) { all[i].pack() })
}

// Gradient computes loss and gradient of a batch, rows of Context+1 tokens each, as many as [New] was told. The weights
// stay as they are.
func (t *Trainer) Gradient(rows [][]uint16) Result {
	shards := len(t.grads)
	nats := make([]float64, shards)
	share := 1 / (float64(len(rows)) * float64(t.Context))
	t.parallel(shards, func(wk *worker, i int) {
		nats[i] = wk.shard(rows[i*len(rows)/shards:(i+1)*len(rows)/shards], t.grads[i], share)
	})
	total := 0.0
	for _, n := range nats {
		total += n
	}
	t.norm = math.Sqrt(t.sumGradients())
	return Result{Loss: total * share, GradNorm: t.norm}
}

// shard does the passes of a shard one after the other.
func (wk *worker) shard(rows [][]uint16, g *weights, share float64) (nats float64) {
	for from := 0; from < len(rows); from += wk.passRows() {
		wk.load(rows[from:min(from+wk.passRows(), len(rows))], wk.Context)
		wk.forward()
		nats += wk.loss(share)
		wk.backward(g, from == 0)
	}
	return nats
}

// chunk is how many values are summed or updated at a time: they stay in the cache from shard to shard.
const chunk = 1 << 14

// sumGradients adds all shards to the first, in order, and returns the sum of squares.
func (t *Trainer) sumGradients() float64 {
	sum := t.grads[0].all
	squares := make([]float64, (len(sum)+chunk-1)/chunk)
	t.parallel(len(squares), func(_ *worker, i int) {
		from, to := i*chunk, min((i+1)*chunk, len(sum))
		for _, g := range t.grads[1:] {
			t.set.Add(sum[from:to], g.all[from:to])
		}
		squares[i] = float64(t.set.SumSquares(sum[from:to]))
	})
	total := 0.0
	for _, s := range squares {
		total += s
	}
	return total
}

// parallel calls do for 0 to n−1, each once, on all workers; which worker takes what is left to chance.
func (t *Trainer) parallel(n int, do func(wk *worker, i int)) {
	var next atomic.Int64
	var wait sync.WaitGroup
	for _, wk := range t.workers[:min(n, len(t.workers))] {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(wk, i)
			}
		})
	}
	wait.Wait()
}

// ISA is the instruction set of the trainer's kernels.
func (t *Trainer) ISA() kernel.ISA { return t.set.ISA() }
