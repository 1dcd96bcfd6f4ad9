package sampler

import (
	"fmt"
	"slices"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// Batch is the rows of one step: Rows are numbered over all sources ([Plan.Locate] turns them back), Sources says which
// source each comes from. Both belong to the cursor that filled them.
type Batch struct {
	Step    int64
	Rows    []int64
	Sources []int32
}

// Cursor walks a plan step by step in constant memory. It isn't safe for concurrent use; a plan may have many.
type Cursor struct {
	plan     *Plan
	step     int64 // the next one
	entry    int
	residual []int64
	drawn    []int64
	counts   []int64
	batch    Batch
}

// At is a cursor before a step, which may be the number of steps; getting there costs no permutation.
func (p *Plan) At(step int64) (*Cursor, error) {
	if step < 0 || step > p.c.Steps {
		return nil, fmt.Errorf("plan rows: step %d lies outside of the run's %d", step, p.c.Steps)
	}
	c := p.start()
	for c.step < step {
		c.split()
		for k, n := range c.counts {
			c.drawn[k] += n
		}
		c.advance()
	}
	return c, nil
}

func (p *Plan) start() *Cursor {
	k, b := len(p.c.Sizes), p.c.BatchRows
	return &Cursor{
		plan:     p,
		residual: make([]int64, k),
		drawn:    make([]int64, k),
		counts:   make([]int64, k),
		batch:    Batch{Rows: make([]int64, b), Sources: make([]int32, b)},
	}
}

// Next is the rows of the next step, valid until the call after; false after the last step.
func (c *Cursor) Next() (*Batch, bool) {
	if c.step == c.plan.c.Steps {
		return nil, false
	}
	c.batch.Step = c.step
	c.split()
	for i, k := range c.batch.Sources {
		c.batch.Rows[i] = c.plan.row(int(k), c.drawn[k])
		c.drawn[k]++
	}
	c.advance()
	return &c.batch, true
}

// Step is the number of the next step: how many lie behind the cursor.
func (c *Cursor) Step() int64 { return c.step }

// Drawn is the rows drawn of each source before the next step.
func (c *Cursor) Drawn() []int64 { return slices.Clone(c.drawn) }

// Residual is what each source is owed before the next step, in units of 1/2^30 row; zero in multinomial mode.
func (c *Cursor) Residual() []int64 { return slices.Clone(c.residual) }

func (c *Cursor) advance() {
	c.step++
	if w := c.plan.c.Weights; c.entry+1 < len(w) && w[c.entry+1].FromStep == c.step {
		c.entry++
	}
}

// split decides the sources of the next step.
func (c *Cursor) split() {
	w := c.plan.c.Weights[c.entry].W
	if c.plan.c.Mode == spec.ModeMultinomial {
		c.pick(w)
		return
	}
	Apportion(int64(c.plan.c.BatchRows), w, c.residual, c.counts)
	i := 0
	for k, n := range c.counts {
		for range n {
			c.batch.Sources[i] = int32(k)
			i++
		}
	}
}

// pick draws each row's source by its own counter, so that any row can be drawn alone.
func (c *Cursor) pick(w []int64) {
	clear(c.counts)
	for b := range c.batch.Sources {
		i := uint64(c.step)*uint64(c.plan.c.BatchRows) + uint64(b)
		u := int64(Philox(c.plan.c.MixSeed, uint32(i), uint32(i>>32), tagPick, 0)[0] >> 2)
		k := 0
		for u >= w[k] {
			u -= w[k]
			k++
		}
		c.batch.Sources[b] = int32(k)
		c.counts[k]++
	}
}

// row is the j-th draw from source k, numbered over all sources.
func (p *Plan) row(k int, j int64) int64 {
	n := p.c.Sizes[k]
	return p.base[k] + int64(Permute(p.c.DataSeed, uint32(k), uint32(j/n), uint64(n), uint64(j%n)))
}
