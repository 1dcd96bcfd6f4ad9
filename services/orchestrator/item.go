package orchestrator

import (
	"math"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// items reads what a task's items gave at the run's last step, where the batch's scores name a file of it. They are for
// tests beside the scores: a file that can't be read is said, and holds up nothing.
func (d *drive) items(b ablation.Batch, lines []spec.Line) []ablation.ItemScores {
	for _, line := range lines {
		s := line.Scores
		if s == nil || s.Items == "" || s.Step != d.run.Steps || line.Seq <= b.From.Seq || line.Seq > b.To.Seq {
			continue
		}
		scores, err := spec.ReadItemScores(spec.Resolve(d.dir(), s.Items))
		if err != nil {
			d.Log.Warn("Can't read what the items of a run's tasks gave; the run goes on without", "run_id", d.run.ID, "err", err)
			return nil
		}
		return byTask(s.Step, scores)
	}
	return nil
}

// byTask puts the items of each task together, in their order.
func byTask(step int64, scores []spec.ItemScore) []ablation.ItemScores {
	var list []ablation.ItemScores
	index := map[string]int{}
	for _, s := range scores {
		i, seen := index[s.Task]
		if !seen {
			i = len(list)
			index[s.Task], list = i, append(list, ablation.ItemScores{Task: s.Task, Step: step})
		}
		list[i].Items = append(list[i].Items, ablation.ItemScore{
			ID: s.ID, Nats: float64(s.Nats), Bytes: s.Bytes,
			Accuracy: orNaN(s.Accuracy), Margin: orNaN(s.Margin), Exact: orNaN(s.Exact), F1: orNaN(s.F1),
		})
	}
	return list
}

func orNaN(v *spec.Real) float64 {
	if v == nil {
		return math.NaN()
	}
	return float64(*v)
}
