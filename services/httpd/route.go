package httpd

import (
	"context"
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

// routes is every address that is served.
func (s *Server) routes() chi.Router {
	r := chi.NewRouter()
	r.NotFound(s.missing)
	r.MethodNotAllowed(s.mistaken)
	r.Use(withLanguage, s.observe, secure, s.patient, middleware.GetHead)
	r.Get("/healthz", s.healthy)
	r.Group(func(r chi.Router) {
		r.Use(s.knownHost, s.ownOrigin)
		r.With(compressed).Handle(staticPath+"*", s.assets)
		r.Get("/robots.txt", robots)
		s.publicRoutes(r)
		r.With(s.tokenShown).Route("/api/v1", func(r chi.Router) { s.apiRoutes(r) })
		r.Group(func(r chi.Router) {
			r.Use(s.loggedIn)
			s.pageRoutes(r)
		})
	})
	return r
}

// compressed answers of these kinds go out gzipped where the client takes that. Pages don't: they may hold secrets beside
// what a request put there. Event streams don't: they are read line by line.
var compressed = middleware.Compress(5, "text/javascript", "text/css", "application/json", "text/csv")

// publicRoutes need no session.
func (s *Server) publicRoutes(r chi.Router) {
	r.Get("/login", s.loginPage)
	r.Post("/login", s.login)
	r.Post("/logout", s.logout)
	r.Route("/s", func(r chi.Router) {
		r.Use(unlisted)
		r.NotFound(s.gone)
		r.MethodNotAllowed(s.gone)
		r.Get("/{secret}", s.sharedPage)
		r.Get("/{secret}/embed", s.embeddedPage)
		r.Get("/{secret}/preview.png", s.sharedPreview)
		r.Get("/{secret}/chart.json", s.sharedChart)
		r.Get("/{secret}/points.csv", s.sharedPoints)
	})
}

// pageRoutes are the pages, and what their forms send.
func (s *Server) pageRoutes(r chi.Router) {
	r.Get("/", s.sweepsPage)
	r.Get("/new", s.newPage)
	r.Post("/new", s.start)
	r.Post("/new/check", s.check)
	r.Post("/new/file", s.file)
	r.Route("/sweeps/{sweep}", func(r chi.Router) {
		r.Get("/", s.sweepPage)
		r.Get("/runs", s.sweepRunsPage)
		r.Get("/decision", s.decisionPage)
		r.Get("/decision/export", s.exported)
		r.Post("/decision/next", s.launch)
		r.Post("/decision/match", s.makeParts)
		r.Get("/decision/share", s.decisionSharePage)
		r.Post("/decision/share", s.shareDecision)
		r.Get("/definition", s.definitionPage)
		r.Get("/keep", s.keepPage)
		r.Post("/keep", s.keep)
		r.Post("/archive", s.changeSweep(s.options.Store.ArchiveSweep))
		r.Post("/unarchive", s.changeSweep(s.options.Store.UnarchiveSweep))
		r.Post("/delete", s.deleteSweep)
		r.Get("/sweep.yaml", s.document)
		r.Get("/results.csv", s.resultsCSV)
		r.Get("/share", s.sharePage)
		r.Post("/share", s.share)
		r.Post("/pause", s.changeSweep(s.options.Store.PauseSweep))
		r.Post("/resume", s.changeSweep(s.options.Store.ResumeSweep))
		r.Post("/stop", s.changeSweep(s.options.Store.StopSweep))
	})
	r.Get("/runs/{run}", s.runPage)
	r.Post("/runs/{run}/stop", s.stopRun)
	r.Post("/runs/{run}/retry", s.retryRun)
	r.Get("/compare", s.comparePage)
	r.Get("/compare/scores.csv", s.compareScoresCSV)
	r.Get("/compare/devices.csv", s.compareDevicesCSV)
	r.Get("/compare/share", s.compareSharePage)
	r.Post("/compare/share", s.shareComparison)
	r.Get("/sources", s.sourcesPage)
	r.Get("/sources/new", s.additionPage)
	r.Post("/sources/look", s.lookAt)
	r.Post("/sources", s.add)
	r.Post("/sources/additions/{addition}/cancel", s.cancelAddition)
	r.Get("/sources/{source}", s.sourcesPage)
	r.Get("/recurrences", s.recurrencesPage)
	r.Get("/recurrences/{recurrence}", s.recurrencesPage)
	r.Post("/recurrences/{recurrence}/pause", s.changeRecurrence(s.options.Store.PauseRecurrence))
	r.Post("/recurrences/{recurrence}/resume", s.changeRecurrence(s.options.Store.ResumeRecurrence))
	r.Post("/recurrences/{recurrence}/end", s.changeRecurrence(s.endRecurrence))
	r.Get("/alerts", s.alertsPage)
	r.Post("/alerts/channels", s.addChannel)
	r.Post("/alerts/channels/{channel}/test", s.testChannel)
	r.Post("/alerts/channels/{channel}/remove", s.removeChannel)
	r.Get("/glossary", s.glossaryPage)
	r.Get("/storage", s.storagePage)
	r.Get("/shares", s.sharesPage)
	r.Post("/shares/{share}/revoke", s.revoke)
	r.Post("/shares/{share}/renew", s.renew)
	r.Get("/shares/{share}/embed", s.embedPage)
	r.Post("/shares/{share}/embed", s.embed)
}

// route is the pattern that a request matched, for logs.
func route(r *http.Request) string {
	if pattern := chi.RouteContext(r.Context()).RoutePattern(); pattern != "" {
		return pattern
	}
	return "none"
}

// healthy answers 200 when the database answers.
func (s *Server) healthy(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), s.options.patience/10)
	defer cancel()
	if err := s.options.Store.Ping(ctx); err != nil {
		s.options.Log.Warn("the database doesn't answer", "err", err)
		http.Error(w, "the database doesn't answer; the server's log says why", http.StatusServiceUnavailable)
		return
	}
	_, _ = w.Write([]byte("ok\n"))
}

// robots asks search engines to leave everything alone. Programs that show links may look behind those that people gave
// them; pages there say that they are not to be listed.
func robots(w http.ResponseWriter, _ *http.Request) {
	_, _ = w.Write([]byte("User-agent: *\nDisallow: /\nAllow: /s/\nAllow: /static/\n"))
}
