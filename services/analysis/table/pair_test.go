package table_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/analysis/table"
)

func TestTable_Pairs(t *testing.T) {
	t.Parallel()
	in := table.Table{
		Sources: []string{"train_the_pile_arxiv", "train_the_pile_pile_cc", "ja", "en", "web-ja"},
		Metrics: []string{"metric/the_pile_pile_cc_val_loss", "metric/the_pile_arxiv_val_loss", "bpb/ja", "task/jnli/bpb", "bpb/web-ja", "loss"},
	}
	want := []table.Pair{
		{"train_the_pile_pile_cc", "metric/the_pile_pile_cc_val_loss"},
		{"train_the_pile_arxiv", "metric/the_pile_arxiv_val_loss"},
		{"ja", "bpb/ja"},
		{"web-ja", "bpb/web-ja"},
	}
	if diff := cmp.Diff(want, in.Pairs()); diff != "" {
		t.Errorf("pairs (-want +got):\n%s", diff)
	}
}

func TestTable_ParsePair(t *testing.T) {
	t.Parallel()
	in := table.Table{Sources: []string{"ja", "a=b"}, Metrics: []string{"bpb/ja", "c=d"}}
	for text, want := range map[string]table.Pair{"ja=bpb/ja": {"ja", "bpb/ja"}, "a=b=c=d": {"a=b", "c=d"}} {
		if got, err := in.ParsePair(text); err != nil || got != want {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "ja", "ja=", "=bpb/ja", "en=bpb/ja", "ja=bpb/en"} {
		if _, err := in.ParsePair(text); err == nil || !strings.Contains(err.Error(), "write SOURCE=METRIC") {
			t.Errorf("%q: got %v", text, err)
		}
	}
}
