package httpd_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/httpd"
)

func (s site) post(path, body string) answer {
	s.Helper()
	kind := "application/yaml"
	if strings.HasPrefix(body, "{") {
		kind = "application/json"
	}
	return s.do(http.MethodPost, "/api/v1"+path, strings.NewReader(body), "Content-Type", kind)
}

func TestAPI_sweep(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	s.text()
	var plan ablation.Plan
	if s.post("/sweeps/plan", sweepFile("talk")).want(t, 200).json(t, &plan); len(plan.Runs) != 4 || len(plan.Arms) != 2 {
		t.Errorf("a plan of %d runs and %d arms", len(plan.Runs), len(plan.Arms))
	}
	s.get("/api/v1/sweeps/talk").want(t, 404)
	s.post("/sweeps", sweepFile("talk")).want(t, 201, `"created":true`)
	s.post("/sweeps", sweepFile("talk")).want(t, 200, `"created":false`)
	s.post("/sweeps?as=talk-2", sweepFile("talk")).want(t, 201, `"name":"talk-2"`)
	s.post("/sweeps/talk-2/stop", "").want(t, 200, `"state":"stopped"`)
	for _, path := range []string{"/sources", "/tasks", "/sweeps", "/sweeps/talk/arms", "/sweeps/talk/runs", "/sweeps/talk/results", "/shares"} {
		s.get("/api/v1"+path).want(t, 200, `"items":[`)
	}
}

func TestAPI_run(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	s.text()
	s.sweep("talk")
	run := s.train(ablation.RunDiverged)
	base := "/api/v1/runs/" + run.ID
	s.get(base).want(t, 200, `"state":"diverged"`)
	s.get(base+"/attempts").want(t, 200, `"outcome":"diverged"`)
	s.get(base+"/logs").want(t, 200, `"level":"warn"`)
	s.get(base+"/metrics").want(t, 200, `"bpb/ja"`)
	var curve ablation.Curve
	if s.get(base+"/curves?metric=loss").want(t, 200).json(t, &curve); len(curve.Buckets) != int(run.Steps) {
		t.Errorf("%d buckets, want one of each of %d steps", len(curve.Buckets), run.Steps)
	}
	s.post("/runs/"+run.ID+"/retry", "").want(t, 200, `"state":"queued"`)
	s.post("/runs/"+run.ID+"/retry", "").want(t, 409)
	s.post("/runs/"+run.ID+"/stop", "").want(t, 200, `"state":"stopped"`)
}

func TestAPI_charts(t *testing.T) {
	t.Parallel()
	s := trained(t)
	var runs struct{ Items []ablation.Run }
	s.get("/api/v1/sweeps/talk/runs").json(t, &runs)
	run := "/api/v1/runs/" + runs.Items[0].ID
	for _, path := range []string{
		"/api/v1/sweeps/talk/charts/tradeoff", "/api/v1/sweeps/talk/charts/curve?metric=bpb/ja", "/api/v1/sweeps/talk/charts/mixture?arm=ja70",
		"/api/v1/sweeps/talk/charts/accuracy?task=next-ja", run + "/charts/curve?metric=bpb/ja&metric=bpb/en", run + "/charts/mixture",
	} {
		a := s.get(path).want(t, 200, `"option":{`, `"table":{`)
		if !json.Valid([]byte(a.body)) {
			t.Errorf("%s is no JSON", path)
		}
		same := s.get(path, "If-None-Match", a.Header.Get("ETag")).want(t, 304)
		for _, name := range []string{"Cache-Control", "ETag"} { // else the browser throws away what it has
			if got, want := same.Header.Get(name), a.Header.Get(name); got != want {
				t.Errorf("unchanged it has the %s %q, want %q", name, got, want)
			}
		}
		table, query, _ := strings.Cut(path, "?")
		csv := s.get(table+".csv?"+query).want(t, 200)
		if kind := csv.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/csv") || strings.Count(csv.body, "\n") < 3 {
			t.Errorf("%s as CSV is %s: %q", path, kind, csv.body)
		}
	}
	for path, status := range map[string]int{
		"/sweeps/talk/charts/nothing": 422, "/sweeps/none/charts/tradeoff": 404, "/sweeps/talk/charts/mixture?arm=none": 404,
		"/sweeps/talk/charts/curve": 422, "/sweeps/talk/charts/nothing.csv": 404,
	} {
		s.get("/api/v1"+path).want(t, status)
	}
	s.get("/sweeps/talk/results.csv").want(t, 200, "run,arm,replicate,state,step,bpb/en,bpb/ja,task/next-ja/accuracy", "ja70-s1,ja70,1,completed,8,")
}

