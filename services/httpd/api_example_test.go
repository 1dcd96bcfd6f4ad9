package httpd_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/corpus"
	"github.com/haigo-lab/haigo/services/httpd"
	"github.com/haigo-lab/haigo/services/orchestrator"
	"github.com/haigo-lab/haigo/services/postgres"
)

var update = flag.Bool("update", false, "write the API's examples anew")

// TestAPI_examples does what the API's examples show, one operation after the other, and compares the answers with them.
func TestAPI_examples(t *testing.T) {
	t.Parallel()
	corpora := t.TempDir()
	s := open(t, httpd.Options{TextRoots: []string{corpora}})
	s.brewery()
	sweep, share := example(t, "sweep.yaml"), example(t, "share.json")
	s.shows("list-sources", s.get("/api/v1/sources").want(t, 200))
	s.shows("list-samples", s.get("/api/v1/sources/web-ja/samples?limit=3").want(t, 200))
	s.shows("list-problems", s.get("/api/v1/sources/web-ja/problems").want(t, 200))
	s.shows("list-tasks", s.get("/api/v1/tasks").want(t, 200))
	s.adds(corpora)
	s.shows("plan-sweep", s.post("/sweeps/plan", sweep).want(t, 200))
	s.shows("apply-sweep", s.post("/sweeps", sweep).want(t, 201))
	s.shows("pause-sweep", s.post("/sweeps/ja-share/pause", "").want(t, 200))
	s.shows("resume-sweep", s.post("/sweeps/ja-share/resume", "").want(t, 200))
	first := s.runs("ja-share")[0].ID
	s.shows("stop-run", s.post("/runs/"+first+"/stop", "").want(t, 200))
	s.shows("retry-run", s.post("/runs/"+first+"/retry", "").want(t, 200))
	s.shows("create-channel", s.post("/channels", example(t, "channel.json")).want(t, 200))
	s.shows("test-channel", s.post("/channels/1/test", "").want(t, 200))
	s.shows("list-channels", s.get("/api/v1/channels").want(t, 200))
	for range s.runs("ja-share") {
		s.brew()
	}
	s.shows("list-alerts", s.get("/api/v1/alerts").want(t, 200))
	s.do(http.MethodDelete, "/api/v1/channels/1", nil).want(t, 204)
	for id, path := range map[string]string{
		"list-sweeps": "/sweeps?limit=3", "get-sweep": "/sweeps/ja-share", "list-arms": "/sweeps/ja-share/arms",
		"list-runs": "/sweeps/ja-share/runs", "list-results": "/sweeps/ja-share/results", "get-run": "/runs/" + first,
		"list-attempts": "/runs/" + first + "/attempts", "list-logs": "/runs/" + first + "/logs", "list-metrics": "/runs/" + first + "/metrics",
		"list-spikes": "/runs/" + first + "/spikes",
		"get-curve":   "/runs/" + first + "/curves?metric=bpb/ja", "get-sweep-chart": "/sweeps/ja-share/charts/curve?metric=bpb/ja",
		"get-run-chart":       "/runs/" + first + "/charts/curve?metric=bpb/ja&metric=bpb/en",
		"get-sweep-chart-csv": "/sweeps/ja-share/charts/curve.csv?metric=bpb/ja", "get-run-chart-csv": "/runs/" + first + "/charts/curve.csv?metric=bpb/ja&metric=bpb/en",
		"find-arms": "/arms?q=ja70&limit=3", "compare-arms": "/compare?arm=ja-share/ja70&arm=ja-share/ja30",
		"get-compare-chart":     "/compare/charts/curve?arm=ja-share/ja70&arm=ja-share/ja30&metric=bpb/ja",
		"get-compare-chart-csv": "/compare/charts/curve.csv?arm=ja-share/ja70&arm=ja-share/ja30&metric=bpb/ja",
	} {
		s.shows(id, s.get("/api/v1"+path).want(t, 200))
	}
	s.shows("create-share", s.post("/shares", share).want(t, 200))
	s.shows("embed-share", s.post("/shares/1/embed", example(t, "embed.json")).want(t, 200))
	s.shows("renew-share", s.post("/shares/1/renew", "").want(t, 200))
	s.shows("list-shares", s.get("/api/v1/shares").want(t, 200))
	s.do(http.MethodDelete, "/api/v1/shares/1", nil).want(t, 204)
	s.post("/sweeps?as=ja-share-2", sweep).want(t, 201)
	s.shows("stop-sweep", s.post("/sweeps/ja-share-2/stop", "").want(t, 200))
	s.ratios("ratios")
	s.decides("get-decision", s.get("/api/v1/sweeps/ratios/decision").want(t, 200))
	s.nights(strings.Replace(sweep, "name: ja-share", "name: nightly", 1))
	for id, path := range map[string]string{"list-recurrences": "", "get-recurrence": "/nightly", "list-firings": "/nightly/firings?limit=3"} {
		s.shows(id, s.get("/api/v1/recurrences"+path).want(t, 200))
	}
	s.shows("pause-recurrence", s.post("/recurrences/nightly/pause", "").want(t, 200))
	s.shows("resume-recurrence", s.post("/recurrences/nightly/resume", "").want(t, 200))
	s.shows("end-recurrence", s.post("/recurrences/nightly/end", "").want(t, 200))
	s.shows("get-storage", s.get("/api/v1/storage").want(t, 200))
	s.shows("list-collectable", s.get("/api/v1/storage/collectable").want(t, 200))
	s.shows("keep-sweep", s.do(http.MethodPut, "/api/v1/sweeps/ja-share/keep", strings.NewReader(example(t, "keep.json")), "Content-Type", "application/json").want(t, 200))
	s.shows("archive-sweep", s.post("/sweeps/ja-share/archive", "").want(t, 200))
	s.shows("unarchive-sweep", s.post("/sweeps/ja-share/unarchive", "").want(t, 200))
	s.shows("get-loss", s.get("/api/v1/sweeps/ja-share/loss").want(t, 200))
	s.do(http.MethodDelete, "/api/v1/sweeps/ja-share?confirm=another", nil).want(t, 409)
	s.do(http.MethodDelete, "/api/v1/sweeps/ja-share?confirm=ja-share", nil).want(t, 204)
	s.get("/api/v1/sweeps/ja-share").want(t, 404)
}

