package httpd_test

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/corpus"
	"github.com/haigo-lab/haigo/services/httpd"
)

// inline names what a page holds that the content policy forbids: scripts and styles of its own, event attributes.
func inline(t *testing.T, page string) (found []string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		source := false
		for _, a := range n.Attr {
			source = source || a.Key == "src"
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Val, "javascript:") {
				found = append(found, n.Data+" "+a.Key)
			}
		}
		if n.Data == "style" && n.Type == html.ElementNode || n.Data == "img" || n.Data == "script" && !source {
			found = append(found, n.Data)
		}
	}
	return found
}

func TestPages(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	s.text()
	runs := s.sweep("hostile")
	s.train(ablation.RunCompleted)
	s.train(ablation.RunCompleted)
	s.train(ablation.RunDiverged)
	pages := []string{
		"/", "/?show=look", "/?q=hostile", "/new", "/new?from=hostile", "/new?example=demo", "/sources", "/sources/web-en", "/shares",
		"/sweeps/hostile", "/sweeps/hostile/decision", "/sweeps/hostile/runs", "/sweeps/hostile/definition", "/sweeps/hostile/share", "/nothing",
	}
	for _, run := range runs {
		pages = append(pages, "/runs/"+run.ID)
	}
	for _, lang := range []string{"ja", "en"} {
		for _, page := range pages {
			t.Run(lang+page, func(t *testing.T) {
				a := s.get(page, "Accept-Language", lang)
				status := 200
				if page == "/nothing" {
					status = 404
				}
				a.want(t, status, `<html lang="`+lang+`">`)
				if i := strings.Index(a.body, "⟦"); i >= 0 {
					t.Errorf("a text is missing: %.40s", a.body[i:])
				}
				if found := inline(t, a.body); len(found) > 0 {
					t.Errorf("the page has inline %v", found)
				}
				if policy := a.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
					t.Errorf("content policy %q", policy)
				}
			})
		}
	}
}

func TestPages_firstTime(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	s.get("/?lang=en").want(t, 200, "make demo", "How much Japanese")
	s.get("/").want(t, 200, "How much Japanese") // the choice is remembered
	s.get("/sources").want(t, 200, "There are no sources yet")
	s.get("/shares?lang=ja").want(t, 200, "共有リンクはまだありません")
	for _, path := range []string{"/sources", "/shares", "/recurrences", "/alerts", "/compare"} {
		s.get(path).want(t, 200, `<div class="eg">`)
	}
	s.get("/sources?lang=en").want(t, 200, "haigo eval add FILE") // of tasks, too
}

func TestPages_language(t *testing.T) {
	t.Parallel()
	tests := map[string]string{"": "ja", "fr": "ja", "en-GB,en;q=0.9": "en", "de, ja;q=0.5": "ja", "*": "ja"}
	for accepted, want := range tests {
		s := open(t, httpd.Options{})
		if got := s.get("/", "Accept-Language", accepted).Header.Get("Content-Language"); got != want {
			t.Errorf("a browser that asks for %q gets %q, want %q", accepted, got, want)
		}
	}
}

// TestRun_words shows what a run ended with in the page's language, and a trainer's own words as they are.
func TestRun_words(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	s.text()
	s.sweep("told")
	claim := s.begin(ablation.RunFailed)
	told := ablation.Label{EN: "the disk is full", JA: "ディスクがいっぱいです"}
	if err := s.store.EndAttempt(t.Context(), claim, 1, "failed", told, ablation.RunFailed); err != nil {
		t.Fatal(err)
	}
	for _, page := range []string{"/runs/" + claim.Run.ID, "/sweeps/told/runs"} {
		for _, lang := range []string{"ja", "en"} {
			other := ablation.Label{JA: told.EN, EN: told.JA}.In(lang)
			if a := s.get(page, "Accept-Language", lang).want(t, 200, told.In(lang)); strings.Contains(a.body, other) {
				t.Errorf("%s in %s says %q", page, lang, other)
			}
		}
	}
}

func TestSweep_byHand(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	s.text()
	runs := s.sweep("talk")
	state := func(path, want string) {
		t.Helper()
		var got struct {
			State string `json:"state"`
		}
		if s.get("/api/v1"+path).want(t, 200).json(t, &got); got.State != want {
			t.Errorf("%s is %s, want %s", path, got.State, want)
		}
	}
	s.send("/sweeps/talk/pause").want(t, 303)
	state("/sweeps/talk", "paused")
	s.send("/sweeps/talk/resume").want(t, 303)
	state("/sweeps/talk", "running")
	s.send("/runs/"+runs[0].ID+"/stop").want(t, 303)
	state("/runs/"+runs[0].ID, "stopped")
	s.send("/runs/"+runs[0].ID+"/retry").want(t, 303)
	state("/runs/"+runs[0].ID, "queued")
	s.send("/sweeps/talk/stop").want(t, 303)
	state("/runs/"+runs[1].ID, "stopped")
	s.send("/sweeps/none/stop").want(t, 404)
}

