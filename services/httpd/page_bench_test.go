package httpd_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/corpus"
	"github.com/haigo-lab/haigo/services/httpd"
	"github.com/haigo-lab/haigo/services/orchestrator"
	"github.com/haigo-lab/haigo/services/postgres"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
)

var (
	benchmarkSteps = flag.Int64("page-steps", 2000, "steps of each of the fifty runs on the page that BenchmarkPage opens")
	benchmarkOpens = flag.Int("page-opens", 5, "times that BenchmarkPage opens it cold, and warm")
)

// BenchmarkPage opens a sweep's page in Chromium: ten arms with five seeds, each with a score of both languages and the
// rows that it has read at every step, in a real Postgres. Cold is the first page that a browser with an empty profile
// opens; warm is another visit with the same profile. The time is that from the click until the last of the page's charts is
// painted, the median of a few; the weight is what goes over the wire.
func BenchmarkPage(b *testing.B) {
	url := longSweep(b)
	for b.Loop() {
		var cold, warm []visit
		for range *benchmarkOpens {
			ctx := profile(b)
			cold = append(cold, visited(b, ctx, url))
			warm = append(warm, visited(b, ctx, url))
		}
		report(b, "cold", cold)
		report(b, "warm", warm)
	}
	b.ReportMetric(0, "ns/op")
}

// report gives the medians of visits.
func report(b *testing.B, name string, visits []visit) {
	of := func(value func(visit) float64) float64 {
		values := make([]float64, len(visits))
		for i, v := range visits {
			values[i] = value(v)
		}
		slices.Sort(values)
		return values[len(values)/2]
	}
	b.ReportMetric(of(func(v visit) float64 { return v.Last }), "ms-last-chart-"+name)
	b.ReportMetric(of(func(v visit) float64 { return v.All })/1000, "kB-"+name)
	if name == "cold" {
		b.ReportMetric(of(func(v visit) float64 { return v.Scripts })/1000, "kB-scripts")
		b.ReportMetric(of(func(v visit) float64 { return v.Figures }), "charts")
	}
}

// visit is what one opening of a page took: milliseconds, and bytes as they were sent, without what the cache held.
type visit struct{ Figures, Last, All, Scripts float64 }

// measure waits for every figure of the page to be drawn and painted, and then until the page asks for nothing more: a
// browser forgets what it is asked to leave in the middle of.
const measure = `(async () => {
	const waiting = () => [...document.querySelectorAll("figure[data-figure] .ch")].some(e => !e.dataset.drawn);
	while (document.documentElement?.dataset.ready === undefined || waiting()) await new Promise(requestAnimationFrame);
	await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
	const last = performance.now();
	const sent = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
	const sum = of => of.reduce((n, e) => n + e.transferSize, 0);
	const answer = JSON.stringify({ figures: document.querySelectorAll("figure[data-figure]").length, last, all: sum(sent), scripts: sum(sent.filter(e => e.name.endsWith(".js"))) });
	for (let n = -1, quiet = 0; quiet < 10; await new Promise(done => setTimeout(done, 100))) {
		const now = performance.getEntriesByType("resource").length;
		quiet = now === n ? quiet + 1 : 0;
		n = now;
	}
	return answer;
})()`

func visited(b *testing.B, ctx context.Context, url string) (v visit) {
	b.Helper()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if _, err := chromedp.Call(ctx, cdppage.Navigate, cdppage.NavigateParams{URL: url}); err != nil {
		b.Fatal(err)
	}
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](measure, chromedp.EvalAwaitPromise))
	if err != nil {
		b.Fatal(err)
	}
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		b.Fatal(err)
	}
	return v
}

// profile is a browser that has seen nothing.
func profile(b *testing.B) context.Context {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium(b)), chromedp.NoSandbox, chromedp.WindowSize(1440, 900))
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stop := chromedp.NewContext(allocator)
	b.Cleanup(func() { stop(); stopAllocator() })
	if err := chromedp.Do(ctx); err != nil { // its start is no part of what is measured
		b.Fatal(err)
	}
	return ctx
}

