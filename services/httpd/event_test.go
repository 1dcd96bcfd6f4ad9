package httpd_test

import (
	"bufio"
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/haigo-lab/haigo/services/httpd"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
)

// text collects what is logged.
type text struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (t *text) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.Write(p)
}

func (t *text) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.String()
}

func (t *text) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(t, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// lines reads a stream's data lines.
func lines(t *testing.T, url string) (next func() string, leave func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	response, err := transport.RoundTrip(r) //nolint:bodyclose // leave closes it
	if err != nil {
		t.Fatal(err)
	}
	if kind := response.Header.Get("Content-Type"); kind != "text/event-stream" {
		t.Fatalf("content type %q", kind)
	}
	scanner := bufio.NewScanner(response.Body)
	next = func() string {
		for scanner.Scan() {
			if data, ok := strings.CutPrefix(scanner.Text(), "data: "); ok {
				return data
			}
		}
		return ""
	}
	return next, func() {
		cancel()
		response.Body.Close()
		transport.CloseIdleConnections()
	}
}

func TestEvents(t *testing.T) {
	store := pgtest.Store(t)
	before := goleak.IgnoreCurrent()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server, err := httpd.New(httpd.Options{Store: store, Listen: listener.Addr().String(), Version: "v0"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, listener) }()

	all, leaveAll := lines(t, server.URL()+"/api/v1/events")
	one, leaveOne := lines(t, server.URL()+"/api/v1/events?sweep=b")
	s := site{T: t, store: store}
	s.text()
	for _, name := range []string{"a", "b"} {
		s.apply(name)
	}
	for event := all(); !strings.Contains(event, `"sweep":"b"`); event = all() {
		if event == "" {
			t.Fatal("the stream ended before the second sweep")
		}
	}
	for event := one(); !strings.Contains(event, `"sweep":"b"`); event = one() {
		if event == "" || strings.Contains(event, `"sweep":"a"`) {
			t.Fatalf("a listener for one sweep heard %q", event)
		}
	}

	stop()
	if err := <-served; err != nil {
		t.Errorf("serving ended with %v", err)
	}
	if event := one(); event != "" {
		t.Errorf("a stream of an ended server says %q", event)
	}
	leaveAll()
	leaveOne()
	store.Close()
	goleak.VerifyNone(t, before)
}

func TestServe_endsWithin(t *testing.T) {
	t.Parallel()
	store := pgtest.Store(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server, err := httpd.New(httpd.Options{Store: store, Listen: listener.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Millisecond)
	defer stop()
	if err := server.Serve(ctx, listener); err != nil {
		t.Error(err)
	}
}
