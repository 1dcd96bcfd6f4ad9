package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/haigo-lab/haigo/services/orchestrator"
)

type healthyCmd struct {
	URL string `help:"Address to ask." default:"http://127.0.0.1:8080/healthz"`
}

// Run is the health check of a container: no shell and no other program is needed.
func (c healthyCmd) Run(e *env) error {
	ctx, cancel := context.WithTimeout(e.ctx, 4*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", strings.TrimSpace(c.URL), response.Status)
	}
	return nil
}

// silence is how long a worker that looks for runs every second may not have come to an answer before it is unwell.
const silence = 30 * time.Second

func (c workCmd) listen() (net.Listener, error) {
	if c.Health == "" {
		return nil, nil
	}
	listener, err := net.Listen("tcp", c.Health)
	if err != nil {
		return nil, fmt.Errorf("--health: %w; give an address of this machine that nothing listens on, such as 127.0.0.1:8081", err)
	}
	return listener, nil
}

// serveHealth answers /healthz for a worker until ctx ends.
func serveHealth(ctx context.Context, listener net.Listener, w *orchestrator.Worker) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(out http.ResponseWriter, _ *http.Request) {
		if since := time.Since(w.Looked()); since > silence {
			http.Error(out, "the worker hasn't reached the database for a while", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(out, "ok")
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("answer how the worker is: %w", err)
	}
	return nil
}
