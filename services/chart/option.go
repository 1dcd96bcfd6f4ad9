package chart

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"

	"github.com/haigo-lab/haigo/services/ablation"
)

// row is one point of a series.
type row []any

// point is a row of finite or unknown numbers; what isn't known is null.
func point(values ...float64) row {
	r := make(row, len(values))
	for i, v := range values {
		r[i] = cell(v)
	}
	return r
}

// drawing collects a figure's series and, beside each, what it means.
type drawing struct {
	chart *charts.Scatter
	means []Series
}

func newDrawing(x, y scale) *drawing {
	c := charts.NewScatter()
	c.SetGlobalOptions(
		charts.WithAnimation(false),
		charts.WithXAxisOpts(opts.XAxis{Type: "value", Min: ablation.Real(x.min), Max: ablation.Real(x.max), MinInterval: x.step, MaxInterval: x.step}),
		charts.WithYAxisOpts(opts.YAxis{Type: "value", Min: ablation.Real(y.min), Max: ablation.Real(y.max), MinInterval: y.step, MaxInterval: y.step}),
	)
	return &drawing{chart: c, means: []Series{}}
}

// shapeOf is the ECharts type that a role is drawn with; custom ones are drawn by the page's script.
func shapeOf(r Role) string {
	switch r {
	case RoleSeed, RoleMean, RoleNonfinite, RoleSpike, RoleLedger, RoleOdds, RolePick, RoleAdjusted, RoleSeen, RoleTurned, RoleNext:
		return "scatter"
	case RoleInterval, RoleBand, RolePlanned, RoleGrid, RoleCell:
		return "custom"
	}
	return "line"
}

// add appends a series; one without points is left out.
func (d *drawing) add(s Series, rows []row) {
	if len(rows) == 0 {
		return
	}
	d.chart.MultiSeries = append(d.chart.MultiSeries, charts.SingleSeries{Name: s.Label.In("en"), Type: shapeOf(s.Role), Data: rows})
	d.means = append(d.means, s)
}

// finish puts option and meaning into the figure.
func (d *drawing) finish(f *Figure) error {
	option := d.chart.JSON()
	for _, unused := range []string{"title", "legend", "toolbox", "tooltip", "color"} {
		delete(option, unused)
	}
	if len(d.means) == 0 {
		option["series"] = []any{}
	}
	text, err := json.Marshal(option)
	if err != nil {
		return fmt.Errorf("build option of %s: %w", f.ID, err)
	}
	f.Option, f.Series = text, d.means
	return nil
}

// scale is an axis's ends and the distance of its ticks.
type scale struct{ min, max, step float64 }

// Frame is the part of the x axis that a figure of curves shows, in that axis's unit. The zero Frame is all of it.
type Frame struct {
	From, To float64 // To 0: up to the end
}

func (f Frame) whole() bool { return f.From <= 0 && f.To <= 0 }

func (f Frame) holds(x float64) bool { return x >= f.From && (f.To <= 0 || x <= f.To) }

// scale is the axis of a frame into 0 to end, with about n intervals. A frame that holds nothing shows all.
func (f Frame) scale(end float64, n int) scale {
	to := end
	if f.To > 0 {
		to = f.To
	}
	if f.whole() || f.From >= to {
		return upTo(end, n)
	}
	return scale{max(0, f.From), to, nearest((to - f.From) / float64(n))}
}

// around is a scale with round ticks that holds every value, with about n intervals; pad widens it by a share of its
// span on both sides first. Values that aren't finite are passed over; without any the scale is 0 to 1.
func around(values []float64, n int, pad float64) scale {
	values = slices.DeleteFunc(slices.Clone(values), func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
	if len(values) == 0 {
		return scale{0, 1, .25}
	}
	low, high := slices.Min(values), slices.Max(values)
	span := high - low
	if span <= 1e-9*max(math.Abs(low), math.Abs(high)) {
		span = max(math.Abs(high)*.02, 1e-6)
		low, high = low-span/2, high+span/2
	}
	low, high = low-pad*span, high+pad*span
	step := nearest((high - low) / float64(n))
	return scale{tick(math.Floor(low/step+1e-9), step), tick(math.Ceil(high/step-1e-9), step), step}
}

// upTo is a scale from 0 to just that end, with at most n intervals and a rest.
func upTo(end float64, n int) scale {
	if !(end > 0) {
		end = 1
	}
	v := end / float64(n)
	exponent := math.Floor(math.Log10(v))
	for _, m := range []float64{1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8} {
		if step := decimal(m, exponent); step > .98*v { // a budget rounds up to a whole step, and is a little odd
			return scale{0, end, step}
		}
	}
	return scale{0, end, decimal(10, exponent)}
}

// nearest is the round number nearest to v by ratio: 1, 2 or 5 times a power of ten.
func nearest(v float64) float64 {
	exponent := math.Floor(math.Log10(v))
	best := decimal(1, exponent)
	for _, m := range []float64{2, 5, 10} {
		if step := decimal(m, exponent); math.Abs(math.Log(step/v)) < math.Abs(math.Log(best/v)) {
			best = step
		}
	}
	return best
}

// decimal is m × 10^exponent without the error of a negative power.
func decimal(m, exponent float64) float64 {
	if exponent < 0 {
		return m / math.Pow(10, -exponent)
	}
	return m * math.Pow(10, exponent)
}

// tick is n steps, rounded to the digits that a step has.
func tick(n, step float64) float64 {
	digits := math.Pow(10, math.Ceil(-math.Log10(step))+1)
	if digits < 1 {
		return n * step
	}
	return math.Round(n*step*digits) / digits
}
