package httpd_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/haigo-lab/haigo/services/httpd"
)

// turnstile lets questions of an editor through one by one.
type turnstile struct {
	asked, pass chan struct{}
}

func newTurnstile() turnstile { return turnstile{make(chan struct{}, 1000), make(chan struct{})} }

func (s turnstile) hold(r *http.Request) {
	if r.URL.Path != "/new/check" {
		return
	}
	s.asked <- struct{}{}
	select {
	case <-s.pass:
	case <-r.Context().Done():
	}
}

// TestEditor_tabs types numbers one after the other with Tab between, while the answers to the ones before come late: each
// field takes what is typed into it, and none falls back to what it was.
func TestEditor_tabs(t *testing.T) {
	t.Parallel()
	b, s := browse(t, httpd.Beat(10*time.Minute)) // no answer is late
	s.text()
	late := newTurnstile()
	var held atomic.Bool
	b.url = front(t, s.url, func(r *http.Request) {
		if held.Load() {
			late.hold(r)
		}
	})
	b.compose(drawn)
	held.Store(true)
	b.eval(`document.querySelector("#m-0-0").focus(); document.querySelector("#m-0-0").select()`)
	b.run(chromedp.KeyEvent("60" + kb.Tab))
	<-late.asked
	b.run(chromedp.KeyEvent("20" + kb.Tab)) // before the answer
	late.pass <- struct{}{}
	<-late.asked // the first is answered and drawn
	b.until(`document.querySelector("#m-0-0").value.startsWith("60") && document.querySelector("#m-0-1").value === "20" && document.activeElement.id === "x-0"`)
	late.pass <- struct{}{}
	b.until(`document.querySelector("#m-0-1").value === "20.0"`)
	b.holds("mixture: {web-ja: 0.6, web-en: 0.2}")

	b.eval(`document.querySelector("#u-0").focus(); document.querySelector("#u-0").select()`)
	b.run(chromedp.KeyEvent("40" + kb.Tab + kb.Enter))
	<-late.asked
	late.pass <- struct{}{}
	b.holds("until: 0.4,")
	b.rests() // drawn anew, and nothing typed yet
	b.run(chromedp.KeyEvent("30" + kb.Tab))
	<-late.asked
	late.pass <- struct{}{}
	b.holds("{until: 0.4, mixture: {web-ja: 0.3, web-en: 0.2}")
	held.Store(false)
	b.quiet()
}

// TestEditor_selection: in every field of the page that is typed in, what is typed, composed or selected stays when all
// around it is drawn anew.
func TestEditor_selection(t *testing.T) {
	t.Parallel()
	b := editor(t, drawn+"recurrence: {cron: \"5 4 * * 1-3\", zone: Asia/Tokyo}\nbudget: {gpu_hours: 8}\n")
	b.put("#u-0", "40")
	b.holds("until: 0.4,")
	b.rests()
	fields := strings.Fields(b.text(`[...document.querySelectorAll("form[data-editor] input:not([type=checkbox], [type=time], [type=file])")].filter(f => f.id !== "u-0" && !f.disabled && f.checkVisibility()).map(f => f.id).join(" ")`))
	if len(fields) < 20 {
		t.Fatalf("only %d fields: %v", len(fields), fields)
	}
	redraw := func() { // by undoing and redoing; the parts of the page that wouldn't change are made to
		b.rests()
		b.eval(`for (const part of document.querySelectorAll("[data-check]")) part.dataset.before = ""; (document.querySelector("[data-do=redo]:enabled") ?? document.querySelector("[data-do=undo]")).click()`)
		b.until(`!document.querySelector("[data-check]:not(#review *)[data-before]")`)
		b.rests()
	}
	for _, field := range fields {
		b.eval(fmt.Sprintf(`{ const f = document.querySelector("#%s"); f.focus(); if (!f.value) f.value = f.defaultValue; f.setSelectionRange(0, f.value.length, "backward"); window.field = f; window.had = f.value; }`, field))
		redraw()
		b.until(fmt.Sprintf(`document.activeElement.id === %q && field.value === had && field.selectionStart === 0 && field.selectionEnd === had.length && document.activeElement === field && (!had || field.selectionDirection === "backward")`, field))
		b.run(chromedp.KeyEvent("12" + kb.ArrowLeft))
		redraw()
		b.until(`document.activeElement === field && field.value === "12" && field.selectionStart === 1 && field.selectionEnd === 1`)
		b.composed("に")
		redraw()
		b.insert("日")
		b.until(`document.activeElement === field && field.value === "1日2"`)
		b.eval(`field.value = had; field.blur()`)
	}
	b.quiet()
}

