package httpd_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// BenchmarkCompare asks for what the page that compares shows of fifty runs, and reports each as a multiple of the curves
// of the same runs on their sweep's own page: medians of the same few rounds, so that a busy machine slows both.
func BenchmarkCompare(b *testing.B) {
	base, _, _ := strings.Cut(longSweep(b), "/sweeps/")
	var arms strings.Builder
	for _, name := range []string{"10", "18", "26", "34", "42", "50", "58", "66", "74", "82"} {
		arms.WriteString("&arm=long/ja" + name)
	}
	charts := base + "/api/v1/compare/charts/"
	asked := map[string]string{
		"page":       base + "/compare?" + arms.String(),
		"curve":      charts + "curve?metric=bpb/ja" + arms.String(),
		"runs":       charts + "curve?metric=bpb/ja&group=run" + arms.String(),
		"interval":   charts + "curve?metric=bpb/ja&band=interval&smooth=5" + arms.String(),
		"zoomed":     charts + "curve?metric=bpb/ja&x=steps&from=300&to=400" + arms.String(),
		"difference": charts + "difference?metric=bpb/ja" + arms.String(),
	}
	sweep := base + "/api/v1/sweeps/long/charts/curve?metric=bpb/ja"
	took := map[string][]time.Duration{}
	for b.Loop() {
		for range 7 {
			took["sweep"] = append(took["sweep"], fetched(b, sweep))
			for name, url := range asked {
				took[name] = append(took[name], fetched(b, url))
			}
		}
	}
	median := func(name string) float64 {
		slices.Sort(took[name])
		return float64(took[name][len(took[name])/2].Microseconds()) / 1000
	}
	b.ReportMetric(median("sweep"), "ms-sweep")
	for name := range asked {
		b.ReportMetric(median(name)/median("sweep"), name+"-of-sweep")
	}
	b.ReportMetric(0, "ns/op")
}

// fetched is how long an answer took, read whole.
func fetched(b *testing.B, url string) time.Duration {
	b.Helper()
	begun := time.Now()
	r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, url, nil)
	if err != nil {
		b.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		b.Fatalf("%s: status %d, %v\n%.500s", url, answer.StatusCode, err, text)
	}
	return time.Since(begun)
}
