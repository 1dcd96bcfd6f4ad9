package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	cdplog "github.com/chromedp/cdproto/log"
	cdpruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"
)

// TestBrowser opens a sweep's page while it trains, watches it finish, shares it and opens the link in a fresh profile.
func TestBrowser(t *testing.T) {
	if os.Getenv("HAIGO_SKIP_BROWSER") == "1" {
		t.Skip("not run: tests in a browser (HAIGO_SKIP_BROWSER=1)")
	}
	data := folder(t)
	sources(t, data)
	write(t, filepath.Join(data, "port"), port(t))
	s := serving(t, data, "serve")
	haigo(t, data, "sweep", "apply", sweepFile(t, "seen", 400_000))
	page := s.URL + "/sweeps/seen"

	owner := browser(t)
	owner.run(t, chromedp.Navigate(page+"?lang=ja"), ready)
	if state := owner.text(t, "#runs"); !strings.Contains(state, "待機") {
		t.Errorf("runs say %q before any trains, want queued ones", state)
	}
	worker := start(t, command(t, data, "work"))
	awaitEnd(t, s.store(t), "seen")
	worker.end(syscall.SIGTERM)
	await(t, "the page to show four completed runs without a reload", func() bool {
		return strings.Count(owner.text(t, "#runs"), "完了") >= 4
	})
	owner.draws(t, "#trade", everyPoint)
	shots(t, owner, page, "sweep")

	owner.run(t, chromedp.Navigate(page+"/share?lang=en"), ready)
	mouse{owner}.press(t, "form.stackf button.pri")
	owner.run(t, chromedp.WaitVisible(chromedp.CSS("#link")))
	link := owner.value(t, "#link")
	if !strings.HasPrefix(link, s.URL+"/s/") {
		t.Fatalf("link is %q", link)
	}

	stranger := browser(t)
	stranger.run(t, chromedp.Navigate(link+"?lang=en"), ready)
	shown := stranger.text(t, "main")
	for _, want := range []string{"ja57", "ja33", "seed 1", "seed 2"} {
		if !strings.Contains(shown, want) {
			t.Errorf("the shared page lacks %q:\n%s", want, shown)
		}
	}
	stranger.draws(t, "#shared", everyPoint)
	if n := stranger.number(t, `document.querySelectorAll('a[href^="/sweeps"], a[href="/"], a[href="/shares"]').length`); n != 0 {
		t.Errorf("the shared page has %v links into the app, want none", n)
	}
	shots(t, stranger, link, "shared")

	for name, changed := range map[string]string{"one character off": flip(link), "unknown": link[:strings.LastIndex(link, "/")+1] + strings.Repeat("A", 43)} {
		stranger.run(t, chromedp.Navigate(changed))
		if got := stranger.text(t, "body"); strings.Contains(got, "ja57") || got == "" {
			t.Errorf("a secret %s shows %q, want the page that says nothing", name, got)
		}
	}

	renewed := strings.TrimSpace(haigo(t, data, "share", "renew", "1"))
	stranger.run(t, chromedp.Navigate(link))
	if got := stranger.text(t, "body"); strings.Contains(got, "ja57") {
		t.Error("the link still opens after the share got a new one")
	}
	stranger.run(t, chromedp.Navigate(renewed), ready)
	stranger.draws(t, "#shared", everyPoint)
	for _, b := range []*tab{owner, stranger} {
		b.quiet(t)
	}
	outage(t, owner, s, data, page)
}

// outage ends the service under an open page, which keeps what it shows and says so until the service is back.
func outage(t *testing.T, b *tab, s *service, data, page string) {
	t.Helper()
	b.run(t, chromedp.Navigate(page+"?lang=ja"), ready)
	b.draws(t, "#trade", everyPoint)
	s.end(syscall.SIGTERM)
	await(t, "the page to say that the service is away", func() bool {
		return strings.Contains(b.text(t, "#away"), "いまサーバーにつながりません")
	})
	b.draws(t, "#trade", everyPoint)
	if again := dev(t, data); again.URL != s.URL {
		t.Fatalf("it serves at %s, before at %s", again.URL, s.URL)
	}
	await(t, "the page to find the service again", func() bool { return b.text(t, "#away") == "" })
}

// everyPoint is what the trade-off of two arms and two seeds draws.
var everyPoint = map[string]int{"seed ja57": 2, "seed ja33": 2, "mean ja57": 1, "mean ja33": 1}

// draws waits, without a reload, until a figure's chart has these points.
func (b *tab) draws(t *testing.T, figure string, want map[string]int) {
	t.Helper()
	var got map[string]int
	for deadline := time.Now().Add(stuck); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if got = b.drawn(t, figure); cmp.Equal(want, got) {
			return
		}
	}
	t.Errorf("points of %s (-want +got):\n%s", figure, cmp.Diff(want, got))
}

// drawn counts the points that a figure's chart has in its frame, by series; nil while nothing is drawn.
func (b *tab) drawn(t *testing.T, figure string) (points map[string]int) {
	t.Helper()
	text := ask(t, b, chromedp.Evaluate[string](fmt.Sprintf(`document.querySelector("%s .ch")?.dataset.drawn ?? "null"`, figure)))
	if err := json.Unmarshal([]byte(text), &points); err != nil {
		t.Fatalf("%s says it draws %q: %v", figure, text, err)
	}
	return points
}

