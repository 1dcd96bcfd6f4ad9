package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/haigo-lab/haigo/services/analysis/decision"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// fitted is what haigo fit found, for a person.
type fitted struct{ decision.Answer }

// print is the same for a person.
func (f fitted) print(w io.Writer) {
	f.printAdvice(w)
	f.printBaselines(w)
	f.printArms(w)
	f.printPredictions(w)
	if len(f.Proposals) > 0 {
		fmt.Fprintln(w, "\nrun next:")
		for _, run := range f.Proposals {
			fmt.Fprintln(w, "  "+f.words(run))
		}
	}
	for _, warning := range f.Warnings {
		fmt.Fprintln(w, "warning:", warning.In("en"))
	}
}

// words are a mixture's shares in a row, those that are there.
func (f fitted) words(run table.Run) string {
	phases := make([]string, len(run.Shares))
	for p, shares := range run.Shares {
		var parts []string
		for j, v := range shares {
			if v > 0 {
				parts = append(parts, fmt.Sprintf("%s %.4g", f.Fit.Table.Sources[j], v))
			}
		}
		phases[p] = strings.Join(parts, ", ")
	}
	return strings.Join(phases, " → ")
}

func (f fitted) printAdvice(w io.Writer) {
	d := f.Decision
	fmt.Fprintf(w, "objective    %s\nrecommended  %s\nexpected     %s\n\n", f.goal(), f.words(d.Run), named(d.Value))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "SOURCE\tPHASE\tSHARE\tOPTIMUM, 90%\tCAN'T BE TOLD FROM IT\tEPOCHS")
	for p, shares := range d.Run.Shares {
		for j, v := range shares {
			epochs := "—"
			if d.Epochs != nil {
				epochs = fmt.Sprintf("%.2f", d.Epochs[j])
			}
			fmt.Fprintf(t, "%s\t%d\t%.4f\t%.3f … %.3f\t%.3f … %.3f\t%s\n", f.Fit.Table.Sources[j], p, v, d.Optimum[p][j].Low, d.Optimum[p][j].Top, d.AsGood[p][j].Low, d.AsGood[p][j].Top, epochs)
		}
	}
	t.Flush()
	fmt.Fprintf(w, "\n%s\n\n", f.near())
	fmt.Fprintln(t, "METRIC\tEXPECTED OF ONE RUN, 90%\tSMALLEST EFFECT SHOWN\tERROR OF LEFT-OUT MIXTURES")
	missed := f.Fit.Missed()
	for k, p := range d.Metrics {
		shown := "—"
		if v := d.Detectable[k]; !math.IsNaN(v.Effect) {
			shown = fmt.Sprintf("%.3g with %d seeds", v.Effect, v.Seeds)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%.3g\n", f.Fit.Table.Metrics[k], within(decision.Interval(p)), shown, missed[k])
	}
	t.Flush()
	if d.NoPrices.EN != "" {
		fmt.Fprintln(w, d.NoPrices.EN)
	}
	for _, p := range d.Prices {
		fmt.Fprintln(w, priced(p))
	}
	f.printNeeds(w)
}

// priced is what one of a metric costs in another.
func priced(p decision.Price) string {
	switch {
	case p.Gain == 0:
		return p.Why().EN
	case p.Cost.Mean <= 0:
		return fmt.Sprintf("%s can gain %.3g and cost nothing of %s that shows: 1 of it costs %s", p.Of, p.Gain, p.In, named(p.Cost))
	}
	return fmt.Sprintf("1 of %s costs %s of %s, from gaining %.3g of it", p.Of, named(p.Cost), p.In, p.Gain)
}

// printNeeds says how many seeds and runs show the effect that was asked about.
func (f fitted) printNeeds(w io.Writer) {
	if f.Effect <= 0 {
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "\nTO SHOW %.3g OF\tSEEDS OF EACH OF TWO MIXTURES\tRUNS\n", f.Effect)
	for _, v := range f.Detectable {
		switch seeds, runs := v.Needs(f.Effect); {
		case math.IsNaN(v.SD):
			fmt.Fprintf(t, "%s\tnot known: run a mixture with three seeds first\t\n", v.Metric)
		case seeds == 0:
			fmt.Fprintf(t, "%s\tmore than %d\t\n", v.Metric, decision.MostSeeds)
		default:
			fmt.Fprintf(t, "%s\t%d\t%d\n", v.Metric, seeds, runs)
		}
	}
	t.Flush()
}

