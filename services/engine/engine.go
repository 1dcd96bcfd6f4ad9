package engine

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// Engine is a place to run prepared attempts (see [Prepare]). All methods may be called concurrently.
type Engine interface {
	// Name identifies the engine in the store.
	Name() string
	// Submit starts the attempt in folder dir. Submitting again, with the same key, finds what runs or ran already.
	Submit(ctx context.Context, dir, key string) (Handle, error)
	// Poll says how attempts are, in the order of their handles.
	Poll(ctx context.Context, handles []Handle) ([]Status, error)
	// Stop asks the runner to checkpoint and leave, and ends it when it hasn't within the grace. It doesn't wait.
	Stop(ctx context.Context, h Handle, grace time.Duration) error
	// Kill ends the runner without asking. It doesn't wait.
	Kill(ctx context.Context, h Handle) error
}

// Handle is an engine's own name for a submitted attempt: small JSON, kept with the attempt.
type Handle json.RawMessage

// ParseHandle reads a handle back.
func ParseHandle(data json.RawMessage) (Handle, error) {
	if !json.Valid(data) {
		return nil, errors.New("the engine's handle isn't JSON")
	}
	return Handle(data), nil
}

// JSON is the handle as it is stored.
func (h Handle) JSON() json.RawMessage { return json.RawMessage(h) }

// State is what an engine knows of an attempt's process.
type State string

// States of an attempt's process.
const (
	NotStarted State = "not_started" // nothing ran; the same attempt may be started
	Waiting    State = "waiting"     // in a queue, for a place to run
	Running    State = "running"
	Ended      State = "ended"      // proved; what it came to is what its events say
	Unobserved State = "unobserved" // can't be seen from here, and nothing proves an end
)

// Status is the answer of Poll.
type Status struct {
	State State
	Seen  time.Time // when the attempt last gave a sign of life; zero for never
	Said  string    // what a batch system says of how its job ended, in its own words; "" for nothing
}
