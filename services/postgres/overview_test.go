package postgres_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/ablation"
)

// TestOverviews holds what a list reads at once to what is read of each sweep alone.
func TestOverviews(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sweep("a", 2, 1000)
	s := w.training()
	s.send(s.begin(nil, append(losses(1, 3), ablation.Point{Metric: ablation.BPB("ja"), Step: 3, Value: 2})...))
	w.sweep("b", 1, 1000)
	got, err := w.Overviews(t.Context(), []string{"a", "b", "nobody's"}, []string{ablation.BPB("ja")})
	w.must(err)
	if len(got) != 2 {
		t.Fatalf("%d overviews, want those of the two sweeps that there are", len(got))
	}
	for name, o := range got {
		arms, err := w.Arms(t.Context(), name)
		w.must(err)
		results, err := w.Results(t.Context(), name)
		w.must(err)
		for i := range results {
			delete(results[i].Values, ablation.MetricLoss) // wasn't asked for
		}
		sources, err := w.SweepSources(t.Context(), name)
		w.must(err)
		if diff := cmp.Diff(arms, o.Arms); diff != "" {
			t.Errorf("arms of %s (-alone +at once):\n%s", name, diff)
		}
		if diff := cmp.Diff(results, o.Results); diff != "" {
			t.Errorf("results of %s (-alone +at once):\n%s", name, diff)
		}
		if len(sources) != len(o.Sources) {
			t.Errorf("%d sources of %s, want %d", len(o.Sources), name, len(sources))
		}
	}
}
