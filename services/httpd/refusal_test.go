package httpd_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/httpd"
	"github.com/haigo-lab/haigo/services/postgres"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
)

const (
	english  = "en"
	japanese = "ja"
)

// TestRefusals: who is refused is told why and what to do, people in their language, programs in JSON.
func TestRefusals(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	s.text()
	run := s.sweep("talk")[0]
	tests := []struct {
		name, method, path string
		header             []string
		status             int
		says               map[string][]string // by language; "" is a problem document
	}{
		{
			"a page of another site", "POST", "/sweeps/talk/stop",
			[]string{"Origin", "https://evil.example"},
			403,
			map[string][]string{english: {"Nothing was changed", "Open Haigo itself"}, japanese: {"何も変更していません", "Haigo の画面を開いて"}},
		},
		{
			"a page of another site at the API", "POST", "/api/v1/sweeps/talk/stop",
			[]string{"Sec-Fetch-Site", "cross-site"},
			403,
			map[string][]string{"": {`"status":403`, "Nothing was changed"}},
		},
		{
			"a script of another site", "POST", "/sweeps/talk/stop",
			[]string{"Sec-Fetch-Site", "cross-site", "Accept", "application/json"},
			403,
			map[string][]string{"": {`"status":403`, "Nothing was changed"}},
		},
		{
			"a host name that isn't ours", "GET", "/",
			[]string{"Host", "evil.example"},
			421,
			map[string][]string{english: {"--hosts", "HAIGO_HOSTS"}, japanese: {"このホスト名では応答しません", "HAIGO_HOSTS"}},
		},
		{
			"a host name that isn't ours at the API", "GET", "/api/v1/sweeps",
			[]string{"Host", "evil.example"},
			421,
			map[string][]string{"": {`"status":421`, "--hosts"}},
		},
		{
			"an address that nothing has", "GET", "/nothing", nil, 404,
			map[string][]string{english: {"There is nothing here", "Look for it"}, japanese: {"ここには何もありません", "一覧から"}},
		},
		{"a sweep that nothing has", "GET", "/sweeps/none", nil, 404, map[string][]string{english: {"Look for it"}, japanese: {"一覧から"}}},
		{"nothing at the API", "GET", "/api/v1/nothing", nil, 404, map[string][]string{"": {`"status":404`, "openapi.json"}}},
		{"a method that isn't taken", "GET", "/sweeps/talk/stop", nil, 405, map[string][]string{english: {"There is nothing here"}, japanese: {"ここには何もありません"}}},
		{"a method that the API doesn't take", "DELETE", "/api/v1/sweeps", nil, 405, map[string][]string{"": {`"status":405`, "openapi.json"}}},
		{
			"a queued run tried again", "POST", "/runs/" + run.ID + "/retry", nil, 200,
			map[string][]string{english: {"can&#39;t be queued again", "stop it first"}, japanese: {"もう一度実行できません", "先に停止してください"}},
		},
		{"a queued run tried again at the API", "POST", "/api/v1/runs/" + run.ID + "/retry", nil, 409, map[string][]string{"": {"stop it first"}}},
		{
			"nothing to share", "POST", "/sweeps/talk/share", nil, 200,
			map[string][]string{english: {"nothing to share; wait"}, japanese: {"最初のランの完了を待ってください"}},
		},
	}
	for _, tt := range tests {
		for lang, texts := range tt.says {
			t.Run(strings.TrimSpace(tt.name+" "+lang), func(t *testing.T) {
				header := append([]string{"Accept-Language", lang}, tt.header...)
				if lang != "" {
					header = append([]string{"Accept", "text/html,application/xhtml+xml"}, header...)
				}
				a := s.do(tt.method, tt.path, nil, header...).want(t, tt.status, texts...)
				kind, want := a.Header.Get("Content-Type"), "application/problem+json"
				if lang != "" {
					want = "text/html; charset=utf-8"
				}
				if kind != want {
					t.Errorf("content type %q, want %q", kind, want)
				}
				told(t, a.body)
			})
		}
	}
}

