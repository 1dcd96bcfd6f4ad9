package chart

import (
	"slices"

	"github.com/haigo-lab/haigo/services/ablation"
)

// ledger marks the steps of a run's ledger whose entries are of one of the metrics, each with its number in the ledger:
// those that are divergence apart from those that the run recovered from by itself.
func (c *curve) ledger(spikes []ablation.Spike, metrics []string) {
	var jumps, diverged []row
	for i, s := range spikes {
		if x := float64(s.Step); !entryOf(s.Kind, metrics) || !c.frame.holds(x) {
			continue
		}
		mark := append(point(float64(s.Step)), i+1)
		if s.Kind.Diverges() {
			diverged = append(diverged, mark)
		} else {
			jumps = append(jumps, mark)
		}
	}
	if len(jumps)+len(diverged) > 0 {
		c.figure.Caption = join(c.figure.Caption, say("下の # は台帳の番号、赤は発散。", "# below: entries of the ledger, divergence in red."))
	}
	c.add(Series{Role: RoleLedger, Label: say("スパイク", "spikes")}, jumps)
	c.add(Series{Role: RoleLedger, Label: say("発散", "divergence"), Note: say("発散", "divergence")}, diverged)
}

// entryOf reports whether an entry is of one of the metrics.
func entryOf(kind ablation.SpikeKind, metrics []string) bool {
	if kind == ablation.SpikeGrad {
		return slices.Contains(metrics, ablation.MetricGradNorm)
	}
	return slices.Contains(metrics, ablation.MetricLoss) || kind == ablation.SpikeNonfinite && slices.Contains(metrics, ablation.MetricGradNorm)
}

// change marks from where on a run does otherwise than its recipe, with what it does.
func (c *curve) change(v ablation.Intervention) {
	x := float64(v.First())
	if !c.frame.holds(x) {
		return
	}
	label := say("学習率 ×%.3g", "lr ×%.3g", v.LRScale)
	if v.LRScale == 0 {
		label = say("%d〜%d を更新せず", "%d–%d skipped", v.SkipFrom+1, v.SkipTo)
	}
	c.add(Series{Role: RoleChange, Label: label}, []row{point(x)})
}
