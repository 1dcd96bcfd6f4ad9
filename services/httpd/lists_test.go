package httpd_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/httpd"
	"github.com/haigo-lab/haigo/services/porttest"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
)

// TestBrowser_lists: the pages of recurrences and of shares show what changes as it does, also on another server at the same
// address and on the page that answers a form.
func TestBrowser_lists(t *testing.T) {
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
	shows := func(element, text string) {
		t.Helper()
		b.until(fmt.Sprintf(`window.unloaded === false && document.querySelector(%q).innerText.includes(%q)`, element, text))
	}
	look := func(path string) {
		t.Helper()
		b.run(chromedp.Navigate(s.url+path+"?lang=en"), chromedp.WaitReady(chromedp.CSS("html[data-ready]")))
		b.eval(`window.unloaded = false`)
	}

	look("/recurrences")
	s.post("/sweeps", sweepFile("nightly")+"recurrence: {cron: \"0 22 * * *\"}\n").want(t, 201)
	shows("#recurrences", "every day at 22:00")
	stop()
	s.run(store.PauseRecurrence(t.Context(), "nightly")) // while nobody serves
	serve(t, store, address.Host, httpd.Beat(beat))
	shows("#recurrences", "paused")
	b.forget(s.url) // the browser may say itself that nobody answered
	at := time.Now().Truncate(time.Hour)
	r, err := store.Recurrence(t.Context(), "nightly")
	s.run(err)
	_, err = store.Decide(t.Context(), r, ablation.Decision{Passed: []ablation.Firing{
		{Recurrence: "nightly", PlannedAt: at, DecidedAt: at, State: ablation.FiringSkipped, Reason: ablation.SkippedPaused},
	}, NextAt: at.Add(time.Hour)}, at, nil)
	s.run(err)
	shows("#history", "was paused")

	for range s.sweep("talk") {
		s.train(ablation.RunCompleted)
	}
	look("/sweeps/talk/share")
	b.eval(`document.querySelector("main form").requestSubmit()`)
	b.run(chromedp.WaitReady(chromedp.CSS("html[data-ready] #link")))
	b.eval(`window.unloaded = false`)
	s.get(strings.TrimPrefix(b.text(`document.querySelector("#link").value`), s.url)).want(t, 200)
	b.until(`document.querySelector("#shares td[data-h=Views]").innerText === "1"`)
	s.run(store.RevokeShare(t.Context(), 1))
	shows("#shares", "revoked")
	b.until(`document.querySelector("#link").value && document.querySelector("#away").hidden`)
	b.quiet()
}

// run fails the test where something went wrong.
func (s site) run(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// TestEditor_clearedTime: a time of day that is cleared is missing, and said so at its field; the clock doesn't start at some
// other time.
func TestEditor_clearedTime(t *testing.T) {
	t.Parallel()
	b := editor(t, drawn+"recurrence: {cron: \"30 7 * * 1-5\"}\n")
	b.put("[data-part=time]", "")
	b.until(`document.querySelector("[data-part=time]").getAttribute("aria-invalid") && document.querySelector("[data-part=how]").value === "weekdays" && !document.querySelector("[data-review]")`)
	b.put("[data-part=time]", "06:05")
	b.holds("5 6 * * 1-5")
	b.until(`!document.querySelector("[data-part=time]").getAttribute("aria-invalid") && document.querySelector("[data-review]")`)
	b.quiet()
}
