package httpd_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/haigo-lab/haigo/services/corpus"
	"github.com/haigo-lab/haigo/services/httpd"
	"github.com/haigo-lab/haigo/services/orchestrator"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
	plugins "github.com/haigo-lab/haigo/services/trainers"
)

// previewed is a sweep of three schedules, their controls and a grid: eight arms with three seeds, of which two ramp.
const previewed = `name: previewed
sources: [web-ja, web-en]
recipe: {trainer: cpu, shape: 1m, tokens: 20M, row_tokens: 256, batch_rows: 32, max_epochs: 1e9}
schedules:
  ja57:
    stages: [{until: 1.0, mixture: {web-ja: 0.57, web-en: 0.43}}]
  turn:
    stages:
      - {until: 0.3, mixture: {web-ja: 0.20, web-en: 0.80}}
      - {until: 0.7, mixture: {web-ja: 0.70, web-en: 0.30}, ramp: linear}
      - {until: 1.0, mixture: {web-ja: 0.70, web-en: 0.30}}
  slow:
    stages:
      - {until: 0.1, mixture: {web-ja: 0.90, web-en: 0.10}}
      - {until: 1.0, mixture: {web-ja: 0.10, web-en: 0.90}, ramp: cosine}
design: {control: matched, grid: {of: ja, values: [0.2, 0.3, 0.4], from: ja57}}
`

// adapting is a sweep that plans itself beside a schedule of three phases: what to begin with is chosen anew with every edit.
const adapting = `name: adapting
sources: [web-ja, web-en]
recipe: {trainer: cpu, shape: 1m, tokens: 20M, row_tokens: 256, batch_rows: 32, max_epochs: 1e9}
schedules:
  turn:
    stages:
      - {until: 0.3, mixture: {web-ja: 0.20, web-en: 0.80}}
      - {until: 0.7, mixture: {web-ja: 0.70, web-en: 0.30}}
      - {until: 1.0, mixture: {web-ja: 0.50, web-en: 0.50}}
design: {adaptive: {start: 8, batch: 4, rounds: 3}}
`

// timed are the documents that previews are timed of.
var timed = map[string]string{"listed": previewed, "adaptive": adapting}

// BenchmarkPreview asks for two hundred previews, as the page does while a boundary is dragged, and reports what 95 of 100 of
// the server's answers stay below.
func BenchmarkPreview(b *testing.B) {
	for name, document := range timed {
		b.Run(name, func(b *testing.B) {
			server := previewing(b, "127.0.0.1:80")
			var took []float64
			for b.Loop() {
				for i := range edits {
					edit := fmt.Sprintf(`[{"op":"set","path":["schedules","turn","stages","0","until"],"value":%.4f}]`, .1+.002*float64(i))
					begun := time.Now()
					preview(b, server, url.Values{"document": {document}, "edits": {edit}, "arm": {"turn"}, "rate": {"360"}})
					took = append(took, float64(time.Since(begun).Microseconds())/1000)
				}
			}
			reportEdits(b, took)
		})
	}
}

// edits are as many as a median and 95 of 100 can be told from.
const edits = 200

