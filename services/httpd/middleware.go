package httpd

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"
)

// policy allows own scripts, styles, images and connections, and nothing inline; only pages of these origins, if any, may
// show the page in a frame.
func policy(framers []string) string {
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
		"form-action 'self'; base-uri 'none'; frame-ancestors " + frameAncestors(framers)
}

// maxBody bounds what a request may send; a sweep file is far smaller.
const maxBody = 1 << 20

// secure sets what every answer says to browsers. Answers aren't kept unless a handler allows it.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy(nil))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		h.Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

// patience is how long a request waits for what it needs: less than the server's time to write an answer.
const patience = 45 * time.Second

// patient ends a request's work where it has to wait too long: a database may be alive, and silent. Streams end by themselves.
func (s *Server) patient(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/v1/events" {
			next.ServeHTTP(w, r)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), s.options.patience)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// left reports whether a client has gone, so that nobody is to be told.
func left(ctx context.Context) bool { return errors.Is(ctx.Err(), context.Canceled) }

var errPanicked = errors.New("the request panicked")

// observe logs one line a request, by route and not by address: addresses may hold share links. It turns a panic into
// an error page.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := time.Now()
		answer := &recorder{ResponseWriter: w, status: http.StatusOK}
		defer func() {
			if broken := recover(); broken != nil {
				if broken == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
					panic(broken)
				}
				s.options.Log.Error("a request panicked", "route", route(r), "err", broken, "stack", string(debug.Stack()))
				if !answer.begun {
					s.refuse(answer, r, errPanicked)
				}
			}
			s.options.Log.Log(r.Context(), level(answer.status), "request", "method", r.Method, "route", route(r), "status", answer.status,
				"duration_ms", time.Since(begun).Milliseconds())
		}()
		next.ServeHTTP(answer, r)
	})
}

func level(status int) slog.Level {
	if status >= http.StatusInternalServerError {
		return slog.LevelWarn
	}
	return slog.LevelDebug
}

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	begun  bool
}

func (r *recorder) WriteHeader(status int) {
	if !r.begun {
		r.status, r.begun = status, true
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(data []byte) (int, error) {
	r.begun = true
	return r.ResponseWriter.Write(data)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

type languageKey struct{}

// withLanguage chooses the request's language once.
func withLanguage(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lang := chooseLanguage(w, r)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), languageKey{}, lang)))
	})
}

func requestLanguage(r *http.Request) string {
	if lang, ok := r.Context().Value(languageKey{}).(string); ok {
		return lang
	}
	return languages[0]
}
