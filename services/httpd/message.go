package httpd

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// messageView is a page that says one thing: what happened, and what to do.
type messageView struct {
	Head  string
	Lines []string
	Back  string // where to go on; empty: nowhere
}

// refuse answers a request that gets no further: with a problem document where a program asked, with a page where a
// person did.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if forPrograms(r) {
		writeProblem(w, newProblem(err))
		return
	}
	s.explain(w, r, err)
}

func forPrograms(r *http.Request) bool {
	accept := r.Header.Get("Accept")
	return strings.HasPrefix(r.URL.Path, "/api/") || strings.Contains(accept, "json") && !strings.Contains(accept, "text/html")
}

// inside reports whether what went wrong is ours to mend, or the database's.
func inside(err error) bool {
	return status(err) == http.StatusInternalServerError || errors.Is(err, context.DeadlineExceeded)
}

// fail refuses a request that broke, and logs what no client can mend.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	if left(r.Context()) {
		return
	}
	if inside(err) {
		s.options.Log.Error("a page can't be shown", "route", route(r), "err", err)
	}
	s.refuse(w, r, err)
}

func (s *Server) explain(w http.ResponseWriter, r *http.Request, err error) {
	code := status(err)
	m := s.words(r).message(err, code)
	v := view{status: code, page: "message", title: m.Head, data: m}
	if r.Method != http.MethodGet {
		v.path = "/" // where the languages lead: nothing is to be seen at an address that forms are sent to
	}
	if code == http.StatusForbidden || code == http.StatusMisdirectedRequest {
		v.shell, v.loud = "bare", true // nobody knows yet who asks
	}
	s.render(w, r, v)
}

// heads are the keys of what a page says of a status; where there is no refusal to be read, key + ".body" is its text.
var heads = map[int]string{
	http.StatusNotFound:              "missing",
	http.StatusMethodNotAllowed:      "missing",
	http.StatusConflict:              "conflict",
	http.StatusForbidden:             "forbidden",
	http.StatusMisdirectedRequest:    "forbidden",
	http.StatusUnprocessableEntity:   "invalid",
	http.StatusRequestEntityTooLarge: "large",
	http.StatusInternalServerError:   "broken",
	http.StatusServiceUnavailable:    "silent",
}

func (w words) message(err error, code int) messageView {
	key := heads[code]
	if errors.Is(err, errDeciding) {
		key = "deciding"
	}
	m := messageView{Head: w.text(key + ".head"), Lines: []string{w.text(key + ".body")}, Back: "/"}
	var refused *ablation.Refusal
	var bad *ablation.Invalid
	switch {
	case errors.As(err, &refused):
		m.Lines = []string{refused.Message.In(w.lang)}
	case errors.As(err, &bad):
		for _, p := range bad.Problems {
			m.Lines = append(m.Lines, p.Message.In(w.lang))
		}
	}
	if code == http.StatusMisdirectedRequest {
		m.Back = "" // it would lead there again
	}
	return m
}

// missing is the answer of addresses that nothing has.
func (s *Server) missing(w http.ResponseWriter, r *http.Request) {
	s.refuse(w, r, ablation.ErrNotFound)
}

// mistaken is the answer of addresses that don't take the request's method.
func (s *Server) mistaken(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Allow", strings.Join(s.methods(cmp.Or(r.URL.RawPath, r.URL.Path)), ", "))
	s.refuse(w, r, errMethod)
}

// methods are those that an address takes.
func (s *Server) methods(path string) (taken []string) {
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		if s.handler.Match(chi.NewRouteContext(), method, path) {
			taken = append(taken, method)
		}
	}
	if slices.Contains(taken, http.MethodGet) {
		taken = append(taken, http.MethodHead)
	}
	return taken
}

// foreign is the answer to what another site's page sends.
func (s *Server) foreign(w http.ResponseWriter, r *http.Request) { s.refuse(w, r, foreignPage()) }

func foreignPage() error {
	return &ablation.Refusal{Kind: ablation.ErrForbidden, Message: ablation.Label{
		EN: "Nothing was changed: the request came from a page of another site. Open Haigo itself, and press the button there. " +
			"If this was Haigo's own page, a proxy changes the Host header: let it pass the header on.",
		JA: "何も変更していません。ほかのサイトのページから送られた操作だからです。Haigo の画面を開いて、そこで操作してください。" +
			"Haigo の画面からの操作なら、プロキシが Host ヘッダーを書き換えています。そのまま渡すよう設定してください。",
	}}
}

// unknownHost is the answer to requests sent to a name that isn't ours.
func (s *Server) unknownHost(w http.ResponseWriter, r *http.Request) { s.refuse(w, r, foreignName()) }

func foreignName() error {
	return &ablation.Refusal{Kind: errMisdirected, Message: ablation.Label{
		EN: "Haigo doesn't answer to this host name. Open it by the address that it printed when it started, or start it with --hosts NAME (HAIGO_HOSTS).",
		JA: "このホスト名では応答しません。起動時に表示されたアドレスで開くか、--hosts 名前（HAIGO_HOSTS）を付けて起動してください。",
	}}
}
