package httpd

import (
	"context"
	"net/http"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/corpus"
)

type sourceInput struct {
	Source  string `path:"source"`
	Version string `query:"version" doc:"Of the source; empty: the newest"`
}

type samplesInput struct {
	Source  string `path:"source"`
	Version string `query:"version" doc:"Of the source; empty: the newest"`
	Limit   int    `query:"limit" default:"6" minimum:"1" maximum:"100"`
}

func (o operations) sources() {
	o.tag = "sources"
	options := o.server.options
	register(o, http.MethodGet, "/sources", "list-sources", "All versions of all sources, the newest of each name first",
		func(ctx context.Context, _ *none) (*body[list[ablation.Source]], error) {
			return listOf(options.Store.Sources(ctx))
		})
	register(o, http.MethodGet, "/sources/{source}/samples", "list-samples", "A few of a source's documents, cut where they are long",
		func(ctx context.Context, in *samplesInput) (*body[list[spec.Document]], error) {
			source, err := options.Store.Source(ctx, in.Source, in.Version)
			return listIf(err, func() ([]spec.Document, error) { return options.Samples(source.Dir, in.Limit) })
		})
	register(o, http.MethodGet, "/sources/{source}/problems", "list-problems", "Examples of what a source left out, with file, line and reason",
		func(ctx context.Context, in *sourceInput) (*body[list[corpus.Problem]], error) {
			source, err := options.Store.Source(ctx, in.Source, in.Version)
			return listIf(err, func() ([]corpus.Problem, error) { return options.Problems(source.Dir) })
		})
	register(o, http.MethodGet, "/tasks", "list-tasks", "All evaluation tasks",
		func(ctx context.Context, _ *none) (*body[list[ablation.Task]], error) {
			return listOf(options.Store.Tasks(ctx))
		})
}
