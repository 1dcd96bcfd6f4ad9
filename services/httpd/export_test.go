package httpd

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-chi/chi/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Formatters for the tests of what pages write.
var (
	Fixed      = fixed
	Signed     = signed
	Integer    = integer
	Percent    = percent
	Size       = size
	Scientific = scientific
)

// Best is what the list of sweeps calls the best score.
var Best = best

// Words are a language's formatters.
type Words = words

// LoadWords reads a language's catalogue.
var LoadWords = loadWords

// Big, Lasting, When and Ago are formatters that depend on the language.
var (
	Big     = Words.big
	Lasting = Words.lasting
	When    = Words.when
	Ago     = Words.ago
	Text    = Words.text
	TextIn  = Words.textIn
)

// LiveNow is what live shares show, refreshed by refresh.
func LiveNow(refresh func(context.Context, ablation.Share) (ablation.Share, error)) func(context.Context, ablation.Share) (ablation.Share, error) {
	return newLiveShares(refresh).now
}

// Beat sets the time between two signs of life of event streams.
func Beat(every time.Duration) func(*Options) { return func(o *Options) { o.beat = every } }

// Patience sets how long requests wait for what they need.
func Patience(limit time.Duration) func(*Options) { return func(o *Options) { o.patience = limit } }

// Forget lets live shares be looked at anew.
func (s *Server) Forget() { s.live = newLiveShares(s.sharer.Refresh) }

// Pattern is that of the route that a page's path takes.
func (s *Server) Pattern(path string) string {
	at := chi.NewRouteContext()
	s.handler.Match(at, http.MethodGet, path)
	return at.RoutePattern()
}

// Description is that of the API.
func (s *Server) Description() *huma.OpenAPI { return s.apiRoutes(chi.NewRouter()).OpenAPI() }

// Routes are all methods and patterns that are served below prefix, without it.
func (s *Server) Routes(prefix string) (routes []string) {
	walk := func(method, pattern string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if path, ok := strings.CutPrefix(pattern, prefix); ok {
			routes = append(routes, method+" "+path)
		}
		return nil
	}
	if err := chi.Walk(s.handler, walk); err != nil {
		panic(err) // walk returns none
	}
	return routes
}
