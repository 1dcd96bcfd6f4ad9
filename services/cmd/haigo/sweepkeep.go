package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
)

type sweepKeepCmd struct {
	sweepArg
	Points      string `help:"Days that points are kept after a run's end, or forever; curves stay, 64 steps fine." placeholder:"DAYS"`
	Checkpoints string `help:"Days that checkpoints are kept, or forever; without them nothing goes on from a run." placeholder:"DAYS"`
	Logs        string `help:"Days that logs are kept, or forever." placeholder:"DAYS"`
}

// Run changes what flags name, and prints what then holds. haigo gc does the rest.
func (c sweepKeepCmd) Run(e *env) error {
	return e.owning(func(a *app) error {
		sweep, err := a.store.Sweep(e.ctx, c.Sweep)
		if err != nil {
			return err
		}
		k := sweep.Keep
		for _, f := range []struct {
			name, text string
			days       **int
		}{{"--points", c.Points, &k.Points}, {"--checkpoints", c.Checkpoints, &k.Checkpoints}, {"--logs", c.Logs, &k.Logs}} {
			if err := setDays(f.name, f.text, f.days); err != nil {
				return err
			}
		}
		if err := a.store.SetKeep(e.ctx, c.Sweep, k); err != nil {
			return err
		}
		fmt.Fprintf(e.stdout, "%s: %s; scores and shares are kept forever\n", c.Sweep, keepText(k))
		return nil
	})
}

func setDays(flag, text string, days **int) error {
	switch text {
	case "":
		return nil
	case "forever":
		*days = nil
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return invalidFlag(flag, fmt.Sprintf("%q is no number of days; give one, or forever", text))
	}
	*days = &n
	return nil
}

// keepText is for how long what is kept: "points 30 d, checkpoints 7 d", or "all forever".
func keepText(k ablation.Keep) string {
	var parts []string
	for _, of := range []ablation.Kept{ablation.KeptPoints, ablation.KeptCheckpoints, ablation.KeptLogs} {
		if n := k.Days(of); n != nil {
			parts = append(parts, fmt.Sprintf("%s %d d", of, *n))
		}
	}
	if len(parts) == 0 {
		return "all forever"
	}
	return strings.Join(parts, ", ")
}

type sweepArchiveCmd struct{ sweepArg }

func (c sweepArchiveCmd) Run(e *env) error {
	return e.with(func(a *app) error { return a.store.ArchiveSweep(e.ctx, c.Sweep) })
}

type sweepUnarchiveCmd struct{ sweepArg }

func (c sweepUnarchiveCmd) Run(e *env) error {
	return e.with(func(a *app) error { return a.store.UnarchiveSweep(e.ctx, c.Sweep) })
}

type sweepDeleteCmd struct {
	sweepArg
	Yes bool `help:"Delete it; without it what would be lost is said, and nothing is deleted."`
}

// Run says what is lost, and deletes where it is told to.
func (c sweepDeleteCmd) Run(e *env) error {
	return e.owning(func(a *app) error { // its runs' folders are elsewhere
		l, err := a.keeper().Loss(e.ctx, c.Sweep)
		if err != nil {
			return err
		}
		fmt.Fprintf(e.stdout, "Sweep %s: %s, %s (%s of them), %s, %s and %s of files; %.2f device-hours trained them.\n", c.Sweep,
			many(int64(l.Runs), "run"), many(l.Points, "point"), many(l.Scores, "score"), many(l.Checkpoints, "checkpoint"), many(l.Lines, "line")+" of logs",
			byteText(l.Bytes), float64(l.DeviceHours))
		if l.LiveShares > 0 {
			fmt.Fprintf(e.stdout, "%s of it would be frozen as it is now.\n", many(int64(l.LiveShares), "live share"))
		}
		if !c.Yes {
			fmt.Fprintf(e.stdout, "Nothing was deleted. haigo sweep delete --yes %s deletes it for good; haigo sweep archive %s puts it out of sight.\n", c.Sweep, c.Sweep)
			return nil
		}
		if err := a.keeper().Delete(e.ctx, c.Sweep); err != nil {
			return err
		}
		fmt.Fprintln(e.stdout, "Deleted.")
		return nil
	})
}
