package decision

import (
	"math"
	"slices"

	"github.com/haigo-lab/haigo/services/analysis"
	"github.com/haigo-lab/haigo/services/analysis/surrogate"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// Response is what metrics do as one source's share of the tokens changes, the other sources keeping their proportions.
type Response struct {
	Source     int
	Metrics    []int // of the fit
	Low, Top   float64
	Points     []ResponsePoint // by share
	Seen       []ResponseSeen
	Recommends float64 // share of the recommended run
	Optimum    Range   // where the share of the best mixture may lie, whatever the others' shares
}

// ResponsePoint is what is expected at one share, without the noise of single runs.
type ResponsePoint struct {
	Share  float64
	Run    table.Run
	Values []Interval // by Metrics
	Laws   []float64  // by Metrics: what the law under the models says by itself; NaN where a metric has none
}

// ResponseSeen is what one tried mixture scored, moved to the curve: its distance from what the models expect of it stands at
// its share.
type ResponseSeen struct {
	Arm    int // of the decision
	Share  float64
	Values []float64 // by Metrics; NaN where it has none
}

const responsePoints = 37

// respond walks one source's share through the recommended run, a little beyond what was tried.
func (e *engine) respond(d *Decision, source int, metrics []int) Response {
	r := Response{Source: source, Metrics: metrics, Low: 1, Recommends: e.share(d.Run, source)}
	for _, run := range e.region.tried {
		share := e.share(run, source)
		r.Low, r.Top = min(r.Low, share), max(r.Top, share)
	}
	margin := 0.25 * (r.Top - r.Low)
	from, to := max(0, r.Low-margin), min(1, r.Top+margin)
	for i := range responsePoints {
		share := from + (to-from)*float64(i)/(responsePoints-1)
		r.Points = append(r.Points, ResponsePoint{Share: share, Run: e.shifted(d.Run, source, share)})
	}
	e.expect(&r)
	e.adjust(d, &r)
	r.Optimum = e.spanned(d.optima, source)
	return r
}

// spanned is from where to where one source's share goes in nine of ten runs.
func (e *engine) spanned(runs []table.Run, source int) Range {
	shares := make([]float64, len(runs))
	for i, run := range runs {
		shares[i] = e.share(run, source)
	}
	slices.Sort(shares)
	tail := (1 - analysis.Level) / 2
	return Range{quantile(shares, tail), quantile(shares, 1-tail)}
}

// share is a source's share of all of a run's tokens.
func (e *engine) share(run table.Run, source int) float64 {
	sum := 0.0
	for p, s := range e.fit.Shares() {
		sum += s * run.Shares[p][source]
	}
	return sum
}

// shifted is a run in which one source has another share; phases keep their proportions of it, and of the rest.
func (e *engine) shifted(run table.Run, source int, to float64) table.Run {
	out, from := copied(run), e.share(run, source)
	for p, phase := range out.Shares {
		own := to
		switch {
		case from > 0 && to <= from:
			own = phase[source] * to / from
		case from < 1 && to > from:
			own = 1 - (1-phase[source])*(1-to)/(1-from)
		}
		rest := 1 - phase[source]
		for j := range phase {
			switch {
			case j == source:
			case rest > 1e-9:
				phase[j] *= (1 - own) / rest
			default:
				phase[j] = (1 - own) / float64(len(phase)-1)
			}
		}
		out.Shares[p][source] = own
	}
	return out
}

func (e *engine) expect(r *Response) {
	runs := make([]table.Run, len(r.Points))
	for i, p := range r.Points {
		runs[i] = p.Run
	}
	drawn, laws := e.fit.Draw(runs, draws, e.options.Seed), e.fit.Laws()
	for i := range r.Points {
		for _, k := range r.Metrics {
			r.Points[i].Values = append(r.Points[i].Values, interval(across(drawn[k], i)))
			r.Points[i].Laws = append(r.Points[i].Laws, lawAt(laws, e.fit.Table.Metrics[k], runs[i]))
		}
	}
}

// lawAt is what a metric's law says of a run; NaN where it has none.
func lawAt(laws []surrogate.Law, metric string, run table.Run) float64 {
	i := slices.IndexFunc(laws, func(l surrogate.Law) bool { return l.Metric == metric })
	if i < 0 {
		return math.NaN()
	}
	return laws[i].At(run)
}

// adjust moves what was measured onto the curve, also that of runs of other sizes than the curve's.
func (e *engine) adjust(d *Decision, r *Response) {
	on, as := make([]table.Run, len(e.region.tried)), make([]table.Run, len(e.region.tried))
	for i, run := range e.region.tried {
		on[i], as[i] = e.shifted(d.Run, r.Source, e.share(run, r.Source)), e.fit.Table.Runs[e.groups[i][0]]
	}
	expected, moved := e.fit.Means(as), e.fit.Means(on)
	for i, group := range e.groups {
		seen := ResponseSeen{Arm: i, Share: e.share(e.region.tried[i], r.Source)}
		for _, k := range r.Metrics {
			seen.Values = append(seen.Values, moved[i][k]+e.measured(group, k)-expected[i][k])
		}
		if slices.ContainsFunc(seen.Values, func(v float64) bool { return !math.IsNaN(v) }) {
			r.Seen = append(r.Seen, seen)
		}
	}
}

// measured is the mean of a metric over the runs of one mixture that have it; NaN where none has.
func (e *engine) measured(group []int, metric int) float64 {
	sum, n := 0.0, 0
	for _, i := range group {
		if v := e.fit.Table.Runs[i].Values[metric]; !math.IsNaN(v) {
			sum, n = sum+v, n+1
		}
	}
	return sum / float64(n)
}
