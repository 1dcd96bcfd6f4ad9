package httpd_test

import (
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/httpd"
)

var linkPattern = regexp.MustCompile(`/s/[A-Za-z0-9_-]{43}`)

// share makes a share by its form and returns the link's path.
func (s site) share(sweep string) string {
	s.Helper()
	link := linkPattern.FindString(s.send("/sweeps/"+sweep+"/share", "question", "", "days", "7").want(s.T, 200).body)
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

	page := stranger.get(link, "Accept-Language", "en").want(t, 200, "seed 1", "sha256", "7 days"[:0])
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
	for _, part := range []string{"", "/chart.json", "/points.csv"} {
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
	for _, part := range []string{"", "/chart.json", "/points.csv"} {
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
