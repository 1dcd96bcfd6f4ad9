package httpd_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"image/png"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/httpd"
)

var linkPattern = regexp.MustCompile(`/s/[A-Za-z0-9_-]{43}`)

// share makes a share by its form, with more fields than it needs, and returns the link's path.
func (s site) share(sweep string, more ...string) string {
	s.Helper()
	link := linkPattern.FindString(s.send("/sweeps/"+sweep+"/share", append([]string{"question", "", "days", "7"}, more...)...).want(s.T, 200).body)
	if link == "" {
		s.Fatal("the answer shows no link")
	}
	return link
}

// trained is a site with a sweep of which all runs have completed.
func trained(t *testing.T) site {
	t.Helper()
	s := open(t, httpd.Options{})
	s.text()
	for range s.sweep("talk") {
		s.train(ablation.RunCompleted)
	}
	return s
}

func TestShare_life(t *testing.T) {
	t.Parallel()
	s := trained(t)
	link := s.share("talk")
	stranger := open(t, httpd.Options{})
	stranger.url = s.url // another browser: no cookie, no session

	page := stranger.get(link, "Accept-Language", "en").want(t, 200, "seed 1", "sha256", `data-do="table"`, `data-do="svg"`, `data-do="png"`, "points.csv")
	for name, want := range map[string]string{"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow", "Cache-Control": "private, no-store"} {
		if got := page.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for _, leak := range []string{`href="/"`, "/sweeps/", "/runs/", "/sources", `href="/shares`} {
		if strings.Contains(page.body, leak) {
			t.Errorf("the page leads into the app: %s", leak)
		}
	}
	if found := inline(t, page.body); len(found) > 0 {
		t.Errorf("the page has inline %v", found)
	}

	chart := stranger.get(link+"/chart.json").want(t, 200, `"tradeoff"`, "ja70", "ja30")
	tag := chart.Header.Get("ETag")
	stranger.get(link+"/chart.json", "If-None-Match", tag).want(t, 304)
	points := stranger.get(link+"/points.csv").want(t, 200, "ja70,seed,1", "ja30,seed,2")

	// The sweep goes on; what was shared stays as it was.
	s.send("/new", "document", strings.Replace(sweepFile("talk"), "seeds: 2", "seeds: 3", 1)).want(t, 303)
	s.train(ablation.RunCompleted)
	if again := stranger.get(link + "/chart.json"); again.body != chart.body {
		t.Error("the frozen chart has changed")
	}
	if again := stranger.get(link + "/points.csv"); again.body != points.body {
		t.Error("the frozen points have changed")
	}

	var shares struct {
		Items []ablation.Share `json:"items"`
	}
	s.get("/api/v1/shares").want(t, 200).json(t, &shares)
	if len(shares.Items) != 1 || shares.Items[0].Views != 1 {
		t.Errorf("shares %+v, want one with one view", shares.Items)
	}
	if days := time.Until(shares.Items[0].ExpiresAt).Hours() / 24; days < 6.9 || days > 7.1 {
		t.Errorf("the link ends in %.1f days, want 7", days)
	}
	if body := s.get("/shares").body; strings.Contains(body, strings.TrimPrefix(link, "/s/")) {
		t.Error("the list shows the whole link")
	}

	renewed := linkPattern.FindString(s.send("/shares/1/renew").want(t, 200).body)
	stranger.get(link).want(t, 404)
	stranger.get(renewed).want(t, 200)
	s.send("/shares/1/revoke").want(t, 303)
	stranger.get(renewed).want(t, 404)
}

func TestShare_goneLooksTheSame(t *testing.T) {
	t.Parallel()
	s := trained(t)
	revoked, live, expired := s.share("talk"), s.share("talk"), "/s/"+strings.Repeat("A", 43)
	s.send("/shares/1/revoke").want(t, 303)
	if _, err := s.store.CreateShare(t.Context(), sha256.Sum256([]byte(strings.TrimPrefix(expired, "/s/"))), ablation.Share{
		Hint: "AAAA", Sweep: "talk", Question: "?", Kind: "tradeoff", Chart: json.RawMessage("{}"), Version: "v0", ExpiresAt: time.Now().Add(-time.Hour),
	}); err != nil {
		t.Fatal(err)
	}
	s.get(live).want(t, 200)
	for _, part := range []string{"", "/chart.json", "/points.csv", "/embed", "/preview.png"} {
		unknown := s.get("/s/"+strings.Repeat("B", 43)+part).want(t, 404)
		for name, path := range map[string]string{
			"revoked": revoked, "expired": expired, "no secret at all": "/s/x",
			"one character off at the start": oneOff(live, 3), "one character off": oneOff(live, 20), "one character off at the end": oneOff(live, len(live)-1),
			"one character short": live[:len(live)-1], "one character long": live + "A",
		} {
			got := s.get(path+part).want(t, 404)
			got.Header.Del("Date")
			unknown.Header.Del("Date")
			if got.body != unknown.body {
				t.Errorf("%s%s looks different from an unknown one", name, part)
			}
			if len(got.Header) != len(unknown.Header) {
				t.Errorf("%s%s has other headers than an unknown one", name, part)
			}
			for key := range unknown.Header {
				if got.Header.Get(key) != unknown.Header.Get(key) {
					t.Errorf("%s%s: %s is %q, of an unknown one %q", name, part, key, got.Header.Get(key), unknown.Header.Get(key))
				}
			}
		}
	}
}

// oneOff is a link with another character of a secret's alphabet at i.
func oneOff(link string, i int) string {
	other := byte('A')
	if link[i] == other {
		other = 'B'
	}
	return link[:i] + string(other) + link[i+1:]
}

func TestShare_nothingToShare(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	s.text()
	s.sweep("talk")
	s.send("/sweeps/talk/share").want(t, 409)
	s.send("/sweeps/none/share").want(t, 404)
	s.do("POST", "/api/v1/shares", strings.NewReader(`{"sweep":"talk"}`), "Content-Type", "application/json").want(t, 409, "no run has completed")
	s.do("POST", "/api/v1/shares", strings.NewReader(`{"sweep":"talk","days":4000}`), "Content-Type", "application/json").want(t, 422)
}

func TestSharer_limits(t *testing.T) {
	t.Parallel()
	s := trained(t)
	sharer := httpd.Sharer{Store: s.store, Version: "v1"}
	share, secret, err := sharer.Create(t.Context(), httpd.ShareRequest{Sweep: "talk"})
	if err != nil {
		t.Fatal(err)
	}
	if days := time.Until(share.ExpiresAt).Hours() / 24; days < 29.9 || days > 30.1 {
		t.Errorf("a link lasts %.1f days, want 30", days)
	}
	if len(secret) != 43 || share.Hint != secret[:4] || len(share.Fingerprints) != 2 {
		t.Errorf("secret of %d characters, hint %q, fingerprints %v", len(secret), share.Hint, share.Fingerprints)
	}
	for _, q := range []httpd.ShareRequest{{Sweep: "talk", Lifetime: 366 * 24 * time.Hour}, {Sweep: "talk", Lifetime: -1}, {Sweep: "talk", Question: strings.Repeat("長", 301)}} {
		if _, _, err := sharer.Create(t.Context(), q); err == nil {
			t.Errorf("%+v was taken", q)
		}
	}
}

func TestShare_outageIsNoEnd(t *testing.T) {
	t.Parallel()
	s := trained(t)
	live := s.share("talk")
	s.store.Close()
	for _, part := range []string{"", "/chart.json", "/points.csv", "/embed"} {
		unknown := s.get("/s/"+strings.Repeat("B", 43)+part).want(t, 503)
		got := s.get(live+part).want(t, 503)
		if got.Header.Get("Retry-After") == "" || got.body != unknown.body {
			t.Errorf("%s: during an outage a working link looks different from an unknown one, or says nothing of when to try again", part)
		}
	}
	closed(t, s.get(live, "Accept-Language", "en").want(t, 503, "try again", "may well be good"))
}

// closed fails the test unless a page behind a link leads nowhere, and tells nobody of its address.
func closed(t *testing.T, page answer) {
	t.Helper()
	for name, want := range map[string]string{"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow", "Cache-Control": "private, no-store"} {
		if got := page.Header.Get(name); got != want {
			t.Errorf("%s: %s is %q, want %q", page.Request.URL.Path, name, got, want)
		}
	}
	for _, leak := range []string{`href="/"`, `href="/sweeps`, `href="/sources`, `href="/shares`} {
		if strings.Contains(page.body, leak) {
			t.Errorf("%s leads into the app: %s", page.Request.URL.Path, leak)
		}
	}
}

func TestShare_addressesBeside(t *testing.T) {
	t.Parallel()
	s := trained(t)
	live := s.share("talk")
	want := s.get("/s/"+strings.Repeat("B", 43)).want(t, 404).body
	for _, path := range []string{live + "/", live + "/anything", live + "/chart.json/", "/s/", "/s", "/s/a/b/c"} {
		got := s.get(path).want(t, 404)
		closed(t, got)
		if got.body != want {
			t.Errorf("%s looks different from an unknown link", path)
		}
	}
	closed(t, s.send(live).want(t, 404))
}

func TestShare_headIsNoView(t *testing.T) {
	t.Parallel()
	s := trained(t)
	link := s.share("talk")
	s.do(http.MethodHead, link, nil).want(t, 200)
	s.get(link).want(t, 200)
	s.do(http.MethodHead, link, nil).want(t, 200)
	shares, err := s.store.Shares(t.Context())
	if err != nil || len(shares) != 1 || shares[0].Views != 1 {
		t.Errorf("shares %+v, %v: want one with one view", shares, err)
	}
}

func TestShare_questionWithNUL(t *testing.T) {
	t.Parallel()
	s := trained(t)
	s.post("/shares", `{"sweep":"talk","question":"a\u0000b"}`).want(t, 422, `"field":"question"`, "NUL")
	s.send("/sweeps/talk/share", "question", "a\x00b", "days", "7").want(t, 422)
}

// TestShare_live follows its sweep, from the moment at which it was made.
func TestShare_live(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	s.text()
	s.sweep("talk")
	s.train(ablation.RunCompleted)
	live := linkPattern.FindString(s.send("/sweeps/talk/share", "kind", "live", "days", "7").want(t, 200, "/s/").body)
	frozen := s.share("talk")
	s.get(live+"?lang=en").want(t, 200, "Live, data of", `data-poll="30"`, "1 of 4 runs")
	before, kept := s.get(live+"/points.csv").want(t, 200).body, s.get(frozen+"/points.csv").want(t, 200).body
	if before != kept {
		t.Errorf("at first they differ:\n%s\n%s", before, kept)
	}
	for range 3 {
		s.train(ablation.RunCompleted)
	}
	s.server.Forget() // what it keeps for a few seconds
	s.get(live+"?lang=en").want(t, 200, "4 of 4 runs")
	if now := s.get(live + "/points.csv").body; now == before || !strings.Contains(now, "ja70,seed,2") {
		t.Errorf("the live points stay as they were:\n%s", now)
	}
	if now := s.get(frozen + "/points.csv").body; now != kept {
		t.Errorf("the frozen points follow:\n%s", now)
	}
	s.get(frozen+"?lang=en").want(t, 200, "1 of 4 runs", "Frozen")
	s.get("/shares?lang=ja").want(t, 200, "ライブ", "固定")
	s.send("/shares/1/revoke").want(t, 303)
	s.get(live).want(t, 404)
}

// TestShare_liveManyReaders: many readers of one live share cost one look at its sweep.
func TestShare_liveManyReaders(t *testing.T) {
	t.Parallel()
	looked := 0
	now := httpd.LiveNow(func(_ context.Context, v ablation.Share) (ablation.Share, error) {
		looked++
		v.CSV = "fresh"
		return v, nil
	})
	var readers sync.WaitGroup
	for range 50 {
		readers.Go(func() {
			if v, err := now(t.Context(), ablation.Share{ID: 1, Views: 7}); err != nil || v.CSV != "fresh" || v.Views != 7 {
				t.Error(v, err)
			}
		})
	}
	readers.Wait()
	if looked != 1 {
		t.Errorf("looked %d times", looked)
	}
}

// TestShare_embed: only pages of the sites that its owner names may show a share, and nothing but its chart.
func TestShare_embed(t *testing.T) {
	t.Parallel()
	s := trained(t)
	ancestors := func(path string) string {
		_, after, _ := strings.Cut(s.get(path).Header.Get("Content-Security-Policy"), "frame-ancestors ")
		return after
	}
	made := s.send("/sweeps/talk/share?lang=en", "days", "7", "embed_in", "https://Wiki.example.com/\nhttps://*.example.org:8443 https://wiki.example.com").want(t, 200, "&lt;iframe", "/embed&#34;")
	link := linkPattern.FindString(made.body)
	if got, want := ancestors(link+"/embed"), "https://wiki.example.com https://*.example.org:8443"; got != want {
		t.Errorf("framed by %q, want %q", got, want)
	}
	page := s.get(link+"/embed?lang=en").want(t, 200, link+"/chart.json", "Frozen")
	if found := inline(t, page.body); len(found) > 0 {
		t.Errorf("the page has inline %v", found)
	}
	for _, path := range []string{link, link + "/chart.json", "/", "/shares"} {
		if got := ancestors(path); got != "'none'" {
			t.Errorf("%s is framed by %q", path, got)
		}
	}
	s.get("/shares/1/embed").want(t, 200, "https://wiki.example.com")
	s.send("/shares/1/embed", "embed_in", "").want(t, 303)
	if got, want := s.get(link+"/embed").want(t, 404).body, s.get("/s/"+strings.Repeat("B", 43)).want(t, 404).body; got != want {
		t.Error("a share that may not be embedded looks different there from an unknown one")
	}
	for _, bad := range []string{"wiki.example.com", "https://", "*", "https://*", "javascript:x", "https://a.example;script-src", "https://a.example/page", "https://u@a.example", "https://'none'", "https://日本.example"} {
		s.send("/shares/1/embed?lang=en", "embed_in", bad).want(t, 422, "is no site", `aria-invalid="true"`)
		s.send("/sweeps/talk/share?lang=en", "days", "7", "question", "kept", "embed_in", bad).want(t, 422, "is no site", `value="kept"`)
	}
	s.send("/shares/1/embed", "embed_in", strings.Repeat("https://x.example ", 3)+"https://a.example").want(t, 303)
	s.send("/shares/99/embed", "embed_in", "").want(t, 404)
	s.get("/shares/99/embed").want(t, 404)
	many := ""
	for i := range 11 {
		many += fmt.Sprintf("https://%d.example ", i)
	}
	s.send("/shares/1/embed?lang=ja", "embed_in", many).want(t, 422, "10 件まで")
}

// TestShare_views counts people who open a page, not programs that fetch it to show a link, nor the page looking again.
func TestShare_views(t *testing.T) {
	t.Parallel()
	s := trained(t)
	link := s.share("talk")
	for _, header := range [][]string{
		{"User-Agent", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"},
		{"User-Agent", "Mozilla/5.0 (compatible; Discordbot/2.0)"},
		{"User-Agent", "facebookexternalhit/1.1"},
		{"Sec-Fetch-Dest", "empty"},
		{"Sec-Purpose", "prefetch"},
	} {
		s.get(link, header...).want(t, 200)
	}
	s.get(link, "Sec-Fetch-Dest", "document", "User-Agent", "Mozilla/5.0 Chrome/140").want(t, 200)
	shares, err := s.store.Shares(t.Context())
	if err != nil || shares[0].Views != 1 {
		t.Errorf("%d views, %v; want one", shares[0].Views, err)
	}
}

// TestShare_unfurls: a program without a session finds what a chat tool shows of a link, and nothing once it has ended.
func TestShare_unfurls(t *testing.T) {
	t.Parallel()
	s := trained(t)
	link := s.share("talk")
	stranger := open(t, httpd.Options{AdminToken: token})
	stranger.url = s.url
	page := stranger.get(link, "User-Agent", "Twitterbot/1.0", "Accept-Language", "ja").want(t, 200, `property="og:title"`, `name="twitter:card" content="summary_large_image"`)
	image := regexp.MustCompile(`property="og:image" content="([^"]+)"`).FindStringSubmatch(page.body)
	if image == nil || !strings.HasPrefix(image[1], s.server.URL()+link) {
		t.Fatalf("the picture is at %q", image)
	}
	sizes := map[string]bool{}
	for _, lang := range []string{"ja", "en"} {
		answer := stranger.get(link+"/preview.png?lang="+lang).want(t, 200)
		picture, err := png.Decode(strings.NewReader(answer.body))
		if err != nil || picture.Bounds().Dx() != 1200 || picture.Bounds().Dy() != 630 || answer.Header.Get("Content-Type") != "image/png" {
			t.Errorf("%s: %v, %v", lang, answer.Header, err)
		}
		sizes[answer.body] = true
	}
	if len(sizes) != 2 {
		t.Error("both languages get one picture")
	}
	stranger.get("/robots.txt").want(t, 200, "Allow: /s/", "Disallow: /\n")
	s.send("/shares/1/revoke").want(t, 303)
	stranger.get(link+"/preview.png").want(t, 404)
}