func reportEdits(b *testing.B, took []float64) {
	slices.Sort(took)
	b.ReportMetric(took[len(took)*95/100], "ms-p95")
	b.ReportMetric(took[len(took)/2], "ms-median")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkEdit moves a boundary two hundred times by keyboard in Chromium, and reports what 95 of 100 stay below from the press
// of the key until the server's answer is painted.
func BenchmarkEdit(b *testing.B) {
	for name, document := range timed {
		b.Run(name, func(b *testing.B) { timeEdits(b, document) })
	}
}

func timeEdits(b *testing.B, document string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := previewing(b, listener.Addr().String())
	serveUntilEnd(b, server, listener)
	ctx := profile(b)
	run := func(actions ...chromedp.Action[chromedp.Void]) {
		if err := chromedp.Do(ctx, actions...); err != nil {
			b.Fatal(err)
		}
	}
	do := func(script string) {
		if _, err := chromedp.Run(ctx, chromedp.Evaluate[any](script, chromedp.EvalAwaitPromise)); err != nil {
			b.Fatal(err)
		}
	}
	run(chromedp.Navigate(server.URL()+"/new?blank&lang=ja"), chromedp.WaitReady(chromedp.CSS("html[data-ready]")))
	do(fmt.Sprintf(`{ const a = document.querySelector("textarea"); a.value = %q; a.dispatchEvent(new Event("input")); }`, document))
	run(chromedp.WaitReady(chromedp.CSS("#preview .looked")))
	do(watchEdits)
	var took []float64
	for b.Loop() {
		do(`document.querySelector("#b-0").focus(); edits.length = 0`)
		for i := range edits {
			run(chromedp.KeyEvent([]string{kb.ArrowRight, kb.ArrowLeft}[i/20%2]))
			do(fmt.Sprintf(`new Promise(done => { const look = () => edits.length > %d ? done() : setTimeout(look, 2); look(); })`, i))
		}
		all, err := chromedp.Run(ctx, chromedp.Evaluate[[]float64]("edits"))
		if err != nil {
			b.Fatal(err)
		}
		took = append(took, all...)
	}
	reportEdits(b, took)
}

// watchEdits chooses the schedule and takes the time from each arrow's event to the frame after the server's parts were put in.
const watchEdits = `(async () => {
	const until = async there => { for (; !there(); await new Promise(done => setTimeout(done, 10))); };
	const tab = () => [...document.querySelectorAll("[role=tab]")].find(t => t.textContent.includes("turn"));
	document.querySelector("[data-view=form]").click();
	await until(tab);
	tab().click();
	await until(() => document.querySelector("#b-1"));
	await new Promise(done => setTimeout(done, 1000)); // the answer to that
	window.edits = [];
	let began = 0;
	addEventListener("keydown", event => { if (event.key.startsWith("Arrow")) began = event.timeStamp; }, true);
	new MutationObserver(changes => {
		if (!began || !changes.some(c => [...c.removedNodes].some(n => n.dataset?.check !== undefined))) return;
		const since = began;
		began = 0;
		requestAnimationFrame(() => setTimeout(() => edits.push(performance.now() - since)));
	}).observe(document.querySelector("form[data-editor]"), { subtree: true, childList: true });
})()`

// previewing is a server with two sources and the real trainer plugin.
func previewing(b *testing.B, address string) *httpd.Server {
	store := pgtest.Store(b)
	for _, lang := range []string{"ja", "en"} {
		dir := b.TempDir()
		for i := range 200 {
			write(b, filepath.Join(dir, fmt.Sprintf("%03d.txt", i)), fmt.Sprintf("%d %s", i, strings.Repeat("text of some length; ", 100+i)))
		}
		result, err := corpus.Add(b.Context(), corpus.Options{Data: b.TempDir(), Name: "web-" + lang, Lang: lang, Paths: []string{dir}, Share: .1})
		if err != nil {
			b.Fatal(err)
		}
		if err := store.PutSource(b.Context(), result.Source); err != nil {
			b.Fatal(err)
		}
	}
	host, err := plugins.Open(plugins.Options{Bin: "../../bin", Data: b.TempDir()})
	if err != nil {
		b.Fatalf("%v: run make build first", err)
	}
	b.Cleanup(func() { _ = host.Close() })
	server, err := httpd.New(httpd.Options{
		Store: store, Sweeper: &orchestrator.Sweeper{Store: store, Trainers: host, RunsAtOnce: 2, Threads: 1}, Samples: corpus.Samples, Problems: corpus.Problems, Report: corpus.ReadReport, Listen: address,
	})
	if err != nil {
		b.Fatal(err)
	}
	return server
}

func preview(b *testing.B, server http.Handler, form url.Values) {
	r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "http://127.0.0.1/new/check", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	w := httptest.NewRecorder()
	server.ServeHTTP(w, r)
	body, _ := io.ReadAll(w.Body)
	if w.Code != http.StatusOK || !strings.Contains(string(body), `class="looked"`) {
		b.Fatalf("status %d: %.3000s", w.Code, body)
	}
}
