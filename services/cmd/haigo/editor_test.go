package main_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/haigo-lab/haigo/services/ablation"
)

// TestEditor goes the whole way in a browser, once by mouse and once by keyboard alone: a template, a boundary moved, a
// mistake in the text and its mending, a start, the runs watched to their end and compared, a link that a stranger opens
// until it is revoked. What the mouse saved as a file means the same runs, with the same plan digests, on a fresh installation.
func TestEditor(t *testing.T) {
	if os.Getenv("HAIGO_SKIP_BROWSER") == "1" {
		t.Skip("not run: tests in a browser (HAIGO_SKIP_BROWSER=1)")
	}
	data := folder(t)
	sources(t, data)
	s := dev(t, data)
	var file string
	t.Run("mouse", func(t *testing.T) {
		w := walk{T: t, tab: browser(t), service: s, lang: "ja", sweep: "en-then-ja-step"}
		w.hand = mouse{w.tab}
		file = w.goAll()
	})
	t.Run("keyboard", func(t *testing.T) {
		w := walk{T: t, tab: browser(t), service: s, lang: "en", sweep: "en-then-ja-step-2", before: 1}
		w.hand = keyboard{w.tab}
		w.goAll()
	})
	t.Run("file", func(t *testing.T) { sameElsewhere(t, data, file) })
}

// walk is one way through the pages, by one hand.
type walk struct {
	*testing.T
	tab     *tab
	hand    hand
	service *service
	lang    string
	sweep   string // the name that the template's sweep gets
	before  int    // sweeps that there are already
}

// goAll goes the whole way and returns the file that was saved on it.
func (w walk) goAll() (file string) {
	w.begin()
	w.turn()
	w.mistake()
	file = w.save()
	w.launch()
	w.watch()
	w.compare()
	w.share()
	w.tab.quiet(w.T)
	return file
}

// begin opens a template.
func (w walk) begin() {
	w.tab.run(w.T, chromedp.Navigate(w.service.URL+"/new?lang="+w.lang), ready)
	w.hand.press(w.T, `.tpl[href="/new?example=en-then-ja-step"]`)
	w.until(`document.querySelector("#f-name")?.value === "` + w.sweep + `" && document.querySelector("#u-0")`)
}

// turn moves the boundary between the stages, and a share: drawing, fields and text agree.
func (w walk) turn() {
	w.hand.move(w.T, "#b-0", -20, 0)
	w.until(`document.querySelector("#u-0").value === "30"`)
	w.hand.move(w.T, "#h-0-0", 0, 15)
	w.until(`document.querySelector("#m-0-0").value === "25.0" && document.querySelector("#m-0-1").value === "63.0"`)
	w.step("undo", "10.0")
	w.step("redo", "25.0")
	w.hand.press(w.T, `[data-view="yaml"]`)
	w.until(w.says(`- {until: 0.3, mixture: {ja: 0.25, en: 0.63, code: 0.12}}`) + `&& ` + w.says("# often enough to see the turn"))
}

// step undoes or redoes until the share is what it was: what is moved with rests, as a slow machine does, is undone in parts.
func (w walk) step(what, share string) {
	const now = `document.querySelector("#m-0-0").value`
	for range 20 {
		before := ask(w.T, w.tab, chromedp.Evaluate[string](now))
		w.hand.press(w.T, `[data-do="`+what+`"]`)
		w.until(fmt.Sprintf(`%s !== %q`, now, before))
		if ask(w.T, w.tab, chromedp.Evaluate[string](now)) == share {
			return
		}
	}
	w.Fatalf("no presses of %s lead to %s", what, share)
}

// mistake makes the run small, and one edit too many: the text stays, with the mistake at its line in the page's
// language, and what was planned before; mending it lets the sweep start.
func (w walk) mistake() {
	w.hand.write(w.T, "  tokens: 1.8M", "32k")
	w.hand.write(w.T, "  shape: {layers: 4, width: 128, heads: 4, ffn: 352}", "{layers: 1, width: 32, heads: 1, ffn: 64}")
	w.until(`document.querySelector("#go [data-review]") && ` + w.says("tokens: 32k"))
	w.hand.write(w.T, "seeds: 3", "two")
	line := `document.querySelector("#document").value.split("\n").indexOf("seeds: two")`
	said := map[string]string{"ja": "整数", "en": "whole number"}[w.lang]
	w.until(fmt.Sprintf(`document.querySelectorAll(".paint .ln")[%s]?.querySelector(".msg")?.textContent.includes(%q) && document.querySelectorAll(".lines span")[%[1]s].className === "e"`, line, said))
	w.until(`document.querySelector("#go [data-review]") === null && document.querySelector("#preview.stale .big3")`)
	w.hand.press(w.T, `#wrong a[data-path]`)
	w.until(`document.activeElement.id === "document"`)
	w.hand.write(w.T, "seeds: two", "2")
	w.until(`document.querySelector("#go [data-review]") && !document.querySelector(".lines .e, .stale")`)
}

// save saves the text as a file, and returns what it holds: the text itself.
func (w walk) save() string {
	dir := w.TempDir()
	behave := cdpbrowser.SetDownloadBehaviorParams{Behavior: cdpbrowser.SetDownloadBehaviorBehaviorAllow, DownloadPath: dir}
	if _, err := chromedp.CallBrowser(w.tab.ctx, cdpbrowser.SetDownloadBehavior, behave); err != nil {
		w.Fatal(err)
	}
	w.hand.press(w.T, `[formaction="/new/file"]`)
	var text []byte
	await(w.T, "the file to be saved", func() bool {
		var err error
		text, err = os.ReadFile(filepath.Join(dir, w.sweep+".yaml"))
		return err == nil
	})
	if diff := cmp.Diff(w.tab.value(w.T, "#document"), string(text)); diff != "" {
		w.Errorf("the saved file differs from the text (-text +file):\n%s", diff)
	}
	return string(text)
}

