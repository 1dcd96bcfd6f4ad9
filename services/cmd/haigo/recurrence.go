package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
)

type recurrenceCmd struct {
	List   recurrenceListCmd   `cmd:"" help:"List the sweeps that a clock starts, with their next firing."`
	Show   recurrenceShowCmd   `cmd:"" help:"Show one: its next ten firings, and what became of those before."`
	Pause  recurrencePauseCmd  `cmd:"" help:"Start nothing until it is resumed; its firings are recorded as skipped."`
	Resume recurrenceResumeCmd `cmd:"" help:"Start sweeps again."`
	End    recurrenceEndCmd    `cmd:"" help:"Take it off the clock; what became of its firings stays."`
}

// recurrenceArg names the recurrence that a command is about.
type recurrenceArg struct {
	Recurrence string `arg:"" help:"The name in its sweep file."`
}

// firingTime is a time as clocks in the recurrence's zone show it.
func firingTime(r ablation.RecurringSweep, t time.Time) string {
	if zone, err := time.LoadLocation(r.Zone); err == nil {
		t = t.In(zone)
	}
	return t.Format("Mon 2006-01-02 15:04 -07:00")
}

type recurrenceListCmd struct{}

func (recurrenceListCmd) Run(e *env) error {
	a, err := open(e)
	if err != nil {
		return err
	}
	defer a.close()
	all, err := a.store.Recurrences(e.ctx)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "RECURRENCE\tCRON\tZONE\tMISSED\tUNTIL\tSTATE\tNEXT")
	for _, r := range all {
		next := "—"
		if r.State == ablation.RecurrenceActive {
			next = firingTime(r, r.NextAt)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Name, r.Cron, r.Zone, r.Missed, orDash(r.Until), r.State, next)
	}
	return t.Flush()
}

func orDash(text string) string {
	if text == "" {
		return "—"
	}
	return text
}

type recurrenceShowCmd struct {
	recurrenceArg
	JSON bool `name:"json" help:"Print one JSON document."`
}

// shownRecurrence is a recurrence with its times.
type shownRecurrence struct {
	ablation.RecurringSweep
	Next    []time.Time       `json:"next"`
	Firings []ablation.Firing `json:"firings"` // newest first
}

func (c recurrenceShowCmd) Run(e *env) error {
	a, err := open(e)
	if err != nil {
		return err
	}
	defer a.close()
	var s shownRecurrence
	if s.RecurringSweep, err = a.store.Recurrence(e.ctx, c.Recurrence); err != nil {
		return err
	}
	if s.Firings, err = a.store.Firings(e.ctx, c.Recurrence, 20); err != nil {
		return err
	}
	if s.State == ablation.RecurrenceActive {
		if s.Next, err = s.RecurringSweep.Next(s.NextAt.Add(-1), 10); err != nil {
			return err
		}
	}
	if c.JSON {
		return json.NewEncoder(e.stdout).Encode(s)
	}
	printRecurrence(e.stdout, s)
	return nil
}

func printRecurrence(w io.Writer, s shownRecurrence) {
	fmt.Fprintf(w, "%s: %s in %s, %s; a missed firing: %s\n", s.Name, s.Cron, s.Zone, s.State, s.Missed)
	for i, at := range s.Next {
		fmt.Fprintf(w, "%4d  %s\n", i+1, firingTime(s.RecurringSweep, at))
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\nPLANNED\tRESULT\tWHY\tSWEEP\tRUNS DONE\tDEVICE-HOURS")
	for _, f := range s.Firings {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d / %d\t%.2f\n", firingTime(s.RecurringSweep, f.PlannedAt), f.State, why(f), orDash(f.Sweep),
			f.Counts.Completed, f.Counts.Total(), f.DeviceHours)
	}
	t.Flush()
}

// why says in words why a firing started nothing, or late.
func why(f ablation.Firing) string {
	switch {
	case f.Late():
		return "late by " + span(f.DecidedAt.Sub(f.PlannedAt))
	case f.State == ablation.FiringMissed:
		return "no server ran"
	case f.Reason == ablation.SkippedPrevious:
		return "the sweep before hadn't ended"
	case f.Reason == ablation.SkippedRefused:
		return f.Message.In("en")
	}
	return orDash(string(f.Reason))
}

type recurrencePauseCmd struct{ recurrenceArg }

func (c recurrencePauseCmd) Run(e *env) error {
	return e.with(func(a *app) error { return a.store.PauseRecurrence(e.ctx, c.Recurrence) })
}

type recurrenceResumeCmd struct{ recurrenceArg }

func (c recurrenceResumeCmd) Run(e *env) error {
	return e.with(func(a *app) error { return a.store.ResumeRecurrence(e.ctx, c.Recurrence) })
}

type recurrenceEndCmd struct{ recurrenceArg }

func (c recurrenceEndCmd) Run(e *env) error {
	return e.with(func(a *app) error {
		if _, err := a.store.Recurrence(e.ctx, c.Recurrence); err != nil {
			return err
		}
		return a.store.EndRecurrence(e.ctx, c.Recurrence)
	})
}