// adds has a source added, in the folder that the server may read: half of it is read, then it is cancelled.
func (s site) adds(corpora string) {
	s.Helper()
	write(s.T, corpora+"/brewery.jsonl", strings.Repeat(`{"text": "蔵の人は米と麹を混ぜた。"}`+"\n", 20))
	addition := strings.Replace(example(s.T, "addition.json"), "/corpora", corpora, 1)
	s.shows("survey-text", s.post("/survey", addition).want(s.T, 200))
	s.shows("add-source", s.post("/additions", addition).want(s.T, 200))
	claimed, err := s.store.ClaimAddition(s.Context(), time.Minute)
	if err != nil {
		s.Fatal(err)
	}
	claimed.Progress = ablation.Reading{FilesAll: 1, Bytes: 512, BytesAll: 980, Documents: 10}
	if _, err := s.store.TellAddition(s.Context(), *claimed, time.Minute); err != nil {
		s.Fatal(err)
	}
	s.shows("get-addition", s.get("/api/v1/additions/1").want(s.T, 200))
	s.shows("cancel-addition", s.post("/additions/1/cancel", "").want(s.T, 200))
	s.shows("list-additions", s.get("/api/v1/additions?limit=3").want(s.T, 200))
}

// nights registers a document and lets three nights pass, the first two without a server.
func (s site) nights(document string) {
	s.Helper()
	sweep, err := ablation.ParseSweep([]byte(document + "recurrence: {cron: \"0 22 * * *\", until: \"08:00\"}\nbudget: {gpu_hours: 8}\n"))
	if err != nil {
		s.Fatal(err)
	}
	begin := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	_, err = s.store.PutRecurrence(s.Context(), sweep, begin)
	clock := orchestrator.Clock{Store: s.store, Sweeper: &orchestrator.Sweeper{Store: s.store, Trainers: trainers{}}, Log: slog.New(slog.DiscardHandler)}
	if err := errors.Join(err, clock.FireOnce(s.Context(), begin.Add(58*time.Hour))); err != nil {
		s.Fatal(err)
	}
}

