package httpd

import (
	"context"
	"errors"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// apiRoutes are the JSON API. Its description is at openapi.json; there is no page for it, since that would load
// scripts from elsewhere.
func (s *Server) apiRoutes(r chi.Router) operations {
	config := huma.DefaultConfig("Haigo", s.options.Version)
	config.OpenAPIPath, config.DocsPath, config.SchemasPath, config.CreateHooks = "/openapi", "", "", nil
	config.Servers = []*huma.Server{{URL: "/api/v1"}}
	config.Info.Description = "Data-mixture ablations: sources, sweeps, runs, their metrics, charts and shared links."
	config.Components = &huma.Components{Schemas: huma.NewMapRegistry("#/components/schemas/", schemaName), SecuritySchemes: securitySchemes()}
	config.Security = s.guard.security()
	config.Transformers = []huma.Transformer{inOurForm}
	api := operations{API: humachi.New(r.With(compressed), config), server: s}
	api.UseMiddleware(api.refuseEmpty)
	api.OpenAPI().Components.Schemas.RegisterTypeAlias(reflect.TypeFor[ablation.Real](), reflect.TypeFor[real]())
	api.OpenAPI().Components.Schemas.RegisterTypeAlias(reflect.TypeFor[ablation.Divergence](), reflect.TypeFor[divergence]())
	api.sources()
	api.additions()
	api.sweeps()
	api.runs()
	api.charts()
	api.decisions()
	api.compare()
	api.recurrences()
	api.shares()
	api.alerts()
	api.storage()
	api.plain(r)
	api.complete()
	return api
}

// real describes ablation.Real.
type real struct{}

// Schema is a number, or one of the three words for what isn't finite.
func (real) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{OneOf: []*huma.Schema{{Type: huma.TypeNumber}, {Type: huma.TypeString, Enum: []any{"NaN", "Infinity", "-Infinity"}}}}
}

// divergence describes ablation.Divergence.
type divergence struct{}

// Schema is the name of a policy, or what a rollback does.
func (divergence) Schema(huma.Registry) *huma.Schema {
	number := func(kind string, least float64) *huma.Schema { return &huma.Schema{Type: kind, Minimum: &least} }
	return &huma.Schema{OneOf: []*huma.Schema{
		{Type: huma.TypeString, Enum: []any{ablation.DivergenceStop, ablation.DivergenceReport}},
		{
			Type: huma.TypeObject, Required: []string{"rollback"}, AdditionalProperties: false,
			Properties: map[string]*huma.Schema{"rollback": number(huma.TypeInteger, 1), "lr": number(huma.TypeNumber, 0), "skip": number(huma.TypeInteger, 0)},
		},
	}}
}

// operations registers what the API can do.
type operations struct {
	huma.API
	server *Server
	tag    string // under which operations are listed
}

// none is an operation without input, or without an answer.
type none struct{}

// body is an answer that is only a body.
type body[T any] struct{ Body T }

// list is an answer of several things, never null.
type list[T any] struct {
	Items []T `json:"items"`
}

func listOf[T any](items []T, err error) (*body[list[T]], error) {
	if err != nil {
		return nil, err
	}
	if items == nil {
		items = []T{}
	}
	return &body[list[T]]{list[T]{items}}, nil
}

// listIf is listOf of what read reads, where what it belongs to is there.
func listIf[T any](missing error, read func() ([]T, error)) (*body[list[T]], error) {
	if missing != nil {
		return nil, missing
	}
	return listOf(read())
}

// register adds an operation whose errors say only what a client may know.
func register[I, O any](o operations, method, path, id, summary string, call func(context.Context, *I) (*O, error)) {
	huma.Register(o.API, huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{o.tag}, MaxBodyBytes: maxBody},
		func(ctx context.Context, in *I) (*O, error) {
			out, err := call(ctx, in)
			if err != nil {
				return nil, o.refuse(ctx, id, err)
			}
			return out, nil
		})
}

func (o operations) refuse(ctx context.Context, operation string, err error) error {
	var answered huma.StatusError
	if errors.As(err, &answered) {
		return answered
	}
	p := newProblem(err)
	if inside(err) && !left(ctx) {
		o.server.options.Log.Error("an API call broke", "operation", operation, "err", err)
	}
	return p
}
