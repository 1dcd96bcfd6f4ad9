package httpd_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

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

// BenchmarkPreview drags a boundary two hundred times, as the page does, against the real trainer plugin and Postgres, and
// reports what 95 of 100 previews stay below.
func BenchmarkPreview(b *testing.B) {
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
		Store: store, Sweeper: &orchestrator.Sweeper{Store: store, Trainers: host, RunsAtOnce: 2, Threads: 1}, Samples: corpus.Samples, Problems: corpus.Problems, Report: corpus.ReadReport, Listen: "127.0.0.1:80",
	})
	if err != nil {
		b.Fatal(err)
	}
	var took []time.Duration
	for b.Loop() {
		document := previewed
		for i := range 200 {
			edit := fmt.Sprintf(`[{"op":"set","path":["schedules","turn","stages","0","until"],"value":%.4f}]`, .1+.002*float64(i))
			begun := time.Now()
			preview(b, server, url.Values{"document": {document}, "edits": {edit}, "arm": {"turn"}, "rate": {"360"}})
			took = append(took, time.Since(begun))
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "ms-p95")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-median")
	b.ReportMetric(0, "ns/op")
}

func preview(b *testing.B, server http.Handler, form url.Values) {
	r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "http://127.0.0.1/new/check", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	w := httptest.NewRecorder()
	server.ServeHTTP(w, r)
	body, _ := io.ReadAll(w.Body)
	if w.Code != http.StatusOK || !strings.Contains(string(body), `class="epochs"`) {
		b.Fatalf("status %d: %.3000s", w.Code, body)
	}
}