// told fails the test where a text says what only we should know.
func told(t *testing.T, text string) {
	t.Helper()
	for _, leak := range []string{"pgx", "SQLSTATE", "SELECT ", "goroutine", "json:", "strconv", "invalid character", "unmarshal", ".go:", "/tmp/", "conflict\"", ": conflict", ": not found", "⟦"} {
		if strings.Contains(text, leak) {
			t.Errorf("the answer tells %q: %.1000s", leak, text)
		}
	}
}

// TestNew_refuses: what is wrong with a document is said on its page, in the viewer's language.
func TestNew_refuses(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	s.text()
	tests := []struct {
		name, from, to string
		says           map[string]string
	}{
		{"weights that sum to 0.9", "web-en: 0.3}", "web-en: 0.2}", map[string]string{english: "0.1 is missing", japanese: "0.1 足りません"}},
		{"a stage past the budget", "until: 1.0", "until: 500M", map[string]string{english: "past the budget", japanese: "超えています"}},
		{"an unknown source", "sources: [", "sources: [web-ko, ", map[string]string{english: "there is no source web-ko", japanese: "データソース web-ko はありません"}},
		{"a list that isn't closed", "sources: [", "tasks: [x\nsources: [", map[string]string{english: "a list isn&#39;t closed", japanese: "一覧が閉じていない"}},
		{"a quote that isn't closed", "tasks: [", "tasks: [\"", map[string]string{english: "isn&#39;t closed", japanese: "引用符が閉じていません"}},
		{"a tag", "name: ", "name: !!str ", map[string]string{english: "write the value out", japanese: "値をそのまま書いてください"}},
	}
	for _, tt := range tests {
		for lang, says := range tt.says {
			t.Run(tt.name+" "+lang, func(t *testing.T) {
				bad := strings.Replace(sweepFile("bad"), tt.from, tt.to, 1)
				told(t, s.send("/new/check?lang="+lang, "document", bad).want(t, 200, says).body)
				told(t, s.send("/new?lang="+lang, "document", bad).want(t, 422, says).body)
			})
		}
	}
	t.Run("a form that is too large", func(t *testing.T) {
		large := strings.Repeat("# nothing\n", 200_000)
		s.send("/new?lang=en", "document", large).want(t, 413, "1 MiB", "Send less")
		s.send("/new/check?lang=ja", "document", large).want(t, 413, "1 MiB", "短く")
	})
}

// TestAPI_validation: what the framework finds wrong names the field, and nothing of ours.
func TestAPI_validation(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	s.text()
	s.sweep("talk")
	for body, says := range map[string]string{
		`{"sweep":"talk","days":4000}`: "days",
		`{"sweep":7}`:                  "sweep",
		`{"days":7}`:                   "sweep",
		`{"sweep":"talk","day":7}`:     "day",
		`{"sweep":"talk"`:              "JSON",
		`[]`:                           "object",
	} {
		t.Run(body, func(t *testing.T) {
			a := s.do(http.MethodPost, "/api/v1/shares", strings.NewReader(body), "Content-Type", "application/json")
			if a.StatusCode != 422 && a.StatusCode != 400 {
				t.Errorf("status %d", a.StatusCode)
			}
			told(t, a.want(t, a.StatusCode, says).body)
			t.Log(a.body)
		})
	}
	for path, says := range map[string]string{"/sweeps?limit=many": "limit", "/sweeps?limit=0": "limit", "/sweeps?before=x": "before"} {
		t.Log(s.get("/api/v1"+path).want(t, 422, says).body)
	}
	large := strings.Repeat("# nothing\n", 200_000)
	t.Log(s.post("/sweeps", large).want(t, 413).body)
}

// TestRefusals_silentDatabase: where the database lives and doesn't answer, people and programs are told so, and wait no longer.
func TestRefusals_silentDatabase(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	store, err := postgres.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	server, _ := serve(t, store, "127.0.0.1:0", httpd.Patience(300*time.Millisecond))
	s := site{T: t, store: store, server: server, url: server.URL(), client: client(t)}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), "BEGIN; LOCK TABLE sweeps IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	s.get("/", "Accept-Language", english).want(t, 503, "No answer", "the database before all")
	s.get("/", "Accept-Language", japanese).want(t, 503, "応答がありません", "データベースなど")
	s.get("/api/v1/sweeps").want(t, 503, `"status":503`, "the database before all")
}
