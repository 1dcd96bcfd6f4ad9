package httpd

import (
	"net/http"
	"net/url"
	"strings"
)

// loggedIn lets pages through that show a session, and sends all others to the log-in form.
func (s *Server) loggedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.guard.admitted(r) {
			next.ServeHTTP(w, r)
			return
		}
		to := "/login"
		if r.Method == http.MethodGet && r.URL.Path != "/" {
			to += "?" + url.Values{"next": {r.URL.RequestURI()}}.Encode()
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
	})
}

// tokenShown answers 401 to API calls that show neither token nor session.
func (s *Server) tokenShown(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.guard.admitted(r) {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("WWW-Authenticate", "Bearer")
		writeProblem(w, newProblem(errToken))
	})
}

type loginView struct{ Problem, Next string }

func (s *Server) loginPage(w http.ResponseWriter, r *http.Request) {
	if s.guard.token == "" {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	s.renderLogin(w, r, http.StatusOK, "", r.URL.Query().Get("next"))
}

func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	next := r.PostFormValue("next")
	switch at := now(); {
	case !s.guard.logins.allow(r, at):
		w.Header().Set("Retry-After", "60")
		s.renderLogin(w, r, http.StatusTooManyRequests, "login.wait", next)
	case s.guard.token == "" || !s.guard.isToken(r.PostFormValue("token")):
		s.renderLogin(w, r, http.StatusForbidden, "login.wrong", next)
	default:
		s.guard.logIn(w, at)
		http.Redirect(w, r, ownPath(next), http.StatusSeeOther)
	}
}

func (s *Server) renderLogin(w http.ResponseWriter, r *http.Request, status int, problem, next string) {
	words := s.words(r)
	v := loginView{Next: next}
	if problem != "" {
		v.Problem = words.text(problem)
	}
	s.render(w, r, view{status: status, page: "login", title: words.text("login.head"), shell: "bare", data: v})
}

func (s *Server) logout(w http.ResponseWriter, r *http.Request) {
	s.guard.logOut(w)
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

// ownPath is a path on this server, or / where next would lead elsewhere.
func ownPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.Contains(next, `\`) {
		return "/"
	}
	return next
}
