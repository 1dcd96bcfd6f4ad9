package httpd

import (
	"context"
	"net/http"

	"github.com/haigo-lab/haigo/services/ablation"
)

type recurrenceInput struct {
	Recurrence string `path:"recurrence" doc:"The name in its sweep file"`
}

type firingsInput struct {
	Recurrence string `path:"recurrence" doc:"The name in its sweep file"`
	Limit      int    `query:"limit" default:"100" minimum:"1" maximum:"1000"`
}

func (o operations) recurrences() {
	o.tag = "recurrences"
	store := o.server.options.Store
	register(o, http.MethodGet, "/recurrences", "list-recurrences", "Sweep files that a clock starts, by name; applying a file with the key recurrence adds one",
		func(ctx context.Context, _ *none) (*body[list[ablation.RecurringSweep]], error) {
			return listOf(store.Recurrences(ctx))
		})
	register(o, http.MethodGet, "/recurrences/{recurrence}", "get-recurrence", "One recurrence",
		func(ctx context.Context, in *recurrenceInput) (*body[ablation.RecurringSweep], error) {
			return one(store.Recurrence(ctx, in.Recurrence))
		})
	register(o, http.MethodGet, "/recurrences/{recurrence}/firings", "list-firings", "What became of its planned times, newest first",
		func(ctx context.Context, in *firingsInput) (*body[list[ablation.Firing]], error) {
			_, err := store.Recurrence(ctx, in.Recurrence)
			return listIf(err, func() ([]ablation.Firing, error) { return store.Firings(ctx, in.Recurrence, in.Limit) })
		})
	o.changeRecurrence("/recurrences/{recurrence}/pause", "pause-recurrence", "Start nothing until it is resumed", store.PauseRecurrence)
	o.changeRecurrence("/recurrences/{recurrence}/resume", "resume-recurrence", "Start sweeps again", store.ResumeRecurrence)
	o.changeRecurrence("/recurrences/{recurrence}/end", "end-recurrence", "Take it off the clock; what became of its firings stays", o.server.endRecurrence)
}

func (o operations) changeRecurrence(path, id, summary string, change func(context.Context, string) error) {
	register(o, http.MethodPost, path, id, summary, func(ctx context.Context, in *recurrenceInput) (*body[ablation.RecurringSweep], error) {
		if err := change(ctx, in.Recurrence); err != nil {
			return nil, err
		}
		return one(o.server.options.Store.Recurrence(ctx, in.Recurrence))
	})
}
