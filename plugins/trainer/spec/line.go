package spec

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Body is what an event says beside its header: one of the structs [Started], [Plan], [Metrics], [Scores], [Usage],
// [Saved], [LogLine] and [Finished].
type Body interface{ eventType() string }

func (Started) eventType() string  { return EventStarted }
func (Plan) eventType() string     { return EventPlan }
func (Metrics) eventType() string  { return EventMetrics }
func (Scores) eventType() string   { return EventScores }
func (Usage) eventType() string    { return EventUsage }
func (Saved) eventType() string    { return EventCheckpoint }
func (LogLine) eventType() string  { return EventLog }
func (Finished) eventType() string { return EventFinished }

// NewEvent joins a header and a body; the header's Type becomes the body's.
func NewEvent(h Header, b Body) Event {
	h.Type = b.eventType()
	e := Event{Header: h}
	switch b := b.(type) {
	case Started:
		e.Started = &b
	case Plan:
		e.Plan = &b
	case Metrics:
		e.Metrics = &b
	case Scores:
		e.Scores = &b
	case Usage:
		e.Usage = &b
	case Saved:
		e.Checkpoint = &b
	case LogLine:
		e.Log = &b
	case Finished:
		e.Finished = &b
	}
	return e
}

// MarshalLine writes the event as one line of events.jsonl, newline included.
func (e *Event) MarshalLine() ([]byte, error) {
	body := e.body(false)
	if body == nil {
		return nil, fmt.Errorf("encode event: type %q has no body", e.Type)
	}
	h := e.Header
	h.Time = h.Time.UTC()
	head, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("encode event header: %w", err)
	}
	tail, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("encode %s event: %w", e.Type, err)
	}
	line := append(head[:len(head)-1], ',')
	return append(append(line, tail[1:]...), '\n'), nil
}

// DecodeEvent reads one line strictly: an unknown type, an unknown, repeated or missing field, a value out of range is an
// error, in both languages. The line may end in a newline. Raw keeps a copy of it.
func DecodeEvent(line []byte) (Event, error) {
	if !json.Valid(line) {
		line = quoteReals(line)
	}
	if !json.Valid(line) {
		return Event{}, decodeStrict(line).err()
	}
	e := Event{Header: Header{Type: typeOf(line)}}
	body := e.body(true)
	if body == nil {
		return Event{}, Say("unknown event type %q", "不明なイベントの型です：%q", start(e.Type))
	}
	p := decodeStrict(line, &e.Header, body)
	p.event(&e)
	if err := p.err(); err != nil {
		return Event{}, err
	}
	e.Time = e.Time.UTC()
	e.Raw = slices.Clone(line[:len(line)-trailing(line)])
	return e, nil
}

func typeOf(line []byte) (kind string) {
	members(line, func(name string, value json.RawMessage) {
		if name == "type" && value[0] == '"' {
			kind = unquote(value)
		}
	})
	return kind
}

func trailing(line []byte) int {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		return 1
	}
	return 0
}

// body is a pointer to the one body that Type names, made where fresh says so; nil for an unknown type or no body.
func (e *Event) body(fresh bool) any {
	switch e.Type {
	case EventStarted:
		return place(&e.Started, fresh)
	case EventPlan:
		return place(&e.Plan, fresh)
	case EventMetrics:
		return place(&e.Metrics, fresh)
	case EventScores:
		return place(&e.Scores, fresh)
	case EventUsage:
		return place(&e.Usage, fresh)
	case EventCheckpoint:
		return place(&e.Checkpoint, fresh)
	case EventLog:
		return place(&e.Log, fresh)
	case EventFinished:
		return place(&e.Finished, fresh)
	}
	return nil
}

func place[T any](p **T, fresh bool) any {
	if fresh {
		*p = new(T)
	}
	if *p == nil {
		return nil
	}
	return *p
}
