package httpd_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/haigo-lab/haigo/services/httpd"
)

// TestEditor_leaves leaves the page at once after the last key, before the server has answered: what was typed is there
// when it is come back to.
func TestEditor_leaves(t *testing.T) {
	t.Parallel()
	b, s := browse(t, httpd.Beat(3*time.Second)) // a question that nobody answers is soon asked again
	s.text()
	var away atomic.Bool
	b.url = front(t, s.url, func(r *http.Request) {
		if away.Load() && r.URL.Path == "/new/check" {
			<-r.Context().Done()
			panic(http.ErrAbortHandler)
		}
	})
	back := func(b *tab, want string) {
		b.Helper()
		b.run(chromedp.WaitReady(chromedp.CSS("html[data-ready] #document")))
		b.holds(want)
		b.rests()
	}
	typed := func(field, text string) {
		b.Helper()
		b.rests()
		b.eval(`document.documentElement.dataset.before = ""; document.querySelector("` + field + `").focus(); document.querySelector("` + field + `").select()`)
		away.Store(true)
		b.insert(text)
	}
	fresh := chromedp.WaitReady(chromedp.CSS("html[data-ready]:not([data-before])"))
	b.compose(drawn)

	typed("#m-0-0", "35") // by a link: the field is left
	at := b.place(".crumb a")
	b.run(chromedp.MouseClickXY(at.x, at.y), fresh)
	away.Store(false)
	b.run(chromedp.Navigate(b.url + "/new"))
	b.press("[data-do=resume]")
	back(b, "web-ja: 0.35")

	typed("#m-0-1", "65") // by loading it again: the field isn't left
	b.run(chromedp.Reload(), fresh)
	away.Store(false)
	back(b, "web-ja: 0.35, web-en: 0.65")

	typed("#f-question", "どれ") // by the other language
	b.eval(`document.activeElement.blur(); document.querySelector(".lang a:not([aria-current])").click()`)
	b.run(fresh)
	away.Store(false)
	back(b, "question: どれ")

	typed("#arm-label", "Turn") // back in the browser's history, and forth
	b.run(chromedp.KeyEvent(kb.Tab), chromedp.NavigateBack(), fresh)
	away.Store(false)
	b.run(chromedp.NavigateForward())
	back(b, "label: Turn")

	b.press("[data-view=yaml]")
	b.eval(`document.documentElement.dataset.before = ""; document.querySelector("#document").focus()`)
	away.Store(true)
	b.run(chromedp.KeyEvent(kb.End, chromedp.KeyModifiers(chromedp.ModifierCtrl)), chromedp.KeyEvent("# last"), chromedp.Reload(), fresh)
	away.Store(false)
	back(b, "# last")

	b.press("[data-view=form]")
	w := b.window() // closed: another tab offers what was written in it
	w.run(chromedp.Navigate(b.url+"/new?example=demo"), chromedp.WaitReady(chromedp.CSS("html[data-ready]")))
	w.rests()
	w.eval(`document.querySelector("#f-name").focus(); document.querySelector("#f-name").select()`)
	away.Store(true)
	w.run(chromedp.KeyEvent("closed"))
	_, _ = chromedp.Call(w.ctx, cdppage.Close, cdp.Empty{}) // it has no time to answer
	b.until(`localStorage.getItem("haigo.draft").includes("closed")`)
	away.Store(false)
	b.eval(`sessionStorage.removeItem("haigo.draft")`) // as in a new tab
	other := b.window()
	other.run(chromedp.Navigate(b.url+"/new"), chromedp.WaitReady(chromedp.CSS("html[data-ready]")))
	other.press("[data-do=resume]")
	other.holds("name: closed")
	if strings.Contains(other.document(), "turn") {
		t.Error("it isn't what was written last")
	}
	other.quiet()
}
