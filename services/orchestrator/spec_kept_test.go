package orchestrator

import (
	"testing"

	"github.com/haigo-lab/haigo/services/ablation"
)

// A run that may go back, or be tried again, keeps a checkpoint from before any divergence that is found.
func TestKept(t *testing.T) {
	t.Parallel()
	for name, v := range map[string]struct {
		policy      string
		every, keep int64
		want        int
	}{
		"seldom":             {ablation.DivergenceRollback, 2000, 2, 3},
		"often":              {ablation.DivergenceRollback, 50, 2, 10},
		"as many as it says": {ablation.DivergenceRollback, 50, 20, 20},
		"all":                {ablation.DivergenceRollback, 50, 0, 0},
		"is tried again":     {ablation.DivergenceStop, 50, 2, 10},
		"never goes back":    {ablation.DivergenceReport, 50, 2, 2},
	} {
		r := ablation.Recipe{Tokens: 10_000, RowTokens: 1, BatchRows: 1, Divergence: ablation.Divergence{Policy: v.policy}}
		if v.policy == ablation.DivergenceRollback {
			r.Divergence.Times = 1
		}
		r.Checkpoint.Every, r.Checkpoint.Keep = ablation.Amount{Fraction: float64(v.every) / 10_000}, int(v.keep)
		if got := kept(r); got != v.want {
			t.Errorf("%s: %d, want %d of every %d", name, got, v.want, r.CheckpointEvery())
		}
	}
}
