package httpd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"golang.org/x/sync/errgroup"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/card"
	"github.com/haigo-lab/haigo/services/corpus"
	"github.com/haigo-lab/haigo/services/postgres"
	"github.com/haigo-lab/haigo/web"
)

// Sweeper plans and starts what a sweep file declares.
type Sweeper interface {
	// Plan says what the document would run and stores nothing. *ablation.Invalid lists what must change.
	Plan(ctx context.Context, document []byte) (ablation.Plan, error)
	// Describe is what the trainers that work here say of themselves, the one first that a recipe takes without naming any.
	Describe(ctx context.Context) []trainer.Description
	// Apply starts the document's sweep, under the name as where that isn't empty, or finds it started, or lets it
	// grow. ErrConflict where a sweep of that name holds other content.
	// *ablation.Superseding where a recurrence would be lost.
	Apply(ctx context.Context, document []byte, as string) (ablation.Sweep, ablation.Applied, error)
	// Replace is Apply where that recurrence may be lost.
	Replace(ctx context.Context, document []byte, as string) (ablation.Sweep, ablation.Applied, error)
	// Resumes is the step that a run goes on from when it is tried again; 0: it begins anew.
	Resumes(ctx context.Context, run ablation.Run) (int64, error)
}

// Options say what a server serves and to whom.
type Options struct {
	Store   *postgres.Store
	Sweeper Sweeper
	// Samples are up to n documents of the source version in dir.
	Samples func(dir string, n int) ([]spec.Document, error)
	// Problems are examples of what was left out of the source version in dir.
	Problems func(dir string) ([]corpus.Problem, error)
	// Report is what was measured of the source version in dir; ErrNotFound where nothing was.
	Report func(dir string) (corpus.Report, error)
	// Alerts sends what people are to know soon.
	Alerts Alerts
	// Storage says what takes space, and deletes sweeps.
	Storage Storage
	// Look is a first look at text that somebody wants to add; *ablation.Invalid where it can't be. nil where none may be added.
	Look func(ctx context.Context, a ablation.Addition) (corpus.Survey, error)
	// TextRoots are the folders below which pages may let text be read: none where it is empty.
	TextRoots []string

	Version string // of the program; pages and shares name it
	Log     *slog.Logger

	Listen     string           // the address that is listened to, with its real port
	URL        string           // what share links begin with; default http:// and Listen
	Hosts      []string         // names that requests may be sent to, besides Listen's and URL's
	AdminToken string           // needed beyond loopback; then pages and API ask for it
	Devices    ablation.Devices // what is known of devices, and the price of an hour where a page names no other

	beat     time.Duration // between two signs of life of an event stream; default heartbeat
	patience time.Duration // with what a request needs, the database before all; default patience
}

// Server is the pages and the API. It is an http.Handler, safe for concurrent use.
type Server struct {
	options  Options
	handler  chi.Router
	renderer *renderer
	assets   assets
	events   *hub
	guard    guard
	sharer   Sharer
	live     *liveShares
	decider  *decider
	figures  *figures
	drawer   *card.Drawer // of the pictures under links; nil without a bundle
}

// New checks the options and prepares everything that is served. It refuses an address beyond loopback without an
// admin token.
func New(o Options) (*Server, error) {
	o.URL = BaseURL(o.URL, o.Listen)
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	o.beat = cmp.Or(o.beat, heartbeat)
	o.patience = cmp.Or(o.patience, patience)
	g, err := newGuard(o)
	if err != nil {
		return nil, err
	}
	s := &Server{options: o, guard: g, events: newHub(o.Log), sharer: Sharer{Store: o.Store, Version: o.Version}}
	s.live = newLiveShares(s.sharer.Refresh)
	s.decider = newDecider(o.Log, func(sweep string) { s.events.publish(ablation.Event{Sweep: sweep}) })
	s.figures = newFigures(o.Store.SweepVersion, s.chartData)
	bundle, err := web.Load()
	if err != nil {
		o.Log.Warn("pages have no scripts and styles: run make build", "err", err)
	}
	if s.assets, err = newAssets(bundle); err != nil {
		return nil, err
	}
	if s.drawer, err = newDrawer(bundle); err != nil {
		return nil, err
	}
	if s.renderer, err = newRenderer(s.assets); err != nil {
		return nil, err
	}
	s.handler = s.routes()
	return s, nil
}

// BaseURL is what addresses of pages begin with: what was set, or else the address that is listened to.
func BaseURL(set, listen string) string {
	return strings.TrimSuffix(cmp.Or(set, "http://"+reachable(listen)), "/")
}

// reachable is listen as a client on this machine can reach it.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// URL is what addresses of pages begin with, without a slash at its end.
func (s *Server) URL() string { return s.options.URL }

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// drainTime is how long requests may go on after the server was told to end.
const drainTime = 5 * time.Second

// Serve answers on the listener and passes events on until ctx ends; then it lets requests end and returns nil.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	group, ctx := errgroup.WithContext(ctx)
	server := &http.Server{
		Handler:           s,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(s.options.Log.Handler(), slog.LevelWarn),
	}
	group.Go(func() error { return s.listen(ctx) })
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
		defer cancel()
		if err := server.Shutdown(drain); err != nil {
			return errors.Join(server.Close(), fmt.Errorf("end requests: %w", err))
		}
		return nil
	})
	return group.Wait()
}

// listen passes the store's events on to browsers until ctx ends.
func (s *Server) listen(ctx context.Context) error {
	err := s.options.Store.Listen(ctx, s.events.publish)
	if ctx.Err() != nil {
		return nil
	}
	return err
}
