package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/haigo-lab/haigo/services/ablation"
)

// printRounds says what a sweep that plans itself has added to itself, and why; nothing of another sweep.
func printRounds(w io.Writer, s ablation.Sweep) {
	if s.Design.Adaptive == nil {
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\nROUND\tADDED\tREAD\tWHY")
	for _, r := range s.Rounds {
		if r.Kind != ablation.RoundVerdict {
			fmt.Fprintf(t, "%d %s\t%s\t%s\t%s\n", r.Number, r.Kind, addedText(r), readText(r), whyText(r))
		}
	}
	t.Flush()
	switch v := s.Verdict(); {
	case v != nil:
		printVerdict(w, *v)
	case s.State == ablation.SweepRunning || s.State == ablation.SweepPaused:
		fmt.Fprintf(w, "\nThe sweep is %s: %s.\n", s.State, followText(s))
	default:
		fmt.Fprintf(w, "\nThe sweep was stopped before it came to a verdict.\n")
	}
}

// followText is what may come after the rounds that there are.
func followText(s ablation.Sweep) string {
	if s.RoundsOf(ablation.RoundConfirm) > 0 {
		return "fresh seeds confirm what it found, no batch follows"
	}
	most := s.Design.Adaptive.Rounds
	return fmt.Sprintf("at most %d of %d batches follow", most-s.RoundsOf(ablation.RoundBatch), most)
}

// addedText is how many arms a round has, and of how many fresh seeds.
func addedText(r ablation.Round) string {
	mixtures, seeds := 0, 0
	for _, a := range r.Arms {
		if len(a.Stages) > 0 {
			mixtures++
		}
		seeds += len(a.Seeds)
	}
	text := many(int64(mixtures), "mixture")
	if seeds > 0 {
		text += ", " + many(int64(seeds), "fresh run")
	}
	return text
}

func readText(r ablation.Round) string {
	c := r.Read.Counts
	if c.Total() == 0 {
		return "—"
	}
	text := many(int64(c.Completed), "run")
	if lost := c.Failed + c.Diverged + c.Stopped; lost > 0 {
		text += fmt.Sprintf(" (%d did not complete)", lost)
	}
	return text
}

// reasons are why no batch follows any more.
var reasons = map[ablation.RoundReason]string{
	ablation.ReasonRounds: "all batches were run",
	ablation.ReasonEnough: "no mixture in reach is expected to gain more than seeds hide",
	ablation.ReasonBudget: "the budget pays no further batch",
	ablation.ReasonHours:  "its hours end before another batch would",
	ablation.ReasonFew:    "too few mixtures completed",
}

func whyText(r ablation.Round) string {
	if r.Kind == ablation.RoundStart {
		return "to cover what there is to try"
	}
	var parts []string
	if text := reasons[r.Reason]; text != "" {
		parts = append(parts, text)
	}
	if s := r.Sight; s != nil {
		parts = append(parts, fmt.Sprintf("%s %.4f for %s; expected to be gained by more runs %.4f, noise between seeds %.4f", s.Objective, float64(s.Value.Mean),
			stagesText(s.Recommended), float64(s.Gain), float64(s.Noise)))
	}
	return strings.Join(parts, "; ")
}

// stagesText is a schedule in a line: ja 0.62 en 0.38, stages by arrows.
func stagesText(stages []ablation.Stage) string {
	all := make([]string, len(stages))
	for i, stage := range stages {
		var parts []string
		for name, share := range stage.Mixture {
			parts = append(parts, fmt.Sprintf("%s %.4g", name, share))
		}
		slices.Sort(parts)
		all[i] = strings.Join(parts, " ")
	}
	return strings.Join(all, " → ")
}

func printVerdict(w io.Writer, r ablation.Round) {
	v := r.Verdict
	if len(v.Stages) == 0 && v.Take == "" {
		fmt.Fprintf(w, "\nNo mixture can be recommended: %s\n", r.Message.In("en"))
		return
	}
	fmt.Fprintf(w, "\nTake %s", stagesText(v.Stages))
	if v.Take != "" {
		fmt.Fprintf(w, " (arm %s)", v.Take)
	}
	fmt.Fprintln(w, ".")
	if text := reasons[r.Reason]; text != "" {
		fmt.Fprintf(w, "No batch follows: %s.\n", text)
	}
	if len(v.Differences) == 0 {
		fmt.Fprintln(w, "Nothing was confirmed with fresh seeds.")
	}
	for _, d := range v.Differences {
		fmt.Fprintf(w, "Over %s the recommended arm is %s %s (%s): %s.\n", many(int64(d.Pairs), "fresh seed"), freshWords[d.Result], d.To, strings.ReplaceAll(d.Role, "_", " "), freshDifference(d))
	}
}

var freshWords = map[string]string{
	ablation.FreshBetter: "better than", ablation.FreshWorse: "worse than",
	ablation.FreshUndecided: "not told apart from", ablation.FreshUnknown: "not compared with",
}

func freshDifference(d ablation.FreshDifference) string {
	if d.Pairs == 0 {
		return "no seed completed in both"
	}
	if math.IsNaN(float64(d.Half)) {
		return fmt.Sprintf("%+.4f, of which no interval is known", float64(d.Mean))
	}
	return fmt.Sprintf("%+.4f ± %.4f", float64(d.Mean), float64(d.Half))
}
