package local

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"
)

// Options say where the server's data lie and which binaries it uses.
type Options struct {
	Data string       // data folder, absolute; made where it isn't there
	Bin  string       // folder with initdb and postgres; empty: find one
	Fast bool         // leave writing to the system: a killed server loses nothing, a power cut everything. For tests
	Log  *slog.Logger // nil: silent
}

// Server is a running private Postgres, held by this program until Stop.
type Server struct {
	URL    string // of its database haigo, over the Unix socket
	Home   string // the folder with the cluster
	Socket string // the socket's folder

	cluster cluster
	mutex   string
	users   *os.File
	log     *slog.Logger
	relax   func() // ends the guard, and waits for that
}

// Start makes the server of a data folder run, or uses the one that runs already. It returns when the server answers,
// recovered from whatever ended it the last time; if it dies before Stop, it is launched again.
func Start(ctx context.Context, o Options) (*Server, error) {
	s, err := start(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("start the private Postgres: %w", err)
	}
	return s, nil
}

func start(ctx context.Context, o Options) (_ *Server, err error) {
	if o.Data, err = filepath.Abs(o.Data); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.Data, 0o755); err != nil {
		return nil, err
	}
	// One folder has one name: the server's command line says which cluster it serves.
	if o.Data, err = filepath.EvalSymlinks(o.Data); err != nil {
		return nil, err
	}
	s := &Server{mutex: filepath.Join(o.Data, "postgres.lock"), log: o.Log}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	slow := time.AfterFunc(patience, func() {
		s.log.Warn("the private Postgres isn't up yet: it recovers, or another program is starting or stopping it", "lock", s.mutex, "log", filepath.Join(o.Data, "postgres.log"))
	})
	defer slow.Stop()
	mutex, err := lock(ctx, s.mutex, exclusive)
	if err != nil {
		return nil, err
	}
	defer mutex.Close()
	if s.users, err = lock(ctx, filepath.Join(o.Data, "postgres.users"), shared); err != nil {
		return nil, err
	}
	if s.cluster, err = locate(o); err != nil {
		return nil, errors.Join(err, s.users.Close())
	}
	if err := s.cluster.run(ctx, s.log); err != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return nil, errors.Join(err, s.release(ctx))
	}
	s.URL, s.Home, s.Socket = s.cluster.url(database), filepath.Dir(s.cluster.Cluster), s.cluster.Socket
	s.watch(ctx)
	return s, nil
}

// watch guards the server until relax is called, even where the start's context ends.
func (s *Server) watch(ctx context.Context) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.guard(ctx)
	}()
	s.relax = func() {
		cancel()
		<-done
	}
}

// Stop lets go of the server and stops it unless another program uses it. Stopping again does nothing.
func (s *Server) Stop(ctx context.Context) error {
	if s.users == nil {
		return nil
	}
	if err := s.stop(ctx); err != nil {
		return fmt.Errorf("stop the private Postgres: %w", err)
	}
	return nil
}

func (s *Server) stop(ctx context.Context) error {
	s.relax()
	mutex, err := lock(ctx, s.mutex, exclusive)
	if err != nil {
		return err
	}
	defer mutex.Close()
	return s.release(ctx)
}

// release gives up this program's part in the server; the last to do so stops it. The mutex must be held.
func (s *Server) release(ctx context.Context) error {
	users := s.users
	s.users = nil
	defer users.Close()
	switch err := flock(users, exclusive); {
	case errors.Is(err, errHeld):
		s.log.Info("private Postgres serves others on")
		return nil
	case err != nil:
		return err
	}
	s.log.Info("private Postgres stops")
	return s.cluster.stop(ctx)
}
