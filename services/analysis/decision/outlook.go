package decision

import (
	"slices"

	"github.com/haigo-lab/haigo/services/analysis/surrogate"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// Outlook is a decision with what is drawn beside it. It is read only.
type Outlook struct {
	Decision
	Fit       *surrogate.Fit
	Front     *Front // of the two metrics that were asked for; nil where the fit lacks one
	Responses []Response
	Ternary   *Ternary // nil where sources aren't three
	Next      []Proposal
}

// Proposal is a mixture to run next.
type Proposal struct {
	Run     table.Run
	PBetter float64 // that it is better than the best mixture that was run
	Confirm bool    // it is the recommended one
	Further bool    // it lies outside of what was tried, where more is expected
}

// View says what of an outlook is drawn.
type View struct {
	X, Y      string   // metrics of the front
	Responses []string // metrics whose answer to each source's share is drawn, those that rise apart
	Next      int      // how many mixtures to propose; the recommended one is among them unless it was run
}

// Look decides, and works out what is drawn beside the decision.
func Look(fit *surrogate.Fit, o Options, v View) Outlook {
	e := newEngine(fit, o)
	out := Outlook{Decision: e.decide(), Fit: fit}
	if e.metric(v.X) >= 0 && e.metric(v.Y) >= 0 {
		front := e.tradeoff(v.X, v.Y)
		out.Front = &front
	}
	for _, metrics := range e.drawn(v.Responses) {
		for _, j := range e.leading(out.Run) {
			if len(fit.Table.Sources) > 1 {
				out.Responses = append(out.Responses, e.respond(&out.Decision, j, metrics))
			}
		}
	}
	out.Ternary = e.ternary(&out.Decision)
	out.Next = e.next(&out.Decision, v.Next)
	return out
}

// mostDrawn is of how many metrics, and of how many sources, responses are drawn.
const mostDrawn = 5

// drawn are metrics by the side that is better, for one axis holds no others: those that fall, then those that rise.
func (e *engine) drawn(names []string) (out [][]int) {
	for _, down := range []float64{1, -1} {
		var metrics []int
		for _, name := range names {
			if k := e.metric(name); k >= 0 && e.down(name) == down && len(metrics) < mostDrawn {
				metrics = append(metrics, k)
			}
		}
		if len(metrics) > 0 {
			out = append(out, metrics)
		}
	}
	return out
}

// leading are the sources, those with the largest recommended shares where they are many.
func (e *engine) leading(run table.Run) []int {
	minus := make([]float64, len(e.fit.Table.Sources))
	for j := range minus {
		minus[j] = -e.share(run, j)
	}
	order := sortedBy(minus)[:min(len(minus), mostDrawn)]
	slices.Sort(order)
	return order
}

// next are the mixtures to run next: the recommended one, to confirm it, that outside of what was tried of which more is expected, and
// what their rule proposes.
func (e *engine) next(d *Decision, n int) []Proposal {
	if n < 1 {
		return nil
	}
	var runs []table.Run
	if d.Distance > 1e-6 {
		runs = append(runs, d.Run)
	}
	further := -1
	if d.Further != nil && !e.widened().known() && len(runs) < n {
		further, runs = len(runs), append(runs, d.Further.Run)
	}
	for _, run := range e.propose(d.Run, n) {
		if len(runs) < n && !slices.ContainsFunc(runs, func(r table.Run) bool { return Apart(run, r) <= alike }) {
			runs = append(runs, run)
		}
	}
	out := make([]Proposal, len(runs))
	better := e.chances(runs)
	for i, run := range runs {
		out[i] = Proposal{Run: run, PBetter: better[i], Confirm: i == 0 && d.Distance > 1e-6, Further: i == further}
	}
	return out
}

// chances are how likely each run is better than the best that was run.
func (e *engine) chances(runs []table.Run) []float64 {
	out := make([]float64, len(runs))
	best := e.bestSeen()
	if best < 0 || len(runs) == 0 {
		return out
	}
	all := append([]table.Run{e.region.tried[best]}, runs...)
	for _, row := range e.composed(e.fit.Draw(all, draws, e.options.Seed), len(all)) {
		for i := range runs {
			if row[1+i] < row[0] {
				out[i] += 1 / float64(draws)
			}
		}
	}
	return out
}

// Differences are what run a is expected to score minus run b, by metric of the fit.
func Differences(fit *surrogate.Fit, a, b table.Run, seed uint64) []Interval {
	drawn := fit.Draw([]table.Run{a, b}, draws, seed)
	out := make([]Interval, len(drawn))
	for k := range drawn {
		minus := make([]float64, len(drawn[k]))
		for s, row := range drawn[k] {
			minus[s] = row[0] - row[1]
		}
		out[k] = interval(minus)
	}
	return out
}
