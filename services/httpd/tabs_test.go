package httpd_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestBrowser_manyTabs opens more tabs than a browser opens connections to one server.
func TestBrowser_manyTabs(t *testing.T) {
	t.Parallel()
	first, s := browse(t)
	s.text()
	tabs := []*tab{first}
	for range 7 {
		tabs = append(tabs, first.window())
	}
	for _, b := range tabs {
		b.run(chromedp.Navigate(b.url+"/"), chromedp.WaitReady(chromedp.CSS("html[data-ready]")))
	}
	s.apply("talk")
	for _, b := range tabs {
		b.until(`!document.hidden && document.querySelector('#sweeps a[href="/sweeps/talk"]')`)
		b.quiet()
	}
}

// TestBrowser_changeBeforeListening holds the stream back until what it would have told has happened.
func TestBrowser_changeBeforeListening(t *testing.T) {
	t.Parallel()
	b, s := browse(t)
	s.text()
	asked, release := make(chan struct{}, 8), make(chan struct{})
	b.url = front(t, s.url, func(r *http.Request) {
		if r.URL.Path == "/api/v1/events" {
			asked <- struct{}{}
			<-release
		}
	})
	b.run(chromedp.Navigate(b.url+"/?show=all"), chromedp.WaitReady(chromedp.CSS("html[data-ready]")))
	<-asked
	s.apply("talk")
	close(release)
	b.until(`document.querySelector('#sweeps a[href="/sweeps/talk"]')`)
	b.quiet()
}

// front is a server before another one; it lets each request through once before has returned.
func front(t *testing.T, to string, before func(*http.Request)) string {
	t.Helper()
	target, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.FlushInterval = -1
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		before(r)
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.CloseClientConnections)
	return server.URL
}
