package httpd

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-chi/chi/v5"
)

// plain serves what isn't JSON, past the framework, and describes it beside the rest.
func (o operations) plain(r chi.Router) {
	s := o.server
	o.tag = "events"
	r.Get("/events", s.stream)
	o.describe("/events", "watch-events", "Server-sent events without end, one a change: each names the sweep and the run that changed, or the source, recurrence or share, "+
		"and an empty one says that changes may have been missed. Events named beat say every 15 seconds that the stream lives", "text/event-stream",
		query("sweep", "Only events of this sweep"), query("sources", "Only events of sources, as they are added and read"),
		query("recurrences", "Only events of recurrences, their firings and sweeps"), query("shares", "Only events of shares, as they are made, seen and revoked"))
	o.tag = "charts"
	from := unsigned("from", "Of a curve: where it begins, in the unit of its x axis")
	to := unsigned("to", "Of a curve: where it ends, in the unit of its x axis; 0: at its end")
	r.Get("/sweeps/{sweep}/charts/{chart}.csv", s.sweepCSV)
	o.describe("/sweeps/{sweep}/charts/{chart}.csv", "get-sweep-chart-csv", "The points of a chart of a sweep, in full precision", "text/csv",
		inPath("sweep"), inPath("chart", "tradeoff", "curve", "mixture", "accuracy", "front", "response", "ternary", "stability", "matrix"),
		query("metric", "Of a curve, as in bpb/ja; of a response: the chart that it is in"), query("arm", "Of a mixture"), query("task", "Of an accuracy"), query("source", "Of a response"),
		query("objective", "Of a front, response, ternary plot or matrix: what to decide by"), from, to)
	r.Get("/runs/{run}/charts/{chart}.csv", s.runCSV)
	o.describe("/runs/{run}/charts/{chart}.csv", "get-run-chart-csv", "The points of a chart of a run, in full precision", "text/csv",
		inPath("run"), inPath("chart", "curve", "mixture"), repeated(query("metric", "Of a curve; one column each"), maxMetrics), from, to)
	r.Get("/compare/charts/{chart}.csv", s.compareCSV)
	o.describe("/compare/charts/{chart}.csv", "get-compare-chart-csv", "The points of a comparing chart, in full precision", "text/csv",
		inPath("chart", "curve", "difference"), repeated(query("arm", "Arms with all their runs, as SWEEP/ARM"), maxRuns), repeated(query("run", "Ids of single runs"), maxRuns),
		needed(query("metric", "As in bpb/ja")), query("x", "tokens, steps, flops or time"), from, to)
}

func (o operations) describe(path, id, summary, kind string, parameters ...*huma.Param) {
	text := &huma.MediaType{}
	if kind != "text/event-stream" { // its events are no one string
		text.Schema = &huma.Schema{Type: huma.TypeString}
	}
	o.OpenAPI().AddOperation(&huma.Operation{
		OperationID: id, Method: http.MethodGet, Path: path, Summary: summary, Tags: []string{o.tag}, Parameters: parameters,
		Responses: map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{kind: text}}},
	})
}

func query(name, doc string) *huma.Param {
	return &huma.Param{Name: name, In: "query", Description: doc, Schema: &huma.Schema{Type: huma.TypeString}}
}

// needed is a parameter that can't be left out or empty.
func needed(p *huma.Param) *huma.Param {
	p.Required, p.Schema.MinLength = true, new(1)
	return p
}

// unsigned is a number of 0 or more.
func unsigned(name, doc string) *huma.Param {
	least := 0.0
	return &huma.Param{Name: name, In: "query", Description: doc, Schema: &huma.Schema{Type: huma.TypeNumber, Minimum: &least}}
}

// repeated is a parameter that may be given several times.
func repeated(p *huma.Param, most int) *huma.Param {
	explode := true
	p.Explode, p.Schema = &explode, &huma.Schema{Type: huma.TypeArray, Items: p.Schema, MaxItems: &most}
	return p
}

func inPath(name string, values ...any) *huma.Param {
	return &huma.Param{Name: name, In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString, Enum: values}}
}
