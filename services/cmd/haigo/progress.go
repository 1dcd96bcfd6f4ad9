package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/postgres"
)

// watch shows a line a run until the sweep has ended. On a terminal the lines change in place; elsewhere they come
// every ten seconds.
func watch(ctx context.Context, w io.Writer, store *postgres.Store, sweep string) error {
	screen := &screen{w: w}
	if file, ok := w.(*os.File); ok {
		screen.inPlace = terminal(file)
	}
	tick := time.NewTicker(screen.every())
	defer tick.Stop()
	for {
		s, err := store.Sweep(ctx, sweep)
		if err != nil {
			return err
		}
		runs, err := store.Runs(ctx, sweep)
		if err != nil {
			return err
		}
		screen.draw(s, runs)
		if s.Design.Adaptive == nil && allEnded(runs) || s.State == ablation.SweepCompleted || s.State == ablation.SweepStopped {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func allEnded(runs []ablation.Run) bool {
	return !slices.ContainsFunc(runs, func(r ablation.Run) bool { return !r.State.Ended() })
}

type screen struct {
	w       io.Writer
	inPlace bool
	lines   int
}

func (s *screen) every() time.Duration {
	if s.inPlace {
		return 500 * time.Millisecond
	}
	return 10 * time.Second
}

func (s *screen) draw(sweep ablation.Sweep, runs []ablation.Run) {
	var b strings.Builder
	if s.inPlace && s.lines > 0 {
		fmt.Fprintf(&b, "\033[%dA", s.lines)
	}
	s.lines = 0
	for _, r := range runs {
		if s.inPlace {
			b.WriteString("\033[K")
		}
		b.WriteString(progressLine(r, sweep.Recipe.TokensPerStep()) + "\n")
		s.lines++
	}
	fmt.Fprint(s.w, b.String())
}

// progressLine is a run's tokens, loss, tokens/s and time left.
func progressLine(r ablation.Run, perStep int64) string {
	p := r.Progress
	const cells = 20
	full := int(cells * p.Step / max(r.Steps, 1))
	bar := strings.Repeat("━", full) + strings.Repeat("─", cells-full)
	line := fmt.Sprintf("%-14s %s %4s of %s tokens  loss %s", r.Name, bar, short(float64(p.Tokens)), short(float64(r.Steps*perStep)), loss(r))
	if r.State != ablation.RunRunning {
		line += "  " + string(r.State)
		if r.Message.EN != "" {
			line += ": " + cut(r.Message.EN, 200)
		}
		return line
	}
	if p.TokensPerS != nil {
		line += fmt.Sprintf("  %s tokens/s", count(int64(*p.TokensPerS)))
	}
	if d := left(r, perStep); d > 0 {
		line += "  " + span(d) + " left"
	}
	return line
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