// TestAPI_describesExamples: every operation says what it is, and shows what it takes and everything it answers.
func TestAPI_describesExamples(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	type shown struct {
		Content map[string]struct{ Example any }
	}
	var description struct {
		Paths map[string]map[string]struct {
			OperationID string
			Summary     string
			Tags        []string
			RequestBody *shown
			Responses   map[string]shown
		}
	}
	s.get("/api/v1/openapi.json").want(t, 200).json(t, &description)
	for path, methods := range description.Paths {
		for method, op := range methods {
			if op.Summary == "" || len(op.Tags) != 1 || op.Tags[0] == "" {
				t.Errorf("%s %s has the summary %q and the tags %q", method, path, op.Summary, op.Tags)
			}
			if op.RequestBody != nil {
				op.Responses["request"] = *op.RequestBody
			}
			for status, answer := range op.Responses {
				for kind, content := range answer.Content {
					refusal, _ := content.Example.(map[string]any)
					if content.Example == nil || strings.Contains(kind, "problem") && fmt.Sprint(refusal["status"]) != status {
						t.Errorf("%s: the example of %s is %v", op.OperationID, status, content.Example)
					}
				}
			}
			if method == "post" && op.Responses["409"].Content == nil && op.OperationID != "plan-sweep" && op.OperationID != "survey-text" {
				t.Errorf("%s says nothing of conflicts", op.OperationID)
			}
		}
	}
}

// TestAPI_examplesFollowTheirSchemas: what a server answered in the tests is what the description says it answers.
func TestAPI_examplesFollowTheirSchemas(t *testing.T) {
	t.Parallel()
	description := open(t, httpd.Options{}).server.Description()
	for path, item := range description.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Delete} {
			if op == nil {
				continue
			}
			for status, response := range op.Responses {
				content := response.Content["application/json"]
				if content == nil {
					continue
				}
				var value any
				if err := json.Unmarshal([]byte(example(t, op.OperationID+".json")), &value); err != nil {
					t.Fatal(err)
				}
				var result huma.ValidateResult
				huma.Validate(description.Components.Schemas, content.Schema, huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, value, &result)
				for _, err := range result.Errors {
					t.Errorf("%s, %s of %s: %v", path, status, op.OperationID, err)
				}
			}
		}
	}
}

// brewery adds the sources and the task of the examples.
func (s site) brewery() {
	s.Helper()
	lines := map[string]string{"ja": "蔵の人は米と麹を%d日かけて混ぜた。", "en": "The brewers stirred rice and koji for %d days."}
	for lang, line := range lines {
		var text strings.Builder
		for i := range 30 {
			fmt.Fprintf(&text, "{\"text\": %q}\n", fmt.Sprintf(line, i+1))
		}
		text.WriteString("not JSON\n")
		dir := s.TempDir()
		write(s.T, dir+"/brewery.jsonl", text.String())
		result, err := corpus.Add(s.Context(), corpus.Options{
			Data: s.TempDir(), Name: "web-" + lang, Lang: lang, Paths: []string{dir}, Share: .2,
			Origin: []spec.Origin{{Package: "brewery", Version: "1", Licence: "CC0-1.0"}},
		})
		if err != nil {
			s.Fatal(err)
		}
		if err := s.store.PutSource(s.Context(), result.Source); err != nil {
			s.Fatal(err)
		}
	}
	task := ablation.Task{
		Name: "next-sentence-web-ja", Version: "5d1f2c3b", Lang: "ja", Kind: "multiple_choice", Items: 40, Norm: "bytes", Chance: .25, Source: "web-ja",
		SHA256: "5d1f2c3b" + strings.Repeat("0", 56), Path: "/none",
	}
	if err := s.store.PutTask(s.Context(), task); err != nil {
		s.Fatal(err)
	}
}

