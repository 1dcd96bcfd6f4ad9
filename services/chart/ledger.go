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

// changes mark from where on a run does otherwise than its recipe, with what it does: one mark a step, however often it went back there.
func (c *curve) changes(run ablation.Run) {
	for _, v := range interventionsOf(run) {
		c.mark(float64(v.First()), Series{Label: v.label})
	}
}

// intervention is one with what it is, in short.
type intervention struct {
	ablation.Intervention
	label ablation.Label
}

// interventionsOf are a run's, each once, with how often it was done.
func interventionsOf(run ablation.Run) []intervention {
	times := map[ablation.Intervention]int{}
	for _, v := range run.Interventions {
		times[v]++
	}
	var out []intervention
	for i, v := range run.Interventions {
		if slices.Index(run.Interventions, v) < i {
			continue
		}
		label := say("学習率 ×%.3g", "lr ×%.3g", v.LRScale)
		if v.LRScale == 0 {
			label = say("%d〜%d を更新せず", "%d–%d skipped", v.SkipFrom+1, v.SkipTo)
		}
		if n := times[v]; n > 1 {
			label = say("%s（%d 回）", "%s, %d times", label, n)
		}
		out = append(out, intervention{v, label})
	}
	return out
}

// actions mark what was done about divergence where the run doesn't go back: its end, or the first of a kind that is only reported.
func (c *curve) actions(spikes []ablation.Spike) {
	seen := map[any]bool{}
	once := func(key any) bool {
		before := seen[key]
		seen[key] = true
		return !before
	}
	bad := say("発散", "divergence")
	for _, s := range spikes {
		if x := max(s.Step, s.Until-1); s.Action == ablation.ActionStopped && once(x) {
			c.mark(float64(x), Series{Label: say("発散で停止", "diverged, stopped"), Note: bad})
		}
		if s.Action == ablation.ActionReported && once(s.Kind) {
			c.mark(float64(s.Step), Series{Label: say("発散（記録のみ）", "diverged, reported"), Note: bad})
		}
	}
}

func (c *curve) mark(x float64, s Series) {
	if c.frame.holds(x) {
		s.Role = RoleChange
		c.add(s, []row{point(x)})
	}
}