// goal is the objective, one of many metrics alike in words.
func (f fitted) goal() string {
	const most = 5
	o := f.Objective
	if n := len(o.Terms); n > most && n == len(f.Fit.Table.Metrics) && !slices.ContainsFunc(o.Terms, func(t decision.Term) bool { return t.Weight != o.Terms[0].Weight }) {
		return fmt.Sprintf("%s: the mean of all %d metrics", map[bool]string{true: "max", false: "min"}[o.Max], n)
	}
	return o.String()
}

// near is the run that the recommended mixture is nearest to, or is.
func (f fitted) near() string {
	ids := strings.Join(f.Nearest, ", ")
	if f.Distance < 1e-6 {
		return "was run as   " + ids
	}
	return fmt.Sprintf("nearest run  %s, %.2g away in total variation", ids, f.Distance)
}

// named is an interval where no column's head says what it is.
func named(v decision.Interval) string {
	return fmt.Sprintf("%.4g (90%%: %.4g … %.4g)", v.Mean, v.Low, v.Top)
}

// within is an interval under a head that says what it is.
func within(v decision.Interval) string {
	return fmt.Sprintf("%.4g (%.4g … %.4g)", v.Mean, v.Low, v.Top)
}

func (f fitted) printBaselines(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\nBASELINE\tEXPECTED, 90%\tIMPROVEMENT OVER IT, 90%\tVERDICT ON THE RECOMMENDED MIXTURE")
	for _, b := range f.Baselines {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", b.Name, within(b.Value), within(b.Improvement), verdict(b))
	}
	t.Flush()
}

// verdict is on the recommended mixture, beside a baseline.
func verdict(b decision.Baseline) string {
	said := map[string]string{
		decision.VerdictBetter: "better", decision.VerdictTie: "can't be told apart", decision.VerdictAhead: "worse: the baseline is better", decision.VerdictSame: "the same mixture",
	}[b.Verdict()]
	if b.Barred {
		said += "; the limits leave the baseline out"
	}
	if b.Outside {
		said += "; the baseline lies outside of what was tried"
	}
	return said
}

// printArms are the tried mixtures that may be the best, or, by an objective of two metrics, that likely no other beats on both.
func (f fitted) printArms(w io.Writer) {
	const likely, most = 0.5, 20
	top := 0.0
	for _, a := range f.Arms {
		top = max(top, a.PBest)
	}
	least := min(0.01, top) // of very many none is likely: then the likeliest are shown
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\nRUN\tSEEN\tEXPECTED, 90%\tP(BEST OF THOSE RUN)\tP(FRONT)")
	shown := 0
	for _, a := range f.Arms {
		ahead := a.PFront >= likely && len(f.Objective.Terms) == 2 // of three, nearly everything is at the front
		if a.PBest < least && !ahead || shown >= most {
			continue
		}
		shown++
		fmt.Fprintf(t, "%s\t%.4g\t%s\t%.2f\t%.2f\n", strings.Join(a.Runs, ", "), a.Seen, within(a.Value), a.PBest, a.PFront)
	}
	t.Flush()
}

func (f fitted) printPredictions(w io.Writer) {
	if len(f.Asked) == 0 {
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "\nPREDICTED OF ONE RUN\t%s, 90%%\n", strings.Join(f.Fit.Table.Metrics, ", 90%\t"))
	predicted := f.Fit.Predict(f.Asked)
	for i, run := range f.Asked {
		fmt.Fprint(t, run.ID)
		for _, p := range predicted[i] {
			fmt.Fprintf(t, "\t%s", within(decision.Interval(p)))
		}
		fmt.Fprintln(t)
	}
	t.Flush()
}
