package decision

import (
	"math"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis/surrogate"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// Document is a decision as haigo fit --json prints it and the API answers.
type Document struct {
	Predictions    []PredictionDocument `json:"predictions"`
	Recommendation AdviceDocument       `json:"recommendation"`
	Arms           []ArmDocument        `json:"arms"`
	Proposals      []MixtureDocument    `json:"proposals,omitempty"`
	Warnings       []string             `json:"warnings"`
}

// PredictionDocument is what one candidate would score.
type PredictionDocument struct {
	ID      string                      `json:"id"`
	Metrics map[string]IntervalDocument `json:"metrics"`
}

// IntervalDocument is a mean and its 90% interval.
type IntervalDocument struct {
	Mean ablation.Real `json:"mean"`
	Low  ablation.Real `json:"lo"`
	Top  ablation.Real `json:"hi"`
}

// MixtureDocument is one mixture, or one a phase.
type MixtureDocument struct {
	Mixture map[string]float64   `json:"mixture,omitempty"`
	Phases  []map[string]float64 `json:"phases,omitempty"`
}

// AdviceDocument is what is recommended.
type AdviceDocument struct {
	MixtureDocument
	Objective  string                      `json:"objective"`
	Value      IntervalDocument            `json:"value"`
	Metrics    map[string]IntervalDocument `json:"metrics"`
	Optimum    []map[string]RangeDocument  `json:"optimum"` // by phase: where the best shares may lie, 90%
	AsGood     []map[string]RangeDocument  `json:"as_good"` // by phase: where mixtures lie that can't be told from it
	Epochs     map[string]float64          `json:"epochs,omitempty"`
	Nearest    []string                    `json:"nearest"`
	Distance   float64                     `json:"distance"`          // total variation to the nearest tried mixture
	Further    *FurtherDocument            `json:"further,omitempty"` // where more is expected, outside of what was tried
	Baselines  []BaselineDocument          `json:"baselines"`
	Prices     []PriceDocument             `json:"prices"`              // null: there are none
	NoPrices   string                      `json:"no_prices,omitempty"` // why
	Detectable []DetectableDocument        `json:"detectable"`
	Missed     map[string]ablation.Real    `json:"missed"` // root mean square error of left-out mixtures, by metric
}

// FurtherDocument is a mixture outside of what was tried that a run should tell of; see [Further].
type FurtherDocument struct {
	MixtureDocument
	Improvement IntervalDocument `json:"improvement"` // over the recommended mixture
}

// RangeDocument is from where to where a share may lie.
type RangeDocument struct {
	Low float64 `json:"lo"`
	Top float64 `json:"hi"`
}

// ArmDocument is a tried mixture.
type ArmDocument struct {
	IDs    []string         `json:"ids"`
	Seen   ablation.Real    `json:"seen"`
	Value  IntervalDocument `json:"value"`
	PBest  float64          `json:"p_best"`
	PFront float64          `json:"p_front"`
	AsGood bool             `json:"as_good"`
}

// BaselineDocument is a mixture that needs no model.
type BaselineDocument struct {
	Name string `json:"name"`
	MixtureDocument
	Value       IntervalDocument `json:"value"`
	Improvement IntervalDocument `json:"improvement"`
	Better      bool             `json:"better"`
	Verdict     string           `json:"verdict"`           // on the recommended mixture beside it: better, tie, ahead (the baseline is), same (it is that)
	Outside     bool             `json:"outside,omitempty"` // of what was tried
	Barred      bool             `json:"barred,omitempty"`  // the limits leave it out
}

// PriceDocument is what one of a metric costs in another; see [Price]. Gain and cost are null where there is no price, and Why says why.
type PriceDocument struct {
	Of   string            `json:"of"`
	In   string            `json:"in"`
	Gain *float64          `json:"gain"`
	Cost *IntervalDocument `json:"cost"`
	Why  string            `json:"why,omitempty"`
}

// DetectableDocument is the smallest effect that so many seeds show; see [Detectable].
type DetectableDocument struct {
	Metric string        `json:"metric"`
	SD     ablation.Real `json:"sd"`
	Seeds  int           `json:"seeds"`
	Effect ablation.Real `json:"effect"`
	Asked  *NeedDocument `json:"asked,omitempty"`
}

// NeedDocument is what shows an effect that was asked about; 0 seeds: more than 999, or the noise between seeds isn't known.
type NeedDocument struct {
	Effect float64 `json:"effect"`
	Seeds  int     `json:"seeds"` // of each of two mixtures
	Runs   int     `json:"runs"`  // of both
}

// Answer is a decision with what was asked beside it.
type Answer struct {
	Decision
	Fit       *surrogate.Fit
	Effect    float64     // of which it is asked how many seeds show it; 0: none
	Asked     []table.Run // candidates to predict
	Proposals []table.Run
	Warnings  []ablation.Label // before the decision's own
}

// Document is the answer as JSON has it.
func (f Answer) Document() Document {
	d := f.Decision
	out := Document{Predictions: []PredictionDocument{}, Arms: []ArmDocument{}, Warnings: []string{}, Recommendation: f.advice()}
	if len(f.Asked) > 0 {
		for i, predicted := range f.Fit.Predict(f.Asked) {
			out.Predictions = append(out.Predictions, PredictionDocument{f.Asked[i].ID, f.byMetric(predicted)})
		}
	}
	for _, a := range d.Arms {
		out.Arms = append(out.Arms, ArmDocument{a.Runs, ablation.Real(a.Seen), intervalOf(a.Value), round6(a.PBest), round6(a.PFront), a.AsGood})
	}
	for _, run := range f.Proposals {
		out.Proposals = append(out.Proposals, f.mixture(run))
	}
	for _, w := range f.Warnings {
		out.Warnings = append(out.Warnings, w.In("en"))
	}
	return out
}

func (f Answer) advice() AdviceDocument {
	d := f.Decision
	out := AdviceDocument{
		MixtureDocument: f.mixture(d.Run), Objective: d.Objective.String(), Value: intervalOf(d.Value), Metrics: f.byMetric(d.Metrics),
		Optimum: f.ranges(d.Optimum), AsGood: f.ranges(d.AsGood), Nearest: d.Nearest, Distance: round6(d.Distance), NoPrices: d.NoPrices.EN, Baselines: []BaselineDocument{}, Detectable: []DetectableDocument{}, Missed: map[string]ablation.Real{},
	}
	if d.Further != nil {
		out.Further = &FurtherDocument{f.mixture(d.Further.Run), intervalOf(d.Further.Improvement)}
	}
	for k, v := range f.Fit.Missed() {
		out.Missed[f.Fit.Table.Metrics[k]] = ablation.Real(round6(v))
	}
	for j, n := range d.Epochs {
		if out.Epochs == nil {
			out.Epochs = map[string]float64{}
		}
		out.Epochs[f.Fit.Table.Sources[j]] = round6(n)
	}
	for _, b := range d.Baselines {
		out.Baselines = append(out.Baselines, BaselineDocument{b.Name, f.mixture(b.Run), intervalOf(b.Value), intervalOf(b.Improvement), b.Better, b.Verdict(), b.Outside, b.Barred})
	}
	for _, p := range d.Prices {
		shown := PriceDocument{Of: p.Of, In: p.In, Why: p.Why().EN}
		if gain, cost := round6(p.Gain), intervalOf(p.Cost); p.Gain > 0 {
			shown.Gain, shown.Cost = &gain, &cost
		}
		out.Prices = append(out.Prices, shown)
	}
	for _, p := range d.Detectable {
		shown := DetectableDocument{Metric: p.Metric, SD: ablation.Real(p.SD), Seeds: p.Seeds, Effect: ablation.Real(p.Effect)}
		if f.Effect > 0 {
			seeds, runs := p.Needs(f.Effect)
			shown.Asked = &NeedDocument{f.Effect, seeds, runs}
		}
		out.Detectable = append(out.Detectable, shown)
	}
	return out
}

// round6 keeps digits that mean something, so that no machine's arithmetic shows.
func round6(v float64) float64 { return math.Round(v*1e6) / 1e6 }

func (f Answer) byMetric(all []surrogate.Prediction) map[string]IntervalDocument {
	out := map[string]IntervalDocument{}
	for k, p := range all {
		out[f.Fit.Table.Metrics[k]] = IntervalDocument{ablation.Real(p.Mean), ablation.Real(p.Low), ablation.Real(p.Top)}
	}
	return out
}

func intervalOf(v Interval) IntervalDocument {
	return IntervalDocument{ablation.Real(v.Mean), ablation.Real(v.Low), ablation.Real(v.Top)}
}

func (f Answer) mixture(run table.Run) MixtureDocument {
	phases := make([]map[string]float64, len(run.Shares))
	for p, shares := range run.Shares {
		phases[p] = map[string]float64{}
		for j, w := range shares {
			phases[p][f.Fit.Table.Sources[j]] = w
		}
	}
	if len(phases) == 1 {
		return MixtureDocument{Mixture: phases[0]}
	}
	return MixtureDocument{Phases: phases}
}

func (f Answer) ranges(all [][]Range) []map[string]RangeDocument {
	out := make([]map[string]RangeDocument, len(all))
	for p, phase := range all {
		out[p] = map[string]RangeDocument{}
		for j, r := range phase {
			out[p][f.Fit.Table.Sources[j]] = RangeDocument{round6(r.Low), round6(r.Top)}
		}
	}
	return out
}
