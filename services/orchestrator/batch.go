package orchestrator

import (
	"maps"
	"math"
	"slices"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// batches cuts consecutive events of an attempt, read from cursor on, into batches of about limit points. A started
// event always opens a batch of its own stretch.
func batches(attempt int, cursor ablation.Cursor, lines []spec.Line, limit int) []ablation.Batch {
	var out []ablation.Batch
	b := ablation.Batch{Attempt: attempt, From: cursor, To: cursor}
	for i := range lines {
		if b.To != b.From && (lines[i].Started != nil || len(b.Points) >= limit) {
			out = append(out, b)
			b = ablation.Batch{Attempt: attempt, From: b.To, To: b.To}
		}
		add(&b, &lines[i].Event)
		b.To = ablation.Cursor(lines[i].After)
	}
	if b.To != b.From {
		out = append(out, b)
	}
	return out
}

// add puts an event's content into the batch. A finished event has none: the verdict reads it.
func add(b *ablation.Batch, e *spec.Event) {
	switch {
	case e.Started != nil:
		b.Segment = segment(e)
	case e.Plan != nil:
		b.Plan = runPlan(e.Plan)
	case e.Metrics != nil:
		b.Points = append(b.Points, points(e.Metrics.Step, e.Metrics.Values)...)
		b.Times = append(b.Times, ablation.StepTime{Step: e.Metrics.Step, At: e.Time})
	case e.Scores != nil:
		b.Points = append(b.Points, points(e.Scores.Step, e.Scores.Values)...)
	case e.Usage != nil:
		b.Points = append(b.Points, usage(e.Usage)...)
	case e.Checkpoint != nil:
		b.Checkpoints = append(b.Checkpoints, saved(b.Attempt, e.Checkpoint))
	case e.Log != nil:
		b.Logs = append(b.Logs, ablation.LogLine{
			Attempt: b.Attempt, Seq: e.Seq, Time: e.Time, Level: e.Log.Level, Text: ablation.Label{EN: e.Log.Text, JA: e.Log.TextJA},
		})
	}
}

func segment(e *spec.Event) *ablation.Segment {
	s := e.Started
	return &ablation.Segment{
		Number: e.Segment, ResumedFrom: s.ResumedFrom,
		Trainer: s.Trainer.Name + " " + s.Trainer.Version,
		Device:  s.Device, Devices: max(1, s.Devices), ISA: s.ISA, Threads: s.Threads, StartedAt: e.Time,
		PeakFLOPs: known(s.PeakFLOPs),
	}
}

func runPlan(p *spec.Plan) *ablation.RunPlan {
	return &ablation.RunPlan{
		Rows: p.Rows, PlanSHA256: p.PlanSHA256, BlockSHA256: p.BlockSHA256, Parameters: p.Parameters, Trainable: p.Trainable,
		FLOPsPerToken: known(p.FLOPsPerToken), UnigramNats: known(p.UnigramNats),
	}
}

// known is what a runner says of its model or its device, which a script may have worked out as 0·log 0; 0 where that can't be.
func known(v spec.Real) float64 {
	if v > 0 && !math.IsInf(float64(v), 0) {
		return float64(v)
	}
	return 0
}

func points(step int64, values map[string]spec.Real) []ablation.Point {
	out := make([]ablation.Point, 0, len(values))
	for _, name := range slices.Sorted(maps.Keys(values)) {
		out = append(out, ablation.Point{Metric: name, Step: step, Value: ablation.Real(values[name])})
	}
	return out
}

func usage(u *spec.Usage) []ablation.Point {
	out := make([]ablation.Point, 0, len(u.Rows))
	for _, source := range slices.Sorted(maps.Keys(u.Rows)) {
		out = append(out, ablation.Point{Metric: ablation.Rows(source), Step: u.Step, Value: ablation.Real(u.Rows[source])})
	}
	return out
}

func saved(attempt int, c *spec.Saved) ablation.SavedCheckpoint {
	return ablation.SavedCheckpoint{
		Attempt: attempt, Step: c.Step, Path: c.Path, Bytes: c.Bytes, ManifestSHA256: c.ManifestSHA256,
	}
}
