package httpd_test

import (
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/haigo-lab/haigo/services/ablation"
)

// TestBrowser_dialog opens a form by keyboard, as a screen reader does, and by mouse. Enter opens it when it is let go:
// held, it neither sends the form nor fills it in.
func TestBrowser_dialog(t *testing.T) {
	t.Parallel()
	b, s := browse(t)
	s.text()
	for range s.sweep("done") {
		s.train(ablation.RunCompleted)
	}
	b.run(chromedp.Navigate(b.url+"/sweeps/done?lang=en"), chromedp.WaitReady(chromedp.CSS("html[data-ready] [data-dialog=share]")))
	const open, shut = `document.querySelector("#share").open`, `document.querySelector("#share [data-close]").click()`

	b.eval(`document.querySelector("[data-dialog=share]").focus()`)
	repeat := true
	for _, again := range []*bool{nil, &repeat, &repeat} {
		b.key(input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Text: "\r", AutoRepeat: again})
	}
	b.until(`!` + open)
	b.key(input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyUp})
	b.until(open + ` && location.pathname === "/sweeps/done" && document.activeElement.closest("#share")`)
	b.run(chromedp.KeyEvent(kb.Escape))
	b.until(`!` + open + ` && document.activeElement.dataset.dialog === "share"`) // the focus is back where it was

	b.eval(`document.querySelector("[data-dialog=share]").click()`)
	b.until(open)
	b.eval(shut)
	share := b.place("[data-dialog=share]")
	b.run(chromedp.MouseClickXY(share.x, share.y))
	b.until(open)
	if shares, err := s.store.Shares(t.Context()); err != nil || len(shares) > 0 {
		t.Errorf("%d shares were made, %v", len(shares), err)
	}

	b.eval(`document.querySelector("#share form").requestSubmit()`)
	b.run(chromedp.WaitReady(chromedp.CSS("html[data-ready] #link")))
	b.eval(`window.confirm = (question) => { window.asked = question; return false; }; document.querySelector(".lang a[lang=ja]").click()`)
	b.until(`window.asked.includes("only now") && document.querySelector("#link").value`) // the link that is shown once

	s.ratios("ratios")
	s.settled("/sweeps/ratios/decision")
	b.sharesDecision("ratios")
	b.ends(s, s.share("done", "kind", "live"))
	b.quiet()
}

// ends revokes a live link under the page that it has opened, which says so without a reload.
func (b *tab) ends(s site, link string) {
	b.Helper()
	b.run(chromedp.Navigate(b.url+link+"?lang=en"), chromedp.WaitReady(chromedp.CSS("html[data-ready] figure canvas")))
	shares, err := s.store.Shares(s.Context())
	if err != nil {
		b.Fatal(err)
	}
	for _, share := range shares {
		s.run(s.store.RevokeShare(s.Context(), share.ID))
	}
	b.eval(`window.unloaded = false`)
	b.until(`dispatchEvent(new Event("online")) && window.unloaded === false && document.querySelector("h1").innerText === "This link can't be opened" && !document.querySelector("figure")`)
	b.forget(b.url + link) // the console names what is gone
}

// sharesDecision shares a chart of a decision by its form, and follows the link to what a stranger sees.
func (b *tab) sharesDecision(sweep string) {
	b.Helper()
	b.run(chromedp.Navigate(b.url+"/sweeps/"+sweep+"/decision?lang=en"), chromedp.WaitReady(chromedp.CSS("html[data-ready]")))
	b.eval(`document.querySelector("a[href*='/decision/share']").click()`)
	b.run(chromedp.WaitReady(chromedp.CSS("html[data-ready] select[name=chart], html[data-ready] input[name=chart]")))
	b.eval(`{ const form = document.querySelector("main form"); form.querySelector("#question").value = "x".repeat(301); form.noValidate = true; form.requestSubmit(); }`)
	b.run(chromedp.WaitReady(chromedp.CSS("html[data-ready] #question[aria-invalid=true]")))
	b.eval(`{ document.querySelector("#question").value = "どの順か"; document.querySelector("#chart").value = "stability"; document.querySelector("main form").requestSubmit(); }`)
	b.run(chromedp.WaitReady(chromedp.CSS("html[data-ready] #link")))
	b.run(chromedp.Navigate(b.text(`document.querySelector("#link").value`)), chromedp.WaitReady(chromedp.CSS("html[data-ready] figure")))
	b.until(`document.querySelector("h1").innerText === "どの順か" && document.querySelector("h2").innerText === "Rank stability" && !document.querySelector("a[href^='/sweeps']")`)
}

// key is one event of the Enter key.
func (b *tab) key(event input.DispatchKeyEventParams) {
	b.Helper()
	event.Key, event.Code, event.WindowsVirtualKeyCode = "Enter", "Enter", 13
	if _, err := chromedp.Call(b.ctx, input.DispatchKeyEvent, event); err != nil {
		b.Fatal(err)
	}
}
