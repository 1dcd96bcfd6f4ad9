package httpd_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/corpus"
	"github.com/haigo-lab/haigo/services/httpd"
	"github.com/haigo-lab/haigo/services/orchestrator"
)

// TestAccessible runs axe over every page in both languages, in both colour schemes and as narrow as a page enlarged four
// times, and finds nothing: no violation, no word from the console, no report of the content policy, nothing that scrolls
// sideways. HAIGO_SHOTS names a folder that gets pictures of all.
func TestAccessible(t *testing.T) {
	t.Parallel()
	b, s := browse(t, func(o *httpd.Options) {
		o.TextRoots, o.Alerts = []string{"/text"}, sender(t, o.Listen)
		o.Look = func(ctx context.Context, v ablation.Addition) (corpus.Survey, error) {
			return corpus.Look(ctx, orchestrator.AdditionOptions(v, "/data", o.TextRoots))
		}
	})
	source, err := os.ReadFile("../../web/node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatalf("%v: run make build first", err)
	}
	a := axe{b, string(source)}
	for _, lang := range []string{"ja", "en"} {
		a.check("/", lang, 200) // the page for the first time
		a.check("/sources", lang, 200)
		a.check("/shares", lang, 200)
		a.check("/recurrences", lang, 200)
		a.check("/alerts", lang, 200)
		a.check("/compare", lang, 200)
	}
	pages := everyPage(s)
	everyRoute(s, pages)
	for _, lang := range []string{"ja", "en"} {
		for _, page := range pages {
			a.check(page.path, lang, page.status)
		}
	}
	for i, state := range states {
		a.reach(state, []string{"ja", "en"}[i%2])
	}
}

// state is what somebody has made of a page: by the script do, once when holds. It is looked at once there is an element then.
type state struct{ path, when, do, then string }

// states are what pages can show that no address leads to.
var states = []state{
	{"/sweeps/done", `document.querySelector("[data-dialog]")`, `document.querySelector("[data-dialog]").click()`, "#share[open]"},
	{"/sweeps/done", `document.querySelector("#trade .ch").dataset.drawn`, `document.querySelector("#trade [data-do=table]").click()`, "#trade td"},
	{"/new?from=done", `document.querySelector("[data-review]")`, `document.querySelector("[data-review]").click()`, "#review[open]"},
	{"/new?from=done", `document.querySelector("#b-0, #h-0-0")`, `document.querySelector("[data-view=yaml]").click()`, "[data-pane=yaml]:not([hidden])"},
	{"/new?from=done", `document.querySelector("#b-0, #h-0-0")`, `{ const a = document.querySelector("#document"); a.value = a.value.replace(/0\.7/, "0.6"); a.dispatchEvent(new Event("input")); }`, ":is(#wrong, #problems) li"},
	{"/alerts", `document.querySelector("#f-address")`, `document.querySelector(".channel-form").closest("details").open = true; document.querySelector("#f-name").value = "Lab"; document.querySelector("#f-address").value = "nowhere"; document.querySelector(".channel-form .pri").click()`, "form:has(#f-name[aria-invalid]) #f-address[aria-invalid]"},
	{"/sweeps/done/share", `document.querySelector("[name=embed_in]")`, `document.querySelector("[name=embed_in]").value = "no site"; document.querySelector("form.stackf .pri").click()`, "form.stackf .err"},
	{"/sources/new", `document.querySelector("#path")`, `path.value = "/etc"; document.querySelector("#name").value = "Web"; lang.value = "日本語"; document.querySelector("[formaction]").click()`, "#name[aria-invalid]"},
}

// reach brings a page into a state and looks at it wide, dark and narrow.
func (a axe) reach(to state, lang string) {
	a.Helper()
	separator := map[bool]string{false: "?", true: "&"}[strings.Contains(to.path, "?")]
	a.look(1440, "light")
	a.run(chromedp.Navigate(a.url+to.path+separator+"lang="+lang), chromedp.WaitReady(chromedp.CSS("html[data-ready]")))
	a.until(to.when)
	a.eval(to.do)
	a.run(chromedp.WaitReady(chromedp.CSS("html[data-ready] " + to.then)))
	a.eval(a.source)
	how := lang + " " + to.then
	a.violations(to.path, how, "")
	writes := strings.Contains(to.do, "data-view=yaml") // Tab indents there
	if !writes {
		a.walk(to.path, how)
	}
	a.look(1440, "dark")
	a.violations(to.path, how+" dark", `runOnly: ["color-contrast"]`)
	a.look(320, "dark")
	a.violations(to.path, how+" narrow", "")
	if !writes {
		a.walk(to.path, how+" narrow")
	}
	a.quiet()
}