func TestNew(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	s.text()
	t.Run("mistakes stand beside the text, which stays", func(t *testing.T) {
		bad := strings.Replace(sweepFile("talk"), "web-en: 0.3}", "web-en: 0.2}", 1)
		s.send("/new?lang=en", "document", bad).want(t, 422, `data-line="8"`, "Line 8, column", "web-en: 0.2}")
		s.send("/new/check?lang=ja", "document", bad).want(t, 200, "8 行", "web-en: 0.2}")
	})
	t.Run("a plan stores nothing", func(t *testing.T) {
		s.send("/new/check?lang=en", "document", sweepFile("talk")).want(t, 200, "Launch 4 runs")
		s.get("/sweeps/talk").want(t, 404)
	})
	t.Run("starting twice starts once", func(t *testing.T) {
		for range 2 {
			if to := s.send("/new", "document", sweepFile("talk")).want(t, 303).Header.Get("Location"); to != "/sweeps/talk" {
				t.Errorf("started, then sent to %s", to)
			}
		}
		var sweeps struct{ Items []ablation.Sweep }
		if s.get("/api/v1/sweeps").want(t, 200).json(t, &sweeps); len(sweeps.Items) != 1 || sweeps.Items[0].Counts.Total() != 4 {
			t.Errorf("%d sweeps", len(sweeps.Items))
		}
	})
	t.Run("other content under the name asks for another name", func(t *testing.T) {
		other := strings.Replace(sweepFile("talk"), "tokens: 4096", "tokens: 8192", 1)
		s.send("/new?lang=en", "document", other).want(t, 422, `name="as"`, "Line 4, column 32")
		if to := s.send("/new", "document", other, "as", "talk-2").want(t, 303).Header.Get("Location"); to != "/sweeps/talk-2" {
			t.Errorf("started, then sent to %s", to)
		}
	})
	t.Run("a file that is too large is refused", func(t *testing.T) {
		if a := s.send("/new", "document", strings.Repeat("#", 2<<20)); a.StatusCode < 400 || a.StatusCode >= 500 {
			t.Errorf("status %d", a.StatusCode)
		}
	})
}

// TestSources_problems finds what was left out with its file, line and reason.
func TestSources_problems(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	dir := t.TempDir()
	write(t, dir+"/good.jsonl", `{"text": "a document"}`+"\n"+`{"text": "another"}`+"\n"+`{"text": `+"\n")
	write(t, dir+"/latin1.txt", "caf\xe9")
	result, err := corpus.Add(t.Context(), corpus.Options{Data: t.TempDir(), Name: "web", Lang: "en", Paths: []string{dir}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.store.PutSource(t.Context(), result.Source); err != nil {
		t.Fatal(err)
	}
	s.get("/sources/web?lang=ja").want(t, 200, dir+"/good.jsonl:3<", "JSON でない行", dir+"/latin1.txt", "UTF-8 でない",
		"JSON が行の終わりで途切れています", "推定した言語", "検証セット</span>")
}

func TestSweeps_pages(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	s.text()
	for i := range 43 {
		s.apply(fmt.Sprintf("talk-%02d", i))
	}
	first := s.get("/?q=TALK&lang=en").want(t, 200, `href="/sweeps/talk-42"`, `href="/sweeps/talk-03"`, "1 to 40 of 43 sweeps", `href="/?page=2&amp;q=TALK&amp;show=all"`, "Older")
	if strings.Contains(first.body, `href="/sweeps/talk-02"`) || strings.Contains(first.body, "Newer") {
		t.Error("the first page shows what stands on others")
	}
	second := s.get("/?page=2&q=TALK&lang=ja").want(t, 200, `href="/sweeps/talk-02"`, `href="/sweeps/talk-00"`, "43件中 41〜43", `href="/?q=TALK&amp;show=all"`)
	if strings.Contains(second.body, `href="/sweeps/talk-03"`) || strings.Contains(second.body, "page=3") {
		t.Error("the second page shows what stands on others")
	}
	for _, page := range []string{"0", "-1", "x", "99999999999999999999"} {
		s.get("/?page="+page).want(t, 200, `href="/sweeps/talk-42"`)
	}
	s.get("/?page=9").want(t, 200, `href="/sweeps/talk-00"`) // the last there is
	s.get("/api/v1/openapi.json").want(t, 200, "smaller id, for the next page")
}
