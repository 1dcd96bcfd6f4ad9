package httpd

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/haigo-lab/haigo/services/chart"
)

type sweepChartInput struct {
	Sweep  string `path:"sweep"`
	Chart  string `path:"chart" enum:"tradeoff,curve,mixture,accuracy,front,response,ternary,stability,matrix"`
	Metric string `query:"metric" doc:"Of a curve, as in bpb/ja; of a response: the chart that it is in"`
	Arm    string `query:"arm" doc:"Of a mixture"`
	Task   string `query:"task" doc:"Of an accuracy"`
	Source string `query:"source" doc:"Of a response"`
	AimInput
	From        float64 `query:"from" minimum:"0" doc:"Of a curve: where it begins, in the unit of its x axis"`
	To          float64 `query:"to" minimum:"0" doc:"Of a curve: where it ends, in the unit of its x axis; 0: at its end"`
	IfNoneMatch string  `header:"If-None-Match"`
}

type runChartInput struct {
	Run         string   `path:"run"`
	Chart       string   `path:"chart" enum:"curve,mixture"`
	Metric      []string `query:"metric,explode" maxItems:"16" doc:"Of a curve; one line each"`
	From        float64  `query:"from" minimum:"0" doc:"Of a curve: where it begins, in the unit of its x axis"`
	To          float64  `query:"to" minimum:"0" doc:"Of a curve: where it ends, in the unit of its x axis; 0: at its end"`
	IfNoneMatch string   `header:"If-None-Match"`
}

// Resolve refuses what the framework passes over: a parameter whose first value is empty.
func (*runChartInput) Resolve(c huma.Context) []error { return tooMany(c, maxMetrics, "metric") }

func (o operations) charts() {
	o.tag = "charts"
	s := o.server
	register(o, http.MethodGet, "/sweeps/{sweep}/charts/{chart}", "get-sweep-chart", "A chart of a sweep; with .csv at its end, its points",
		func(ctx context.Context, in *sweepChartInput) (*tagged, error) {
			q := chartQuery{kind: in.Chart, arm: in.Arm, task: in.Task, source: in.Source, aim: in.aim(), frame: chart.Frame{From: in.From, To: in.To}}
			if in.Metric != "" {
				q.metrics = []string{in.Metric}
			}
			figure, err := s.sweepFigure(ctx, in.Sweep, q)
			return figure.unless(in.IfNoneMatch, err)
		})
	register(o, http.MethodGet, "/runs/{run}/charts/{chart}", "get-run-chart", "A chart of a run; with .csv at its end, its points",
		func(ctx context.Context, in *runChartInput) (*tagged, error) {
			figure, err := s.runFigure(ctx, in.Run, chartQuery{kind: in.Chart, metrics: in.Metric, frame: chart.Frame{From: in.From, To: in.To}})
			return figure.unless(in.IfNoneMatch, err)
		})
}
