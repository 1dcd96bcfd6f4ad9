package httpd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Kinds of refusals that only a server knows.
var (
	errMisdirected = errors.New("sent to a name that isn't ours")
	errMethod      = errors.New("a method that the address doesn't take")
	errToken       = errors.New("no admin token")
	errStreams     = errors.New("too many event streams")
)

// status is the status code of an error: the one place where errors become codes.
func status(err error) int {
	var bad *ablation.Invalid
	var large *http.MaxBytesError
	switch {
	case errors.Is(err, errMisdirected):
		return http.StatusMisdirectedRequest
	case errors.Is(err, errToken):
		return http.StatusUnauthorized
	case errors.Is(err, errStreams), errors.Is(err, errDeciding), errors.Is(err, context.DeadlineExceeded):
		return http.StatusServiceUnavailable
	case errors.Is(err, errMethod):
		return http.StatusMethodNotAllowed
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
	if errors.As(err, &bad) {
		p.Problems = bad.Problems
	}
	p.Detail = detail(err, p.Status)
	return p
}

// detail says what to do. Only the words of a refusal are for clients: those around it, and those of other errors, name
// what we did inside.
func detail(err error, status int) string {
	var lost *ablation.Superseding
	if errors.As(err, &lost) {
		return lost.Error() + ": send confirm=" + lost.Recurrence.Name + ", or as=NAME"
	}
	var refused *ablation.Refusal
	if errors.As(err, &refused) {
		return refused.Error()
	}
	if errors.Is(err, errDeciding) {
		return "the decision is still being worked out from this many runs; ask again in half a minute"
	}
	if errors.Is(err, errStreams) {
		return "too many event streams are open; close some, or try again in half a minute"
	}
	switch status {
	case http.StatusBadRequest:
		return "the body is missing, or isn't JSON; /api/v1/openapi.json has an example"
	case http.StatusUnauthorized:
		return "send the admin token: Authorization: Bearer TOKEN"
	case http.StatusRequestTimeout:
		return "the body didn't arrive in time; send the request again"
	case http.StatusUnsupportedMediaType:
		return "the body is of a kind that isn't taken; send application/json"
	case http.StatusServiceUnavailable:
		return "what this needs, the database before all, doesn't answer; try again in a while"
	case http.StatusUnprocessableEntity:
		return "the input must change before it can be taken: see problems"
	case http.StatusRequestEntityTooLarge:
		return fmt.Sprintf("the body is larger than %d bytes; send less", maxBody)
	case http.StatusNotFound:
		return "nothing of this name or at this address is here; see /api/v1/openapi.json for the addresses, and their lists for the names"
	case http.StatusMethodNotAllowed:
		return "the address doesn't take this method; see /api/v1/openapi.json for those it takes"
	case http.StatusConflict:
		return "it was changed at the same moment; read it again, and repeat the request if it still makes sense"
	}
	return "something went wrong here, and the server's log says what; try again in a while"
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
