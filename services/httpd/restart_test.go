package httpd_test

import (
	"net/url"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
)

// TestBrowser_restart ends the server under an open page and starts another one at its address: the page goes on showing
// what changes, without a reload.
func TestBrowser_restart(t *testing.T) {
	t.Parallel()
	b, _ := browse(t)
	store := pgtest.Store(t)
	server, stop := serve(t, store, "127.0.0.1:0")
	address, err := url.Parse(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	s := site{T: t, store: store, server: server, url: server.URL(), client: client(t)}
	s.text()
	s.sweep("talk")
	b.run(chromedp.Navigate(s.url+"/sweeps/talk?lang=en"), chromedp.WaitReady(chromedp.CSS("html[data-ready] #trade canvas")))
	b.eval(`window.unloaded = false`)
	s.train(ablation.RunCompleted)
	b.until(`document.querySelector("#progress").innerText.includes("1 of 4")`)
	stop()
	s.train(ablation.RunCompleted) // while nobody serves
	serve(t, store, address.Host)
	b.until(`window.unloaded === false && document.querySelector("#progress").innerText.includes("2 of 4")`)
	s.train(ablation.RunCompleted)
	b.until(`window.unloaded === false && document.querySelector("#progress").innerText.includes("3 of 4")`)
}