func (s site) runs(sweep string) []ablation.Run {
	s.Helper()
	runs, err := s.store.Runs(s.Context(), sweep)
	if err != nil {
		s.Fatal(err)
	}
	return runs
}

// brew claims a run and stores what a whole training of it would say.
func (s site) brew() {
	s.Helper()
	ctx := s.Context()
	claim, err := s.store.Claim(ctx, postgres.ClaimRequest{Holder: ablation.Holder{Host: "here", BootID: "b", PID: 1, StartTime: 1}, Lease: time.Hour, MaxRuns: 100})
	if err != nil || claim == nil {
		s.Fatalf("claim: %v, %v", claim, err)
	}
	attempt := ablation.Attempt{RunID: claim.Run.ID, Number: 1, Host: "worker-1", Engine: "local", SpecSHA256: strings.Repeat("0", 64)}
	if _, err := s.store.OpenAttempt(ctx, *claim, attempt); err != nil {
		s.Fatal(err)
	}
	b := batch(claim.Run, ablation.RunCompleted)
	b.Segment.Device = "AMD EPYC"
	b.Logs[0].Text = ablation.Label{EN: "gradients were clipped", JA: "勾配を切り詰めました"}
	b.Spikes = []ablation.Spike{{
		Kind: ablation.SpikeLoss, Step: 3, Level: 2.71, Peak: 4.13, Until: 4, Closed: true,
		Rows: map[string][]int64{"web-ja": {12, 7}, "web-en": {3}},
	}}
	for i, p := range b.Points {
		b.Points[i].Metric = strings.ReplaceAll(p.Metric, "next-ja", "next-sentence-web-ja")
	}
	if err := s.store.Ingest(ctx, *claim, b); err != nil {
		s.Fatal(err)
	}
	if err := s.store.EndAttempt(ctx, *claim, 1, "completed", ablation.Label{}, ablation.RunCompleted); err != nil {
		s.Fatal(err)
	}
}

// changing is what differs from time to time in answers: times, links, and addresses of this test.
var changing = map[*regexp.Regexp]string{
	regexp.MustCompile(`"20\d\d-\d\d-\d\dT[^"]+"`):                                                        `"2026-11-24T09:30:00Z"`,
	regexp.MustCompile(`"/[^"]*/brewery.jsonl`):                                                           `"/corpora/brewery.jsonl`,
	regexp.MustCompile(`("(?:free|disk|database|row|kept|point|checkpoint|log|other|taken)_bytes"): \d+`): `$1: 4096`,
	regexp.MustCompile(`"device_hours": [\d.e-]+`):                                                        `"device_hours": 0`,
	regexp.MustCompile(`"hint": "[^"]+"`):                                                                 `"hint": "q3Zr"`,
	regexp.MustCompile(`"whsec_[^"]+"`):                                                                   `"whsec_c2VjcmV0"`,
	regexp.MustCompile(`http://[^/"]+/s/[^"]+`):                                                           "http://127.0.0.1:8080/s/q3ZrV0d9Yc1mE7tKx5uB2nLhJf8wPsAoGi4RzQeTvXk",
}

// shows compares an answer with the example of an operation.
func (s site) shows(operation string, a answer) {
	s.Helper()
	got, extension := a.body, ".csv"
	if strings.HasPrefix(a.Header.Get("Content-Type"), "application/json") {
		var indented bytes.Buffer
		if err := json.Indent(&indented, []byte(strings.TrimSpace(got)), "", "  "); err != nil {
			s.Fatal(err)
		}
		got, extension = indented.String()+"\n", ".json"
	}
	for pattern, constant := range changing {
		got = pattern.ReplaceAllString(got, constant)
	}
	if *update {
		write(s.T, filepath.Join("example", operation+extension), got)
		return
	}
	if diff := cmp.Diff(example(s.T, operation+extension), got); diff != "" {
		s.Errorf("%s answers otherwise than its example; write the examples anew with -update: %s", operation, diff)
	}
}

func example(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("example", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
