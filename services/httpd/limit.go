package httpd

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// limiter bounds how often one address may do something within a window of time. Safe for concurrent use.
type limiter struct {
	most   int
	window time.Duration
	mu     sync.Mutex
	since  time.Time
	counts map[string]int
}

func newLimiter(most int, window time.Duration) *limiter {
	return &limiter{most: most, window: window, counts: map[string]int{}}
}

// allow counts one more by the request's address and reports whether that is still within bounds.
func (l *limiter) allow(r *http.Request, now time.Time) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.since) >= l.window {
		l.since, l.counts = now, map[string]int{}
	}
	l.counts[host]++
	return l.counts[host] <= l.most
}
