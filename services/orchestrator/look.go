package orchestrator

import (
	"context"
	"log/slog"
	"time"
)

// lookEach calls look at once and then at each interval until ctx ends. What goes wrong is logged as trouble: the next look
// may do better.
func lookEach(ctx context.Context, interval time.Duration, log *slog.Logger, trouble string, look func(context.Context) error) error {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		if err := look(ctx); err != nil && ctx.Err() == nil {
			log.Warn(trouble, "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
