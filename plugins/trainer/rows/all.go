package rows

import (
	"context"
	"errors"
	"math"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// All is the open rows of a run's sources, in the spec's order.
type All []*Rows

// SourceOf is where the rows of a spec's source number i come from; dir is the attempt's folder.
func SourceOf(s *spec.Spec, i int, dir string) Source {
	return Source{
		Manifest: spec.Resolve(dir, s.Sources[i].Manifest), ManifestSHA256: s.Sources[i].ManifestSHA256, RowTokens: s.RowTokens,
	}
}

// PrepareAll makes the rows of every source of a spec, as [Prepare] does.
func PrepareAll(ctx context.Context, s *spec.Spec, dir, cache string) error {
	for i, source := range s.Sources {
		if _, err := Prepare(ctx, cache, SourceOf(s, i, dir)); err != nil {
			return sourceError(source.Name, err)
		}
	}
	return nil
}

// OpenAll opens what PrepareAll made. A source whose count isn't the one that the spec gives is an error.
func OpenAll(s *spec.Spec, dir, cache string) (All, error) {
	var all All
	for i, source := range s.Sources {
		r, err := Open(cache, SourceOf(s, i, dir))
		if err != nil {
			return nil, errors.Join(sourceError(source.Name, err), all.Close())
		}
		all = append(all, r)
		if source.Rows != 0 && source.Rows != r.Count {
			return nil, errors.Join(
				spec.Say("source %s has %d rows, the spec says %d", "データソース %s は %d 行ですが、仕様では %d 行です", source.Name, r.Count, source.Rows), all.Close())
		}
	}
	return all, nil
}

func sourceError(name string, err error) error {
	return spec.Say("source %s: %w", "データソース %s：%v", name, err)
}

// Close closes all files.
func (all All) Close() error {
	var errs []error
	for _, r := range all {
		errs = append(errs, r.Close())
	}
	return errors.Join(errs...)
}

// Sizes is n_k of every source.
func (all All) Sizes() []int64 {
	sizes := make([]int64, len(all))
	for i, r := range all {
		sizes[i] = r.Count
	}
	return sizes
}

// UnigramNats is the entropy, in nats, of a token drawn from the planned mixture: what a model that knows the mixture's
// token frequencies and nothing else would lose. drawn is how many rows the plan reads of each source.
func (all All) UnigramNats(drawn []int64) float64 {
	share := make([]float64, Vocabulary)
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
