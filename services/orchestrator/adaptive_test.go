package orchestrator

import (
	"testing"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis/table"
	"github.com/haigo-lab/haigo/services/postgres"
)

// TestReadable: phases count by their part of the run. Of a source that may be read once and has seven tenths of the rows, nine
// tenths of the run are too much, whatever follows.
func TestReadable(t *testing.T) {
	t.Parallel()
	recipe := ablation.Recipe{Tokens: 1000 * 64, RowTokens: 64, BatchRows: 1, MaxEpochs: 1}
	small := ablation.Source{Name: "ja", Bytes: 700 * 65}
	r := &resolved{Application: postgres.Application{Sweep: ablation.Sweep{Recipe: recipe}, Sources: []ablation.Source{small, {Name: "en", Bytes: 1 << 30}}}}
	shares := []float64{.9, .1}
	for _, tc := range []struct {
		ja0, ja1 float64
		want     bool
	}{{1, 0, false}, {0, 1, true}, {.7, .6, true}, {.75, 1, false}} {
		run := table.Run{Shares: [][]float64{{tc.ja0, 1 - tc.ja0}, {tc.ja1, 1 - tc.ja1}}}
		if got := r.readable(run, shares); got != tc.want {
			t.Errorf("ja %.2f for nine tenths, then %.2f: %t, want %t", tc.ja0, tc.ja1, got, tc.want)
		}
	}
}
