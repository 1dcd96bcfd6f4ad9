package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis/decision"
	"github.com/haigo-lab/haigo/services/analysis/surrogate"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// fitted is what haigo fit found.
type fitted struct {
	fit       *surrogate.Fit
	asked     []table.Run
	predicted [][]surrogate.Prediction // by run and metric
	decision  decision.Decision
	proposals []table.Run
	warnings  []ablation.Label
}

// fitDocument is what haigo fit --json prints.
type fitDocument struct {
	Predictions    []fitPrediction `json:"predictions"`
	Recommendation fitAdvice       `json:"recommendation"`
	Arms           []fitArm        `json:"arms"`
	Proposals      []fitMixture    `json:"proposals,omitempty"`
	Warnings       []string        `json:"warnings"`
}

type fitPrediction struct {
	ID      string                 `json:"id"`
	Metrics map[string]fitInterval `json:"metrics"`
}

// fitInterval is a mean and its 90% interval.
type fitInterval struct {
	Mean ablation.Real `json:"mean"`
	Low  ablation.Real `json:"lo"`
	Top  ablation.Real `json:"hi"`
}

// fitMixture is one mixture, or one a phase.
type fitMixture struct {
	Mixture map[string]float64   `json:"mixture,omitempty"`
	Phases  []map[string]float64 `json:"phases,omitempty"`
}

type fitAdvice struct {
	fitMixture
	Objective  string                 `json:"objective"`
	Value      fitInterval            `json:"value"`
	Metrics    map[string]fitInterval `json:"metrics"`
	Optimum    []map[string]fitRange  `json:"optimum"` // by phase: where the best shares may lie, 90%
	AsGood     []map[string]fitRange  `json:"as_good"` // by phase: where mixtures lie that can't be told from it
	Epochs     map[string]float64     `json:"epochs,omitempty"`
	Nearest    []string               `json:"nearest"`
	Distance   float64                `json:"distance"` // total variation to the nearest tried mixture
	Baselines  []fitBaseline          `json:"baselines"`
	Prices     []fitPrice             `json:"prices,omitempty"`
	Detectable []fitDetectable        `json:"detectable"`
}

type fitRange struct {
	Low float64 `json:"lo"`
	Top float64 `json:"hi"`
}

type fitArm struct {
	IDs    []string      `json:"ids"`
	Seen   ablation.Real `json:"seen"`
	Value  fitInterval   `json:"value"`
	PBest  float64       `json:"p_best"`
	PFront float64       `json:"p_front"`
	AsGood bool          `json:"as_good"`
}

type fitBaseline struct {
	Name string `json:"name"`
	fitMixture
	Value       fitInterval `json:"value"`
	Improvement fitInterval `json:"improvement"`
	Better      bool        `json:"better"`
	Outside     bool        `json:"outside,omitempty"`
}

type fitPrice struct {
	Of   string      `json:"of"`
	In   string      `json:"in"`
	Cost fitInterval `json:"cost"`
}

type fitDetectable struct {
	Metric string        `json:"metric"`
	SD     ablation.Real `json:"sd"`
	Seeds  int           `json:"seeds"`
	Effect ablation.Real `json:"effect"`
}

func (f fitted) document() fitDocument {
	d := f.decision
	out := fitDocument{Predictions: []fitPrediction{}, Arms: []fitArm{}, Warnings: []string{}, Recommendation: f.advice()}
	for i, run := range f.asked {
		out.Predictions = append(out.Predictions, fitPrediction{run.ID, f.byMetric(f.predicted[i])})
	}
	for _, a := range d.Arms {
		out.Arms = append(out.Arms, fitArm{a.Runs, ablation.Real(a.Seen), intervalOf(a.Value), round6(a.PBest), round6(a.PFront), a.AsGood})
	}
	for _, run := range f.proposals {
		out.Proposals = append(out.Proposals, f.mixture(run))
	}
	for _, w := range f.warnings {
		out.Warnings = append(out.Warnings, w.In("en"))
	}
	return out
}

func (f fitted) advice() fitAdvice {
	d := f.decision
	out := fitAdvice{
		fitMixture: f.mixture(d.Run), Objective: d.Objective.String(), Value: intervalOf(d.Value), Metrics: f.byMetric(d.Metrics),
		Optimum: f.ranges(d.Optimum), AsGood: f.ranges(d.AsGood), Nearest: d.Nearest, Distance: round6(d.Distance), Baselines: []fitBaseline{}, Detectable: []fitDetectable{},
	}
	for j, n := range d.Epochs {
		if out.Epochs == nil {
			out.Epochs = map[string]float64{}
		}
		out.Epochs[f.fit.Table.Sources[j]] = round6(n)
	}
	for _, b := range d.Baselines {
		out.Baselines = append(out.Baselines, fitBaseline{b.Name, f.mixture(b.Run), intervalOf(b.Value), intervalOf(b.Improvement), b.Better, b.Outside})
	}
	for _, p := range d.Prices {
		out.Prices = append(out.Prices, fitPrice{p.Of, p.In, intervalOf(p.Cost)})
	}
	for _, p := range d.Detectable {
		out.Detectable = append(out.Detectable, fitDetectable{p.Metric, ablation.Real(p.SD), p.Seeds, ablation.Real(p.Effect)})
	}
	return out
}

