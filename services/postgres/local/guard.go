package local

import (
	"context"
	"time"
)

// guard launches the server anew whenever it dies while this program uses it: by its own fault, by the system's lack of
// memory, by somebody's hand. Clients find it again at the same address. It returns when ctx ends.
func (s *Server) guard(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if s.cluster.lives(s.cluster.postmaster()) {
			continue
		}
		if err := s.revive(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("private Postgres can't be launched again", "err", err)
		}
	}
}

// revive waits until nobody else starts or stops the server, and launches it where it still doesn't live.
func (s *Server) revive(ctx context.Context) error {
	mutex, err := lock(ctx, s.mutex, exclusive)
	if err != nil {
		return err
	}
	defer mutex.Close()
	if s.cluster.lives(s.cluster.postmaster()) {
		return nil
	}
	s.log.Warn("private Postgres has died", "log", s.cluster.logPath())
	conn, err := s.cluster.up(ctx, s.log)
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}
