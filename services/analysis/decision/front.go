package decision

import (
	"math"
	"slices"

	"github.com/haigo-lab/haigo/services/analysis"
	"github.com/haigo-lab/haigo/services/analysis/surrogate"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// Front is the trade-off of two metrics over mixtures that may be recommended, in order of the first metric, best first.
type Front struct {
	X, Y   string
	Points []FrontPoint
}

// FrontPoint is a mixture of which no other is expected to be better in both metrics.
type FrontPoint struct {
	Run  table.Run
	X, Y Interval
	P    float64  // that no other point of the front is better in both
	Band Interval // of the best Y that is to be had with an X as good as this point's mean
}

// frontPoints is how many points stand for a front.
const frontPoints = 40

// MakeFront finds the trade-off of two metrics.
func MakeFront(fit *surrogate.Fit, o Options, x, y string) Front {
	e := newEngine(fit, o)
	return e.tradeoff(x, y)
}

func (e *engine) tradeoff(x, y string) Front {
	kx, ky := e.metric(x), e.metric(y)
	sx, sy := down(x), down(y)
	pool, means := e.pool()
	runs := pick(pool, thin(undominated(means, kx, ky, sx, sy), frontPoints))
	drawn := e.fit.Draw(runs, draws, e.options.Seed)
	f := Front{X: x, Y: y}
	for i, run := range runs {
		f.Points = append(f.Points, FrontPoint{Run: run, X: interval(across(drawn[kx], i)), Y: interval(across(drawn[ky], i))})
	}
	f.uncertain(drawn[kx], drawn[ky], sx, sy)
	return f
}

// metric is a metric's place in the fit, -1 where that hasn't it.
func (e *engine) metric(name string) int { return slices.Index(e.fit.Table.Metrics, name) }

// down is the sign that makes lower better.
func down(metric string) float64 {
	if surrogate.Rising(metric) {
		return -1
	}
	return 1
}

func across(draws [][]float64, i int) []float64 {
	out := make([]float64, len(draws))
	for s, row := range draws {
		out[s] = row[i]
	}
	return out
}

// undominated are the points of which none is better in both, by the first.
func undominated(means [][]float64, kx, ky int, sx, sy float64) []int {
	x := make([]float64, len(means))
	for i, m := range means {
		x[i] = sx * m[kx]
	}
	var out []int
	least := math.Inf(1)
	for _, i := range sortedBy(x) {
		if v := sy * means[i][ky]; v < least {
			least = v
			out = append(out, i)
		}
	}
	return out
}

// thin keeps at most n, evenly, both ends among them.
func thin(all []int, n int) []int {
	if len(all) <= n {
		return all
	}
	out := make([]int, n)
	for i := range out {
		out[i] = all[i*(len(all)-1)/(n-1)]
	}
	return out
}

// uncertain fills in how sure each point's place is, and the band.
func (f *Front) uncertain(x, y [][]float64, sx, sy float64) {
	n := len(f.Points)
	band := make([][]float64, n)
	for s := range x {
		for i := range n {
			best, beaten := math.Inf(1), false
			for j := range n {
				beaten = beaten || sx*x[s][j] < sx*x[s][i] && sy*y[s][j] < sy*y[s][i]
				if sx*x[s][j] <= sx*f.Points[i].X.Mean {
					best = min(best, sy*y[s][j])
				}
			}
			if !beaten {
				f.Points[i].P += 1 / float64(len(x))
			}
			if !math.IsInf(best, 1) {
				band[i] = append(band[i], sy*best)
			}
		}
	}
	for i := range n {
		f.Points[i].Band = f.Points[i].Y
		if float64(len(band[i])) > analysis.Level*float64(len(x)) {
			f.Points[i].Band = interval(band[i])
		}
	}
}

// Price is what a point of one metric costs in points of another, from the recommended mixture along their front: what
// the second gets worse by, for each unit that the first gets better by.
type Price struct {
	Of, In string
	Gain   float64 // the step along the front that it is taken over, in units of Of
	Cost   Interval
	Run    table.Run // the mixture at the end of that step
}

// mostPriced is of how many metrics prices are made.
const mostPriced = 4

// prices are those of each two metrics of the objective, where these are few.
func (e *engine) prices(d *Decision) {
	var names []string
	for k, w := range e.weights {
		if w != 0 {
			names = append(names, e.fit.Table.Metrics[k])
		}
	}
	if len(names) > mostPriced {
		return
	}
	for _, of := range names {
		for _, in := range names {
			if of != in {
				e.price(d, of, in)
			}
		}
	}
}

// step of a front, as a part of its length, that a price is taken over.
const priceStep = 0.1

func (e *engine) price(d *Decision, of, in string) {
	f := e.tradeoff(of, in)
	if len(f.Points) < 2 {
		return
	}
	k, l := e.metric(of), e.metric(in)
	sk, sl := down(of), down(in)
	here := sk * d.Metrics[k].Mean
	length := sk * (f.Points[len(f.Points)-1].X.Mean - f.Points[0].X.Mean)
	to := -1
	for i, p := range f.Points {
		if here-sk*p.X.Mean >= priceStep*length {
			to = i // the front begins with the best
		}
	}
	if to < 0 {
		return
	}
	end := f.Points[to].Run
	drawn := e.fit.Draw([]table.Run{d.Run, end}, draws, e.options.Seed)
	gain := here - sk*f.Points[to].X.Mean
	costs := make([]float64, draws)
	for s := range costs {
		costs[s] = sl * (drawn[l][s][1] - drawn[l][s][0]) / gain
	}
	d.Prices = append(d.Prices, Price{Of: of, In: in, Gain: gain, Cost: interval(costs), Run: end})
}

func pick[T any](all []T, rows []int) []T {
	out := make([]T, len(rows))
	for k, i := range rows {
		out[k] = all[i]
	}
	return out
}
