package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
)

type runCmd struct {
	List  runListCmd  `cmd:"" help:"List the runs of a sweep."`
	Stop  runStopCmd  `cmd:"" help:"Let a run checkpoint and leave."`
	Retry runRetryCmd `cmd:"" help:"Queue a run again that failed, diverged or was stopped; one that diverged goes on from before that."`
}

type runListCmd struct {
	Sweep string `arg:""`
}

func (c runListCmd) Run(e *env) error {
	a, err := open(e)
	if err != nil {
		return err
	}
	defer a.close()
	if _, err := a.store.Sweep(e.ctx, c.Sweep); err != nil {
		return err
	}
	runs, err := a.store.Runs(e.ctx, c.Sweep)
	if err != nil {
		return err
	}
	return printRuns(e, runs)
}

func printRuns(e *env, runs []ablation.Run) error {
	t := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "RUN\tID\tSTATE\tSTEP\tLOSS\tATTEMPT\tWORD")
	for _, r := range runs {
		fmt.Fprintf(t, "%s\t%s\t%s\t%d/%d\t%s\t%d\t%s\n", r.Name, r.ID, r.State, r.Progress.Step, r.Steps, loss(r), r.Progress.Attempt, r.Message.EN)
	}
	return t.Flush()
}

func loss(r ablation.Run) string {
	if r.Progress.Loss == nil {
		return "—"
	}
	return fmt.Sprintf("%.3f", float64(*r.Progress.Loss))
}

// left is how long a run still takes at its present speed, zero where that isn't known.
func left(r ablation.Run, perStep int64) time.Duration {
	p := r.Progress
	if p.TokensPerS == nil || *p.TokensPerS <= 0 {
		return 0
	}
	return time.Duration(float64((r.Steps-p.Step)*perStep) / float64(*p.TokensPerS) * float64(time.Second))
}

type runStopCmd struct {
	ID string `arg:"" help:"The run's id."`
}

func (c runStopCmd) Run(e *env) error {
	return e.with(func(a *app) error { return a.store.StopRun(e.ctx, c.ID, ablation.StopPerson) })
}

type runRetryCmd struct {
	ID string `arg:"" help:"The run's id."`
}

func (c runRetryCmd) Run(e *env) error {
	return e.owning(func(a *app) error {
		if err := a.store.RetryRun(e.ctx, c.ID); err != nil {
			return err
		}
		run, err := a.store.Run(e.ctx, c.ID)
		if err != nil {
			return err
		}
		from, err := a.sweeper(e).Resumes(e.ctx, run)
		if err != nil {
			return err
		}
		if from == 0 {
			fmt.Fprintln(e.stdout, "queued; it begins anew")
			return nil
		}
		fmt.Fprintf(e.stdout, "queued; it goes on from step %d\n", from)
		return nil
	})
}
