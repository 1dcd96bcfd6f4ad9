package orchestrator

import (
	"context"
	"log/slog"
	"time"
)

// lookEach calls look at once and then at each interval until ctx ends. What goes wrong is logged as trouble, once as long as it
// stays the same: the next look may do better.
func lookEach(ctx context.Context, interval time.Duration, log *slog.Logger, trouble string, look func(context.Context) error) error {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	said := ""
	for {
		switch err := look(ctx); {
		case ctx.Err() != nil:
		case err == nil:
			said = ""
		case err.Error() != said:
			said = err.Error()
			log.Warn(trouble, "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