type page struct {
	path   string
	status int
}

// everyPage fills the site until every kind of page has something to show.
func everyPage(s site) []page {
	s.Helper()
	s.text()
	for range s.sweep("done") {
		s.train(ablation.RunCompleted)
	}
	pages := []page{{"/", 200}, {"/?show=look", 200}, {"/new", 200}, {"/new?from=done", 200}, {"/new?blank", 200}, {"/new?example=en-then-ja-ramp", 200}, {"/sources", 200}, {"/sources/new", 200}, {"/sources/web-en", 200}, {"/nothing", 404}, {"/s/" + strings.Repeat("B", 43), 404}}
	for _, tab := range []string{"", "/runs", "/definition", "/keep", "/share"} {
		pages = append(pages, page{"/sweeps/done" + tab, 200})
	}
	s.ratios("ratios")
	s.settled("/sweeps/ratios/decision")
	pages = append(pages, page{"/sweeps/done/decision", 200}, page{"/sweeps/ratios/decision", 200}, page{"/sweeps/ratios/decision/share", 200})
	if _, err := s.store.PutAddition(s.Context(), ablation.Addition{Name: "web-zh", Lang: "zh", Path: "/text/" + hostile, Licence: hostile}); err != nil {
		s.Fatal(err)
	}
	s.recur()
	pages = append(pages, page{"/recurrences", 200}, page{"/recurrences/nightly", 200}, page{s.share("done"), 200}, page{s.share("done", "kind", "live", "embed_in", "https://wiki.example.com") + "/embed", 200},
		page{"/shares", 200}, page{"/alerts", 200}, page{"/glossary", 200}, page{"/storage", 200}, page{"/shares/2/embed", 200}, page{"/sweeps/talk", 200}, page{"/compare", 200}, page{"/compare?sweep=done", 200}, page{"/compare/share?sweep=done", 200},
		page{"/compare?sweep=done&x=time&group=run&same=1&metric=loss&metric=bpb/ja&from=2&to=6&base=done/ja70", 200}, page{"/compare?arm=gone/arm&run=gone", 200})
	runs := s.sweep("talk") // one run in each state that looks different
	s.train(ablation.RunCompleted)
	s.train(ablation.RunDiverged)
	s.begin(ablation.RunCompleted)
	for _, run := range runs {
		pages = append(pages, page{"/runs/" + run.ID, 200})
	}
	return pages
}

// notPages are what else can be asked for: files and parts of pages.
var notPages = regexp.MustCompile(`^/(healthz|robots\.txt|static/\*|api/.*|logout|login|sweeps/\{sweep\}/(sweep\.yaml|results\.csv|decision/export)|compare/(scores|devices)\.csv|s/\{secret\}/(chart\.json|points\.csv|preview\.png))$`)

// everyRoute fails the test where a page can be asked for that isn't among them.
func everyRoute(s site, pages []page) {
	s.Helper()
	seen := map[string]bool{}
	for _, p := range pages {
		path, _, _ := strings.Cut(p.path, "?")
		seen[s.server.Pattern(path)] = true
	}
	for _, route := range s.server.Routes("") {
		pattern, get := strings.CutPrefix(route, "GET ")
		if get && !notPages.MatchString(pattern) && !seen[strings.TrimSuffix(pattern, "/")] && !seen[pattern] {
			s.Errorf("no page of %s is looked at", pattern)
		}
	}
}

// TestAccessible_login is about the page that a server with a token shows first.
func TestAccessible_login(t *testing.T) {
	t.Parallel()
	b, _ := browse(t, func(o *httpd.Options) { o.AdminToken = token })
	source, err := os.ReadFile("../../web/node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatalf("%v: run make build first", err)
	}
	a := axe{b, string(source)}
	for _, lang := range []string{"ja", "en"} {
		a.check("/login", lang, 200)
	}
	b.run(chromedp.SendKeys(chromedp.CSS("#token"), "another"))
	b.press("form .pri")
	b.run(chromedp.WaitReady(chromedp.CSS("html[data-ready] #problem")))
	b.eval(a.source)
	a.violations("/login", "refused", "")
	a.quiet()
}

// axe is a tab that can run axe.
type axe struct {
	*tab
	source string
}

