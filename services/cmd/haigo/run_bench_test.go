package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// BenchmarkRun launches small runs with many tasks as the page's button does, with rows cached, and reads from what their
// runners wrote: the milliseconds from the click, and from the claim, to the end of the first step, and the share of a run's time, in percent,
// that evaluation takes at the default cadence. `make bench-run` builds what it runs.
func BenchmarkRun(b *testing.B) {
	data := folder(b)
	sources(b, data)
	tasks := manyTasks(b, data, 10, 200)
	service := dev(b, data)
	for _, c := range []struct{ shape, tokens string }{{"0.2m", "600k"}, {"0.5m", "2M"}} {
		b.Run(c.shape+"/"+c.tokens, func(b *testing.B) {
			name := fmt.Sprintf("bench-%s-%s-", c.shape, strings.ToLower(c.tokens))
			launch(b, service, name+"0", c.shape, "100k", tasks)
			store := service.store(b)
			var first, claimed time.Duration
			var share float64
			for n := 1; b.Loop(); n++ {
				clicked := time.Now()
				id := launch(b, service, fmt.Sprint(name, n), c.shape, c.tokens, tasks)
				at, part := timesOf(b, data, id)
				run, err := store.Run(b.Context(), id)
				if err != nil {
					b.Fatal(err)
				}
				first, claimed, share = first+at.Sub(clicked), claimed+at.Sub(*run.StartedAt), share+part
			}
			b.ReportMetric(float64(first.Milliseconds())/float64(b.N), "ms/first-step")
			b.ReportMetric(float64(claimed.Milliseconds())/float64(b.N), "ms/claim-to-step")
			b.ReportMetric(100*share/float64(b.N), "%evaluation")
		})
	}
}

// manyTasks adds so many tasks of so many items in both languages, each with four choices and a context of a row's length.
func manyTasks(b *testing.B, data string, tasks, items int) (names []string) {
	r := rand.New(rand.NewPCG(7, 7))
	letters := func(n int) string {
		text := make([]byte, n)
		for i := range text {
			text[i] = "abcdefghijklmnop "[r.IntN(17)]
		}
		return string(text)
	}
	for k := range tasks {
		name := fmt.Sprintf("task-%d", k)
		var lines bytes.Buffer
		encode := json.NewEncoder(&lines)
		for i := range items {
			item := spec.Item{
				Task: name, ID: fmt.Sprint(i), Lang: []string{"ja", "en"}[k%2], Kind: spec.ItemMultipleChoice, Context: letters(100 + r.IntN(100)),
				Choices: []string{letters(20), letters(20), letters(20), letters(20)}, Gold: r.IntN(4),
			}
			if err := encode.Encode(item); err != nil {
				b.Fatal(err)
			}
		}
		path := filepath.Join(b.TempDir(), name+".jsonl")
		if err := os.WriteFile(path, lines.Bytes(), 0o644); err != nil {
			b.Fatal(err)
		}
		haigo(b, data, "eval", "add", path)
		names = append(names, name)
	}
	return names
}

// launch starts a sweep of one run over HTTP and waits for its end: the run's folder.
func launch(b *testing.B, s *service, name, shape, tokens string, tasks []string) (run string) {
	document := fmt.Sprintf("name: %s\nsources: [ja, en, code]\nrecipe: {shape: %s, tokens: %s, row_tokens: 256, batch_rows: 4, max_epochs: 1000}\n"+
		"schedules: {ja57: {stages: [{until: 1.0, mixture: {ja: 0.57, en: 0.31, code: 0.12}}]}}\nseeds: 1\ntasks: [%s]\n", name, shape, tokens, strings.Join(tasks, ", "))
	answer, err := http.Post(s.URL+"/api/v1/sweeps", "application/yaml", strings.NewReader(document))
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	if said, err := io.ReadAll(answer.Body); err != nil || answer.StatusCode != http.StatusCreated {
		b.Fatalf("the launch was answered with %s: %s (%v)", answer.Status, said, err)
	}
	store := s.store(b)
	awaitEnd(b, store, name)
	runs, err := store.Runs(b.Context(), name)
	if err != nil || len(runs) != 1 {
		b.Fatalf("runs %v, %v", runs, err)
	}
	return runs[0].ID
}

// timesOf are when a run's first step was done, and the share of its time from then on that scoring took: what lies
// between an evaluation's event and the one before.
func timesOf(b *testing.B, data, run string) (first time.Time, share float64) {
	b.Helper()
	tail := spec.Tail{Path: filepath.Join(spec.AttemptDir(spec.RunDir(data, run), 1), spec.EventsFile)}
	lines, err := tail.Read(1 << 20)
	if err != nil {
		b.Fatal(err)
	}
	var before, began time.Time
	var scoring time.Duration
	for _, line := range lines {
		switch {
		case line.Started != nil:
			began = line.Time
		case line.Metrics != nil && first.IsZero():
			first = line.Time
		case line.Scores != nil:
			scoring += line.Time.Sub(before)
		}
		before = line.Time
	}
	return first, scoring.Seconds() / before.Sub(began).Seconds()
}
