package httpd_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	cdplog "github.com/chromedp/cdproto/log"
	cdpruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/corpus"
	"github.com/haigo-lab/haigo/services/httpd"
	"github.com/haigo-lab/haigo/services/orchestrator"
	"github.com/haigo-lab/haigo/services/postgres"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
	"github.com/haigo-lab/haigo/services/storage"
	"github.com/haigo-lab/haigo/web"
)

// TestBrowser writes a sweep file with a mistake, mends it, starts it and watches it train, without a reload and without
// a word from the content policy.
func TestBrowser(t *testing.T) {
	t.Parallel()
	b, s := browse(t)
	s.text()
	bad := strings.Replace(sweepFile("talk"), "web-en: 0.3}", "web-en: 0.2}", 1)

	b.run(chromedp.Navigate(b.url+"/new?lang=en"), chromedp.WaitReady(chromedp.CSS("html[data-ready]")))
	b.eval(fmt.Sprintf(`{ document.querySelector("[data-view=yaml]").click(); const a = document.querySelector("textarea"); a.value = %q; a.dispatchEvent(new Event("input")); }`, bad))
	b.until(`document.querySelector("#problems [data-line='8']") && document.querySelectorAll(".lines .e").length === 1`)
	b.until(`document.querySelector("textarea").value.includes("web-en: 0.2}") && document.querySelector("#go button").disabled`)
	b.press(".lang a[lang=ja]")
	b.run(chromedp.WaitReady(chromedp.CSS("html[data-ready][lang=ja]")))
	b.until(`document.querySelector("#problems [data-line='8']") && document.querySelector("textarea").value.includes("web-en: 0.2}")`)
	b.eval(`{ const a = document.querySelector("textarea"); a.value = a.value.replace("0.2}", "0.3}"); a.dispatchEvent(new Event("input")); }`)
	b.until(`document.querySelector("#go [data-review]") && !document.querySelector(".lines .e") && document.querySelectorAll("#preview .runs-m .arm").length === 2`)
	b.press("#go [data-review]")
	b.until(`document.querySelector("#review").open`)
	b.press("#review [data-launch]")
	b.run(chromedp.WaitReady(chromedp.CSS("html[data-ready] #trade canvas")))

	b.eval(`window.unloaded = false`)
	b.until(`document.querySelectorAll("figure canvas").length === 6`) // trade-off, two curves, one task, two mixtures
	b.eval(`{ const tick = document.querySelector("#runs tbody input[type=checkbox]"); tick.focus(); tick.click(); window.ticked = tick.value; }`)
	for range 4 {
		s.train(ablation.RunCompleted)
	}
	b.until(`window.unloaded === false && document.querySelector("#progress").innerText.includes("4 ラン中 4 完了")`)
	b.until(`document.activeElement.value === window.ticked && document.activeElement.checked && document.querySelectorAll("#runs tbody tr").length === 4 && !/待機|queued/.test(document.querySelector("#runs tbody").innerText)`) // also the part that holds the focus
	b.until(`document.querySelector("#results .best") && document.querySelector("#says .dstrip") && document.querySelector("[data-dialog]")`)
	b.eval(`document.querySelector("#trade [data-do=table]").click()`)
	b.until(`document.querySelectorAll("#trade [data-table] tbody tr").length === 6`) // four seeds, two means
	b.eval(`document.querySelector("[data-dialog]").click()`)
	b.until(`document.querySelector("dialog").open`)
	b.quiet()
}

// tab is a browser with a profile of its own, on a site.
type tab struct {
	*testing.T
	ctx context.Context
	url string
	mu  sync.Mutex
	bad []string // what the console and the content policy reported
}

// browse serves a site with live events, of options that may be changed, and opens a browser.
func browse(t *testing.T, with ...func(*httpd.Options)) (*tab, site) {
	t.Helper()
	if os.Getenv("HAIGO_SKIP_BROWSER") == "1" {
		t.Skip("not run: tests in a browser (HAIGO_SKIP_BROWSER=1)")
	}
	if _, err := web.Load(); err != nil {
		t.Fatalf("%v: run make build first", err)
	}
	store := pgtest.Store(t)
	server, _ := serve(t, store, "127.0.0.1:0", with...)
	return newTab(t, server.URL()), site{T: t, store: store, server: server, url: server.URL(), client: client(t)}
}

// serve serves at an address until stop is called, or the test ends.
func serve(t *testing.T, store *postgres.Store, address string, with ...func(*httpd.Options)) (server *httpd.Server, stop func()) {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	o := httpd.Options{
		Store: store, Sweeper: &orchestrator.Sweeper{Store: store, Trainers: trainers{}, RunsAtOnce: 2}, Samples: corpus.Samples, Problems: corpus.Problems,
		Report: corpus.ReadReport, Version: "v0", Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Listen: listener.Addr().String(),
	}
	for _, change := range with {
		change(&o)
	}
	o.Storage = &storage.Keeper{Store: store, Data: t.TempDir(), Freeze: httpd.Sharer{Store: store, Version: o.Version}.Refresh}
	if server, err = httpd.New(o); err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	ctx, cancel := context.WithCancel(context.Background())
	go func() { served <- server.Serve(ctx, listener) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return server, stop
}

func newTab(t *testing.T, url string) *tab {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium(t)), chromedp.NoSandbox, chromedp.WSURLReadTimeout(stuck),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stop := chromedp.NewContext(allocator)
	t.Cleanup(func() { stop(); stopAllocator() })
	return attach(t, ctx, url)
}