// shot keeps a picture of the page at a width.
func (a axe) shot(path, lang string, width int64) {
	a.Helper()
	dir := os.Getenv("HAIGO_SHOTS")
	if dir == "" {
		return
	}
	a.look(width, "light")
	if _, err := chromedp.Run(a.ctx, chromedp.Evaluate[any]("(async () => {"+settled+settled+"})()", chromedp.EvalAwaitPromise)); err != nil {
		a.Fatal(err)
	}
	picture, err := chromedp.Run(a.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		a.Fatal(err)
	}
	name := fmt.Sprintf("%s-%s-%d.png", strings.Trim(regexp.MustCompile(`[^A-Za-z0-9]+`).ReplaceAllString(path, "-"), "-"), lang, width)
	if err := os.WriteFile(filepath.Join(dir, name), picture, 0o644); err != nil {
		a.Fatal(err)
	}
}

// check opens a page and looks at it three times: light, dark, narrow and dark. It walks over it once a language, in Japanese
// wide and light, in English narrow and dark.
func (a axe) check(path, lang string, status int) {
	a.Helper()
	a.look(1440, "light")
	separator := map[bool]string{false: "?", true: "&"}[strings.Contains(path, "?")]
	a.run(chromedp.Navigate(a.url+path+separator+"lang="+lang), chromedp.WaitReady(chromedp.CSS("html[data-ready]")))
	a.eval(a.source)
	a.violations(path, lang, "")
	if lang == "ja" {
		a.walk(path, lang)
	}
	a.shot(path, lang, 1440)
	a.look(1440, "dark")
	a.violations(path, lang+" dark", `runOnly: ["color-contrast"]`) // a scheme changes nothing else
	a.look(320, "dark")
	a.until(complete)
	a.eval(tables)
	a.violations(path, lang+" narrow, its tables open", "")
	a.eval(tables)
	if lang == "en" { // its words are the longer ones
		a.walk(path, lang+" narrow and dark")
	}
	if status >= 400 {
		a.forget(a.url + path) // the console names a page that isn't there
	}
	a.quiet()
	a.shot(path, lang, 768)
	a.shot(path, lang, 360)
}

// look sets the width and the colour scheme.
func (a axe) look(width int64, scheme string) {
	a.Helper()
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}}
	if _, err := chromedp.Call(a.ctx, emulation.SetEmulatedMedia, media); err != nil {
		a.Fatal(err)
	}
	a.run(chromedp.EmulateViewport(width, 900))
}

// settled waits for what a page does after it got another size; complete is true once no figure is awaited; tables opens the
// tables of all figures, and closes them again; sideways names what is wider than the page; runAxe takes options of axe,
// which leaves the size of targets out unless it is told to look (WCAG 2.2, 2.5.8).
const (
	complete = `[...document.querySelectorAll("figure[data-figure] .ch")].every(e => e.dataset.drawn || e.querySelector(".missing") || !e.clientWidth)`
	tables   = `for (const button of document.querySelectorAll("[data-do=table], [data-draws=table]")) button.click()`
	settled  = `await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));`
	sideways = `document.documentElement.scrollWidth <= innerWidth ? "" : "the page scrolls sideways: " +
		[...document.body.querySelectorAll("*")].filter(e => e.getBoundingClientRect().right > innerWidth && !e.closest(".tbl-box, pre")).map(e => e.tagName + "." + e.className).join(" ")`
	runAxe = `(async () => {
		document.querySelector(".skip:focus")?.blur(); // it lies over the brand for as long as it has the focus
		` + settled + `
		const { violations } = await axe.run(document, { rules: { "target-size": { enabled: true } }, %s });
		const nodes = v => v.nodes.map(n => "    " + n.target.join(" ") + " " + n.html.slice(0, 160) + " " + n.failureSummary.replace(/\s+/g, " "));
		const moving = document.getAnimations().filter(a => a.playState === "running").map(a => "moves: " + a.effect.target.outerHTML.slice(0, 160));
		return [...violations.map(v => [v.id + ": " + v.help, ...nodes(v)].join("\n")), ...moving, ` + sideways + `].filter(Boolean).join("\n");
	})()`
)

func (a axe) violations(path, how, options string) {
	a.Helper()
	a.rests()
	found, err := chromedp.Run(a.ctx, chromedp.Evaluate[string](fmt.Sprintf(runAxe, options), chromedp.EvalAwaitPromise))
	if err != nil {
		a.Fatalf("%s %s: %v", path, how, err)
	}
	if found != "" {
		a.Errorf("%s %s: %s", path, how, found)
	}
}
