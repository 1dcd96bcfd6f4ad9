package httpd_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/httpd"
)

// drawn is a sweep file with what a form must leave alone: a comment on each side, an own order, Japanese.
const drawn = `# 配合
seeds: 2
name: drawn
sources: [web-ja, web-en]
recipe: {tokens: 64k, row_tokens: 64, batch_rows: 8, max_epochs: 1e9}
design: {baseline: turn}
schedules:
  turn:                # 順序
    stages:
      - {until: 0.5, mixture: {web-ja: 0.2, web-en: 0.8}}   # まず英語
      - {until: 1.0, mixture: {web-ja: 0.7, web-en: 0.3}}
  flat:
    stages: [{until: 1.0, mixture: {web-ja: 0.5, web-en: 0.5}}]
`

// editor opens the page of a new experiment with a document in it.
func editor(t *testing.T, document string) *tab {
	t.Helper()
	b, s := browse(t)
	s.text()
	b.compose(document)
	return b
}

// compose writes a document as if it were pasted, and looks at its form.
func (b *tab) compose(document string) {
	b.Helper()
	b.run(chromedp.Navigate(b.url+"/new?lang=ja"), chromedp.WaitReady(chromedp.CSS("html[data-ready]")))
	b.eval(fmt.Sprintf(`{ const a = document.querySelector("#document"); a.value = %q; a.dispatchEvent(new Event("input")); }`, document))
	b.eval(`document.querySelector("[data-view=form]").click()`)
	b.until(`document.querySelector("#u-0") && document.querySelector("#preview .big3")`)
	b.rests()
}

// nudge moves a handle by one key, once the page rests.
func (b *tab) nudge(handle string) {
	b.Helper()
	b.rests()
	b.eval(fmt.Sprintf(`document.querySelector(%q).focus()`, handle))
	b.run(chromedp.KeyEvent(kb.ArrowRight))
}

// put leaves a value in a field, once the page rests.
func (b *tab) put(field, value string) {
	b.Helper()
	b.rests()
	b.eval(fmt.Sprintf(`{ const f = document.querySelector(%q); f.value = %q; f.dispatchEvent(new Event("change", { bubbles: true })); }`, field, value))
}

// holds waits until the text holds a piece.
func (b *tab) holds(piece string) {
	b.Helper()
	b.until(fmt.Sprintf(`document.querySelector("#document").value.includes(%q)`, piece))
}

func (b *tab) document() string {
	b.Helper()
	return b.text(`document.querySelector("#document").value`)
}

// TestEditor_touch moves a boundary and a share by finger, on a phone.
func TestEditor_touch(t *testing.T) {
	t.Parallel()
	b := editor(t, drawn)
	if _, err := chromedp.Call(b.ctx, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: true}); err != nil {
		t.Fatal(err)
	}
	b.run(chromedp.EmulateViewport(360, 800))
	b.until(`document.documentElement.scrollWidth <= 360 && document.querySelector("[data-area]").viewBox.baseVal.width < 360`)
	b.swipe("#b-0", -.2, 0)
	b.until(`document.querySelector("#u-0").value === "30"`)
	b.holds("until: 0.3,") // the answer has shifted the page
	b.swipe("#h-1-0", 0, .1)
	b.until(`document.querySelector("#m-1-0").value === "80.0"`)
	b.holds("- {until: 0.3, mixture: {web-ja: 0.2, web-en: 0.8}}   # まず英語\n      - {until: 1.0, mixture: {web-ja: 0.8, web-en: 0.2}}")
	b.quiet()
}

// swipe moves a handle by parts of the drawing's width and height.
func (b *tab) swipe(handle string, along, up float64) {
	b.Helper()
	wide := b.place("[data-area]").width - 60
	at := b.place(handle + " .ring")
	touch := func(kind input.DispatchTouchEventType, points ...*input.TouchPoint) {
		if _, err := chromedp.Call(b.ctx, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: kind, TouchPoints: append([]*input.TouchPoint{}, points...)}); err != nil {
			b.Fatal(err)
		}
	}
	touch(input.DispatchTouchEventTypeTouchStart, &input.TouchPoint{X: at.x, Y: at.y})
	for i := range 10 {
		part := float64(i+1) / 10
		touch(input.DispatchTouchEventTypeTouchMove, &input.TouchPoint{X: at.x + part*along*wide, Y: at.y - part*up*224})
	}
	touch(input.DispatchTouchEventTypeTouchEnd)
}

