package httpd

import (
	"context"
	"errors"
	"net/http"

	"github.com/haigo-lab/haigo/services/ablation"
)

// documentInput is a sweep file as it is, in YAML.
type documentInput struct {
	RawBody []byte `contentType:"application/yaml"`
}

type applyInput struct {
	RawBody []byte `contentType:"application/yaml"`
	As      string `query:"as" doc:"Start it under this name instead of the document's"`
	Confirm string `query:"confirm" doc:"The name once more, where a recurrence has it: the file may replace it, or end it where it starts once. 409 without"`
}

type applied struct {
	Status int
	Body   struct {
		Sweep ablation.Sweep `json:"sweep" doc:"Without a state where the file recurs: then nothing starts before its first firing"`
		ablation.Applied
	}
}

type sweepInput struct {
	Sweep string `path:"sweep"`
}

type sweepsInput struct {
	Limit  int   `query:"limit" default:"100" minimum:"1" maximum:"500"`
	Before int64 `query:"before" doc:"Only sweeps with a smaller id, for the next page"`
}

func (o operations) sweeps() {
	o.tag = "sweeps"
	s := o.server
	store := s.options.Store
	register(o, http.MethodPost, "/sweeps/plan", "plan-sweep", "What a sweep file would run; stores nothing",
		func(ctx context.Context, in *documentInput) (*body[ablation.Plan], error) {
			plan, err := s.options.Sweeper.Plan(ctx, in.RawBody)
			return &body[ablation.Plan]{plan}, err
		})
	register(o, http.MethodPost, "/sweeps", "apply-sweep", "Start a sweep file's sweep, let it grow, or find it started",
		func(ctx context.Context, in *applyInput) (*applied, error) {
			return s.apply(ctx, in.RawBody, in.As, in.Confirm)
		})
	register(o, http.MethodGet, "/sweeps", "list-sweeps", "Sweeps, newest first",
		func(ctx context.Context, in *sweepsInput) (*body[list[ablation.Sweep]], error) {
			return listOf(store.Sweeps(ctx, in.Limit, in.Before))
		})
	register(o, http.MethodGet, "/sweeps/{sweep}", "get-sweep", "One sweep",
		func(ctx context.Context, in *sweepInput) (*body[ablation.Sweep], error) {
			return one(store.Sweep(ctx, in.Sweep))
		})
	register(o, http.MethodGet, "/sweeps/{sweep}/arms", "list-arms", "A sweep's arms in their order, with what is sampled when",
		func(ctx context.Context, in *sweepInput) (*body[list[ablation.Arm]], error) {
			_, err := store.Sweep(ctx, in.Sweep)
			return listIf(err, func() ([]ablation.Arm, error) { return store.Arms(ctx, in.Sweep) })
		})
	register(o, http.MethodGet, "/sweeps/{sweep}/runs", "list-runs", "A sweep's runs in the plan's order, with their progress",
		func(ctx context.Context, in *sweepInput) (*body[list[ablation.Run]], error) {
			_, err := store.Sweep(ctx, in.Sweep)
			return listIf(err, func() ([]ablation.Run, error) { return store.Runs(ctx, in.Sweep) })
		})
	register(o, http.MethodGet, "/sweeps/{sweep}/results", "list-results", "The newest counting values of every run's metrics",
		func(ctx context.Context, in *sweepInput) (*body[list[ablation.Result]], error) {
			_, err := store.Sweep(ctx, in.Sweep)
			return listIf(err, func() ([]ablation.Result, error) { return store.Results(ctx, in.Sweep) })
		})
	o.change("/sweeps/{sweep}/pause", "pause-sweep", "Claim no more of its runs", store.PauseSweep)
	o.change("/sweeps/{sweep}/resume", "resume-sweep", "Claim its runs again", store.ResumeSweep)
	o.change("/sweeps/{sweep}/stop", "stop-sweep", "Stop all its runs that are left", store.StopSweep)
}

// one is an answer of one thing.
func one[T any](v T, err error) (*body[T], error) {
	if err != nil {
		return nil, err
	}
	return &body[T]{v}, nil
}

// change registers a change of a sweep's state; the answer is the sweep as it then is.
func (o operations) change(path, id, summary string, change func(context.Context, string) error) {
	register(o, http.MethodPost, path, id, summary, func(ctx context.Context, in *sweepInput) (*body[ablation.Sweep], error) {
		if err := change(ctx, in.Sweep); err != nil {
			return nil, err
		}
		return one(o.server.options.Store.Sweep(ctx, in.Sweep))
	})
}

// apply starts a document's sweep. A recurrence that is lost by that must be confirmed by its name.
func (s *Server) apply(ctx context.Context, document []byte, as, confirm string) (*applied, error) {
	sweep, done, err := s.options.Sweeper.Apply(ctx, document, as)
	var lost *ablation.Superseding
	if errors.As(err, &lost) && lost.Recurrence.Name == confirm {
		sweep, done, err = s.options.Sweeper.Replace(ctx, document, as)
	}
	if err != nil {
		return nil, err
	}
	answer := &applied{Status: http.StatusOK}
	switch {
	case done.Created:
		answer.Status = http.StatusCreated
		s.options.Log.Info("a sweep was started", "sweep", sweep.Name, "runs", sweep.Counts.Total())
	case len(done.Added) > 0:
		s.options.Log.Info("a sweep has grown", "sweep", sweep.Name, "runs", sweep.Counts.Total())
	}
	answer.Body.Sweep, answer.Body.Applied = sweep, done
	return answer, nil
}
