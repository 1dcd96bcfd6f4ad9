package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
)

// earlyOutcome is where early stopping has ended runs, and what that has spared.
type earlyOutcome struct {
	At        []float64 `json:"at"`      // rungs as fractions of a run
	Stopped   []int     `json:"stopped"` // runs that ended at each
	Completed int       `json:"completed"`
	Tokens    int64     `json:"tokens"`     // that were trained
	AllTokens int64     `json:"all_tokens"` // that all runs would have been trained on
}

func (a *app) early(ctx context.Context, s ablation.Sweep, results []ablation.Result, o *outcome) error {
	if s.EarlyStop == nil {
		return nil
	}
	judged, err := a.store.Judged(ctx, s.Name)
	if err != nil {
		return err
	}
	out := &earlyOutcome{At: s.EarlyStop.At, Stopped: make([]int, len(s.EarlyStop.At)), Completed: s.Counts.Completed}
	for _, r := range results {
		if rung, ok := judged[r.Run.ID]; ok && r.Run.State == ablation.RunStopped && r.Run.Reason == ablation.StopEarly {
			out.Stopped[rung]++
		}
		out.Tokens += r.Run.Progress.Tokens
		out.AllTokens += r.Run.Steps * s.Recipe.TokensPerStep()
	}
	o.EarlyStop = out
	return nil
}

// runs is how many were stopped early.
func (e *earlyOutcome) runs() int {
	if e == nil {
		return 0
	}
	n := 0
	for _, stopped := range e.Stopped {
		n += stopped
	}
	return n
}

func printEarly(w io.Writer, o outcome) {
	e := o.EarlyStop
	if e == nil {
		return
	}
	var parts []string
	for i, n := range e.Stopped {
		parts = append(parts, fmt.Sprintf("%d ended at %.4g%%", n, 100*e.At[i]))
	}
	fmt.Fprintf(w, "\nEarly stopping: %d of %s trained to their end, %s. %s of %s tokens were trained.\n", e.Completed, many(int64(o.counts.Total()), "run"),
		strings.Join(parts, ", "), short(float64(e.Tokens)), short(float64(e.AllTokens)))
}