// round6 keeps digits that mean something, so that no machine's arithmetic shows.
func round6(v float64) float64 { return math.Round(v*1e6) / 1e6 }

func (f fitted) byMetric(all []surrogate.Prediction) map[string]fitInterval {
	out := map[string]fitInterval{}
	for k, p := range all {
		out[f.fit.Table.Metrics[k]] = fitInterval{ablation.Real(p.Mean), ablation.Real(p.Low), ablation.Real(p.Top)}
	}
	return out
}

func intervalOf(v decision.Interval) fitInterval {
	return fitInterval{ablation.Real(v.Mean), ablation.Real(v.Low), ablation.Real(v.Top)}
}

func (f fitted) mixture(run table.Run) fitMixture {
	phases := make([]map[string]float64, len(run.Shares))
	for p, shares := range run.Shares {
		phases[p] = map[string]float64{}
		for j, w := range shares {
			phases[p][f.fit.Table.Sources[j]] = w
		}
	}
	if len(phases) == 1 {
		return fitMixture{Mixture: phases[0]}
	}
	return fitMixture{Phases: phases}
}

func (f fitted) ranges(all [][]decision.Range) []map[string]fitRange {
	out := make([]map[string]fitRange, len(all))
	for p, phase := range all {
		out[p] = map[string]fitRange{}
		for j, r := range phase {
			out[p][f.fit.Table.Sources[j]] = fitRange{round6(r.Low), round6(r.Top)}
		}
	}
	return out
}

// print is the same for a person.
func (f fitted) print(w io.Writer) {
	f.printAdvice(w)
	f.printBaselines(w)
	f.printArms(w)
	f.printPredictions(w)
	if len(f.proposals) > 0 {
		fmt.Fprintln(w, "\nrun next:")
		for _, run := range f.proposals {
			fmt.Fprintln(w, "  "+f.words(run))
		}
	}
	for _, warning := range f.warnings {
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
				parts = append(parts, fmt.Sprintf("%s %.4g", f.fit.Table.Sources[j], v))
			}
		}
		phases[p] = strings.Join(parts, ", ")
	}
	return strings.Join(phases, " → ")
}

func (f fitted) printAdvice(w io.Writer) {
	d := f.decision
	fmt.Fprintf(w, "objective    %s\nrecommended  %s\nexpected     %s\n\n", d.Objective, f.words(d.Run), within(d.Value))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "SOURCE\tPHASE\tSHARE\tOPTIMUM, 90%\tAS GOOD\tEPOCHS")
	for p, shares := range d.Run.Shares {
		for j, v := range shares {
			epochs := "—"
			if d.Epochs != nil {
				epochs = fmt.Sprintf("%.2f", d.Epochs[j])
			}
			fmt.Fprintf(t, "%s\t%d\t%.4f\t%.3f … %.3f\t%.3f … %.3f\t%s\n", f.fit.Table.Sources[j], p, v, d.Optimum[p][j].Low, d.Optimum[p][j].Top, d.AsGood[p][j].Low, d.AsGood[p][j].Top, epochs)
		}
	}
	t.Flush()
	fmt.Fprintf(w, "\nnearest run  %s, %.3f away in total variation\n\n", strings.Join(d.Nearest, ", "), d.Distance)
	fmt.Fprintln(t, "METRIC\tEXPECTED OF ONE RUN\tSHOWN BY SEEDS")
	for k, p := range d.Metrics {
		shown := "—"
		if v := d.Detectable[k]; !math.IsNaN(v.Effect) {
			shown = fmt.Sprintf("%.3g with %d", v.Effect, v.Seeds)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", f.fit.Table.Metrics[k], within(decision.Interval(p)), shown)
	}
	t.Flush()
	for _, p := range d.Prices {
		fmt.Fprintf(w, "1 of %s costs %s of %s\n", p.Of, within(p.Cost), p.In)
	}
}

func within(v decision.Interval) string {
	return fmt.Sprintf("%.4g (%.4g … %.4g)", v.Mean, v.Low, v.Top)
}

func (f fitted) printBaselines(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\nBASELINE\tEXPECTED\tIMPROVEMENT OVER IT\t")
	for _, b := range f.decision.Baselines {
		verdict := "can't be told apart"
		if b.Better {
			verdict = "better"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", b.Name, within(b.Value), within(b.Improvement), verdict)
	}
	t.Flush()
}

// printArms are the tried mixtures that may be the best.
func (f fitted) printArms(w io.Writer) {
	const least, most = 0.01, 20
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\nRUN\tSEEN\tEXPECTED\tP(BEST)\tP(FRONT)")
	shown := 0
	for _, a := range f.decision.Arms {
		if a.PBest < least || shown >= most {
			continue
		}
		shown++
		fmt.Fprintf(t, "%s\t%.4g\t%s\t%.2f\t%.2f\n", strings.Join(a.Runs, ", "), a.Seen, within(a.Value), a.PBest, a.PFront)
	}
	t.Flush()
}

func (f fitted) printPredictions(w io.Writer) {
	if len(f.asked) == 0 {
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "\nPREDICTED\t%s\n", strings.Join(f.fit.Table.Metrics, "\t"))
	for i, run := range f.asked {
		fmt.Fprint(t, run.ID)
		for _, p := range f.predicted[i] {
			fmt.Fprintf(t, "\t%s", within(decision.Interval(p)))
		}
		fmt.Fprintln(t)
	}
	t.Flush()
}
