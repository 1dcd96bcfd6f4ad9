package evidence_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis/evidence"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// runs are three mixtures of two sources with values of metrics.
func runs(sources []ablation.Source, metrics ...string) evidence.Runs {
	r := evidence.Runs{Sources: sources, Sweep: ablation.Sweep{Recipe: ablation.Recipe{Tokens: 1000, RowTokens: 10, BatchRows: 1}}}
	for _, s := range sources {
		r.Sweep.Sources = append(r.Sweep.Sources, ablation.SourceRef{Name: s.Name})
	}
	for i := range 3 {
		name, share, values := fmt.Sprint(i), float64(i)/2, map[string]ablation.Real{}
		for _, metric := range metrics {
			values[metric] = ablation.Real(i)
		}
		r.Arms = append(r.Arms, ablation.Arm{Name: name, Weights: []ablation.Weights{{W: ablation.Quantise([]float64{share, 1 - share})}}})
		r.Results = append(r.Results, ablation.Result{Run: ablation.Run{ID: name, Name: name, Arm: name, Steps: 100, State: ablation.RunCompleted}, Values: values})
	}
	return r
}

// TestNew_pairs: text is paired by language and name; what was imported, and has names of others, as haigo fit pairs it.
func TestNew_pairs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sources []ablation.Source
		metrics []string
		want    []table.Pair
	}{
		"own":      {[]ablation.Source{{Name: "web", Lang: "ja"}, {Name: "en", Lang: "en"}}, []string{"bpb/en", "bpb/ja"}, []table.Pair{{Source: "en", Metric: "bpb/en"}, {Source: "web", Metric: "bpb/ja"}}},
		"imported": {[]ablation.Source{{Name: "train_ja", Lang: "ja"}, {Name: "train_pile", Lang: "und"}}, []string{"val_loss_ja", "val_pile", "other"}, []table.Pair{{Source: "train_ja", Metric: "val_loss_ja"}, {Source: "train_pile", Metric: "val_pile"}}},
	} {
		m, err := evidence.New(runs(c.sources, c.metrics...), evidence.Aim{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, m.Pairs); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestNew_echo: what one source alone scores in a language that nobody decides by is there once, unless it is decided by.
func TestNew_echo(t *testing.T) {
	t.Parallel()
	in := runs([]ablation.Source{{Name: "ja", Lang: "ja"}, {Name: "code", Lang: "und"}}, "bpb/ja", "bpb/code", "bpb/und")
	for objective, want := range map[string][]string{"": {"bpb/code", "bpb/ja"}, "min:bpb/und": {"bpb/code", "bpb/ja", "bpb/und"}} {
		m, err := evidence.New(in, evidence.Aim{Objective: objective})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, m.Table.Metrics); diff != "" {
			t.Errorf("decided by %q (-want +got):\n%s", objective, diff)
		}
	}
	if two := runs([]ablation.Source{{Name: "code", Lang: "und"}, {Name: "math", Lang: "und"}}, "bpb/code", "bpb/math", "bpb/und"); len(two.Results) > 0 {
		if m, err := evidence.New(two, evidence.Aim{}); err != nil || len(m.Table.Metrics) != 3 {
			t.Errorf("an average over two sources: %v, %v", m.Table.Metrics, err)
		}
	}
}