// longSweep fills a site with fifty completed runs and returns the address of their page.
func longSweep(b *testing.B) string {
	store := pgtest.Store(b)
	for _, lang := range []string{"ja", "en"} {
		dir := b.TempDir()
		for i := range 30 {
			write(b, filepath.Join(dir, fmt.Sprintf("%02d.txt", i)), fmt.Sprintf("%d %s", i, strings.Repeat("text; ", 100)))
		}
		result, err := corpus.Add(b.Context(), corpus.Options{Data: b.TempDir(), Name: "web-" + lang, Lang: lang, Paths: []string{dir}, Share: .1})
		if err != nil {
			b.Fatal(err)
		}
		if err := store.PutSource(b.Context(), result.Source); err != nil {
			b.Fatal(err)
		}
	}
	document := fmt.Sprintf("name: long\nquestion: どの配合が良いか\nsources: [web-ja, web-en]\nrecipe: {trainer: cpu, tokens: %d, row_tokens: 64, batch_rows: 8, max_epochs: 1e9}\nschedules:\n", 512**benchmarkSteps)
	for i := range 10 {
		document += fmt.Sprintf("  ja%d:\n    stages: [{until: 1.0, mixture: {web-ja: %.2f, web-en: %.2f}}]\n", 10+8*i, .1+.08*float64(i), .9-.08*float64(i))
	}
	sweeper := &orchestrator.Sweeper{Store: store, Trainers: trainers{}, RunsAtOnce: 2}
	if _, _, err := sweeper.Apply(b.Context(), []byte(document+"design: {baseline: ja10}\nseeds: 5\n"), ""); err != nil {
		b.Fatal(err)
	}
	for i := range 50 {
		longRun(b, store, i)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server, err := httpd.New(httpd.Options{
		Store: store, Sweeper: sweeper, Samples: corpus.Samples, Problems: corpus.Problems, Report: corpus.ReadReport, Listen: listener.Addr().String(),
	})
	if err != nil {
		b.Fatal(err)
	}
	serveUntilEnd(b, server, listener)
	return server.URL() + "/sweeps/long?lang=ja"
}

func serveUntilEnd(b *testing.B, server *httpd.Server, listener net.Listener) {
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, listener) }()
	b.Cleanup(func() { stop(); <-served })
}

// longRun claims a run and stores curves that fall with noise on them.
func longRun(b *testing.B, store *postgres.Store, i int) {
	ctx := b.Context()
	claim, err := store.Claim(ctx, postgres.ClaimRequest{Holder: ablation.Holder{Host: "here", BootID: "b", PID: 1, StartTime: 1}, Lease: time.Hour, MaxRuns: 1000})
	if err != nil || claim == nil {
		b.Fatal(claim, err)
	}
	if _, err := store.OpenAttempt(ctx, *claim, ablation.Attempt{RunID: claim.Run.ID, Number: 1, Host: "here", Engine: "local", SpecSHA256: strings.Repeat("0", 64)}); err != nil {
		b.Fatal(err)
	}
	random := rand.New(rand.NewPCG(uint64(i), 1))
	share := float64(i/5) / 10
	batch := ablation.Batch{Attempt: 1, Segment: &ablation.Segment{Trainer: "cpu 1", StartedAt: time.Unix(1, 0)}}
	for step := int64(1); step <= claim.Run.Steps; step++ {
		fall := math.Exp(-4 * float64(step) / float64(claim.Run.Steps))
		for metric, value := range map[string]float64{
			"bpb/ja": 2 - .3*share + 3*fall + .02*random.NormFloat64(), "bpb/en": 2 + .3*share + 3*fall + .02*random.NormFloat64(),
			"rows/web-ja": float64(step) * (1 + 6*share), "rows/web-en": float64(step) * (7 - 6*share),
		} {
			batch.Points = append(batch.Points, ablation.Point{Metric: metric, Step: step, Value: ablation.Real(value)})
		}
		if step%1000 == 0 || step == claim.Run.Steps {
			batch.To = ablation.Cursor{Offset: step, Seq: step}
			if err := store.Ingest(ctx, *claim, batch); err != nil {
				b.Fatal(err)
			}
			batch = ablation.Batch{Attempt: 1, From: batch.To}
		}
	}
	if err := store.EndAttempt(ctx, *claim, 1, "completed", ablation.Label{}, ablation.RunCompleted); err != nil {
		b.Fatal(err)
	}
	if _, err := store.SealOnce(ctx); err != nil {
		b.Fatal(err)
	}
}
