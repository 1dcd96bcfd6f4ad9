package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis"
	"github.com/haigo-lab/haigo/services/analysis/decision"
	"github.com/haigo-lab/haigo/services/analysis/evidence"
	"github.com/haigo-lab/haigo/services/chart"
)

// differenceOutcome is an arm's score minus another's, over pairs of one seed.
type differenceOutcome struct {
	Arm     string           `json:"arm"`
	Against string           `json:"against"`
	Control bool             `json:"control"` // against is the arm's matched control; else the baseline
	Metric  string           `json:"metric"`  // "objective" is the sweep's
	Pairs   int              `json:"pairs"`
	Mean    ablation.Real    `json:"mean"`
	Half    ablation.Real    `json:"half"` // half width of the mean's 90% interval, noise pooled over arms; NaN: not known
	Verdict analysis.Verdict `json:"verdict"`
}

// objective is the name of the differences in what a sweep is decided by.
const objective = "objective"

// compare takes the differences to controls and baselines, and what early stopping spared.
func (a *app) compare(ctx context.Context, s ablation.Sweep, results []ablation.Result, o *outcome) error {
	sources, err := a.store.SweepSources(ctx, s.Name)
	if err != nil {
		return err
	}
	o.Differences, o.goal, o.objectives = differences(chart.Data{Sweep: s, Arms: o.arms, Sources: sources, Results: results})
	o.Noise = map[string]ablation.Real{}
	for _, name := range o.order {
		o.Noise[name] = ablation.Real(analysis.Of(o.arms, results, ablation.BPB(name)).Pooled)
	}
	return a.early(ctx, s, results, o)
}

// differences are those of each source's held-out text and, where it is of several metrics, of the sweep's objective, goal; each are
// its values by run.
func differences(d chart.Data) (out []differenceOutcome, goal string, each map[string]ablation.Real) {
	var metrics []string
	for _, source := range d.Sweep.Sources {
		metrics = append(metrics, ablation.BPB(source.Name))
	}
	m, err := evidence.New(evidence.Runs{Sweep: d.Sweep, Arms: d.Arms, Sources: d.Sources, Results: d.Results}, evidence.Aim{})
	if err == nil && len(m.Goal.Terms) > 1 {
		metrics, goal, d.Results = append(metrics, objective), m.Goal.String(), composed(d.Results, m.Goal)
	}
	each = map[string]ablation.Real{}
	for _, r := range d.Results {
		each[r.Run.Name] = r.Values[objective]
	}
	scores := make([]analysis.Scores, len(metrics))
	for i, metric := range metrics {
		scores[i] = analysis.Of(d.Arms, d.Results, metric)
	}
	out = []differenceOutcome{}
	for _, p := range pairsOf(d) {
		for _, sc := range scores {
			v := sc.Difference(p.a, p.b)
			out = append(out, differenceOutcome{
				Arm: d.Arms[p.a].Name, Against: d.Arms[p.b].Name, Control: p.control, Metric: sc.Metric,
				Pairs: v.N, Mean: ablation.Real(v.Mean), Half: ablation.Real(v.Half), Verdict: v.Verdict,
			})
		}
	}
	return out, goal, each
}

// composed are results with what the objective makes of each run.
func composed(results []ablation.Result, goal decision.Objective) []ablation.Result {
	out := slices.Clone(results)
	for i, r := range out {
		sum, values := 0.0, maps.Clone(r.Values)
		for _, t := range goal.Terms {
			v, ok := values[t.Metric]
			if !ok {
				v = ablation.Real(math.NaN())
			}
			sum += t.Weight * float64(v)
		}
		values[objective] = ablation.Real(sum)
		out[i].Values = values
	}
	return out
}

// compared is two arms by their places; control says that b has a's totals without its order.
type compared struct {
	a, b    int
	control bool
}

// pairsOf are the schedules against their controls, then all arms against the baseline of their length and size.
func pairsOf(d chart.Data) []compared {
	var out, baselines []compared
	for i := range d.Arms {
		if c := d.Sweep.Control(d.Arms, i); c >= 0 {
			out = append(out, compared{i, c, true})
		}
		if base := d.Sweep.Baseline(d.Arms, i); base >= 0 && base != i {
			baselines = append(baselines, compared{i, base, false})
		}
	}
	return append(out, baselines...)
}

// printDifferences is a line a pair of arms: the differences of each set, and of the objective.
func printDifferences(w io.Writer, o outcome) {
	if len(o.Differences) == 0 {
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "\nARM\tMINUS\t%s", strings.ToUpper(strings.Join(o.order, "\t")))
	columns := len(o.order)
	if o.goal != "" {
		columns++
		fmt.Fprint(t, "\tOBJECTIVE")
	}
	fmt.Fprintln(t, "\tPAIRS")
	for row := range slices.Chunk(o.Differences, columns) {
		against := row[0].Against
		if row[0].Control {
			against += " (control)"
		}
		fmt.Fprintf(t, "%s\t%s", row[0].Arm, against)
		for _, d := range row {
			fmt.Fprintf(t, "\t%s", d.text())
		}
		fmt.Fprintf(t, "\t%d\n", slices.MinFunc(row, func(a, b differenceOutcome) int { return a.Pairs - b.Pairs }).Pairs)
	}
	t.Flush()
	fmt.Fprintln(w, "Bits per byte, in pairs of one seed, with 90% intervals (Student's t, noise pooled over arms).")
	var noise []string
	for _, name := range o.order {
		if sd, ok := o.Noise[name]; ok && !math.IsNaN(float64(sd)) {
			noise = append(noise, fmt.Sprintf("%s %.3f", name, float64(sd)))
		}
	}
	if len(noise) > 0 {
		fmt.Fprintf(w, "One seed differs from another by %s (standard deviation within arms).\n", strings.Join(noise, ", "))
	}
	if o.goal != "" {
		fmt.Fprintln(w, "Objective:", o.goal)
	}
}

func (d differenceOutcome) text() string {
	mean, half := float64(d.Mean), float64(d.Half)
	switch {
	case d.Pairs == 0:
		return "—"
	case math.IsNaN(half):
		return fmt.Sprintf("%+.3f", mean)
	}
	return fmt.Sprintf("%+.3f (%+.3f … %+.3f)", mean, mean-half, mean+half)
}

// printScores is a line a run: its bits per byte of each set, what the objective makes of them, and why it is there.
func printScores(w io.Writer, o outcome) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "\nARM\tSEED\tSTATE\t%s BITS/BYTE", strings.ToUpper(strings.Join(o.order, " BITS/BYTE\t")))
	if o.goal != "" {
		fmt.Fprint(t, "\tOBJECTIVE")
	}
	fmt.Fprintln(t, "\tWHY")
	for _, r := range o.Runs {
		fmt.Fprintf(t, "%s\t%d\t%s", r.Arm, r.Seed, r.State)
		for _, source := range o.order {
			if v, ok := r.BitsPerByte[source]; ok {
				fmt.Fprintf(t, "\t%.3f", float64(v))
			} else {
				fmt.Fprint(t, "\t—")
			}
		}
		if o.goal != "" {
			fmt.Fprint(t, "\t"+o.objectiveText(r))
		}
		fmt.Fprintln(t, "\t"+r.Why)
	}
	t.Flush()
}

// objectiveText is what the objective makes of a run's scores; "—" where one is missing.
func (o outcome) objectiveText(r runOutcome) string {
	v, ok := o.objectives[fmt.Sprintf("%s-s%d", r.Arm, r.Seed)]
	if !ok || math.IsNaN(float64(v)) {
		return "—"
	}
	return fmt.Sprintf("%.3f", float64(v))
}
