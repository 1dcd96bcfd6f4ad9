package decision

import (
	"math"
	"slices"

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
	sx, sy := e.down(x), e.down(y)
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
func (e *engine) down(metric string) float64 {
	if e.fit.Rising(metric) {
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
		end := 0
		for j := range n {
			if sx*x[s][j] < sx*x[s][end] {
				end = j
			}
		}
		for i := range n {
			best, beaten := math.Inf(1), false // where no X is as good in this draw, the best one counts
			for j := range n {
				beaten = beaten || sx*x[s][j] < sx*x[s][i] && sy*y[s][j] < sy*y[s][i]
				if sx*x[s][j] <= sx*f.Points[i].X.Mean {
					best = min(best, sy*y[s][j])
				}
			}
			if !beaten {
				f.Points[i].P += 1 / float64(len(x))
			}
			if math.IsInf(best, 1) {
				best = sy * y[s][end]
			}
			band[i] = append(band[i], sy*best)
		}
	}
	for i := range n {
		f.Points[i].Band = interval(band[i])
	}
}

func pick[T any](all []T, rows []int) []T {
	out := make([]T, len(rows))
	for k, i := range rows {
		out[k] = all[i]
	}
	return out
}
