package runner

import (
	"errors"

	"github.com/haigo-lab/haigo/plugins/trainer/rows"
	"github.com/haigo-lab/haigo/plugins/trainer/sampler"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// feed walks the plan and reads its rows.
type feed struct {
	plan    *sampler.Plan
	cursor  *sampler.Cursor
	sources rows.All
	batch   [][]uint16
}

func newFeed(plan *sampler.Plan, all rows.All, rowTokens int, step int64) (*feed, error) {
	cursor, err := plan.At(step)
	if err != nil {
		return nil, err
	}
	f := &feed{plan: plan, cursor: cursor, sources: all, batch: make([][]uint16, plan.BatchRows())}
	for i := range f.batch {
		f.batch[i] = make([]uint16, rowTokens+1)
	}
	return f, nil
}

// next is the rows of the next step and the source of each, both valid until the call after.
func (f *feed) next() (batch [][]uint16, from []int32, err error) {
	b, ok := f.cursor.Next()
	if !ok {
		return nil, nil, errors.New("the plan has no further step")
	}
	for i, row := range b.Rows {
		k, inside := f.plan.Locate(row)
		if err := f.sources[k].Read(inside, f.batch[i]); err != nil {
			return nil, nil, err
		}
	}
	return f.batch, b.Sources, nil
}

// drawnAt is the rows of each source that the plan reads before a step, those of skipped steps left out.
func drawnAt(plan *sampler.Plan, list []spec.Intervention, step int64) ([]int64, error) {
	cursor, err := plan.At(0)
	if err != nil {
		return nil, err
	}
	drawn := make([]int64, plan.Sources())
	for cursor.Step() < step {
		b, _ := cursor.Next()
		if skipped(list, b.Step) {
			continue
		}
		for _, k := range b.Sources {
			drawn[k]++
		}
	}
	return drawn, nil
}
