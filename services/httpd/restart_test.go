package httpd_test

import (
	"bytes"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/httpd"
	"github.com/haigo-lab/haigo/services/porttest"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
)

// TestBrowser_restart ends the server under an open page and starts another one at its address, and lets all connections
// of the page die without a word, as a laptop's do that slept: the page goes on showing what changes, without a reload.
func TestBrowser_restart(t *testing.T) {
	t.Parallel()
	b, _ := browse(t)
	store := pgtest.Store(t)
	server, stop := serve(t, store, porttest.Free(t), httpd.Beat(beat))
	address, err := url.Parse(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	s := site{T: t, store: store, server: server, url: server.URL(), client: client(t)}
	s.text()
	s.sweep("talk")
	w := newWire(t, address.Host)
	b.run(chromedp.Navigate("http://"+w.Addr().String()+"/sweeps/talk?lang=en"), chromedp.WaitReady(chromedp.CSS("html[data-ready] #trade canvas")))
	b.eval(`window.unloaded = false`)
	completed := func(words string) {
		t.Helper()
		s.train(ablation.RunCompleted)
		b.until(`window.unloaded === false && document.querySelector("#progress").innerText.includes("` + words + `")`)
	}
	w.stream(t)
	completed("1 of 4")
	w.lose()
	w.stream(t) // of its own accord: nothing has told the page of anything
	completed("2 of 4")
	stop()
	s.train(ablation.RunCompleted) // while nobody serves
	serve(t, store, address.Host, httpd.Beat(beat))
	completed("4 of 4")
	b.until(`document.querySelector("#away").hidden && JSON.parse(document.querySelector("#trade .ch").dataset.drawn)`)
}

// beat is short: a page waits for a few before it takes a connection for dead. It is long beside what a slow machine takes for an
// answer, which a page doesn't wait for longer than for a few, either.
const beat = time.Second

// wire is what lies between a browser and a server. Connections can get lost in it: they stay open at both ends, and
// nothing that is sent arrives.
type wire struct {
	net.Listener
	streams chan struct{} // one an event stream that is asked for
	mu      sync.Mutex
	ends    []net.Conn
	lost    chan struct{} // closed when what is open now gets lost
}

func newWire(t *testing.T, to string) *wire {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{Listener: listener, streams: make(chan struct{}, 1000), lost: make(chan struct{})}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			w.join(&running, near, to)
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		w.mu.Lock()
		for _, end := range w.ends {
			_ = end.Close()
		}
		w.mu.Unlock()
		running.Wait()
	})
	return w
}

// join lets a connection pass on to the server, if there is one.
func (w *wire) join(running *sync.WaitGroup, near net.Conn, to string) {
	far, err := net.Dial("tcp", to)
	if err != nil {
		_ = near.Close()
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ends = append(w.ends, near, far)
	lost := w.lost
	running.Go(func() {
		pass(near, far, lost, func(data []byte) {
			if bytes.HasPrefix(data, []byte("GET /api/v1/events")) {
				w.streams <- struct{}{}
			}
		})
	})
	running.Go(func() { pass(far, near, lost, func([]byte) {}) })
}

// pass hands on what comes, and that nothing more comes, unless the connection is lost.
func pass(from, to net.Conn, lost <-chan struct{}, seen func([]byte)) {
	for data := make([]byte, 32<<10); ; {
		n, err := from.Read(data)
		select {
		case <-lost:
		default:
			if n > 0 {
				seen(data[:n])
				_, _ = to.Write(data[:n]) // who has closed it doesn't listen
			}
			if err != nil {
				_ = to.Close()
			}
		}
		if err != nil {
			return
		}
	}
}

// stream waits for an event stream to be asked for.
func (w *wire) stream(t *testing.T) {
	t.Helper()
	select {
	case <-w.streams:
	case <-time.After(stuck):
		t.Fatal("no event stream is asked for")
	}
}

// lose lets all connections that are open now get lost.
func (w *wire) lose() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.lost)
	w.lost = make(chan struct{})
}
