package httpd

import (
	"context"
	"net/http"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/storage"
)

type keepInput struct {
	Sweep string `path:"sweep"`
	Body  keepDays
}

// keepDays is [ablation.Keep] as JSON may write its numbers.
type keepDays struct {
	Points      *whole `json:"points,omitempty" minimum:"0" maximum:"36500"`
	Checkpoints *whole `json:"checkpoints,omitempty" minimum:"0" maximum:"36500"`
	Logs        *whole `json:"logs,omitempty" minimum:"0" maximum:"36500"`
}

func (k keepDays) keep() ablation.Keep {
	return ablation.Keep{Points: (*int)(k.Points), Checkpoints: (*int)(k.Checkpoints), Logs: (*int)(k.Logs)}
}

type deleteInput struct {
	Sweep   string `path:"sweep"`
	Confirm string `query:"confirm" required:"true" minLength:"1" doc:"The sweep's name once more: get-loss says what goes"`
}

func (o operations) storage() {
	o.tag = "storage"
	store, house := o.server.options.Store, o.server.options.Storage
	register(o, http.MethodGet, "/storage", "get-storage", "What takes space, in bytes",
		func(ctx context.Context, _ *none) (*body[storage.Use], error) { return one(house.Use(ctx)) })
	register(o, http.MethodGet, "/storage/collectable", "list-collectable", "What haigo gc --delete would remove",
		func(ctx context.Context, _ *none) (*body[list[storage.Item]], error) {
			return listOf(house.Collect(ctx))
		})
	register(o, http.MethodPut, "/sweeps/{sweep}/keep", "keep-sweep", "For how many days after a run's end its bulk is kept; what isn't named is kept for good",
		func(ctx context.Context, in *keepInput) (*body[ablation.Sweep], error) {
			if err := store.SetKeep(ctx, in.Sweep, in.Body.keep()); err != nil {
				return nil, err
			}
			return one(store.Sweep(ctx, in.Sweep))
		})
	o.change("/sweeps/{sweep}/archive", "archive-sweep", "Put an ended sweep out of sight; nothing is lost", store.ArchiveSweep)
	o.change("/sweeps/{sweep}/unarchive", "unarchive-sweep", "Show an archived sweep again", store.UnarchiveSweep)
	register(o, http.MethodGet, "/sweeps/{sweep}/loss", "get-loss", "What deleting a sweep would lose",
		func(ctx context.Context, in *sweepInput) (*body[ablation.Loss], error) {
			return one(house.Loss(ctx, in.Sweep))
		})
	register(o, http.MethodDelete, "/sweeps/{sweep}", "delete-sweep", "Delete an ended sweep with its runs for good; shares of it stay, live ones as they are now",
		func(ctx context.Context, in *deleteInput) (*none, error) {
			if in.Confirm != in.Sweep {
				return nil, ablation.Conflict("confirm must be the sweep's name, %s: what goes with it is gone for good", "confirm にスイープの名前 %s を指定してください。削除したものは元に戻せません", in.Sweep)
			}
			return &none{}, house.Delete(ctx, in.Sweep)
		})
}
