package httpd

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
)

const (
	heartbeat   = 15 * time.Second // tells a quiet stream from a dead one, and keeps proxies from closing it
	eventBuffer = 64               // events that a slow browser may lag behind before it is dropped
	maxStreams  = 512
)

// hub passes events on to everybody who listens. A listener that doesn't keep up is dropped: its browser connects
// again and asks everything anew.
type hub struct {
	log     *slog.Logger
	mu      sync.Mutex
	streams map[chan ablation.Event]topic
}

func newHub(log *slog.Logger) *hub {
	return &hub{log: log, streams: map[chan ablation.Event]topic{}}
}

// topic is what a stream is about: one sweep, or sources, recurrences or shares, or everything.
type topic struct {
	sweep                        string
	sources, recurrences, shares bool
}

func topicOf(r *http.Request) topic {
	q := r.URL.Query()
	return topic{q.Get("sweep"), q.Has("sources"), q.Has("recurrences"), q.Has("shares")}
}

// concerns reports whether an event is about the topic. An empty one, which says that events may have been missed, is.
func (t topic) concerns(e ablation.Event) bool {
	switch {
	case e == ablation.Event{}:
		return true
	case t.sources:
		return e.Source != ""
	case t.recurrences:
		return e.Recurrence != "" || e.Sweep != ""
	case t.shares:
		return e.Share != 0
	}
	return t.sweep == "" || e.Sweep == t.sweep
}

// subscribe returns a channel that is closed when its reader lags, or nil where there are too many already.
func (h *hub) subscribe(of topic) chan ablation.Event {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.streams) >= maxStreams {
		return nil
	}
	stream := make(chan ablation.Event, eventBuffer)
	h.streams[stream] = of
	return stream
}

func (h *hub) unsubscribe(stream chan ablation.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.streams, stream)
}

// publish never waits. An empty event, which says that events may have been missed, goes to everybody.
func (h *hub) publish(e ablation.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for stream, of := range h.streams {
		if !of.concerns(e) {
			continue
		}
		select {
		case stream <- e:
		default:
			delete(h.streams, stream)
			close(stream)
		}
	}
}

// stream answers GET /api/v1/events: server-sent events that carry names only, one a change, and between them events named
// beat, until the browser leaves. Who hears neither for longer than a beat takes holds a dead connection.
func (s *Server) stream(w http.ResponseWriter, r *http.Request) {
	events := s.events.subscribe(topicOf(r))
	if events == nil {
		w.Header().Set("Retry-After", "30")
		writeProblem(w, newProblem(errStreams))
		return
	}
	defer s.events.unsubscribe(events)
	control := http.NewResponseController(w)
	if err := control.SetWriteDeadline(time.Time{}); err != nil {
		s.options.Log.Warn("an event stream keeps its write deadline", "err", err)
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no")
	fmt.Fprint(w, "retry: 2000\n\n")
	beat := time.NewTicker(s.options.beat)
	defer beat.Stop()
	for {
		if control.Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-beat.C:
			fmt.Fprint(w, "event: beat\ndata: {}\n\n")
		case e, open := <-events:
			if !open {
				return
			}
			name, err := json.Marshal(e)
			if err != nil {
				s.options.Log.Error("an event can't be written", "err", err)
				return
			}
			fmt.Fprintf(w, "data: %s\n\n", name)
		}
	}
}