// gate is where questions of an editor wait while it is shut. At first it is open.
type gate struct {
	mu    sync.Mutex
	asked chan struct{}
	freed chan struct{} // nil while it is open
}

// shut lets the questions from now on wait, and tells of each on the channel.
func (g *gate) shut() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked, g.freed = make(chan struct{}, 1000), make(chan struct{})
	return g.asked
}

// open lets those that wait pass, and all others.
func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	close(g.freed)
	g.freed = nil
}

func (g *gate) pass(r *http.Request) {
	g.mu.Lock()
	asked, freed := g.asked, g.freed
	g.mu.Unlock()
	if r.URL.Path != "/new/check" || freed == nil {
		return
	}
	asked <- struct{}{}
	select {
	case <-freed:
	case <-r.Context().Done(): // given up for being late: the page asks again
	}
}

// TestEditor_typing: what is being typed or composed stays while answers come; full-width digits are numbers.
func TestEditor_typing(t *testing.T) {
	t.Parallel()
	b, s := browse(t)
	s.text()
	var g gate
	b.url = front(t, s.url, g.pass)
	b.compose(drawn)

	asked := g.shut()
	b.eval(`{ const f = document.querySelector("#m-0-0"); f.focus(); f.select(); }`)
	b.insert("３５．５")
	b.run(chromedp.KeyEvent(kb.Enter))
	<-asked
	b.eval(`document.querySelector("#f-question").focus()`)
	b.composed("にほ")
	g.open()
	b.holds("web-ja: 0.355")
	b.until(`document.querySelector("#m-0-0").getAttribute("aria-invalid") === "true" && document.activeElement.id === "f-question" && document.activeElement.value === "にほ"`)
	b.insert("日本")
	b.run(chromedp.KeyEvent(kb.Tab))
	b.holds("question: 日本\n")

	b.press("[data-view=yaml]")
	b.eval(`document.querySelector("#document").focus()`)
	b.run(chromedp.KeyEvent(kb.End, chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	asked = g.shut()
	b.run(chromedp.KeyEvent("# x"))
	<-asked
	b.run(chromedp.KeyEvent("y"))
	b.composed("に")
	g.open()
	b.until(`document.querySelector("#document").value.endsWith("# xyに") && document.querySelector(".paint").textContent.endsWith("# xyに")`)
	b.insert("日")
	b.holds("# xy日")
	b.press("[data-view=form]")
	for strings.Contains(b.document(), "# x") { // what a slow machine types with rests is undone in parts
		b.press("[data-do=undo]")
		b.rests()
	}
	b.holds("question: 日本")
	b.quiet()
}

// TestEditor_slow: a server that doesn't answer is said to be slow; what was changed is kept, and asked about with the next
// change.
func TestEditor_slow(t *testing.T) {
	t.Parallel()
	b, s := browse(t, httpd.Beat(time.Second))
	s.text()
	var hangs atomic.Bool
	b.url = front(t, s.url, func(r *http.Request) {
		if hangs.Load() && r.URL.Path == "/new/check" {
			<-r.Context().Done()
			panic(http.ErrAbortHandler) // nobody waits for an answer any more
		}
	})
	b.compose(drawn)
	b.until(`document.querySelector("#away").hidden`)
	hangs.Store(true)
	b.nudge("#b-0")
	b.until(`!document.querySelector("#away").hidden && document.querySelector("#away").textContent.includes("遅れて")`)
	hangs.Store(false)
	b.run(chromedp.KeyEvent(kb.ArrowRight))
	b.holds("until: 0.52")
	b.until(`document.querySelector("#away").hidden`)
	b.quiet()
}

// insert types text at once, as an input method does when it is done.
func (b *tab) insert(text string) {
	b.Helper()
	if _, err := chromedp.Call(b.ctx, input.InsertText, input.InsertTextParams{Text: text}); err != nil {
		b.Fatal(err)
	}
}

// composed is text that an input method hasn't settled yet.
func (b *tab) composed(text string) {
	b.Helper()
	n := int64(len([]rune(text)))
	if _, err := chromedp.Call(b.ctx, input.ImeSetComposition, input.ImeSetCompositionParams{Text: text, SelectionStart: n, SelectionEnd: n}); err != nil {
		b.Fatal(err)
	}
}

// TestEditor_keeps: what was written outlives a reload, the other language, another page and a template; line ends and
// what nobody touched stay as they are.
func TestEditor_keeps(t *testing.T) {
	t.Parallel()
	b := editor(t, drawn)
	if diff := cmp.Diff(drawn, b.document()); diff != "" {
		t.Errorf("looking at the form changed the text:\n%s", diff)
	}
	b.nudge("#b-0")
	moved := strings.Replace(drawn, "until: 0.5", "until: 0.51", 1)
	b.holds("until: 0.51")
	b.run(chromedp.Reload(), chromedp.WaitReady(chromedp.CSS("html[data-ready]")))
	b.until(`document.querySelector("#u-0")?.value === "51"`)
	b.press(".lang a[lang=en]")
	b.run(chromedp.WaitReady(chromedp.CSS("html[data-ready][lang=en]")))
	b.until(`document.querySelector("#u-0")?.value === "51"`)
	b.run(chromedp.Navigate(b.url+"/sources"), chromedp.Navigate(b.url+"/new"), chromedp.WaitReady(chromedp.CSS("html[data-ready]")))
	b.press("[data-do=resume]")
	b.until(`document.querySelector("#u-0")?.value === "51"`)
	b.eval(`document.querySelector(".tpl[href='/new?example=demo']").click()`)
	b.until(`document.querySelector("#f-name").value === "demo" && location.search === "?example=demo"`)
	b.press("[data-do=undo]")
	b.until(`document.querySelector("#f-name").value === "drawn"`)
	if diff := cmp.Diff(moved, b.document()); diff != "" {
		t.Errorf("after all that:\n%s", diff)
	}

	b.run(chromedp.Navigate(b.url+"/new?example=demo"), chromedp.WaitReady(chromedp.CSS("html[data-ready]")))
	b.until(`document.querySelector("#preview .big3, #wrong li")`) // looked at, and left as it is
	b.run(chromedp.Navigate(b.url+"/new"), chromedp.WaitReady(chromedp.CSS("html[data-ready]")))
	b.until(`!document.querySelector("#resume").hidden && JSON.parse(sessionStorage.getItem("haigo.draft")).document.includes("name: drawn")`)

	windows := "\n" + strings.ReplaceAll(drawn, "\n", "\r\n")
	windows = strings.Replace(windows, "\n", "\r\n", 1)
	b.eval(fmt.Sprintf(`sessionStorage.setItem("haigo.draft", JSON.stringify({ at: "", document: %q, view: "form", arm: "" }))`, windows))
	b.run(chromedp.Navigate(b.url+"/new"), chromedp.WaitReady(chromedp.CSS("html[data-ready]")))
	b.press("[data-do=resume]")
	b.until(`document.querySelector("#u-0")?.value === "50"`)
	b.nudge("#b-0")
	b.holds("until: 0.51")
	b.eval(`document.querySelector("form[data-editor]").addEventListener("submit", e => e.preventDefault())`)
	b.press("[formaction='/new/file']")
	want := strings.Replace(windows, "until: 0.5", "until: 0.51", 1)
	b.until(fmt.Sprintf(`document.querySelector("[name=exact]").value && JSON.parse(document.querySelector("[name=exact]").value) === %q`, want))
	b.quiet()
}

// TestEditor_launch: a document that is sent off is remembered while nobody has answered, and where it is refused; once its
// sweep's page is there it is forgotten.
func TestEditor_launch(t *testing.T) {
	t.Parallel()
	b, s := browse(t)
	s.text()
	var away atomic.Bool
	b.url = front(t, s.url, func(r *http.Request) {
		if away.Load() && r.URL.Path == "/new" && r.Method == http.MethodPost {
			panic(http.ErrAbortHandler)
		}
	})
	launch := func() {
		b.until(`document.querySelector("#go [data-review]")`)
		b.eval(`document.querySelector("#go [data-review]").click()`)
		b.until(`document.querySelector("#review").open`)
		b.eval(`document.querySelector("#review [data-launch]").click()`)
	}
	b.compose(drawn)
	away.Store(true)
	launch()
	b.run(chromedp.WaitReady(chromedp.CSS("#main-frame-error")))
	away.Store(false)
	b.run(chromedp.Navigate(b.url+"/new"), chromedp.WaitReady(chromedp.CSS("html[data-ready]")))
	b.press("[data-do=resume]")
	b.holds("name: drawn")
	b.until(`document.querySelector("#go [data-review]")`)
	b.forget("")                                                                             // the browser says so itself that nobody answered
	s.post("/sweeps", strings.Replace(drawn, "tokens: 64k", "tokens: 128k", 1)).want(t, 201) // somebody else takes the name
	launch()
	b.run(chromedp.WaitReady(chromedp.CSS("html[data-ready] [name=as]")))
	b.press(".lang a[lang=en]")
	b.run(chromedp.WaitReady(chromedp.CSS("html[data-ready][lang=en]")))
	b.holds("tokens: 64k")
	b.until(`document.querySelector("#go [name=as]")`)
	b.eval(`document.querySelector("#go [name=as]").value = "drawn-2"; document.querySelector("#go .pri").click()`)
	b.run(chromedp.WaitReady(chromedp.CSS("html[data-ready] #trade")))
	b.until(`location.pathname === "/sweeps/drawn-2" && sessionStorage.getItem("haigo.draft") === null`)
	b.quiet()
}

// TestEditor_schedules copies, names, compares, bends and drops schedules; a source that goes leaves a gap that a button
// mends; undoing all of it leaves the text as it was.
func TestEditor_schedules(t *testing.T) {
	t.Parallel()
	b := editor(t, drawn)
	b.press("[data-do=duplicate]")
	b.until(`document.querySelectorAll("[role=tab]").length === 3 && document.querySelector("#arm-name").value === "turn-2"`)
	b.put("#arm-label", "写し")
	b.holds("label: 写し")
	b.put("#r-1", "cosine")
	b.holds("ramp: cosine")
	b.press("[data-by=diff]")
	b.until(`document.querySelectorAll("[data-area] path").length === 2 && document.querySelector("[data-other]").value === "turn"`)
	b.press("[data-by=share]")
	b.eval(`document.querySelector("[role=tab]").click()`)
	b.until(`document.querySelector("#arm-name").value === "turn"`)
	b.put("#arm-name", "ｔｗｏ")
	b.holds("design: {baseline: two}")
	b.press("#f-sources-web-en")
	b.until(`document.querySelector("#spread-all-0") && document.querySelectorAll("[role=tab] .tag.bad").length === 3 && document.querySelector("#preview.stale")`)
	b.press("#spread-all-0")
	b.until(`document.querySelector("#go [data-review]") && !document.querySelector("[role=tab] .tag.bad")`)
	b.press("[data-do=drop]")
	b.until(`document.querySelectorAll("[role=tab]").length === 2 && !document.querySelector("#document").value.includes("baseline")`)
	for range 7 {
		b.press("[data-do=undo]")
	}
	b.until(fmt.Sprintf(`document.querySelector("#document").value === %q`, drawn))
	b.quiet()
}

// TestEditor_presses: buttons that are pressed twice, and fields that are left, before the server has answered change what
// they stood beside.
func TestEditor_presses(t *testing.T) {
	t.Parallel()
	b, s := browse(t)
	s.text()
	var g gate
	b.url = front(t, s.url, g.pass)
	b.compose(drawn)
	twice := func(selector string) {
		b.rests()
		asked := g.shut()
		b.eval(fmt.Sprintf(`document.querySelector(%q).focus(); for (let i = 0; i < 2; i++) document.querySelector(%[1]q).click()`, selector))
		<-asked
		b.eval(fmt.Sprintf(`document.querySelector(%q).click()`, selector))
		g.open()
		b.rests()
	}
	b.eval(`document.querySelectorAll("[role=tab]")[1].click()`)
	b.until(`document.querySelector("#arm-name").value === "flat"`)
	twice("[data-do=duplicate]")
	b.until(`document.querySelectorAll("[role=tab]").length === 3 && document.querySelector("#arm-name").value === "flat-2"`)
	b.until(`document.activeElement.dataset.do === "duplicate"`)
	twice("[data-do=split]")
	b.until(`document.querySelectorAll("[data-stages] tbody tr").length === 2`)
	twice("#x-0")
	b.until(`document.querySelectorAll("[data-stages] tbody tr").length === 1`)
	twice("[data-do=drop]")
	b.until(`document.querySelectorAll("[role=tab]").length === 2 && document.querySelector("#arm-name").value === "turn"`)
	if diff := cmp.Diff(drawn, b.document()); diff != "" {
		t.Errorf("after all that:\n%s", diff)
	}

	asked := g.shut()
	b.eval(`{ const n = document.querySelector("#arm-name"); n.focus(); n.value = "two"; n.dispatchEvent(new Event("change")); }`)
	<-asked
	b.eval(`{ const m = document.querySelector("#u-0"); m.value = "40"; m.dispatchEvent(new Event("change")); }`)
	g.open()
	b.holds("  two:                # 順序\n    stages:\n      - {until: 0.4,")
	b.quiet()
}

// TestEditor_accessible runs axe over what the page looks like in between: with a mistake, in the form and in the text, as a
// difference, at the summary, and with a recurrence; in both languages and schemes, wide and at 320 px.
func TestEditor_accessible(t *testing.T) {
	t.Parallel()
	b := editor(t, drawn)
	source, err := os.ReadFile("../../web/node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatalf("%v: run make build first", err)
	}
	a := axe{b, string(source)}
	gap := `{ const m = document.querySelector("#m-0-0"); m.value = "1"; m.dispatchEvent(new Event("change", { bubbles: true })); }`
	for _, lang := range []string{"ja", "en"} {
		a.look(1440, "light")
		b.compose(drawn)
		b.eval(`document.documentElement.dataset.before = ""`)
		b.press(".lang a[lang=" + lang + "]")
		b.run(chromedp.WaitReady(chromedp.CSS("html[data-ready][lang=" + lang + "]:not([data-before])")))
		b.until(`document.querySelector("#u-0") && document.querySelector("#go [data-review]")`)
		a.eval(a.source)
		for _, state := range []struct{ name, act, ready string }{
			{"difference", `document.querySelector("[data-by=diff]").click()`, `document.querySelectorAll("[data-area] path").length`},
			{"recurrence", `{ const s = document.querySelector("#f-recurrence-cron"); s.value = "day"; s.dispatchEvent(new Event("change", { bubbles: true })); }`, `document.querySelector("#f-recurrence-zone") && document.querySelector("#go [data-review]")`},
			{"summary", `document.querySelector("#review-open").click()`, `document.querySelector("#review").open`},
			{"gap", `document.querySelector("#review").close(); document.querySelector("[data-by=share]").click(); ` + gap, `document.querySelector("#spread-0") && document.querySelector("#preview.stale")`},
			{"mistake in the text", `document.querySelector("[data-view=yaml]").click()`, `document.querySelector(".paint .e .msg")`},
		} {
			b.eval(state.act)
			b.until(state.ready)
			a.violations("/new", lang+" "+state.name, "")
			a.look(1440, "dark")
			a.violations("/new", lang+" dark "+state.name, `runOnly: ["color-contrast"]`)
			a.look(320, "light")
			a.violations("/new", lang+" narrow "+state.name, "")
			a.look(1440, "light")
		}
	}
	b.quiet()
}
