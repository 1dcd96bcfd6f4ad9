package runner

import (
	"context"
	"errors"
	"math"

	"github.com/haigo-lab/haigo/plugins/cpu/rows"
	"github.com/haigo-lab/haigo/plugins/trainer/sampler"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// Source is where the rows of a spec's source come from; dir is the attempt's folder.
func Source(s *spec.Spec, i int, dir string) rows.Source {
	return rows.Source{
		Manifest: spec.Resolve(dir, s.Sources[i].Manifest), ManifestSHA256: s.Sources[i].ManifestSHA256, RowTokens: s.RowTokens,
	}
}

// Prepare makes the rows of every source of a spec.
func Prepare(ctx context.Context, s *spec.Spec, dir, cache string) error {
	for i, source := range s.Sources {
		if _, err := rows.Prepare(ctx, cache, Source(s, i, dir)); err != nil {
			return sourceError(source.Name, err)
		}
	}
	return nil
}

// sources is the open rows of a run's sources, in the spec's order.
type sources []*rows.Rows

func sourceError(name string, err error) error {
	return spec.Say("source %s: %w", "データソース %s：%v", name, err)
}

func openSources(s *spec.Spec, dir, cache string) (sources, error) {
	var all sources
	for i, source := range s.Sources {
		r, err := rows.Open(cache, Source(s, i, dir))
		if err != nil {
			return nil, errors.Join(sourceError(source.Name, err), all.close())
		}
		all = append(all, r)
		if source.Rows != 0 && source.Rows != r.Count {
			return nil, errors.Join(
				spec.Say("source %s has %d rows, the spec says %d", "データソース %s は %d 行ですが、仕様では %d 行です", source.Name, r.Count, source.Rows), all.close())
		}
	}
	return all, nil
}

func (all sources) close() error {
	var errs []error
	for _, r := range all {
		errs = append(errs, r.Close())
	}
	return errors.Join(errs...)
}

func (all sources) sizes() []int64 {
	sizes := make([]int64, len(all))
	for i, r := range all {
		sizes[i] = r.Count
	}
	return sizes
}

// unigramNats is the entropy, in nats, of a token drawn from the planned mixture: what a model that knows the mixture's
// token frequencies and nothing else would lose. rows is how often the plan reads each source.
func (all sources) unigramNats(drawn []int64) float64 {
	share := make([]float64, rows.Vocabulary)
	var total float64
	for k, r := range all {
		if drawn[k] == 0 {
			continue
		}
		weight := float64(drawn[k]) / float64(sum(r.Counts))
		for t, n := range r.Counts {
			share[t] += weight * float64(n)
		}
		total += float64(drawn[k])
	}
	nats := 0.0
	for _, p := range share {
		if p > 0 {
			nats -= p / total * math.Log(p/total)
		}
	}
	return nats
}

func sum(x []int64) (total int64) {
	for _, v := range x {
		total += v
	}
	return total
}

// feed walks the plan and reads its rows.
type feed struct {
	plan    *sampler.Plan
	cursor  *sampler.Cursor
	sources sources
	batch   [][]uint16
}

func newFeed(plan *sampler.Plan, all sources, rowTokens int, step int64) (*feed, error) {
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