func TestAPI_errors(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	s.text()
	t.Run("problems of a document stand at their places, in both languages", func(t *testing.T) {
		bad := strings.Replace(sweepFile("talk"), "web-en: 0.3}", "web-en: 0.2}", 1) + "nonsense: 1\n"
		var got struct {
			Status   int
			Problems []ablation.Problem
		}
		a := s.post("/sweeps", bad).want(t, 422)
		if kind := a.Header.Get("Content-Type"); kind != "application/problem+json" {
			t.Errorf("content type %q", kind)
		}
		a.json(t, &got)
		lines := []int{}
		for _, p := range got.Problems {
			lines = append(lines, p.Line)
			if p.Column == 0 || p.Message.EN == "" || p.Message.JA == "" {
				t.Errorf("problem %+v", p)
			}
		}
		if diff := cmp.Diff([]int{8, 14}, lines); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("what isn't there is 404", func(t *testing.T) {
		for _, path := range []string{
			"/sweeps/none", "/sweeps/none/arms", "/sweeps/none/runs", "/sweeps/none/results", "/runs/none", "/runs/none/logs",
			"/runs/none/attempts", "/runs/none/metrics", "/runs/none/curves?metric=loss", "/nothing",
		} {
			s.get("/api/v1"+path).want(t, 404)
		}
		s.do(http.MethodDelete, "/api/v1/shares/99", nil).want(t, 404)
	})
	t.Run("what goes wrong inside stays inside", func(t *testing.T) {
		s := open(t, httpd.Options{})
		s.store.Close()
		a := s.get("/api/v1/sweeps").want(t, 500)
		for _, leak := range []string{"pool", "closed", "pgx", "SELECT"} {
			if strings.Contains(a.body, leak) {
				t.Errorf("the answer tells %q: %s", leak, a.body)
			}
		}
		s.get("/").want(t, 500)
		s.get("/healthz").want(t, 503)
	})
	t.Run("the description names every operation and needs no other server", func(t *testing.T) {
		a := s.get("/api/v1/openapi.json").want(t, 200, `"openapi":"3.1`, "apply-sweep", "get-sweep-chart", "create-share")
		if strings.Contains(a.body, "unpkg") || strings.Contains(a.body, "$schema") {
			t.Error("the description names other servers")
		}
		s.get("/api/v1/docs").want(t, 404)
	})
}

func TestAPI_shares(t *testing.T) {
	t.Parallel()
	s := trained(t)
	link := s.share("talk")
	var renewed struct {
		ID  int64
		URL string
	}
	s.post("/shares/1/renew", "").want(t, 200).json(t, &renewed)
	fresh := linkPattern.FindString(renewed.URL)
	if renewed.ID != 1 || fresh == "" || fresh == link {
		t.Fatalf("renewing gave share %d with the link %q", renewed.ID, renewed.URL)
	}
	s.get(link).want(t, 404)
	s.get(fresh).want(t, 200)
	s.do(http.MethodDelete, "/api/v1/shares/1", nil).want(t, 204)
	s.post("/shares/1/renew", "").want(t, 409)
	s.post("/shares", `{"sweep":"talk","question":null,"days":30.0}`).want(t, 200)
	s.post("/shares", `{"sweep":"talk","days":null}`).want(t, 200)
	s.post("/shares/9/renew", "").want(t, 404)
}

func TestAPI_sourceFolders(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	s.text()
	var samples struct{ Items []spec.Document }
	if s.get("/api/v1/sources/web-ja/samples?limit=3").want(t, 200).json(t, &samples); len(samples.Items) != 3 || !strings.Contains(samples.Items[0].Text, " ja ") {
		t.Errorf("samples %+v, want three Japanese ones", samples.Items)
	}
	s.get("/api/v1/sources/web-ja/problems").want(t, 200, `"items":[`)
	s.get("/api/v1/sources/none/samples").want(t, 404)
	s.get("/api/v1/sources/none/problems").want(t, 404)
}

// TestAPI_refusals: what is refused is refused in one form, wherever it was found.
func TestAPI_refusals(t *testing.T) {
	t.Parallel()
	s := trained(t)
	var runs struct{ Items []ablation.Run }
	s.get("/api/v1/sweeps/talk/runs").json(t, &runs)
	many := strings.Repeat("&metric=loss", 17)
	for path, status := range map[string]int{
		"/sweeps?before=-9223372036854775808": 200, "/sweeps?limit=": 422, "/runs/x/curves?metric=": 422,
		"/sweeps/none/charts/tradeoff.csv": 404, "/sweeps/talk/charts/curve.csv": 422,
		"/sweeps/talk/charts/tradeoff.csv?from=-1": 422, "/sweeps/talk/charts/tradeoff?to=": 422, "/sweeps/talk/charts/tradeoff.csv?to=": 422,
		"/sweeps/talk/charts/curve?metric=loss&from=NaN": 422, "/compare/charts/curve?metric=loss&to=Inf&arm=talk/ja57": 422,
		"/sweeps/talk/charts/curve.csv?metric=loss&to=NaN": 422, "/sweeps/talk/charts/curve.csv?metric=loss&to=4096": 200,
		"/runs/" + runs.Items[0].ID + "/charts/mixture?" + many: 422, "/runs/" + runs.Items[0].ID + "/charts/curve.csv?" + many: 422,
	} {
		a := s.get("/api/v1"+path, "Accept", "text/html").want(t, status)
		if kind := a.Header.Get("Content-Type"); status != 200 && kind != "application/problem+json" {
			t.Errorf("%s is refused in %s", path, kind)
		}
	}
	for path, want := range map[string]string{"/sweeps": "GET, POST, HEAD", "/shares/1": "DELETE", "/runs/x/stop": "POST"} {
		if got := s.do(http.MethodPatch, "/api/v1"+path, nil).want(t, 405).Header.Get("Allow"); got != want {
			t.Errorf("%s allows %q, want %q", path, got, want)
		}
	}
}

// TestAPI_describesEveryAddress holds the description against the addresses that are served.
func TestAPI_describesEveryAddress(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	var description struct {
		Paths map[string]map[string]struct {
			Responses map[string]struct{ Content map[string]any }
		}
	}
	s.get("/api/v1/openapi.json").want(t, 200).json(t, &description)
	for _, route := range s.server.Routes("/api/v1") {
		method, path, _ := strings.Cut(route, " ")
		operation, ok := description.Paths[path][strings.ToLower(method)]
		if strings.HasPrefix(path, "/openapi") {
			continue
		}
		if !ok || len(operation.Responses) == 0 {
			t.Errorf("%s isn't described", route)
		}
	}
	for path, kind := range map[string]string{
		"/events": "text/event-stream", "/sweeps/{sweep}/charts/{chart}.csv": "text/csv", "/runs/{run}/charts/{chart}.csv": "text/csv",
	} {
		if _, ok := description.Paths[path]["get"].Responses["200"].Content[kind]; !ok {
			t.Errorf("%s isn't described as %s", path, kind)
		}
	}
}

// TestAPI_keys looks at every key of answers, also in those parts that the description leaves open.
func TestAPI_keys(t *testing.T) {
	t.Parallel()
	s := trained(t)
	s.share("talk")
	snake := regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	for _, path := range []string{"/sources", "/tasks", "/sweeps", "/sweeps/talk/arms", "/sweeps/talk/runs", "/shares"} {
		var answer any
		s.get("/api/v1"+path).want(t, 200).json(t, &answer)
		for _, key := range keys(answer) {
			if !snake.MatchString(key) && !slices.Contains([]string{"web-ja", "web-en"}, key) { // sources are keys of maps
				t.Errorf("%s has the key %q", path, key)
			}
		}
	}
}

// keys are those of a JSON value, however deep.
func keys(value any) (found []string) {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			if key != "option" { // ECharts' own
				found = append(append(found, key), keys(inner)...)
			}
		}
	case []any:
		for _, inner := range v {
			found = append(found, keys(inner)...)
		}
	}
	return found
}
