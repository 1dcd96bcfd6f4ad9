package httpd

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/haigo-lab/haigo/services/ablation"
)

// status is the status code of an error: the one place where errors become codes.
func status(err error) int {
	var bad *ablation.Invalid
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &bad):
		return http.StatusUnprocessableEntity
	case errors.As(err, &large):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, ablation.ErrNotFound):
		return http.StatusNotFound
	case errors.Is(err, ablation.ErrConflict):
		return http.StatusConflict
	case errors.Is(err, ablation.ErrForbidden):
		return http.StatusForbidden
	}
	return http.StatusInternalServerError
}

// problem is how the API says what is wrong (RFC 9457), with the document's problems where there are any.
type problem struct {
	Title    string             `json:"title"`
	Status   int                `json:"status"`
	Detail   string             `json:"detail,omitempty"`
	Problems []ablation.Problem `json:"problems,omitempty"`
}

// newProblem says of an error what a client may know; what went wrong inside stays inside.
func newProblem(err error) problem {
	p := problem{Status: status(err)}
	p.Title = http.StatusText(p.Status)
	var bad *ablation.Invalid
	switch {
	case errors.As(err, &bad):
		p.Detail, p.Problems = "the input must change before it can be taken", bad.Problems
	case p.Status != http.StatusInternalServerError:
		p.Detail = err.Error()
	}
	return p
}

// Error, GetStatus and ContentType make a problem an error of the API framework.
func (p problem) Error() string             { return p.Title }
func (p problem) GetStatus() int            { return p.Status }
func (problem) ContentType(_ string) string { return "application/problem+json" }

func writeProblem(w http.ResponseWriter, p problem) {
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the client has left: nobody to tell
}

type messageView struct{ Head, Body, Back string }

// fail answers a page's request with the error's page, and logs what nobody but us can mend.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	words, code := s.words(r), status(err)
	m := messageView{Head: words.text("conflict.head"), Body: err.Error(), Back: "/"}
	switch code {
	case http.StatusNotFound:
		m.Head, m.Body = words.text("missing.head"), words.text("missing.body")
	case http.StatusInternalServerError:
		if r.Context().Err() != nil {
			return // the browser has left
		}
		s.options.Log.Error("a page can't be shown", "route", route(r), "err", err)
		m.Head, m.Body = words.text("broken.head"), words.text("broken.body")
	}
	s.render(w, r, view{status: code, page: "message", title: m.Head, data: m})
}
