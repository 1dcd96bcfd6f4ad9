package httpd

import (
	"fmt"
	"slices"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
)

// facts are whether the process lives, metrics flow and the lease is held: facts beside the state, never a state.
func (w words) facts(run ablation.Run, attempts []ablation.Attempt, now time.Time) []liveFact {
	kinds := []func(ablation.Run, []ablation.Attempt, time.Time) liveFact{w.processFact, w.metricsFact, w.leaseFact}
	facts := make([]liveFact, len(kinds))
	for i, kind := range kinds {
		facts[i] = kind(run, attempts, now)
	}
	return facts
}

func (w words) fact(key, answer, detail string) liveFact {
	return liveFact{
		Key: "run.f." + key, Good: answer == "y" || answer == "e", Waits: answer == "w",
		Value: w.text("run.f." + key + "." + answer), Detail: detail,
	}
}

func (w words) processFact(run ablation.Run, attempts []ablation.Attempt, now time.Time) liveFact {
	if len(attempts) == 0 {
		return w.fact("process", "w", w.text("run.f.lease.wait"))
	}
	last := attempts[len(attempts)-1]
	switch p := run.Progress; {
	case last.EndedAt != nil:
		return w.fact("process", "e", w.text("run.f.process.end", "t", w.ago(*last.EndedAt, now)))
	case last.Waiting:
		return w.fact("process", "w", w.text("run.f.process.queue", "engine", last.Engine))
	case p.SeenAt == nil:
		return w.fact("process", "w", last.Host)
	case p.Process != ablation.FactYes:
		return w.fact("process", "n", w.text("run.f.process.at", "host", last.Host, "t", w.ago(*p.SeenAt, now)))
	default:
		return w.fact("process", "y", w.text("run.f.process.at", "host", last.Host, "t", w.ago(*p.SeenAt, now)))
	}
}

func (w words) metricsFact(run ablation.Run, attempts []ablation.Attempt, now time.Time) liveFact {
	at, n := run.Progress.EventAt, len(attempts)
	switch {
	case at == nil || n > 0 && attempts[n-1].Waiting && attempts[n-1].EndedAt == nil:
		return w.fact("metrics", "w", "")
	case run.State.Ended():
		return w.fact("metrics", "e", w.text("run.f.metrics.at", "t", w.ago(*at, now), "n", integer(run.Progress.Step)))
	case run.Progress.Metrics == ablation.FactNo && run.State == ablation.RunRunning:
		f := w.fact("metrics", "n", w.text("run.f.metrics.lost"))
		f.Value = w.text("run.f.metrics.n", "t", at.In(japan).Format("15:04"))
		return f
	default:
		return w.fact("metrics", "y", w.text("run.f.metrics.at", "t", w.ago(*at, now), "n", integer(run.Progress.Step)))
	}
}

func (w words) leaseFact(run ablation.Run, _ []ablation.Attempt, _ time.Time) liveFact {
	switch {
	case run.State.Ended():
		return w.fact("lease", "e", w.text("run.f.done"))
	case run.State == ablation.RunQueued:
		return w.fact("lease", "w", w.text("run.f.lease.wait"))
	case run.Progress.Unobserved:
		return w.fact("lease", "n", w.text("run.f.lease.next"))
	default:
		return w.fact("lease", "y", w.text("run.f.lease.renew"))
	}
}

// attemptRows are a run's attempts with the step that each began from.
func (w words) attemptRows(attempts []ablation.Attempt, segments []ablation.Segment) []attemptRow {
	rows := make([]attemptRow, len(attempts))
	for i, a := range attempts {
		rows[i] = attemptRow{Number: a.Number, From: a.StartedAt, To: a.EndedAt, Outcome: a.Outcome, Reason: a.Reason.In(w.lang), Host: a.Host}
		if a.Engine != "local" {
			rows[i].Host = a.Engine + " · " + a.Host
		}
		if rows[i].Outcome == "" {
			rows[i].Outcome = "open"
		}
		if k := slices.IndexFunc(segments, func(s ablation.Segment) bool { return s.Attempt == a.Number && s.OfRun == "" }); k >= 0 {
			rows[i].ResumedAt = segments[k].ResumedFrom
		}
	}
	return rows
}

// seedText is a seed as the spec writes it.
func seedText(seed uint64) string { return fmt.Sprintf("%016x", seed) }
