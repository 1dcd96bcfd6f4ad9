package sampler

import (
	"errors"
	"fmt"
	"math"
	"sort"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// Config is what a plan follows from.
type Config struct {
	Mode      string // spec.ModeExact or spec.ModeMultinomial
	MixSeed   uint64
	DataSeed  uint64
	Steps     int64
	BatchRows int
	Sizes     []int64        // rows of each source, n_k
	Weights   []spec.Weights // run-length coded table, first at step 0
}

// Plan is the rows of every step of a run. It holds the table and no rows, never changes and may be shared.
type Plan struct {
	c    Config
	base []int64 // number of each source's row 0
}

// ForSpec is the plan of a run whose sources have the given row counts.
func ForSpec(s *spec.Spec, sizes []int64) (*Plan, error) {
	return New(Config{
		Mode:      s.Mode,
		MixSeed:   uint64(s.MixSeed),
		DataSeed:  uint64(s.DataSeed),
		Steps:     s.Steps,
		BatchRows: s.BatchRows,
		Sizes:     sizes,
		Weights:   s.Weights,
	})
}

// New checks a configuration. A source with a weight and no row is an error that names it by its number.
func New(c Config) (*Plan, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("plan rows: %w", err)
	}
	p := &Plan{c: c, base: make([]int64, len(c.Sizes))}
	var next int64
	for k, n := range c.Sizes {
		p.base[k] = next
		next += n
	}
	return p, nil
}

func (c *Config) check() error {
	if c.Mode != spec.ModeExact && c.Mode != spec.ModeMultinomial {
		return fmt.Errorf("unknown mode %q", c.Mode)
	}
	if c.Steps < 1 || c.BatchRows < 1 || c.BatchRows > math.MaxInt32 || c.Steps > math.MaxInt64/int64(c.BatchRows) {
		return fmt.Errorf("%d steps of %d rows can't be counted", c.Steps, c.BatchRows)
	}
	if len(c.Weights) == 0 || c.Weights[0].FromStep != 0 {
		return errors.New("the table has no weights from step 0")
	}
	for i, w := range c.Weights {
		if i > 0 && w.FromStep <= c.Weights[i-1].FromStep {
			return fmt.Errorf("entry %d of the table isn't after the one before", i)
		}
		if err := c.checkWeights(w.W); err != nil {
			return fmt.Errorf("entry %d of the table: %w", i, err)
		}
	}
	return nil
}

func (c *Config) checkWeights(w []int64) error {
	if len(w) != len(c.Sizes) {
		return fmt.Errorf("%d weights for %d sources", len(w), len(c.Sizes))
	}
	var sum int64
	for k, n := range w {
		if n < 0 || n > total {
			return fmt.Errorf("weight %d is %d", k, n)
		}
		if n > 0 && c.Sizes[k] < 1 {
			return fmt.Errorf("source %d has a weight and no row", k)
		}
		if n > 0 && c.Steps*int64(c.BatchRows)/c.Sizes[k] > math.MaxUint32 {
			return fmt.Errorf("source %d with %d rows would be read more than 2^32 times", k, c.Sizes[k])
		}
		sum += n
	}
	if sum != total {
		return fmt.Errorf("weights sum to %d, want %d", sum, total)
	}
	return nil
}

// Steps is the number of steps.
func (p *Plan) Steps() int64 { return p.c.Steps }

// BatchRows is the number of rows of a step.
func (p *Plan) BatchRows() int { return p.c.BatchRows }

// Sources is the number of sources.
func (p *Plan) Sources() int { return len(p.c.Sizes) }

// Weights is the table's row for a step within the plan. The caller doesn't change it.
func (p *Plan) Weights(step int64) []int64 { return p.c.Weights[p.entry(step)].W }

// entry is the index of the last table entry at or before step.
func (p *Plan) entry(step int64) int {
	return sort.Search(len(p.c.Weights), func(i int) bool { return p.c.Weights[i].FromStep > step }) - 1
}

// Locate turns a row of the plan into its source and the row's number inside the source's rows.bin.
func (p *Plan) Locate(row int64) (source int, inside int64) {
	// Sources without rows share their base with the next one, so the last at or below the row owns it.
	source = sort.Search(len(p.base), func(k int) bool { return p.base[k] > row }) - 1
	return source, row - p.base[source]
}