// launch reads the summary and starts the sweep, with a press too many and a reload: there is one.
func (w walk) launch() {
	w.hand.press(w.T, "#review-open")
	w.until(`document.querySelector("#review").open`)
	summary := w.tab.text(w.T, "#review")
	for _, want := range map[string][]string{"ja": {"順序", "4 ランを開始", "今日|明日"}, "en": {"order", "Launch 4 runs", "today|tomorrow"}}[w.lang] { // tomorrow, shortly before midnight
		if !regexp.MustCompile(want).MatchString(summary) {
			w.Errorf("the summary lacks %q:\n%s", want, summary)
		}
	}
	w.hand.twice(w.T, "#review-go")
	w.tab.run(w.T, chromedp.WaitReady(chromedp.CSS("html[data-ready] #progress")), chromedp.Reload(), ready)
	sweeps, err := w.service.store(w.T).Sweeps(w.Context(), 10, 0)
	if err != nil {
		w.Fatal(err)
	}
	if len(sweeps) != w.before+1 || sweeps[0].Name != w.sweep || sweeps[0].Counts.Total() != 4 {
		w.Errorf("sweeps are %+v, want %s with 4 runs, and %d before", sweeps, w.sweep, w.before)
	}
}

// watch sees the runs end without a reload.
func (w walk) watch() {
	w.until(`window.loaded = true`)
	await(w.T, "the page to show four completed runs", func() bool {
		return w.tab.number(w.T, `document.querySelectorAll("#runs tbody tr .st:not(.rest):not(.bad)").length`) == 4 && strings.Count(w.tab.text(w.T, "#runs"), map[string]string{"ja": "完了", "en": "completed"}[w.lang]) >= 4
	})
	w.until(`window.loaded === true`)
}

// compare lays the sweep's arms over each other, along another axis, sees what differs between them, and goes back.
func (w walk) compare() {
	w.hand.press(w.T, `a[href="/compare?sweep=`+w.sweep+`"]`)
	w.until(`document.documentElement.dataset.ready === "" && document.querySelector("#values .ch")?.dataset.drawn && document.querySelectorAll("#picks .pick > li").length === 2`)
	w.hand.press(w.T, `#bar a[href*="x=steps"]`)
	w.until(`new URLSearchParams(location.search).get("x") === "steps" && document.querySelector("#what .diff td.d") && document.querySelector("#minus .ch")?.dataset.drawn`)
	w.hand.press(w.T, `.nav a[href="/"]`)
	w.hand.press(w.T, `a.name[href="/sweeps/`+w.sweep+`"]`)
	w.until(`location.pathname === "/sweeps/` + w.sweep + `" && document.documentElement.dataset.ready === ""`)
}

// share hands the chart to a stranger, and takes it back.
func (w walk) share() {
	w.hand.press(w.T, `[data-dialog="share"]`)
	w.hand.press(w.T, `#share button.pri`)
	w.until(`document.querySelector("#link")?.value`)
	link := w.tab.value(w.T, "#link")
	stranger := browser(w.T)
	stranger.run(w.T, chromedp.Navigate(link+"?lang="+w.lang), ready)
	stranger.draws(w.T, "#shared", map[string]int{"seed en-then-ja": 2, "seed en-then-ja-matched": 2, "mean en-then-ja": 1, "mean en-then-ja-matched": 1})
	w.tab.accept(w.T)
	w.hand.press(w.T, `form[action$="/revoke"] button`)
	w.until(`!document.querySelector('form[action$="/revoke"]')`)
	stranger.run(w.T, chromedp.Navigate(link))
	if shown := stranger.text(w.T, "body"); strings.Contains(shown, w.sweep) || strings.Contains(shown, "seed") || shown == "" {
		w.Errorf("the revoked link shows %q", shown)
	}
	stranger.quiet(w.T)
}

// sameElsewhere applies the file on another installation that has the same text, and compares the runs and the digests of
// what they read.
func sameElsewhere(t *testing.T, data, file string) {
	elsewhere := folder(t)
	sources(t, elsewhere)
	path := filepath.Join(t.TempDir(), "sweep.yaml")
	if err := os.WriteFile(path, []byte(file), 0o644); err != nil {
		t.Fatal(err)
	}
	s := dev(t, elsewhere)
	haigo(t, elsewhere, "sweep", "apply", path)
	awaitEnd(t, s.store(t), "en-then-ja-step")
	here, there := outcomeOf(t, data, "en-then-ja-step"), outcomeOf(t, elsewhere, "en-then-ja-step")
	if len(here) != 4 {
		t.Fatalf("%d runs, want 4", len(here))
	}
	if diff := cmp.Diff(here, there, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("runs and digests differ (-browser +command line):\n%s", diff)
	}
}

// digested is a run and the digest of its plan.
type digested struct {
	Arm        string            `json:"arm"`
	Seed       int64             `json:"seed"`
	State      ablation.RunState `json:"state"`
	PlanSHA256 string            `json:"plan_sha256"`
}

func (w walk) until(condition string) {
	w.Helper()
	w.tab.until(w.T, condition)
}

// says is the condition that the text holds a line.
func (w walk) says(line string) string {
	return fmt.Sprintf(`document.querySelector("#document").value.includes(%q)`, line)
}

// accept answers the page's questions with yes from now on.
func (b *tab) accept(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(b.ctx)
	t.Cleanup(stop)
	asked := chromedp.Events(ctx, page.JavascriptDialogOpening)
	go func() {
		for _, err := range asked {
			if err != nil {
				return
			}
			go func() {
				_, _ = chromedp.Call(ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
			}()
		}
	}()
}
