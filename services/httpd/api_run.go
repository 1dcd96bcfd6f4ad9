package httpd

import (
	"context"
	"math"
	"net/http"

	"github.com/haigo-lab/haigo/services/ablation"
)

type runInput struct {
	Run string `path:"run"`
}

type curveInput struct {
	Run     string `path:"run"`
	Metric  string `query:"metric" required:"true" minLength:"1" doc:"Name of the metric, as in bpb/ja"`
	From    int64  `query:"from_step" minimum:"0"`
	To      int64  `query:"to_step" doc:"0: to the end"`
	Buckets int    `query:"buckets" default:"1000" minimum:"1" maximum:"10000" doc:"About how many buckets at most; spikes are kept at any number"`
}

type logsInput struct {
	Run   string `path:"run"`
	Limit int    `query:"limit" default:"100" minimum:"1" maximum:"1000"`
}

func (o operations) runs() {
	o.tag = "runs"
	store := o.server.options.Store
	register(o, http.MethodGet, "/runs/{run}", "get-run", "One run with its progress",
		func(ctx context.Context, in *runInput) (*body[ablation.Run], error) {
			return one(store.Run(ctx, in.Run))
		})
	register(o, http.MethodPost, "/runs/{run}/stop", "stop-run", "Let a run checkpoint and leave, or take it from the queue",
		func(ctx context.Context, in *runInput) (*body[ablation.Run], error) {
			if err := store.StopRun(ctx, in.Run, ablation.StopPerson); err != nil {
				return nil, err
			}
			return one(store.Run(ctx, in.Run))
		})
	register(o, http.MethodPost, "/runs/{run}/retry", "retry-run", "Queue an ended run again that did not complete",
		func(ctx context.Context, in *runInput) (*body[ablation.Run], error) {
			if err := store.RetryRun(ctx, in.Run); err != nil {
				return nil, err
			}
			return one(store.Run(ctx, in.Run))
		})
	register(o, http.MethodGet, "/runs/{run}/attempts", "list-attempts", "A run's attempts, oldest first",
		func(ctx context.Context, in *runInput) (*body[list[ablation.Attempt]], error) {
			_, err := store.Run(ctx, in.Run)
			return listIf(err, func() ([]ablation.Attempt, error) { return store.Attempts(ctx, in.Run) })
		})
	register(o, http.MethodGet, "/runs/{run}/spikes", "list-spikes", "A run's ledger: where its training went wrong, what it read there, and what was done",
		func(ctx context.Context, in *runInput) (*body[list[ledgerEntry]], error) {
			run, err := store.Run(ctx, in.Run)
			return listIf(err, func() ([]ledgerEntry, error) { return o.ledger(ctx, run) })
		})
	register(o, http.MethodGet, "/runs/{run}/logs", "list-logs", "The end of a run's log, oldest line first",
		func(ctx context.Context, in *logsInput) (*body[list[ablation.LogLine]], error) {
			_, err := store.Run(ctx, in.Run)
			return listIf(err, func() ([]ablation.LogLine, error) { return store.Logs(ctx, in.Run, in.Limit) })
		})
	register(o, http.MethodGet, "/runs/{run}/metrics", "list-metrics", "Names of a run's metrics",
		func(ctx context.Context, in *runInput) (*body[list[string]], error) {
			_, err := store.Run(ctx, in.Run)
			return listIf(err, func() ([]string, error) { return store.MetricNames(ctx, []string{in.Run}) })
		})
	register(o, http.MethodGet, "/runs/{run}/curves", "get-curve", "One metric of a run as buckets that keep every extreme",
		func(ctx context.Context, in *curveInput) (*body[ablation.Curve], error) { return o.curve(ctx, in) })
}

// ledgerEntry is an entry of a run's ledger.
type ledgerEntry struct {
	ablation.Spike
	WastedTokens int64 `json:"wasted_tokens,omitempty" doc:"What was trained in vain; left out while that isn't known"`
}

func (o operations) ledger(ctx context.Context, run ablation.Run) ([]ledgerEntry, error) {
	store := o.server.options.Store
	sweep, err := store.Sweep(ctx, run.Sweep)
	if err != nil {
		return nil, err
	}
	spikes, err := store.Spikes(ctx, run.ID)
	out := make([]ledgerEntry, len(spikes))
	for i, s := range spikes {
		out[i] = ledgerEntry{s, s.Wasted() * sweep.Recipe.TokensPerStep()}
	}
	return out, err
}

func (o operations) curve(ctx context.Context, in *curveInput) (*body[ablation.Curve], error) {
	if in.To == 0 {
		in.To = math.MaxInt64
	}
	if _, err := o.server.options.Store.Run(ctx, in.Run); err != nil {
		return nil, err
	}
	curves, err := o.server.options.Store.Curves(ctx, []string{in.Run}, in.Metric, in.From, in.To, in.Buckets)
	if err != nil {
		return nil, err
	}
	if len(curves) == 0 {
		return nil, ablation.ErrNotFound
	}
	return &body[ablation.Curve]{curves[0]}, nil
}