// flip changes the secret's last character but one: the last holds bits that base64 leaves out.
func flip(link string) string {
	i := len(link) - 2
	other := byte('x')
	if link[i] == other {
		other = 'y'
	}
	return link[:i] + string(other) + link[i+1:]
}

// tab is a browser with a profile of its own.
type tab struct {
	ctx context.Context
	mu  sync.Mutex
	bad []string // what the console and the content policy reported
}

func browser(t *testing.T) *tab {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium(t)), chromedp.NoSandbox, chromedp.WSURLReadTimeout(stuck),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stop := chromedp.NewContext(allocator)
	t.Cleanup(func() { stop(); stopAllocator() })
	b := &tab{ctx: ctx}
	b.run(t)
	if err := chromedp.Listen(ctx, b.listen); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, cdplog.Enable, struct{}{}); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *tab) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *cdplog.EventEntryAdded:
		// A 404 is what an unknown share answers with.
		if e.Entry.Level == cdplog.EntryLevelError && !strings.Contains(e.Entry.Text, "404") {
			b.bad = append(b.bad, e.Entry.Text+" "+e.Entry.URL)
		}
	case *cdpruntime.EventExceptionThrown:
		b.bad = append(b.bad, spelled(e.ExceptionDetails.Exception)+" "+e.ExceptionDetails.URL)
	case *cdpruntime.EventConsoleAPICalled:
		if e.Type == cdpruntime.ConsoleAPICalledTypeError && len(e.Args) > 0 {
			b.bad = append(b.bad, spelled(e.Args[0])+" by console.error")
		}
	}
}

// spelled is what a script's value says.
func spelled(value *cdpruntime.RemoteObject) string {
	if value == nil {
		return ""
	}
	if value.Description != "" {
		return value.Description
	}
	return string(value.Value)
}

// quiet fails on any console error and any report of a content-policy violation.
func (b *tab) quiet(t *testing.T) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, text := range b.bad {
		t.Errorf("the browser reported: %s", text)
	}
}

func (b *tab) run(t *testing.T, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, cancel := b.ctx, context.CancelFunc(func() {})
	if len(actions) > 0 { // the first call starts the browser, whose life hangs on its context
		ctx, cancel = context.WithTimeout(b.ctx, stuck)
	}
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		t.Fatalf("browser: %v", err)
	}
}

// ask runs one action and returns its value.
func ask[T any](t *testing.T, b *tab, action chromedp.Action[T]) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stuck)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		t.Fatalf("browser: %v", err)
	}
	return value
}

// value is what a field holds.
func (b *tab) value(t *testing.T, selector string) string {
	t.Helper()
	return ask(t, b, chromedp.Evaluate[string](fmt.Sprintf(`document.querySelector(%q)?.value ?? ""`, selector)))
}

// text is what an element shows.
func (b *tab) text(t *testing.T, selector string) string {
	t.Helper()
	// One script, not a query and a question: live updates may replace the element between the two.
	return ask(t, b, chromedp.Evaluate[string](fmt.Sprintf(`document.querySelector(%q)?.innerText ?? ""`, selector)))
}

func (b *tab) number(t *testing.T, script string) float64 {
	t.Helper()
	return ask(t, b, chromedp.Evaluate[float64](script, chromedp.EvalAwaitPromise))
}

// stuck is how long a page takes that is called stuck, on a machine however slow.
const stuck = 4 * time.Minute

// ready waits until the page's own script has run.
var ready = chromedp.WaitReady(chromedp.CSS("html[data-ready]"))

// shots keeps pictures of a page in both languages and two widths where HAIGO_SHOTS names a folder.
func shots(t *testing.T, b *tab, url, name string) {
	t.Helper()
	dir := os.Getenv("HAIGO_SHOTS")
	for _, lang := range []string{"ja", "en"} {
		for _, width := range []int64{1440, 360} {
			b.run(t, chromedp.EmulateViewport(width, 900), chromedp.Navigate(url+"?lang="+lang), ready,
				chromedp.WaitReady(chromedp.CSS("canvas")))
			png := ask(t, b, chromedp.FullScreenshot(100))
			if wide := b.number(t, `document.documentElement.scrollWidth`); wide > float64(width) {
				t.Errorf("%s at %d px scrolls sideways: it is %v px wide", name, width, wide)
			}
			if dir == "" {
				continue
			}
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%s-%d.png", name, lang, width)), png, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	b.run(t, chromedp.ResetViewport())
}

// chromium finds a browser as .ci/setup does.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{os.Getenv("HAIGO_BROWSER"), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path
		}
	}
	if runtime.GOOS == "darwin" {
		for _, app := range []string{"Google Chrome", "Chromium"} {
			path := fmt.Sprintf("/Applications/%s.app/Contents/MacOS/%s", app, app)
			if _, err := os.Stat(path); err == nil {
				return path
			}
		}
	}
	t.Fatal("no Chromium was found: install chromium, or set HAIGO_BROWSER to one, or HAIGO_SKIP_BROWSER=1")
	return ""
}