// window is another one of the same browser.
func (b *tab) window() *tab {
	b.Helper()
	ctx, stop := chromedp.NewContext(b.ctx)
	b.Cleanup(stop)
	return attach(b.T, ctx, b.url)
}

func attach(t *testing.T, ctx context.Context, url string) *tab {
	t.Helper()
	b := &tab{T: t, ctx: ctx, url: url}
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
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
		if e.Entry.Level == cdplog.EntryLevelError {
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

// forget takes out what the browser reported of one address.
func (b *tab) forget(url string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bad = slices.DeleteFunc(b.bad, func(text string) bool { return strings.Contains(text, " "+url) })
}

// spelled is what a script's value says.
func spelled(value *cdpruntime.RemoteObject) string {
	if value == nil {
		return ""
	}
	return cmp.Or(value.Description, string(value.Value))
}

// quiet fails on any error of the console and any report of the content policy.
func (b *tab) quiet() {
	b.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, text := range b.bad {
		b.Errorf("the browser reported: %s", text)
	}
	b.bad = nil
}

// TestTab_quiet: what a page reports is heard: what it throws, says, can't load and isn't allowed to.
func TestTab_quiet(t *testing.T) {
	t.Parallel()
	b, _ := browse(t)
	b.run(chromedp.Navigate(b.url + "/glossary"))
	for script, want := range map[string]string{
		`setTimeout(() => { throw new Error("thrown") })`: "thrown",
		`Promise.reject(new Error("rejected"))`:           "rejected",
		`console.error("said")`:                           "said",
		`fetch("/nowhere")`:                               "404",
		`{ const script = document.createElement("script"); script.textContent = "1"; document.body.append(script); }`: "Content Security Policy",
	} {
		b.eval(script)
		b.hears(want)
	}
}

// hears waits for what the browser reports, and forgets it.
func (b *tab) hears(want string) {
	b.Helper()
	for begun := time.Now(); time.Since(begun) < stuck; {
		b.eval("0") // what was reported before is heard by then
		b.mu.Lock()
		heard := slices.ContainsFunc(b.bad, func(text string) bool { return strings.Contains(text, want) })
		if heard {
			b.bad = nil
		}
		b.mu.Unlock()
		if heard {
			return
		}
	}
	b.Errorf("%q isn't heard of", want)
}

// stuck is how long a page takes that is called stuck, on a machine however slow.
const stuck = 4 * time.Minute

func (b *tab) run(actions ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stuck)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.Fatal(err)
	}
}

func (b *tab) eval(script string) {
	b.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[any](script)); err != nil {
		b.Fatalf("%s: %v", script, err)
	}
}

// until waits for a condition of the page. One that can't be answered isn't met: what it asks about isn't there yet, or the page is
// being left.
func (b *tab) until(condition string) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stuck)
	defer cancel()
	for {
		_, err := chromedp.Run(ctx, chromedp.Poll[any](fmt.Sprintf("(() => { try { return Boolean(%s) } catch { return false } })()", condition), chromedp.WithPollingTimeout(0)))
		if err == nil {
			return
		}
		if wrong := (*chromedp.ExceptionError)(nil); ctx.Err() != nil || errors.As(err, &wrong) {
			text, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string]("location.href + document.body.innerText"))
			b.Fatalf("%s: %v\n%s", condition, err, text)
		}
	}
}

// rests waits until nothing is on its way that changes what the page shows of what was done.
func (b *tab) rests() {
	b.Helper()
	b.until(`document.documentElement.dataset.ready !== undefined && !document.querySelector('[aria-busy="true"]')`)
}

// press clicks elements one after the other, each once the page rests and lets it be pressed. It does so by script: a mouse
// would miss one that moves on the page, or makes room for another like it, between the look at its place and the click.
func (b *tab) press(selectors ...string) {
	b.Helper()
	for _, selector := range selectors {
		b.rests()
		b.until(fmt.Sprintf(`document.querySelector(%q).matches(":not(:disabled, [inert] *)")`, selector))
		b.eval(fmt.Sprintf(`document.querySelector(%q).click()`, selector))
	}
}

// place is the middle of an element and its width.
type place struct{ x, y, width float64 }

// place scrolls to an element, and returns where it is once the page rests and draws nothing any more.
func (b *tab) place(selector string) place {
	b.Helper()
	b.rests()
	b.until(complete)
	ctx, cancel := context.WithTimeout(b.ctx, stuck)
	defer cancel()
	at, err := chromedp.Run(ctx, chromedp.Evaluate[[]float64](fmt.Sprintf(`(async () => {
		for (let before = ""; ; ) {
			const e = document.querySelector(%q);
			e.scrollIntoView({ block: "center" });
			const box = e.getBoundingClientRect();
			const at = [box.x + box.width / 2, box.y + box.height / 2, box.width];
			if (at.join() === before) return at;
			before = at.join();
			%s
		}
	})()`, selector, settled), chromedp.EvalAwaitPromise))
	if err != nil {
		b.Fatalf("%s: %v", selector, err)
	}
	return place{at[0], at[1], at[2]}
}

// chromium finds a browser as .ci/setup does.
func chromium(t testing.TB) string {
	t.Helper()
	for _, name := range []string{
		os.Getenv("HAIGO_BROWSER"), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable",
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium",
	} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path
		}
	}
	t.Fatal("no Chromium was found: install chromium, or set HAIGO_BROWSER to one, or HAIGO_SKIP_BROWSER=1")
	return ""
}