// TestEditor_enter: Enter takes what is typed, wherever it is typed, and sends nothing; the keyboard stays there, and a button
// is pressed once.
func TestEditor_enter(t *testing.T) {
	t.Parallel()
	b := editor(t, drawn+"recurrence: {cron: \"0 22 * * *\", zone: Asia/Tokyo}\n")
	b.eval(`document.addEventListener("submit", event => { window.sent = (window.sent ?? "") + document.activeElement.id + " "; event.preventDefault(); }, true)`)
	before := b.document()
	for _, field := range strings.Fields(b.text(`[...document.querySelectorAll("[data-pane=form] :is(input, select), .side input")].filter(f => f.id && !f.disabled && f.checkVisibility()).map(f => f.id).join(" ")`)) {
		b.eval(fmt.Sprintf(`document.getElementById(%q).focus()`, field))
		b.run(b.enter(), chromedp.KeyEvent(kb.Escape)) // a list that was opened is closed again
		b.until(fmt.Sprintf(`document.activeElement.id === %q`, field))
	}
	b.rests()
	if got := b.document(); got != before {
		t.Errorf("Enter changed the text:\n%s", got)
	}
	b.eval(`document.querySelector("#m-0-0").focus(); document.querySelector("#m-0-0").select()`)
	b.run(chromedp.KeyEvent("10"), b.enter(), b.enter())
	b.holds("web-ja: 0.1")
	b.rests()
	b.until(`document.activeElement.id === "m-0-0" && document.querySelector("#fix-0")`)
	b.eval(`document.querySelector("#fix-0").focus()`)
	b.run(b.enter()) // a button does what it says, once
	b.holds("web-ja: 0.1, web-en: 0.9")
	b.rests()
	if sent := b.text(`window.sent ?? ""`); sent != "" {
		t.Errorf("sent at %s", sent)
	}
	b.quiet()
}

// enter presses Enter as a keyboard does: what a page does at its keydown is heard before the character.
func (b *tab) enter() chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		for _, kind := range []input.DispatchKeyEventType{"rawKeyDown", "char", "keyUp"} {
			key := input.DispatchKeyEventParams{Type: kind, Key: "Enter", Code: "Enter", NativeVirtualKeyCode: 13, WindowsVirtualKeyCode: 13}
			if kind == "char" {
				key.Text, key.UnmodifiedText = "\r", "\r"
			}
			if _, err := chromedp.Call(ctx, input.DispatchKeyEvent, key); err != nil {
				return err
			}
		}
		return nil
	})
}

// TestEditor_clicked: a button that is pressed straight from a number is pressed once, though leaving the number draws it anew
// before the mouse is let go. Let go elsewhere, it isn't.
func TestEditor_clicked(t *testing.T) {
	t.Parallel()
	b := editor(t, drawn)
	click := func(typed string, away float64) {
		t.Helper()
		b.eval(`document.querySelector("#u-0").scrollIntoView({ block: "center" }); document.querySelector("#u-0").focus({ preventScroll: true }); document.querySelector("#u-0").select()`)
		b.run(chromedp.KeyEvent(typed))
		at := b.place("#x-0")
		b.eval(`window.pressed = document.querySelector("#x-0")`)
		b.run(chromedp.MouseEvent(chromedp.MouseMoved, at.x, at.y), chromedp.MouseEvent(chromedp.MousePressed, at.x, at.y, chromedp.ButtonLeft, chromedp.ClickCount(1)))
		b.until(`!window.pressed.isConnected`)
		b.holds("until: 0." + typed)
		b.rests()
		b.run(chromedp.MouseEvent(chromedp.MouseMoved, at.x-away, at.y, chromedp.ButtonLeft), chromedp.MouseEvent(chromedp.MouseReleased, at.x-away, at.y, chromedp.ButtonLeft, chromedp.ClickCount(1)))
	}
	click("42", 200)
	b.rests()
	b.until(`document.querySelectorAll("[data-stages] tbody tr").length === 2`)
	click("33", 1)
	b.until(`document.querySelectorAll("[data-stages] tbody tr").length === 1`)
	b.rests()
	b.until(`document.querySelectorAll("[data-stages] tbody tr").length === 1`)
	b.press("[data-do=undo]")
	b.until(`document.querySelectorAll("[data-stages] tbody tr").length === 2`)
	b.holds("until: 0.33")
	b.quiet()
}
