package httpd_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestRecurrences_keyboard pauses, resumes, reads and edits recurrences, their calendar and their history without a mouse.
func TestRecurrences_keyboard(t *testing.T) {
	t.Parallel()
	b, s := browse(t)
	s.text()
	s.recur()
	press := func(selector, key string) {
		b.Helper()
		b.rests()
		b.until(fmt.Sprintf(`document.querySelector(%q)`, selector))
		b.eval(fmt.Sprintf(`document.querySelector(%q).focus()`, selector))
		b.run(chromedp.KeyEvent(key))
	}
	list := func() {
		b.Helper()
		b.run(chromedp.Navigate(b.url+"/recurrences?lang=en"), chromedp.WaitReady(chromedp.CSS("html[data-ready] #recurrences")))
	}
	b.run(chromedp.EmulateViewport(768, 800))
	list()
	press(`[action="/recurrences/nightly/pause"] button`, kb.Enter)
	b.until(`document.documentElement.dataset.ready !== undefined && document.querySelector('[action="/recurrences/nightly/resume"] button')`)
	press(`[action="/recurrences/nightly/resume"] button`, " ")
	b.until(`document.documentElement.dataset.ready !== undefined && document.querySelector('[action="/recurrences/nightly/pause"] button')`)

	press("#firings [data-draws=table]", kb.Enter)
	b.until(`document.querySelector("#firings [data-table]:not([hidden]) tbody tr")`)
	press("#firings [data-draws=table]", " ")
	b.until(`document.querySelector("#firings [data-table]").hidden`)
	press("#firings .tbl-box:has(.strip)", kb.ArrowRight)
	b.until(`document.querySelector("#firings .tbl-box:has(.strip)").scrollLeft > 0`)

	press(`#recurrences a[href="/recurrences/nightly"]`, kb.Enter)
	b.until(`location.pathname === "/recurrences/nightly" && document.documentElement.dataset.ready !== undefined`)
	press(`#history a[href="/recurrences"]`, kb.Enter)
	b.until(`location.pathname === "/recurrences" && document.documentElement.dataset.ready !== undefined`)
	press(`#history a[href^="/sweeps/"]`, kb.Enter)
	b.until(`location.pathname.startsWith("/sweeps/")`)
	list()
	press(`a[href="/new?recurrence=nightly"]`, kb.Enter)
	b.until(`location.pathname === "/new" && document.documentElement.dataset.ready !== undefined`)
	b.quiet()
}
